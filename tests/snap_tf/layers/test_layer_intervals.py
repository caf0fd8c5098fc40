"""From samples to a layer's steps and back: exact for every interval; too few points and wrong labels are refused."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snap_tf.layer_info import LayerInfo
from snap_tf.series.extraction.intervals import interval_steps, phone_intervals, too_few_points
from snap_tf.series.extraction.resample import upsample_linear
from wavegan_tf.data.corpus import Segment
from wavegan_tf.errors import ConfigError, DataError

N = 16384
CONV4 = LayerInfo("downconv_3", "Conv4", 64, 512, 62.5, "leaky_relu")
CONV5 = LayerInfo("downconv_4", "Conv5", 16, 1024, 15.625, "leaky_relu")


@given(st.sampled_from([16, 64, 256, 1024, 4096, 16384]), st.integers(0, N - 1), st.integers(1, N))
def test_steps_are_floor_and_ceiling_of_exact_fractions(n_steps, start, length):
    end = min(start + length, N)
    first, last = interval_steps(start, end, n_steps, N)
    assert first == math.floor(Fraction(start * n_steps, N)) and last == math.ceil(Fraction(end * n_steps, N))
    assert 0 <= first < last <= n_steps
    # every step it names touches the interval, and the next ones do not
    width = Fraction(N, n_steps)
    assert first * width <= start < (first + 1) * width and (last - 1) * width < end <= last * width


@given(st.integers(2, 5000), st.integers(1, 300), st.data())
def test_steps_where_nothing_divides(n_samples, n_steps, data):
    start = data.draw(st.integers(0, n_samples - 1))
    end = data.draw(st.integers(start + 1, n_samples))
    first, last = interval_steps(start, end, n_steps, n_samples)
    assert first == math.floor(Fraction(start * n_steps, n_samples))
    assert last == math.ceil(Fraction(end * n_steps, n_samples))


def test_known_intervals():
    # 100 ms at 16 kHz from sample 1600: steps of 256 samples 6.25 ... 12.5, of 1024 samples 1.56 ... 3.1
    assert interval_steps(1600, 3200, 64, N) == (6, 13)
    assert interval_steps(1600, 3200, 16, N) == (1, 4)
    assert interval_steps(0, N, 16, N) == (0, 16)
    first, last = interval_steps([0, 256, 255], [256, 512, 257], 64, N)
    assert first.tolist() == [0, 1, 0] and last.tolist() == [1, 2, 2]


@given(st.integers(0, N - 1), st.integers(1, N))
def test_an_interval_keeps_its_duration_to_one_step_at_each_end(start, length):
    end = min(start + length, N)
    for n_steps in (16, 64, 256, 1024, 4096):
        first, last = interval_steps(start, end, n_steps, N)
        assert 0 <= (last - first) * N / n_steps - (end - start) < 2 * N / n_steps


@pytest.mark.parametrize(("start", "end"), [(-1, 10), (10, 10), (10, 9), (16000, 16385)])
def test_intervals_outside_the_clip_are_refused(start, end):
    with pytest.raises(DataError, match=rf"interval \(={start} to {end}\) must .* lie inside 0 to 16384 samples"):
        interval_steps([5, start], [6, end], 64, N)


def test_too_few_points_says_how_many_there_are():
    assert too_few_points(CONV4, np.array([5, 9, 7]), 5) is None
    assert too_few_points(CONV5, np.array([2, 3, 3, 8]), 5) == (
        "layer Conv5 (downconv_4) must have at least `min_points` (=5) points in the median interval; its 4 intervals "
        "have 2 to 8, median 3, at 15.625 Hz")


@pytest.fixture
def tokens():
    return pd.DataFrame([
        {"token": "a", "label": "ask", "word": "ask", "speaker": "S1", "file": "a.wav",
         "phones": (Segment(0, 400, "ae"), Segment(400, 1600, "s"), Segment(1600, 1700, "k"))},
        {"token": "b", "label": "wash", "word": "Wash", "speaker": "S2", "file": "b.wav",
         "phones": (Segment(400, 1600, "w"), Segment(1600, 3000, "sh"))},
        {"token": "c", "label": "sassy", "word": "sassy", "speaker": "S2", "file": "c.wav",
         "phones": (Segment(0, 900, "s"), Segment(2000, 16500, "s"))}])


def test_phones_come_in_the_order_asked_for_each_occurrence_a_token(tokens):
    table, n_cut = phone_intervals(tokens, N, ("sh", "s"))
    assert n_cut == 1
    assert table["token"].tolist() == ["b:sh@1600", "a:s@400", "c:s@0"]
    assert table["label"].tolist() == ["sh", "s", "s"] and table["word"].tolist() == ["Wash", "ask", "sassy"]
    places = table[["row", "start_sample", "end_sample"]].values.tolist()
    assert places == [[1, 1600, 3000], [0, 400, 1600], [2, 0, 900]]


def test_phones_of_some_words_only(tokens):
    table, _ = phone_intervals(tokens, N, ("s",), ("ASK",))
    assert table["token"].tolist() == ["a:s@400"]


def test_labels_that_match_nothing_are_refused(tokens):
    with pytest.raises(DataError, match=r"phone \(=shh\) must be in the recordings; near ones are sh"):
        phone_intervals(tokens, N, ("s", "shh"))
    with pytest.raises(DataError, match=r"word \(=washing\) must be in the recordings; near ones are wash"):
        phone_intervals(tokens, N, ("s",), ("washing",))
    with pytest.raises(DataError, match=r"phone \(=qqq\) .*; the most frequent ones are s, ae, k, w, sh"):
        phone_intervals(tokens, N, ("qqq",))
    with pytest.raises(DataError, match="there are no phones with times at all"):
        phone_intervals(tokens.assign(phones=[()] * 3), N, ("s",))
    with pytest.raises(DataError, match=r"intervals \(=1 of sh\) must lie inside the first 2000 samples"):
        phone_intervals(tokens, 2000, ("sh",))
    with pytest.raises(ConfigError, match="must name at least one phone"):
        phone_intervals(tokens, N, ())


@given(st.integers(1, 300), st.integers(0, 2000))
def test_stretched_series_are_numpys_interpolation_with_equal_ends(n_steps, more):
    values = np.random.default_rng(n_steps).normal(size=(2, n_steps)).astype(np.float32)
    n_samples = n_steps + more
    found = upsample_linear(values, n_samples)
    expected = [np.interp(np.linspace(0, n_steps - 1, n_samples), np.arange(n_steps), row) for row in values]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32 and found.shape == (2, n_samples)
    if n_samples > 1:
        np.testing.assert_array_equal(found[:, [0, -1]], values[:, [0, -1]])


def test_stretching_to_fewer_points_is_refused():
    with pytest.raises(ConfigError, match=r"`n_samples` \(=10\) must be at least the 16 steps"):
        upsample_linear(np.zeros((1, 16)), 10)
