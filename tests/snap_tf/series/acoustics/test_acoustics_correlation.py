"""Correlation with lag against a loop, planted delays, and chance where there is only chance."""

import numpy as np
import pytest
import soundfile

from snap_tf.series.acoustics.correlation import correlate, lagged_correlation
from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.waveform_tracks import GRID_HZ, layer_track, track_refusal, waveform_track
from wavegan_tf.errors import ConfigError, DataError

SETTINGS = AcousticSettings()


def slow_correlation(first, second, lag, min_points=5):
    """Pearson's r of first[t + lag] and second[t] over the t where both have a value."""
    pairs = [(first[t + lag], second[t]) for t in range(len(second)) if 0 <= t + lag < len(first)]
    pairs = np.array([pair for pair in pairs if np.isfinite(pair).all()])
    return np.corrcoef(pairs.T)[0, 1] if len(pairs) >= min_points else np.nan


def test_fourier_transforms_give_what_a_loop_gives():
    rng = np.random.default_rng(0)
    first, second = 5 + rng.standard_normal((2, 4, 50))
    first[0, 10:14], second[1, :30], first[2, ::3] = np.nan, np.nan, np.nan
    found = lagged_correlation(first, second, 45)
    expected = [[slow_correlation(a, b, lag) for lag in range(-45, 46)] for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_chance_is_the_mean_and_the_95th_percentile_of_the_largest_of_every_permutation():
    """A slow twin; the lag with the largest |r| is searched in each permutation anew."""
    first, second = np.random.default_rng(2).standard_normal((2, 5, 40)).cumsum(axis=2)
    found = correlate(first, second, 100.0, max_lag_s=0.03, permutations=25, seed=8)
    rng, largest = np.random.default_rng(8), []
    for _ in range(25):
        mean = lagged_correlation(first, second[rng.permutation(5)], 3).mean(axis=0)
        largest.append(np.abs(mean).max())
    assert found.chance_r == pytest.approx(np.mean(largest))
    assert found.chance_95 == pytest.approx(np.quantile(largest, 0.95)) and found.chance_95 > found.chance_r
    assert found.p == (1 + (np.array(largest) >= abs(found.best_r) - 1e-9).sum()) / 26
    assert (found.n_permutations, found.n_tokens) == (25, 5)


@pytest.mark.parametrize("holes", [False, True])
def test_permutations_are_the_same_pairs_correlated_anew(holes):
    """What is kept from one permutation to the next may change nothing."""
    rng = np.random.default_rng(7)
    first, second = rng.standard_normal((2, 6, 60)).cumsum(axis=2)
    if holes:
        first[1, 5:9] = second[4, :20] = np.nan
    found = correlate(first, second, 100.0, max_lag_s=0.1, permutations=1, seed=3)
    order = np.random.default_rng(3).permutation(6)
    anew = np.mean([[slow_correlation(a, b, lag) for lag in range(-10, 11)]
                    for a, b in zip(first, second[order], strict=True)], axis=0)
    assert found.chance_r == pytest.approx(np.abs(anew).max(), abs=1e-12)


def sounds(n=8, seed=0):
    """Noise with envelopes of three bumps, and the envelopes as functions of time."""
    rng = np.random.default_rng(seed)
    t = (np.arange(16384) + 0.5) / 16000
    envelopes = []
    for _ in range(n):
        heights, places = rng.uniform(0.2, 1, 3), rng.uniform(0.2, 0.8, 3)
        envelopes.append(lambda x, heights=heights, places=places: sum(
            h * np.exp(-0.5 * ((x - p) / 0.05) ** 2) for h, p in zip(heights, places, strict=True)))
    return np.stack([f(t) * rng.standard_normal(len(t)) for f in envelopes]), envelopes


@pytest.mark.parametrize("rate_hz", [62.5, 250.0, 1000.0, 4000.0])
def test_the_envelope_20_ms_late_correlates_at_20_ms(rate_hz):
    samples, envelopes = sounds()
    times = (np.arange(512) + 0.5) / GRID_HZ["level"]
    steps = (np.arange(int(1.024 * rate_hz)) + 0.5) / rate_hz
    layer = np.stack([layer_track("level", 0.3 + f(steps - 0.02), rate_hz, times, SETTINGS) for f in envelopes])
    truth = np.stack([waveform_track("level", x, 16000.0, times, SETTINGS) for x in samples])
    found = correlate(layer, truth, GRID_HZ["level"], permutations=99)
    assert found.best_r > 0.99
    assert found.best_lag_s == pytest.approx(0.02, abs=0.002)
    assert found.p == 0.01 and found.chance_95 < 0.8
    assert found.r[np.argmin(np.abs(found.lags_s + 0.02))] < 0.9  # not at the opposite lag


def test_intensity_of_a_layer_follows_that_of_the_waveform():
    samples, _ = sounds(4)
    times = (np.arange(512) + 0.5) / GRID_HZ["intensity"]
    late = np.roll(samples, 480, axis=1)[:, ::4]  # 30 ms, at 4 kHz
    layer = np.stack([layer_track("intensity", 2 - 0.1 * x, 4000.0, times, SETTINGS) for x in late])
    truth = np.stack([waveform_track("intensity", x, 16000.0, times, SETTINGS) for x in samples])
    found = correlate(layer, truth, GRID_HZ["intensity"], permutations=0)
    assert found.best_r > 0.95 and found.best_lag_s == pytest.approx(0.03, abs=0.004)
    assert np.isnan(found.p) and found.n_permutations == 0


def test_f0_tracks_correlate_where_both_are_voiced():
    t = (np.arange(16384) + 0.5) / 16000
    times = (np.arange(102) + 0.5) / GRID_HZ["f0"]
    tracks = [150 + 30 * np.sin(2 * np.pi * (1.5 + i / 4) * t + i) for i in range(6)]
    samples = [np.where(t < 0.8, np.sin(2 * np.pi * np.cumsum(f) / 16000), 0) for f in tracks]
    truth = np.stack([waveform_track("f0", x, 16000.0, times, SETTINGS) for x in samples])
    layer = np.stack([layer_track("f0", np.maximum(x[::16], 0), 1000.0, times, SETTINGS) for x in samples])
    assert np.isnan(truth[:, times > 0.83]).all()
    found = correlate(layer, truth, GRID_HZ["f0"], max_lag_s=0.1, permutations=99)
    assert found.best_r > 0.98 and found.best_lag_s == pytest.approx(0, abs=0.011) and found.n_tokens == 6


def test_unrelated_series_are_within_chance():
    rng = np.random.default_rng(3)
    ps = [correlate(*np.cumsum(rng.standard_normal((2, 10, 60)), axis=2), 100.0, max_lag_s=0.1, permutations=39,
                    seed=i).p for i in range(40)]
    assert min(ps) >= 1 / 40
    assert 0.3 < np.mean(ps) < 0.7  # uniform: 0.51 on average, standard error 0.046


def test_permutations_depend_on_the_seed_only():
    first, second = np.random.default_rng(4).standard_normal((2, 6, 80))
    one, again, other = (correlate(first, second, 100.0, seed=seed, permutations=19) for seed in (1, 1, 2))
    assert one.chance_r == again.chance_r != other.chance_r
    assert one.best_r == other.best_r


def test_what_cannot_be_correlated_is_refused():
    with pytest.raises(DataError, match=r"`first` \(shape \[2, 5\]\) must be of the shape of `second`"):
        correlate(np.ones((2, 5)), np.ones((3, 5)), 100.0)
    with pytest.raises(ConfigError, match=r"`max_lag_s` \(=9\) must be between 0 and"):
        correlate(np.ones((2, 50)), np.ones((2, 50)), 100.0, max_lag_s=9)
    with pytest.raises(ConfigError, match=r"`permutations` \(=-1\)"):
        correlate(np.ones((2, 50)), np.ones((2, 50)), 100.0, permutations=-1)
    for nothing in (np.full((2, 50), np.nan), np.full((2, 50), 3.7)):
        with pytest.raises(DataError, match="at least 5 points in common that vary; none has"):
            correlate(nothing, np.random.default_rng(0).random((2, 50)), 100.0)
    assert "Nyquist" in track_refusal("f0", 250.0, SETTINGS)
    assert track_refusal("level", 15.625, SETTINGS) is None
    with pytest.raises(ConfigError, match=r"comparison \(=pitch\) must be one of level, intensity, f0"):
        track_refusal("pitch", 250.0, SETTINGS)


@pytest.mark.shared
def test_f0_of_real_speech_survives_rectification_and_averaging_at_4_khz(shared_dir):
    """What a layer does at its simplest: shifted copies, ReLU, mean, a quarter of the rate."""
    path = sorted((shared_dir / "data" / "aligned" / "librispeech_demo").rglob("*.wav"))[0]
    samples, rate_hz = soundfile.read(path)
    samples = samples[:3 * rate_hz]
    shifted = np.stack([np.roll(samples, k) for k in range(4)])
    layer = np.maximum(shifted, 0).mean(axis=0)[::4]
    times = np.arange(0.1, 2.9, 0.01)
    one, other = (layer_track("f0", x, rate, times, SETTINGS) for x, rate in ((samples, rate_hz), (layer, rate_hz / 4)))
    both = np.isfinite(one) & np.isfinite(other)
    assert both.sum() > 0.8 * np.isfinite(one).sum() > 40
    assert np.median(np.abs(other[both] / one[both] - 1)) < 0.01
