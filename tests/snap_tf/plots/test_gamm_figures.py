"""What the figures of GAMMs show: panels, labels, limits, marked stretches."""

import numpy as np
import pandas as pd
import pytest
from twins.word_curves import bump, layer_table, word_table

from snap_tf.gamm import GammFit, check, differences, gamm_words, lost_contrasts, stretches
from snap_tf.plots import gamm as plots

LABELS = {"time_label": "time (s)", "value_label": "activation"}


@pytest.fixture(scope="module")
def fit() -> GammFit:
    third = word_table(1, n_tokens=10, n_steps=12, words=("oily", "oily"))
    table = pd.concat([word_table(0, n_tokens=20, n_steps=12, effect=bump(0.3, 0.7, 0.6)),
                       third.assign(Token="u" + third["Token"])])
    return gamm_words(table, value="Value", time="Sample", group="Word", token="Token", k=8, k_random=6)


@pytest.mark.parametrize(("column", "label"), [
    ("time_s", "time (s)"), ("Sample", "Sample"), ("f0_hz", "f0 (Hz)"), ("mean_value", "mean value"), ("_s", " s"),
    ("peak_time_ms", "peak time (ms)")])
def test_units_in_names_become_units_on_axes(column: str, label: str) -> None:
    assert plots.axis_label(column) == label


def test_words_figure(fit: GammFit) -> None:
    left, right = plots.words_figure(fit, **LABELS).axes
    assert [axes.get_xlabel() for axes in (left, right)] == ["time (s)"] * 2
    assert [axes.get_ylabel() for axes in (left, right)] == ["activation"] * 2
    assert [line.get_label() for line in right.lines] == ["ask", "wash", "oily"]
    curve = fit.curves()
    np.testing.assert_allclose(right.lines[1].get_ydata(), curve.loc[curve["group"] == "wash", "fit"])
    assert len(left.collections[0].get_offsets()) == fit.n


def test_points_beyond_the_limits_are_counted() -> None:
    table = word_table(0, n_tokens=60, n_steps=12)
    table.loc[[3, 40], "Value"] = 30.0
    fit = gamm_words(table, value="Value", time="Sample", group="Word", token="Token", k=6, random="none")
    left = plots.words_figure(fit, share=0.995).axes[0]
    assert "2 outside the limits" in left.get_title(loc="right") and left.get_ylim()[1] < 30
    assert "outside" not in plots.words_figure(fit, share=1.0).axes[0].get_title(loc="right")


def test_differences_figure_marks_the_stretches(fit: GammFit) -> None:
    figure = plots.differences_figure(fit, **LABELS)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["wash − ask", "oily − ask", "oily − wash"]
    assert figure.axes[0].get_ylabel() == "difference in activation" and figure.axes[1].get_ylabel() == ""
    table = differences(fit, [("ask", "wash")])
    marked = stretches(table)
    thick = [line for line in figure.axes[0].lines if line.get_linewidth() == 3.5]
    assert len(marked) == len(thick) >= 1
    np.testing.assert_allclose([line.get_xdata() for line in thick], marked[["start", "end"]])
    thin = [line for line in figure.axes[0].lines if line.get_linewidth() == 1.0]
    assert len(thin) == len(stretches(table, "pointwise"))
    limits = {axes.get_ylim() for axes in figure.axes}
    assert len(limits) == 1  # one scale for all pairs
    chosen = plots.differences_figure(fit, [("oily", "ask")])
    assert [axes.get_title(loc="left") for axes in chosen.axes] == ["ask − oily"]


def test_curves_and_checks_figures(fit: GammFit) -> None:
    assert len(plots.curves_figure(fit).axes) == 1
    normal, _, lags = plots.checks_figure(fit, check(fit)).axes
    assert normal.get_xlabel() == "normal quantile" and len(lags.lines[0].get_xdata()) == 10


def test_layers_and_lost_figures() -> None:
    heights = {"Conv1": {"s": 0.0, "sh": 0.6}, "Conv2": {"s": 0.0, "sh": 0.0}, "Conv5": {"s": 0.0, "sh": 0.0}}
    table = layer_table(1, heights, n_tokens=10, n_steps=12)
    table = table[(table["layer"] != "Conv5") | (table.groupby(["layer", "token"]).cumcount() < 2)]
    result = lost_contrasts(table, k=6, k_random=5)
    figure = plots.lost_figure(result)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Conv1", "Conv2", "Conv5"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["s – sh"]
    assert [line.get_marker() for line in axes.lines] == ["o", "x"]  # encoded at Conv1, not testable at Conv5
    fits = {name: fit for (_, _, name), fit in result.fits.items()}
    assert [axes.get_title(loc="left") for axes in plots.layers_figure(fits).axes] == ["Conv1", "Conv2"]
