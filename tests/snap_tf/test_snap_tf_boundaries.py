"""Values that lie exactly on a boundary fall on the side that is written down."""

import numpy as np
import pandas as pd
import pytest

from snap_tf.asr.transcripts.annotation import annotate_steps
from snap_tf.asr.transcripts.ctc import greedy_spikes
from snap_tf.gamm.inference.population import stretches
from snap_tf.gamm.questions.layers import adjust
from snap_tf.layer_info import LayerInfo
from snap_tf.series.acoustics.correlation import _mean
from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.duration import events
from snap_tf.series.acoustics.measures.f0 import f0_refusal
from snap_tf.series.acoustics.measures.frication import frication_refusal
from snap_tf.series.acoustics.measures.intensity import intensity_refusal
from snap_tf.series.acoustics.measures.measurement import Measurement
from snap_tf.series.acoustics.places import Place, within
from snap_tf.series.extraction.intervals import MIN_POINTS, interval_steps, phone_intervals, too_few_points
from snap_tf.series.latents.output_labels import binary_labels
from snap_tf.series.latents.reduplication import Syllables
from snap_tf.series.latents.sweep import VariableRange
from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from snap_tf.snap.alignment.alignment_step import pool, shift_of
from snap_tf.snap.profiles.sums import add_shifted
from snap_tf.snap.saliency.saliency_maps import _nearest_spike
from wavegan_tf.data.corpus import Segment
from wavegan_tf.errors import DataError

USUAL = AcousticSettings()


def test_a_value_at_the_threshold_is_not_above_it() -> None:
    assert binary_labels("f0", np.array([1.0, 2.0, 3.0]), 2).values.tolist() == [0, 0, 1]
    assert binary_labels("f0", np.array([1.0, 2.0, 2.0, 3.0]), "median").values.tolist() == [0, 0, 0, 1]
    with pytest.raises(DataError, match="must divide the outputs in two; 0 of 2"):
        binary_labels("f0", np.array([1.0, 2.0]), 2)


@pytest.mark.parametrize(("refusal", "least_hz"), [
    (f0_refusal, 4 * USUAL.f0_floor_hz), (intensity_refusal, 4 * USUAL.intensity_floor_hz)])
def test_a_layer_that_just_carries_a_measure_is_measured(refusal: object, least_hz: float) -> None:
    assert refusal(least_hz, USUAL) is None and refusal(least_hz - 1, USUAL) is not None


def test_energy_above_the_nyquist_frequency_is_none() -> None:
    """A band of no width cannot be measured: frication needs more than twice its lower end."""
    assert frication_refusal(2 * USUAL.frication_low_hz, USUAL) is not None
    assert frication_refusal(2 * USUAL.frication_low_hz + 2, USUAL) is None


def test_events_at_both_thresholds_exactly() -> None:
    settings = AcousticSettings(duration_low=0.25, duration_high=0.5, duration_baseline="zero", duration_gap_s=0.2)
    series = np.array([0, 0, 1, 4, 1, 0, 0, 2, 0, 0, 0.9, 0, -1, 1.9, 0])
    assert events(series, 10.0, settings).tolist() == [[2, 5], [7, 8]]  # a gap of two steps divides, one does not
    series[6] = 1.0
    assert events(series, 10.0, settings).tolist() == [[2, 8]]


def test_intervals_of_few_points() -> None:
    layer = LayerInfo("l", "L", 10, 1, 1.0, "linear")
    assert too_few_points(layer, np.full(3, MIN_POINTS), MIN_POINTS) is None
    assert too_few_points(layer, np.full(3, MIN_POINTS - 1), MIN_POINTS) is not None


def test_steps_that_an_interval_touches() -> None:
    first, end = interval_steps([0, 15, 16, 17, 1], [16, 17, 32, 18, 160], 10, 160)  # 16 samples a step
    assert (first.tolist(), end.tolist()) == ([0, 0, 1, 1, 0], [1, 2, 2, 2, 10])
    for start, stop in ((-1, 5), (5, 5), (0, 161)):
        with pytest.raises(DataError, match="must have a length and lie inside"):
            interval_steps([start], [stop], 10, 160)


def test_intervals_that_end_with_the_clip_are_kept() -> None:
    tokens = pd.DataFrame({"token": ["t"], "word": "", "speaker": "", "file": "f",
                           "phones": [(Segment(0, 50, "s"), Segment(60, 100, "s"), Segment(90, 101, "s"))]})
    table, n_cut = phone_intervals(tokens, 100, ["s"])
    assert table["end_sample"].tolist() == [50, 100] and n_cut == 1


def test_frames_at_the_ends_of_an_interval() -> None:
    """The start belongs to it, the end does not."""
    found = Measurement("f0", ("f0",), "Hz", np.array([0.1, 0.2, 0.3]), np.array([[1.0], [2.0], [3.0]]))
    place = Place(0, "t", "s", "", "", 0.1, 0.3, is_interval=True)
    assert within(found, place).values.tolist() == [[1.0], [2.0]]
    assert place.steps(100, 10.0) == slice(1, 3)


def test_steps_of_a_spectrogram_at_the_borders_of_phones() -> None:
    assert annotate_steps([Segment(0, 128, "a"), Segment(128, 257, "b")], 4) == ["a", "b", "b", ""]
    assert annotate_steps([Segment(1, 129, "a")], 3) == ["", "a", ""]


def test_lags_that_half_of_the_tokens_have_count() -> None:
    token_r = np.array([[0.5, 0.5, 0.5], [0.25, np.nan, np.nan], [0.0, 0.25, np.nan], [0.25, np.nan, np.nan]])
    np.testing.assert_array_equal(_mean(token_r), [0.25, 0.375, np.nan])


def test_equal_logits_and_runs_at_the_ends() -> None:
    logits = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    spikes = [(s.label, s.first_step, s.last_step) for s in greedy_spikes(logits)]
    assert spikes == [(0, 0, 1), (1, 3, 3)]  # the first of equal classes; blanks are class 2


def test_the_earlier_of_two_spikes_as_near() -> None:
    table = np.zeros((9, 3))
    table[:, 2] = 1.0
    table[2, 0] = table[6, 1] = 2.0
    assert _nearest_spike(table, 2) == 2


def test_a_difference_that_just_touches_zero_is_none() -> None:
    time = np.arange(4.0)
    table = pd.DataFrame({"a": "x", "b": "y", "time": time, "lower": [0.0, 0.0, -1, -1], "upper": [1.0, 1, 1, 0.0]})
    assert stretches(table, "pointwise").empty
    table["lower"] = [1.0, 0.0, 0.0, 1.0]
    found = stretches(table, "pointwise")
    assert found[["start", "end", "sign"]].to_numpy().tolist() == [[0.0, 1.0, 1.0], [2.0, 3.0, 1.0]]


def test_corrections_by_hand() -> None:
    p = np.array([0.01, 0.04, np.nan, 0.03])
    np.testing.assert_allclose(adjust(p, "bonferroni"), [0.03, 0.12, np.nan, 0.09])
    np.testing.assert_allclose(adjust(p, "holm"), [0.03, 0.06, np.nan, 0.06])
    np.testing.assert_allclose(adjust(p, "fdr_bh"), [0.03, 0.04, np.nan, 0.04])
    np.testing.assert_allclose(adjust(p, "none"), p)


def test_offsets_of_exactly_the_tolerance_are_within() -> None:
    for tolerance, within_it in ((1, 0), (2, 1), (3, 1)):
        counts = AlignmentCounts(["s"], ["s"], n_steps=5, tolerance_steps=tolerance)
        counts.add(np.array([0]), np.array([[-1, -1, -1, -1, 0]]), np.array([2]))
        assert counts.within.tolist() == [within_it]


def test_shifts_of_odd_and_even_frames() -> None:
    assert shift_of(np.array([0, 2, 4]), 5).tolist() == [2, 0, -2]
    assert shift_of(np.array([0, 2, 3]), 4).tolist() == [2, 0, -1]
    total = np.zeros((4, 1))
    add_shifted(total, np.arange(1.0, 4.0)[:, None], -1)
    add_shifted(total, np.arange(1.0, 4.0)[:, None], 3)
    add_shifted(total, np.ones((3, 1)), 4)
    add_shifted(total, np.ones((3, 1)), -3)
    assert total[:, 0].tolist() == [2, 3, 0, 1]


def test_pooling_at_the_edges_averages_what_is_there() -> None:
    saliency = np.array([[[1.0, 3.0], [5.0, 7.0]]], np.float32)
    np.testing.assert_allclose(pool(saliency, "same", 0, 2)[0], [[4, 5], [6, 7]])
    np.testing.assert_allclose(pool(saliency, "time", 0, 2)[0], [[3, 5], [5, 7]])
    np.testing.assert_allclose(pool(saliency, "centred", 0, 2)[0], [[4, 4], [4, 4]])


def test_values_of_a_sweep_and_times_of_syllables_that_meet() -> None:
    assert VariableRange(0, 0.0, 0.3, 0.1).values().tolist() == [0.0, 0.1, 0.2, 0.3]
    assert VariableRange(0, 1.0, 2.0, 0.75).values().tolist() == [0.0, 1.0, 1.75]
    assert Syllables((0.0, 0.2, 0.2, 0.4)).times_s == (0.0, 0.2, 0.2, 0.4)
