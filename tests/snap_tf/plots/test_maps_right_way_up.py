"""Maps are the right way up: what is planted at a time and a frequency is seen at its ticks, read from the pixels."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from scipy.cluster.hierarchy import linkage
from twins.pixels import line_colours, strongest, tick

from snap_tf.asr.spectrograms.mel import mel_centres_hz
from snap_tf.asr.transcripts.alphabet import Alphabet
from snap_tf.layer_info import LayerInfo
from snap_tf.plots.recognition import recognition_figure
from snap_tf.plots.snap.saliency import saliency_figure
from snap_tf.plots.snap.snap_alignment import contingency_figure, offset_figure, offset_map_figure
from snap_tf.plots.snap.snap_clusters import clustermap_figure, dendrogram_figure
from snap_tf.plots.snap.snap_profiles import comparison_figure, profiles_figure
from snap_tf.plots.snap.snap_scheme import scheme_figure
from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from snap_tf.snap.clusters.clustering import Cut, LayerClusters
from snap_tf.snap.profiles.finalising import LayerProfiles, Profiles
from snap_tf.snap.results.evaluation_folder import Evaluation
from snap_tf.snap.saliency.saliency_maps import SaliencyMap, Target
from snap_tf.snap.saliency.saliency_options import SaliencyOptions

N_STEPS, CENTRE, RATE_HZ = 40, 20, 125.0
BAND_HZ, BAND_S = 0.6, 0.006  # how far a pixel may be from what it shows, in bands and seconds


def band(hz: float) -> int:
    """The mel band whose centre is nearest to a frequency."""
    return int(np.abs(mel_centres_hz() - hz).argmin())


def planted(kind: str = "snap", channels: int = 128) -> Profiles:
    """Two groups; of `a` the band of 4000 Hz is high 80 ms after the alignment, that of 500 Hz low 40 ms before it."""
    info = LayerInfo("input", "input", N_STEPS, channels, RATE_HZ, "relu")
    values = np.zeros((2, N_STEPS, channels))
    wide = 2 if channels == 128 else 0  # panels are small: a single band may fall between two pixels
    high, low = [slice(row - wide, row + wide + 1) for row in
                 ((band(4000), band(500)) if channels == 128 else (channels - 1, 1))]
    values[0, CENTRE + 9:CENTRE + 12, high], values[0, CENTRE - 6:CENTRE - 3, low] = 1.0, -1.0
    values[1, CENTRE - 1:CENTRE + 2, low] = 1.0
    if kind == "mask":
        values = np.abs(values)
    return Profiles(kind, "phone", ("a", "s"), np.array([9, 9]), {"input": LayerProfiles(info, CENTRE, values)})


def test_profiles_have_high_frequencies_at_the_top_and_time_to_the_right() -> None:
    figure = profiles_figure(planted(), seconds=0.12)
    a, s = figure.axes[:2]
    x, y = strongest(figure, a, "red")
    assert y == pytest.approx(tick(a, "4000"), abs=BAND_HZ + 0.5) and x == pytest.approx(80, abs=1000 * BAND_S)
    x, y = strongest(figure, a, "blue")
    assert y == pytest.approx(tick(a, "500"), abs=BAND_HZ + 0.5) and x == pytest.approx(-40, abs=1000 * BAND_S)
    x, y = strongest(figure, s, "red")  # each group in the panel with its name
    assert s.get_title().startswith("s ") and x == pytest.approx(0, abs=1000 * BAND_S)
    assert y == pytest.approx(tick(a, "500"), abs=BAND_HZ + 0.5)
    assert a.transData.transform((0, tick(a, "4000")))[1] > a.transData.transform((0, tick(a, "500")))[1]
    bar = figure.axes[-1]
    x, y = strongest(figure, bar, "red")
    assert [label.get_text() for label in bar.get_yticklabels()] == ["less", "0", "more"] and y > tick(bar, "0") > \
        strongest(figure, bar, "blue")[1]


def test_hidden_layers_count_their_channels_upwards() -> None:
    figure = profiles_figure(planted(channels=6), seconds=0.12)
    assert strongest(figure, figure.axes[0], "red")[1] == pytest.approx(5, abs=0.3)
    assert strongest(figure, figure.axes[0], "blue")[1] == pytest.approx(1, abs=0.3)


def test_comparisons_and_the_scheme_are_the_same_way_up() -> None:
    figure = comparison_figure([planted(), planted("navai")], ("s", "a"))
    for axes, hz, ms in ((figure.axes[0], 500, 0), (figure.axes[1], 4000, 80), (figure.axes[3], 4000, 80)):
        x, y = strongest(figure, axes, "red")
        assert y == pytest.approx(band(hz), abs=BAND_HZ + 0.5) and x == pytest.approx(ms, abs=1000 * BAND_S)
    taus = np.zeros(N_STEPS, int)
    taus[CENTRE - 5], taus[CENTRE + 2] = 3, 1
    file = SimpleNamespace(profiles=lambda kind, grouping: planted(kind), shifts={"input": taus})
    figure = scheme_figure(file, "a")
    before, _, average, mask, snap = [axes for axes in figure.axes if axes.get_xlabel()]
    highest = max(before.patches, key=lambda patch: patch.get_height() if hasattr(patch, "get_height") else 0)
    assert highest.get_x() + highest.get_width() / 2 == pytest.approx(-40) and highest.get_height() == 75
    for axes, colour, places in ((average, "red", [(80, 4000)]), (snap, "blue", [(-40, 500)])):
        x, y = strongest(figure, axes, colour)
        assert x == pytest.approx(places[0][0], abs=1000 * BAND_S)
        assert y == pytest.approx(band(places[0][1]), abs=BAND_HZ)
    x, y = strongest(figure, mask, "dark")  # two cells, their middle
    assert x == pytest.approx(20, abs=8) and y == pytest.approx((band(500) + band(4000)) / 2, abs=6)


def saliency(values: np.ndarray, inputs: np.ndarray, rate_hz: float, frequencies_hz: np.ndarray) -> SaliencyMap:
    return SaliencyMap(values, rate_hz, inputs, rate_hz, frequencies_hz, Target("s", 0, 3, 0.1, 1.0, 0.5), np.nan,
                       SaliencyOptions(), "planted", "0", "tone.wav")


def test_saliency_maps_have_their_bands_at_their_frequencies() -> None:
    inputs, values = np.full((50, 128), -9.0, np.float32), np.zeros((50, 128), np.float32)
    inputs[30, band(1000)] = 0.0
    values[10, band(4000)], values[40, band(200)] = 1.0, -1.0
    figure = saliency_figure(saliency(values, inputs, RATE_HZ, mel_centres_hz()))
    above, below = figure.axes[:2]
    for axes, colour, khz, step in ((above, "dark", "1", 30), (below, "red", "4", 10), (below, "blue", "0.2", 40)):
        x, y = strongest(figure, axes, colour)
        assert y == pytest.approx(tick(axes, khz), abs=BAND_HZ + 0.5), colour
        assert x == pytest.approx(step / RATE_HZ, abs=BAND_S)


def test_saliency_of_audio_is_drawn_at_its_frequency_and_time() -> None:
    time = np.arange(8000) / 16000
    values = np.where(time > 0.3, np.sin(2 * np.pi * 6000 * time), 0.0)[:, None]
    figure = saliency_figure(saliency(values, values, 16000.0, np.empty(0)))
    x, y = strongest(figure, figure.axes[2], "dark")
    assert y == pytest.approx(6.0, abs=0.1) and 0.3 < x < 0.5
    assert figure.axes[2].get_ylabel() == "frequency (kHz)"


def test_a_recogniser_at_work_is_the_right_way_up() -> None:
    spectrogram, logits = np.full((60, 128), -9.0), np.tile([0.0, 0.0, 9.0], (30, 1))
    spectrogram[45, band(4000)] = 0.0
    logits[10, 1], logits[20, 0] = 30.0, 30.0  # s at step 10 of 16 ms, aa at step 20
    figure = recognition_figure(spectrogram, logits, Alphabet("phone", ("aa", "s", "_")))
    upper, lower = figure.axes[:2]
    x, y = strongest(figure, upper, "light")
    assert y == pytest.approx(tick(upper, "4"), abs=BAND_HZ + 0.5) and x == pytest.approx(45 * 0.008, abs=BAND_S)
    assert {text.get_text(): text.get_position()[0] for text in lower.texts} == pytest.approx({"s": 0.16, "aa": 0.32})
    of = {text.get_text(): to_hex(handle.get_color()) for text, handle in
          zip(lower.get_legend().get_texts(), lower.get_legend().legend_handles, strict=True)}
    drawn = {colour: y for colour, _, y in line_colours(lower)}
    assert drawn[of["blank"]].argmin() in (10, 20) and drawn[of["blank"]][0] > 0.9
    assert drawn[of["best other"]].argmax() in (10, 20) and drawn[of["best other"]][0] < 0.1


def confusions() -> AlignmentCounts:
    """`b` is always annotated as d; `a` lies 5 steps from where it is relevant, `d` where it is."""
    counts = AlignmentCounts(("a", "b", "d"), ("a", "b", "d"), 30)
    steps = np.full((30, 30), -1)
    steps[:10, 15:] = 0  # a, from step 15 on; relevance 5 steps before
    steps[10:20] = 2
    steps[20:] = 2
    counts.add(np.repeat([0, 1, 2], 10), steps, np.repeat([10, 15, 15], 10))
    return counts


def test_contingencies_stand_in_the_row_predicted_and_the_column_annotated() -> None:
    figure = contingency_figure({"net": confusions()}, aligned=(True,))
    axes = figure.axes[0]
    image = axes.images[0].get_array()
    shown = {(row, column): float(image[int(tick(axes, row)), int(tick(axes, column, "x"))])
             for row in "abd" for column in "abd"}
    assert shown["b", "d"] == shown["d", "d"] == 1 and shown["d", "b"] == shown["a", "d"] == 0
    # and as pixels: the only black cell of the first column of annotations is the row of d
    assert axes.get_ylabel() == "predicted" and axes.get_xlabel() == "annotated"
    _, y = strongest(figure, axes, "dark")
    rows = [tick(axes, row) for row in ("b", "d")]
    assert min(rows) - 0.6 < y < max(rows) + 0.6


def test_offsets_lie_at_their_milliseconds_in_the_row_of_their_phone() -> None:
    counts = AlignmentCounts(("a", "d"), ("a", "d"), 30)
    steps = np.full((20, 30), -1)
    steps[:10, 15:], steps[10:, 25:] = 0, 1
    counts.add(np.repeat([0, 1], 10), steps, np.repeat([10, 15], 10))  # offsets of 5 and 10 steps: 40 and 80 ms
    figure = offset_map_figure(Evaluation("phone", {"net": counts}, {"net": RATE_HZ}, {}, {}))
    axes = figure.axes[0]
    image = np.ma.filled(np.ma.masked_invalid(axes.images[0].get_array()), 0)
    for phone, ms in (("a", "40"), ("d", "80")):
        row = image[int(tick(axes, phone))]
        assert row.argmax() == pytest.approx(tick(axes, ms, "x")), phone
    assert tick(axes, "a") < tick(axes, "d")  # the smaller mean offset first, which is the top
    assert axes.yaxis_inverted()


def test_offsets_of_a_rare_phone_are_as_dark_as_those_of_a_frequent_one() -> None:
    """Each row is scaled to its own largest, as its colour bar says; shares of frames are said in words."""
    counts = AlignmentCounts(("a", "d"), ("a", "d"), 30)
    steps = np.full((40, 30), -1)
    steps[:30, 15:], steps[30:36, 25:] = 0, 1
    counts.add(np.repeat([0, 1], [30, 10]), steps, np.repeat([10, 15], [30, 10]))  # of d four are nowhere
    evaluation = Evaluation("phone", {"net": counts}, {"net": RATE_HZ}, {}, {})
    figure = offset_map_figure(evaluation)
    image = np.ma.filled(np.ma.masked_invalid(figure.axes[0].images[0].get_array()), 0)
    assert [float(image[int(tick(figure.axes[0], phone))].max()) for phone in "ad"] == [1.0, 1.0]
    assert image[int(tick(figure.axes[0], "d")), 0] == pytest.approx(4 / 6)
    assert figure.axes[-1].get_ylabel() == "of each row's largest"
    offsets = offset_figure(evaluation).axes[0]
    assert offsets.texts[0].get_text() == "no offset 0.0 %\nnot in the frame 10.0 %\nbeyond the axis 0.0 %"
    heights = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in offsets.patches}
    assert heights[40] == pytest.approx(75) and heights[80] == pytest.approx(15)
    assert heights[round(tick(offsets, "-1", "x"))] == pytest.approx(10)


def tree() -> LayerClusters:
    """`p` and `t` are near each other, so are `a` and `i`; the pairs are far apart, `z` from all."""
    groups = ("a", "p", "z", "i", "t")
    places = dict(zip(groups, (0.0, 10.0, 40.0, 1.0, 12.0), strict=True))
    distances = np.array([abs(places[x] - places[y]) for k, x in enumerate(groups) for y in groups[k + 1:]])
    labels = np.array([0, 1, 2, 0, 1])
    return LayerClusters("L1", groups, distances, linkage(distances, "complete"), (Cut(90.0, 5.0, labels, 0.5),))


def test_dendrograms_join_the_groups_that_are_near_below_their_names() -> None:
    axes = dendrogram_figure({"L1": tree()}).axes[0]
    joins = {}
    for _, x, y in line_colours(axes):
        if len(x) == 4:  # from one foot up and over to the other
            names = frozenset(name for name in "apzit" if tick(axes, name, "x") in (x[0], x[3]))
            joins[names] = y[1]
    assert joins[frozenset("ai")] == 1.0 and joins[frozenset("pt")] == 2.0
    colours = {label.get_text(): to_hex(label.get_color()) for label in axes.get_xticklabels()}
    assert colours["a"] == colours["i"] != colours["p"] == colours["t"] and colours["z"] == "#999999"
    branches = {colour for colour, x, y in line_colours(axes) if len(x) == 4 and y[1] == 1.0}
    assert branches == {colours["a"]}  # branches have the colours of the names below them


def test_clustermaps_have_the_distance_of_two_groups_where_their_names_cross() -> None:
    figure = clustermap_figure({"L1": tree()})
    table = next(axes for axes in figure.axes if axes.get_xticklabels() and len(axes.get_yticklabels()) == 5)
    strip = next(axes for axes in figure.axes if axes.images and axes.images[0].get_array().shape[0] == 1)
    image = table.images[0].get_array()
    for one, other, distance in (("a", "i", 1), ("p", "t", 2), ("a", "z", 40), ("t", "z", 28)):
        assert image[int(tick(table, one)), int(tick(table, other, "x"))] == distance
    cells = strip.images[0].get_array()[0]
    colour = {name: to_hex(cells[int(tick(table, name, "x"))]) for name in "apzit"}
    assert colour["a"] == colour["i"] != colour["p"] == colour["t"] and colour["z"] == "#999999"
    x, y = strongest(figure, table, "light")  # yellow is far: z and a, twice
    corners = [(tick(table, "a", "x"), tick(table, "z")), (tick(table, "z", "x"), tick(table, "a"))]
    assert (x, y) == pytest.approx(tuple(np.mean(corners, axis=0)), abs=0.2)
