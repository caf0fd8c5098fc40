"""Sweeps of two variables: which way round they are drawn, and what of the second one is left out of lines."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from twins.pixels import strongest

from snap_tf.layer_info import LayerInfo
from snap_tf.plots.effects import change_figure, outcome_figure, similarity_figure, slope_figure
from snap_tf.plots.interpolation import overlay_figure
from snap_tf.plots.style import LAYER_COLOUR

LAYER = LayerInfo("conv", "Conv", 8, 1, 8.0, "relu")
FIRST, SECOND = (-2.0, 0.0, 2.0), (-1.0, 0.0)
GRID = np.array([(a, b) for a in FIRST for b in SECOND])


def sweep(change: np.ndarray | None = None, slope: np.ndarray | None = None, p: np.ndarray | None = None,
          **more: object) -> SimpleNamespace:
    """Two variables over one layer, of which only what is named moves."""
    n_steps = 8 if slope is None else slope.shape[-1]
    flat = np.zeros((3, n_steps))
    effects = SimpleNamespace(
        mean=np.zeros((len(GRID), n_steps)), level=np.zeros((2, len(GRID))), slopes=flat if slope is None else slope,
        slope_p=np.ones_like(flat) if p is None else p,
        relative_change=lambda: np.zeros(len(GRID)) if change is None else change)
    return SimpleNamespace(**{
        "names": ("z3", "z5"), "grid": GRID, "layers": (LAYER,), "effects": {"Conv": effects}, "outcomes": None,
        "similarity": None, "store": SimpleNamespace(n_samples=16000, rate_hz=16000.0), **more})


@pytest.mark.parametrize("most", [(-2.0, -1.0), (2.0, -1.0), (-2.0, 0.0)])
def test_changes_lie_at_the_values_of_both_variables(most: tuple[float, float]) -> None:
    figure = change_figure(sweep(change=(most == GRID).all(axis=1) * 1.0))
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("z3", "z5")
    assert strongest(figure, axes, "light") == pytest.approx(most, abs=0.2)


def test_outcomes_are_drawn_where_the_second_variable_is_0() -> None:
    table = pd.DataFrame([{"base": base, "value": a, "value2": b, "f0": 100 + a + 10 * base + 50 * b}
                          for base in (0, 1) for a, b in GRID])
    axes = outcome_figure(sweep(outcomes=table)).axes[0]
    drawn = [(to_hex(line.get_color()), list(line.get_ydata())) for line in axes.lines[:3]]
    assert drawn == [("#bbbbbb", [98, 100, 102]), ("#bbbbbb", [108, 110, 112]),
                     (to_hex(LAYER_COLOUR), [103, 105, 107])]
    assert axes.get_ylabel() == "f0 (Hz)" and axes.get_xlabel() == "z3"


def test_the_dotted_line_of_a_similarity_is_the_baseline() -> None:
    table = pd.DataFrame([{"layer": "Conv", "value": a, "value2": b, "cosine": 0.8 + b, "cosine_other": 0.3 + b,
                           "cross_correlation": 0.9 + b, "cross_correlation_other": 0.4 + b} for a, b in GRID])
    for axes, levels in zip(similarity_figure(sweep(similarity=table)).axes, ((0.8, 0.3), (0.9, 0.4)), strict=True):
        assert {line.get_linestyle(): line.get_ydata()[0] for line in axes.lines[:2]} == {
            "-": pytest.approx(levels[0]), ":": pytest.approx(levels[1])}


def test_bars_below_a_slope_are_where_it_differs_from_0() -> None:
    p = np.ones((3, 8))
    p[0, [2, 5]], p[2, 7] = 0.01, 0.04
    panels = slope_figure(sweep(p=p)).axes[:3]
    bars = [[tuple(segment[:, 0]) for segment in axes.collections[0].get_segments()] for axes in panels]
    assert bars == [[(2 / 8, 3 / 8), (5 / 8, 6 / 8)], [], [(7 / 8, 1.0)]]
    assert [axes.get_title().split(" (")[0] for axes in panels] == ["slope on z3", "slope on z5", "slope on z3 × z5"]


def test_the_strongest_of_a_long_series_is_kept_whatever_its_sign() -> None:
    slope = np.full((3, 4096), 0.1)
    slope[:, 1000] = -4.0
    figure = slope_figure(sweep(slope=slope))
    assert figure.axes[0].images[0].get_array().min() == -1
    assert figure.axes[0].get_yticklabels()[0].get_text() == "Conv\n±4"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_click_in_a_long_line_is_drawn(sign: int) -> None:
    found = sweep(slope=np.zeros((3, 16384)))
    found.effects["Conv"].mean[:, 7003] = sign * 3.0
    found.layers = (LayerInfo("conv", "Conv", 16384, 1, 16384.0, "relu"),)
    for line in overlay_figure(found).axes[0].lines:
        assert line.get_ydata()[np.abs(line.get_ydata()).argmax()] == sign * 3.0
        assert len(line.get_xdata()) < 16384
