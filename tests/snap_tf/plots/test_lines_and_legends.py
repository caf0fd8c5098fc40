"""Legends and colour bars name the lines that they stand for; bands lie around their curves; rows are those named."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_hex
from twins.pixels import legend_colours, line_colours, strongest, tick
from twins.word_curves import word_table

from snap_tf.gamm import ContrastLayers, GammFit, gamm_words
from snap_tf.layer_info import LayerInfo
from snap_tf.plots import gamm as gamm_plots
from snap_tf.plots.effects import change_figure, similarity_figure, slope_figure
from snap_tf.plots.interpolation import overlay_figure, sweep_stack_figure
from snap_tf.plots.overlay import label_overlay_figure
from snap_tf.plots.snap.sanity import NOISE, REAL, _draw_alignment, sanity_figure
from snap_tf.plots.snap.snap_clusters import silhouette_figure, stability_figure
from snap_tf.plots.spectrograms import spectrogram_figure
from snap_tf.plots.stack import stack_figure
from snap_tf.plots.style import PlainFigure
from snap_tf.series.extraction.store import LayerStore, open_layers, write_tokens
from wavegan_tf.training.pictures import spectrogram_picture

LEVELS = {"ask": 1.0, "wash": 2.0, "oily": 3.0}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> LayerStore:
    """Conv5 of a label is constant at its level; the sound is 6 kHz in its second half, Conv1 there 500 Hz."""
    folder = tmp_path_factory.mktemp("layers") / "layers"
    folder.mkdir()
    labels = [label for label in LEVELS for _ in range(2)]
    time, late = np.arange(16384) / 16000, np.arange(16384) >= 8192
    sound = np.where(late, np.sin(2 * np.pi * 6000 * time), 0)
    conv1 = np.where(np.arange(4096) >= 2048, np.sin(2 * np.pi * 500 * np.arange(4096) / 4000), 0)
    infos = [LayerInfo("downconv_0", "Conv1", 4096, 8, 4000.0, "leaky_relu"),
             LayerInfo("downconv_4", "Conv5", 16, 8, 15.625, "leaky_relu"),
             LayerInfo("logits", "logits", 0, 3, 0.0, "linear")]
    np.save(folder / "Conv1.npy", np.tile(conv1, (6, 1)).astype(np.float32))
    np.save(folder / "Conv5.npy", np.tile([[LEVELS[label]] for label in labels], (1, 16)).astype(np.float32))
    np.save(folder / "logits.npy", np.tile([[-1.0, 0.5, 4.0]], (6, 1)).astype(np.float32))
    np.save(folder / "stimuli.npy", np.tile(sound[None, :, None], (6, 1, 1)).astype(np.float32))
    write_tokens(pd.DataFrame({"token": [f"t{i}" for i in range(6)], "label": labels, "word": labels, "speaker": "A",
                               "file": "", "n_samples": 16384, "cropped": False, "phones": [()] * 6}),
                 folder / "tokens.csv")
    (folder / "layers.json").write_text(json.dumps({
        "format": 1, "model": "planted", "weights_hash": "0", "reduce": "mean", "stage": "post", "inputs": "none",
        "config": None, "rate_hz": 16000.0, "n_samples": 16384,
        "layers": [{**info.to_dict(), "file": f"{info.paper_name}.npy"} for info in infos]}))
    return open_layers(folder)


def test_the_legend_of_an_overlay_names_the_labels_lines_and_bands(store: LayerStore) -> None:
    figure = label_overlay_figure(store)
    lowest = figure.axes[-1]
    drawn = {float(y[0]): colour for colour, _, y in line_colours(lowest)}
    shown = legend_colours(figure.legends[0])
    assert list(shown) == ["ask (2)", "wash (2)", "oily (2)"]
    assert {name.split()[0]: colour for name, colour in shown.items()} == {
        label: drawn[level] for label, level in LEVELS.items()}
    bands = {round(float(band.get_paths()[0].vertices[:, 1].mean()), 6): to_hex(band.get_facecolor()[0])
             for band in lowest.collections}
    assert bands == drawn


def test_panels_of_an_overlay_say_the_rate_of_their_layer(store: LayerStore) -> None:
    panels = label_overlay_figure(store).axes
    assert [axes.get_ylabel() for axes in panels[:2]] == ["Conv1\n4 kHz", "Conv5\n15.625 Hz"]
    assert panels[1].get_xlabel() == "time (s)" and panels[1].get_xlim() == (0, pytest.approx(16384 / 16000))


def test_spectrograms_of_layers_have_their_frequencies_at_their_hertz(store: LayerStore) -> None:
    figure = spectrogram_figure(store, [0])
    for axes, hz, nyquist in zip(figure.axes[:2], (6000, 500), (8000, 2000), strict=True):
        x, y = strongest(figure, axes, "dark")
        assert y == pytest.approx(hz, abs=nyquist / 40) and x > 0.5 and axes.get_ylim() == (0, nyquist)


def test_stacks_show_logits_at_their_codes(store: LayerStore) -> None:
    figure = stack_figure(store, [0, 2])
    outputs = [axes for axes in figure.axes if axes.get_xlabel() == "code"]
    for axes in outputs:
        heights = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in axes.patches}
        assert heights == {0: -1.0, 1: 0.5, 2: 4.0} and axes.get_ylim()[1] >= 4 and not axes.yaxis_inverted()
    conv5 = [axes for axes in figure.axes if axes.lines and float(axes.lines[0].get_ydata()[0]) in (1.0, 2.0)]
    assert [float(axes.lines[0].get_ydata()[0]) for axes in conv5] == [1.0, 2.0]  # ask left, wash right
    assert [axes.get_title() for axes in figure.axes[:2]] == ["ask", "wash"]


def sweep() -> SimpleNamespace:
    """A variable at -2, 0 and 2: `Low` does not move, `High` follows it, most in its last step."""
    grid = np.array([[-2.0], [0.0], [2.0]])
    layers = (LayerInfo("low", "Low", 8, 1, 8.0, "relu"), LayerInfo("high", "High", 8, 1, 8.0, "relu"))
    shape = np.r_[np.zeros(7), 1.0]
    means = {"Low": np.zeros((3, 8)), "High": grid * 1.0 + 0 * shape}
    slopes = {"Low": np.r_[-1.0, np.zeros(7)][None], "High": shape[None]}
    changes = {"Low": np.array([0.0, 0.0, 0.1]), "High": np.array([2.0, 0.0, 1.0])}
    effects = {name: SimpleNamespace(mean=means[name], slopes=slopes[name], slope_p=np.ones((1, 8)),
                                     level=np.zeros((5, 3)), relative_change=lambda name=name: changes[name])
               for name in means}
    tokens = pd.DataFrame({"base": 0, "value": grid[:, 0], "code": "1"})
    series = {"low": np.zeros((3, 8)), "high": np.tile(shape, (3, 1))}

    class Store(SimpleNamespace):
        def __getitem__(self, name: str) -> SimpleNamespace:
            return SimpleNamespace(values=series[name], times_s=lambda: (np.arange(8) + 0.5) / 8)

    similar = pd.DataFrame([{"layer": layer, "value": value, "base": 0, "cosine": level, "cosine_other": level / 2,
                             "cross_correlation": level, "cross_correlation_other": level / 2}
                            for layer, level in (("Low", 0.2), ("High", 0.8)) for value in (-2.0, 0.0, 2.0)])
    return SimpleNamespace(names=("z3",), grid=grid, layers=layers, effects=effects, outcomes=None, similarity=similar,
                           store=Store(n_samples=16000, rate_hz=16000.0, tokens=tokens))


def test_lines_of_an_interpolation_have_the_colours_that_the_bar_gives_their_values() -> None:
    figure = overlay_figure(sweep())
    high, bar = figure.axes[1], figure.axes[-1]
    assert high.get_ylabel().startswith("High")
    colours = {float(y[0]): colour for colour, _, y in line_colours(high)}
    map_of = colormaps["coolwarm"]
    assert colours == {-2.0: to_hex(map_of(0.0)), 0.0: "#000000", 2.0: to_hex(map_of(1.0))}
    # the bar, from its pixels: blue at the lowest value, red at the highest
    assert strongest(figure, bar, "blue")[1] < 0 < strongest(figure, bar, "red")[1]
    assert bar.get_ylabel() == "z3 (black: 0)"


def test_stacks_along_a_sweep_go_up_with_the_value() -> None:
    figure = sweep_stack_figure(sweep())
    high = figure.axes[1]
    for colour, x, y in line_colours(high):
        value = round(float(y[0]))  # a line starts at its value's height
        assert tick(figure.axes[0], f"{value:g}") == value and y[-1] > y[0] and x[-1] > x[0]
        assert colour == {-2: to_hex(colormaps["coolwarm"](0.0)), 0: "#000000", 2: to_hex(colormaps["coolwarm"](1.0))}[
            value]
    assert not figure.axes[0].yaxis_inverted()


def test_slopes_and_changes_lie_in_the_row_of_their_layer() -> None:
    figure = slope_figure(sweep())
    axes = figure.axes[0]
    rows = {label.get_text().split("\n")[0]: place for label, place in
            zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)}
    x, y = strongest(figure, axes, "red")
    assert y == pytest.approx(rows["High"], abs=0.1) and 0.875 < x < 1.0
    x, y = strongest(figure, axes, "blue")
    assert y == pytest.approx(rows["Low"], abs=0.1) and 0.0 < x < 0.125
    figure = change_figure(sweep())
    x, y = strongest(figure, figure.axes[0], "light")  # viridis: most is yellow
    assert y == pytest.approx(tick(figure.axes[0], "High"), abs=0.2) and x == pytest.approx(-2.0, abs=0.3)


def test_similarities_are_of_the_layer_in_the_legend() -> None:
    figure = similarity_figure(sweep())
    shown = legend_colours(figure.axes[1].get_legend())
    whole = {line.get_label(): (to_hex(line.get_color()), line.get_ydata()[0]) for line in figure.axes[1].lines
             if not line.get_label().startswith("_")}
    assert {name: (shown[name], level) for name, level in (("Low", 0.2), ("High", 0.8))} == whole


@pytest.fixture(scope="module")
def fit() -> GammFit:
    table = word_table(0, n_tokens=10, n_steps=8, words=("low", "high"), level_sd=0.02, shape_sd=0.02, noise_sd=0.02)
    table.loc[table["Word"] == "high", "Value"] += 3.0
    return gamm_words(table, value="Value", time="Sample", group="Word", token="Token", k=5, random="intercept")


@pytest.mark.parametrize("draw", [gamm_plots.words_figure, gamm_plots.curves_figure,
                                  lambda fit: gamm_plots.layers_figure({"Conv1": fit})])
def test_the_legend_of_words_names_curves_and_bands_with_their_levels(draw, fit: GammFit) -> None:
    figure = draw(fit)
    shown = legend_colours(figure.legends[0])
    axes = figure.axes[-1]
    means = {colour: float(y.mean()) for colour, _, y in line_colours(axes)}
    assert means[shown["high"]] > means[shown["low"]] + 2
    for band in axes.collections:  # each band lies around the curve of its colour
        assert band.get_paths()[0].vertices[:, 1].mean() == pytest.approx(means[to_hex(band.get_facecolor()[0])],
                                                                         abs=0.5)
    if len(figure.axes) == 2:  # points of a word have its colour, too
        points = figure.axes[0].collections[0]
        of_points = {to_hex(colour): [] for colour in points.get_facecolors()}
        for colour, (_, y) in zip(points.get_facecolors(), points.get_offsets(), strict=True):
            of_points[to_hex(colour)].append(y)
        assert np.mean(of_points[shown["high"]]) > np.mean(of_points[shown["low"]]) + 2


def test_points_that_are_not_drawn_are_counted(fit: GammFit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gamm_plots, "MAX_POINTS", 50)
    panels = [axes for axes in gamm_plots.words_figure(fit).axes if axes.collections]
    points = next(axes for axes in panels if len(axes.collections[0].get_offsets()) == 50)
    low, high = points.get_ylim()
    values = fit.frame[fit.model.response]
    outside = int(((values < low) | (values > high)).sum())
    expected = f"50 of {fit.n} points" + (f"; {outside} outside the limits" if outside else "")
    assert points.get_title(loc="right") == expected


def test_differences_have_their_sign_and_the_wider_band_is_the_simultaneous_one(fit: GammFit) -> None:
    figure = gamm_plots.differences_figure(fit, [("low", "high"), ("high", "low")])
    for axes, title, sign in zip(figure.axes[:2], ("high − low", "low − high"), (1, -1), strict=True):
        assert axes.get_title(loc="left") == title and (sign * axes.lines[0].get_ydata() > 2).all()
        widths = {band.get_alpha(): float(np.ptp(band.get_paths()[0].vertices[:, 1])) for band in axes.collections}
        assert widths[0.15] > widths[0.3]
    texts = {text.get_text(): handle for text, handle in
             zip(figure.legends[0].get_texts(), figure.legends[0].legend_handles, strict=True)}
    assert texts["95 % simultaneous"].get_alpha() < texts["95 % pointwise"].get_alpha()
    assert texts["differs (simultaneous)"].get_linewidth() > texts["differs (pointwise)"].get_linewidth()


def test_contrasts_lie_in_the_row_of_their_pair_and_the_column_of_their_layer() -> None:
    tests = pd.DataFrame([{"a": a, "b": b, "layer": layer, "curve_z": z, "curve_p_adjusted": p}
                          for (a, b), values in {("s", "z"): (9.0, 0.1, 0.1), ("p", "b"): (0.2, 0.1, 5.0)}.items()
                          for layer, z, p in zip(("Conv1", "Conv2", "Conv3"), values,
                                                 [0.001 if value > 4 else 0.9 for value in values], strict=True)])
    figure = gamm_plots.lost_figure(ContrastLayers(tests, pd.DataFrame(), {}))
    axes = figure.axes[0]
    rings = {(float(line.get_ydata()[0]), float(line.get_xdata()[0])) for line in axes.lines}
    assert rings == {(tick(axes, "s – z"), tick(axes, "Conv1", "x")), (tick(axes, "p – b"), tick(axes, "Conv3", "x"))}
    image = axes.images[0].get_array()
    assert image[int(tick(axes, "s – z")), int(tick(axes, "Conv1", "x"))] == 9.0
    assert tick(axes, "p – b") < tick(axes, "s – z") and axes.yaxis_inverted()  # the longest-lived at the top


def test_silhouettes_and_stability_are_of_the_models_and_percentiles_in_the_legend() -> None:
    table = pd.DataFrame([{"model": model, "layer": f"L{k}", "layer_number": k, "percentile": percentile,
                           "silhouette": level + k / 100, "mean_silhouette": level}
                          for model, level in (("W2L", 0.1), ("W2L_TL", 0.7)) for percentile in (87.0, 96.0)
                          for k in (0, 1)])
    figure = silhouette_figure(table)
    legend = next(axes.get_legend() for axes in figure.axes if axes.get_legend()) if not figure.legends \
        else figure.legends[0]
    shown = legend_colours(legend)
    for axes in figure.axes[:3]:
        starts = {colour: float(y[0]) for colour, _, y in line_colours(axes)}
        assert {name: starts[colour] for name, colour in shown.items()} == {"W2L": 0.1, "W2L_TL": 0.7}
    layers = pd.DataFrame([{"layer": "L1", "percentile": percentile, "adjusted_rand": value, "silhouette": value,
                            "silhouette_low": value - 0.1, "silhouette_high": value + 0.1}
                           for percentile, value in ((87.0, 0.2), (96.0, 0.9))])
    axes = stability_figure(layers, 6).axes[0]
    drawn = {colour: float(y[0]) for colour, _, y in line_colours(axes)}
    assert {name: drawn[colour] for name, colour in legend_colours(axes.get_legend()).items()} == {"87": 0.2, "96": 0.9}


def test_sanity_checks_are_of_the_layer_and_condition_in_their_legends() -> None:
    weights = pd.DataFrame([{"n_randomised": n, "down_to": f"L{n}" if n else "", "layer": layer,
                             **dict.fromkeys(("rank_correlation", "ssim", "mantel"), level - n / 100)}
                            for layer, level in (("input", 0.9), ("L1", 0.3)) for n in (0, 1)])
    labels = pd.DataFrame([{"layer": layer, **{f"{prefix}null_{part}": value for prefix in ("", "distance_")
                                               for part, value in (("low", 0.1), ("mean", 0.15), ("high", 0.2))},
                            "silhouette": 0.6, "distance": 0.6, "p": 0.05, "distance_p": 0.05}
                           for layer in ("input", "L1")])
    inputs = pd.DataFrame({"layer": ["input", "L1"], "silhouette": 0.3, "distance": 0.3})
    results = SimpleNamespace(weights=weights, labels=labels, inputs=inputs, alignment=pd.DataFrame(), groups={"a": 3},
                              group="phone", model={"name": "net"}, source="clips")
    figure = sanity_figure(results)
    starts = {colour: float(y[0]) for colour, _, y in line_colours(figure.axes[0])}
    assert {name: starts[colour] for name, colour in legend_colours(figure.legends[0]).items()} == {
        "input": 0.9, "L1": 0.3}
    panel = figure.axes[3]
    shown = legend_colours(panel.get_legend())
    drawn = {colour: float(y[0]) for colour, _, y in line_colours(panel)}
    assert drawn[shown["as it is"]] == 0.6 and drawn[shown["noise as input"]] == 0.3
    assert (shown["as it is"], shown["noise as input"]) == (to_hex(REAL), to_hex(NOISE))
    band = panel.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.1, 0.2))


def test_bars_of_alignment_have_the_colours_of_their_conditions() -> None:
    table = pd.DataFrame({"condition": ["as it is", "random down to L1", "noise"], "aligned": [0.8, 0.3, 0.1],
                          "aligned_chance": [0.2, 0.15, 0.05], "constant": [0.6, 0, 0], "centre": [0.4, 0, 0]})
    axes = PlainFigure().subplots()
    _draw_alignment(axes, table)
    bars = {text.get_text(): (bar.get_height(), to_hex(bar.get_facecolor()))
            for text, bar in zip(axes.get_xticklabels(), axes.patches, strict=True)}
    assert bars == {"as it is": (80, to_hex(REAL)), "L1": (30, to_hex("0.6")), "noise": (10, to_hex(NOISE))}
    lines = {line.get_label(): (line.get_ydata()[0], line.get_linestyle()) for line in axes.lines}
    assert lines == {"best constant place": (60, "--"), "before alignment": (40, ":")}
    chance = axes.collections[0].get_segments()
    assert [float(segment[0, 1]) for segment in chance] == [20, 15, 5]


def test_spectrograms_of_training_have_high_sounds_at_the_top_in_the_order_of_their_titles() -> None:
    time = np.arange(4000) / 16000
    sounds = np.stack([np.sin(2 * np.pi * hz * time) for hz in (7000, 1000)])
    picture = spectrogram_picture(sounds, 16000, ["high", "low"]).astype(float).sum(axis=-1)
    middle = picture.shape[1] // 2
    rows = []
    for part in (picture[:, int(0.15 * middle):int(0.8 * middle)], picture[:, int(1.1 * middle):int(1.6 * middle)]):
        coloured = np.where(part >= 750, 0, part).mean(axis=1)  # white is paper, not sound
        rows.append(coloured.argmax() / len(coloured))
    assert rows[0] < 0.45 < 0.55 < rows[1]
