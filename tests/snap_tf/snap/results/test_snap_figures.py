"""Figures of SNAPs: what is drawn is what was counted, axes carry units, no text is cut off."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from planted_files import GROUPS, RATE_HZ, layer_info, summed_file

from snap_tf.plots.snap.snap_alignment import contingency_figure, offset_figure, offset_map_figure
from snap_tf.plots.snap.snap_clusters import clustermap_figure, dendrogram_figure, silhouette_figure, stability_figure
from snap_tf.plots.snap.snap_figures import boundary_layer
from snap_tf.plots.snap.snap_profiles import comparison_figure, mel_ticks, profiles_figure, window_s
from snap_tf.plots.snap.snap_scheme import scheme_figure
from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from snap_tf.snap.alignment.evaluation import contingency
from snap_tf.snap.profiles.finalising import LayerProfiles
from snap_tf.snap.results.cluster_folder import ClusterSettings, cluster_models
from snap_tf.snap.results.evaluation_folder import evaluate_alignment
from wavegan_tf.errors import ConfigError


@pytest.fixture(scope="module")
def models():
    return {name: summed_file(name, seed=seed) for seed, name in enumerate(("W2L", "W2L_TL_frozen"))}


@pytest.fixture(scope="module")
def results(models):
    return cluster_models(models, ClusterSettings(min_frames=1, halves=3))


def texts_cut_off(figure: Figure) -> list[str]:
    """Name the texts of a figure that reach beyond its edge."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    found = []
    labels = [text for axes in figure.axes if axes.get_visible() and axes.axison
              for text in (axes.title, axes._left_title, axes._right_title, axes.xaxis.label, axes.yaxis.label,
                           *(tick.label1 for axis in (axes.xaxis, axes.yaxis) for tick in axis._update_ticks()))]
    for text in [*labels, *figure.texts]:
        box = text.get_window_extent()
        inside = min(box.x0, box.y0) >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
        if text.get_text().strip() and text.get_visible() and box.width > 1 and not inside:
            found.append(text.get_text())
    return found


def images(figure: Figure) -> list[np.ndarray]:
    return [np.ma.getdata(image.get_array()) for axes in figure.axes for image in axes.images]


def test_contingency_panels_hold_the_shares_sorted_by_their_maximum(models) -> None:
    counts = models["W2L"].alignment["phone"]
    figure = contingency_figure({"W2L": counts})
    before, after = images(figure)[:2]
    for panel in (before, after):
        np.testing.assert_allclose(panel.sum(axis=1), 1)
    assert (np.diff(after.max(axis=1)) <= 1e-12).all()
    axes = figure.axes[1]
    rows, columns = ([label.get_text() for label in labels] for labels in (axes.get_yticklabels(),
                                                                           axes.get_xticklabels()))
    assert columns[:len(rows)] == rows and columns[-1] == "(none)"
    table = contingency(counts)
    np.testing.assert_array_equal(after, table.loc[rows, columns])
    np.testing.assert_array_equal(before, contingency(counts, aligned=False).loc[rows, columns])
    assert axes.images[0].get_clim() == (0, 1)
    assert not texts_cut_off(figure)


def test_letters_against_phones_put_annotations_behind_those_of_the_same_name() -> None:
    counts = AlignmentCounts(("b", "a"), ("aa", "b", "k"), 3)
    counts.add(np.array([0, 0, 1]), np.array([[0, 1, 1], [2, 1, 1], [0, 0, 0]]), np.array([1, 1, 1]))
    figure = contingency_figure({"W2L": counts}, aligned=(True,))
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["b", "aa", "k", "(none)"]
    assert not texts_cut_off(figure)


def test_offset_maps_are_scaled_by_row_and_keep_absence_apart(models) -> None:
    evaluation = evaluate_alignment(models)
    figure = offset_map_figure(evaluation)
    for panel in images(figure)[:2]:
        assert np.isnan(panel[:, 2]).all()  # the gap
        np.testing.assert_array_equal(panel[:, 0], panel[:, 1])
        shown = np.delete(panel, [0, 2], axis=1)
        assert shown.max() == 1 and shown.min() >= 0
        assert np.isin(np.nanmax(shown, axis=1), (0, 1)).all()
    # sorted by the mean offset in the first model
    order = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    from snap_tf.snap.alignment.evaluation import phone_table

    means = phone_table(evaluation.counts["W2L"], RATE_HZ).set_index("phone")["mean_offset_ms"]
    assert means[order].is_monotonic_increasing
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()][:2] == ["-1", "0"]
    assert not texts_cut_off(figure)


def test_offsets_are_in_percent_of_frames_with_absence_in_grey(models) -> None:
    figure = offset_figure(evaluate_alignment(models))
    counts = models["W2L"].alignment["phone"]
    bars = [patch for patch in figure.axes[0].patches if patch.get_width() > 1]
    heights = sorted((round(bar.get_x() + bar.get_width() / 2, 6), bar.get_height()) for bar in bars)
    share = 100 * counts.offsets.sum(axis=0) / counts.frames.sum()
    assert heights[0][1] == pytest.approx(share[-1])  # left of 0
    assert all(tick == round(tick) for tick in figure.axes[1].get_yticks())  # phones
    assert dict(heights)[0] == pytest.approx(share[0]) and dict(heights)[8] == pytest.approx(share[1])
    assert not texts_cut_off(figure)


def test_profiles_have_ms_and_hz_and_white_where_there_is_nothing(models) -> None:
    profiles = models["W2L"].profiles("snap")
    figure = profiles_figure(profiles, groups=("a", "s"), seconds=0.08)
    left, right = figure.axes[:2]
    assert left.get_title() == "a  n=120" and right.get_title() == "s  n=120"
    assert left.get_xlim() == pytest.approx((-84, 84))  # 80 ms and half a step
    assert [label.get_text() for label in left.get_yticklabels()] == ["200", "500", "1000", "2000", "4000"]
    rows, _ = mel_ticks()
    from snap_tf.asr.spectrograms.mel import mel_centres_hz

    np.testing.assert_allclose(np.interp(rows, np.arange(128), mel_centres_hz()), [200, 500, 1000, 2000, 4000])
    image = left.images[0]
    low, high = image.get_clim()
    assert low == -high and high == pytest.approx(np.abs(profiles.layers["input"].values[0]).max())
    # the alignment step is centred at 0 ms: 30 steps of 8 ms, the 15th being the first of them after -4 ms
    assert image.get_extent()[:2] == [-124, 116]
    np.testing.assert_array_equal(image.get_array(), profiles.layers["input"].values[0].T)
    assert not texts_cut_off(figure)
    shared = profiles_figure(profiles, shared_scale=True)
    assert len({axes.images[0].get_clim() for axes in shared.axes if axes.images and axes.get_title()}) == 1


def test_profiles_sorted_over_time_have_ranks_and_no_time(models) -> None:
    profiles = replace(models["W2L"].profiles("snap"), kind="nap")
    figure = profiles_figure(profiles, groups=("a", "s"), seconds=0.08)
    n_steps = profiles.layers["input"].values.shape[1]
    assert figure.axes[0].images[0].get_extent()[:2] == [0.5, n_steps + 0.5]
    assert figure.axes[0].get_xlim() == (0.5, n_steps + 0.5)
    assert figure.get_supxlabel() == "rank over time, from most to least"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["200", "500", "1000", "2000", "4000"]


def test_the_time_axis_reaches_as_far_as_there_is_something() -> None:
    values = np.zeros((2, 31, 4))
    values[0, 15 - 3], values[1, 15 + 2] = 1.0, -1.0
    layer = LayerProfiles(layer_info("input", 31, 4, 125.0), 15, values)
    assert window_s([layer], [0, 1]) == pytest.approx(3 / 125)
    assert window_s([layer], [1]) == pytest.approx(2 / 125)
    nothing = LayerProfiles(layer.layer, 15, np.zeros((2, 31, 4)))
    assert window_s([nothing], [0]) == pytest.approx(15 / 125)


def test_comparison_has_one_scale_in_a_row_and_another_in_the_next(models) -> None:
    kinds = [models["W2L"].profiles(kind) for kind in ("navai", "snap")]
    figure = comparison_figure(kinds, ("a", "i", "p"))
    limits = [axes.images[0].get_clim() for axes in figure.axes[:6]]
    assert len(set(limits[:3])) == len(set(limits[3:])) == 1 and limits[0] != limits[3]
    for (_, high), profiles in zip((limits[0], limits[3]), kinds, strict=True):
        rows = [profiles.groups.index(group) for group in ("a", "i", "p")]
        assert high == pytest.approx(np.abs(profiles.layers["input"].values[rows]).max())
    assert not texts_cut_off(figure)


def test_waveforms_and_hidden_layers_have_no_hertz() -> None:
    layers = (layer_info("input", 64, 1, 16000.0), layer_info("conv_1", 16, 3, 4000.0))
    file = summed_file("D", layers=layers, annotated=False)
    figure = profiles_figure(file.profiles("snap"))
    assert len(figure.axes[0].lines) == 2 and not figure.axes[0].images
    assert figure.axes[0].get_ylabel() == "value"
    hidden = profiles_figure(file.profiles("snap"), layer="L1")
    assert hidden.axes[0].get_ylabel() == "channel (in no order)" and hidden.axes[0].images
    assert not texts_cut_off(figure) and not texts_cut_off(scheme_figure(file))
    with pytest.raises(ConfigError, match=r"layer \(=L9\) must be one of input, L1"):
        profiles_figure(file.profiles("snap"), layer="L9")
    with pytest.raises(ConfigError, match=r"group \(=x\) must be one of the 9"):
        profiles_figure(file.profiles("snap"), groups=("x",))


def test_silhouette_curves_and_the_boundary(results) -> None:
    figure = silhouette_figure(results.silhouettes, boundary_layer(list(results.models), ["L5"]))
    table = results.silhouettes
    first = figure.axes[0]
    assert first.get_title() == "cut at 87 %" and figure.axes[4].get_title() == "mean of the cuts"
    drawn = {line.get_label(): line.get_ydata() for line in first.lines if not line.get_label().startswith("_")}
    wanted = table[(table["model"] == "W2L") & (table["percentile"] == 87)]["silhouette"]
    np.testing.assert_array_equal(drawn["W2L"], wanted)
    names = [label.get_text() for label in first.get_xticklabels()]
    dashed = [line for line in first.lines if line.get_linestyle() == "--"]
    assert dashed[0].get_xdata()[0] == names.index("L5") + 0.5 == names.index("L6") - 0.5
    assert not texts_cut_off(figure)
    plain = silhouette_figure(table[table["model"] == "W2L"], boundary_layer(["W2L"], ["L5"]))
    assert not [line for line in plain.axes[0].lines if line.get_linestyle() == "--"]
    assert boundary_layer(["W2L"], ["L3"], "L3") == boundary_layer(["W2L_TL_frozen"], ["L3"], "L3") == "L3"


def test_clustermaps_are_symmetric_in_the_order_of_the_tree(results) -> None:
    layers = {f"W2L_TL_finetuned, {name}": results.models["W2L"].layers[name] for name in ("L4", "L5", "L7")}
    figure = clustermap_figure(layers, 96.0)
    tables = [image for image in images(figure) if image.shape == (9, 9)]
    assert len(tables) == 3
    for table in tables:
        np.testing.assert_array_equal(table, table.T)
        assert (np.diag(table) == 0).all()
    assert not texts_cut_off(figure)
    trees = dendrogram_figure(layers)
    for axes, layer in zip(trees.axes, layers.values(), strict=True):
        assert sorted(label.get_text() for label in axes.get_xticklabels()) == sorted(GROUPS)
        cut = layer.best_cut()
        assert axes.lines[-1].get_ydata()[0] == cut.threshold
        # groups of one cluster stand in one colour, and others in another unless each is alone
        colours = {label.get_text(): label.get_color() for label in axes.get_xticklabels()}
        for members in cut.members(layer.groups, 2):
            assert len({colours[group] for group in members}) == 1 and colours[members[0]] != "#999999"
    assert not texts_cut_off(trees)


def test_scheme_and_stability_can_be_read(models, results) -> None:
    figure = scheme_figure(models["W2L"], "s")
    mask, snap = (part for part in images(figure)[1:3])
    np.testing.assert_allclose(images(figure)[0] * mask, snap, atol=1e-12)  # B: what it says
    assert not texts_cut_off(figure)
    stable = results.models["W2L"].stability
    assert stable is not None
    assert not texts_cut_off(stability_figure(stable.layers, stable.n_halves, "W2L"))
