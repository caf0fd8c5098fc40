"""Labels of outputs: frication before the voice, measures, tables made by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import butter, sosfilt

from snap_tf.series.latents.output_labels import (
    MEASURES,
    binary_labels,
    frication_ratio,
    hand_labels,
    measure_audio,
    measured_labels,
)
from wavegan_tf.errors import ConfigError, DataError

RATE_HZ = 16000


def voice(n):
    """A pulse train of 125 Hz below 2 kHz."""
    pulses = (np.arange(n) % 128 == 0).astype(float)
    return 0.5 * sosfilt(butter(4, 2000, fs=RATE_HZ, output="sos"), pulses) / 0.1


def hiss(n, seed=0):
    return 0.1 * sosfilt(butter(6, 4500, "high", fs=RATE_HZ, output="sos"),
                         np.random.default_rng(seed).normal(size=n))


def joined(*parts):
    sound = np.concatenate(parts)
    return np.pad(sound, (0, 16384 - len(sound)))


def test_hiss_before_the_voice_is_frication_and_hiss_after_it_is_not():
    before, after = joined(hiss(3000), voice(5000)), joined(voice(5000), hiss(3000))
    assert frication_ratio(before, RATE_HZ) > 0.9
    assert frication_ratio(after, RATE_HZ) < 0.1
    assert frication_ratio(joined(np.zeros(3000), voice(5000)), RATE_HZ) < 0.2


def test_hiss_alone_counts_as_a_whole_and_silence_is_none():
    assert frication_ratio(joined(hiss(6000)), RATE_HZ) > 0.9
    assert frication_ratio(np.zeros(16384), RATE_HZ) == 0.0


def test_frication_needs_a_rate_that_holds_it():
    with pytest.raises(ConfigError, match=r"`rate_hz` \(=4000\) must be above 7000"):
        frication_ratio(np.ones(4096), 4000)


def test_measures_of_a_known_sound():
    table = measure_audio([np.stack([joined(voice(8000)), np.zeros(16384)])], RATE_HZ, MEASURES)
    assert table["f0"][0] == pytest.approx(125, abs=1)
    assert table["duration"][0] == pytest.approx(0.5, abs=0.02)
    assert np.isnan(table.loc[1, ["f0", "intensity", "rms_db"]].astype(float)).all()
    assert measure_audio([np.full((1, 16384), 0.1)], RATE_HZ, ["rms_db"])["rms_db"][0] == pytest.approx(-20)
    with pytest.raises(ConfigError, match=r"measure \(=f9\) must be one of frication_ratio, f0"):
        measure_audio([], RATE_HZ, ["f9"])


def test_thresholds_make_a_yes_or_no():
    labels = binary_labels("x", np.array([1.0, 2.0, 3.0, np.nan]), "median")
    np.testing.assert_array_equal(labels.values, [0, 0, 1, np.nan])
    assert labels.settings == {"threshold": 2.0} and labels.positive == "x > 2"
    assert measured_labels("frication", np.array([0.4, 0.6]), None).values.tolist() == [0, 1]
    assert not measured_labels("f0", np.array([100.0, 200.0]), None).binary


@pytest.mark.parametrize(("values", "threshold", "message"), [
    ([1.0, 2.0], 5, r"must divide the outputs in two; 0 of 2 are above it; the values go from 1 to 2"),
    ([np.nan, np.nan], 5, "none of the 2 outputs has a value"),
])
def test_one_class_only_is_refused(values, threshold, message):
    with pytest.raises(DataError, match=message):
        binary_labels("x", np.array(values), threshold)


def test_threshold_must_be_a_number():
    with pytest.raises(ConfigError, match=r"`threshold` \(=high\) must be a number or median"):
        binary_labels("x", np.array([1.0, 2.0]), "high")


TOKENS = ["00000_code-1", "00001_code-2", "z.5", "00003"]


def write(path, **columns):
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def test_hand_labels_are_found_by_file_name(tmp_path):
    path = write(tmp_path / "by_ear.csv", file=["sounds/00001_code-2.wav", "00003", "z.5"], label=["sh", "s", "sh"])
    labels = hand_labels(path, TOKENS)
    np.testing.assert_array_equal(labels.values, [np.nan, 1, 1, 0])
    assert labels.binary and labels.positive == "sh" and labels.name == "by_ear"
    np.testing.assert_array_equal(hand_labels(path, TOKENS, "s").values, [np.nan, 0, 0, 1])


def test_more_than_two_numbers_are_a_measure(tmp_path):
    path = write(tmp_path / "labels.csv", token=TOKENS, label=["1", "2.5", "3", ""])
    labels = hand_labels(path, TOKENS)
    assert not labels.binary
    np.testing.assert_array_equal(labels.values, [1, 2.5, 3, np.nan])


@pytest.mark.parametrize(("columns", "positive", "message"), [
    ({"file": ["no.wav", "00003.wav"], "label": ["s", "t"]}, None, "1 are none, the first is no; outputs are"),
    ({"file": ["00003", "00003.wav"], "label": ["s", "t"]}, None, "00003 comes twice"),
    ({"file": ["00003", "z.5"], "label": ["s", "s"]}, None, "must have two kinds of label; all 2 are s"),
    ({"file": TOKENS[:3], "label": ["s", "t", "k"]}, None, "say with --positive which one is meant"),
    ({"file": TOKENS[:2], "label": ["s", "t"]}, "k", r"`positive` \(=k\) must be one of the labels s, t"),
    ({"name": ["a"], "label": ["s"]}, None, "must have the columns file and label; it has name, label"),
])
def test_tables_that_do_not_fit_are_refused(tmp_path, columns, positive, message):
    with pytest.raises(DataError, match=message):
        hand_labels(write(tmp_path / "labels.csv", **columns), TOKENS, positive)


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"table of labels .* must exist; check the path"):
        hand_labels(tmp_path / "no.csv", TOKENS)
