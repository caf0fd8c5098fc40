"""Change of sampling rate: length, gain, attenuation and delay, from what a low-pass must do."""

import numpy as np
import pytest

from wavegan_tf.data.audio.resampling import resample, resampled_length, resampling_filter
from wavegan_tf.errors import DataError

PAIRS = [(8000, 16000), (16000, 8000), (44100, 16000), (22050, 16000), (48000, 16000), (11025, 16000)]


def tone(frequency_hz: float, rate_hz: int, n_samples: int) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / rate_hz + 0.3).astype(np.float32)[:, None]


@pytest.mark.parametrize(("rate_hz", "new_rate_hz"), PAIRS)
def test_a_tone_below_the_cutoff_stays_the_same_tone(rate_hz: int, new_rate_hz: int) -> None:
    """Achieved: 6e-5 away from the ends; a delay of one sample would be 1."""
    frequency_hz = 0.35 * min(rate_hz, new_rate_hz)
    found = resample(tone(frequency_hz, rate_hz, rate_hz), rate_hz, new_rate_hz)
    assert found.shape == (new_rate_hz, 1) and found.dtype == np.float32
    middle = slice(200, -200)
    np.testing.assert_allclose(found[middle], tone(frequency_hz, new_rate_hz, new_rate_hz)[middle], atol=3e-4)


@pytest.mark.parametrize(("rate_hz", "new_rate_hz"), [(16000, 8000), (44100, 16000), (48000, 16000)])
def test_a_tone_above_the_new_nyquist_frequency_is_gone(rate_hz: int, new_rate_hz: int) -> None:
    """80 dB is 1e-4; SciPy's own default filter lets 0.25 (12 dB) through here."""
    found = resample(tone(0.525 * new_rate_hz, rate_hz, rate_hz), rate_hz, new_rate_hz)
    assert np.abs(found[200:-200]).max() < 1e-4


@pytest.mark.parametrize(("rate_hz", "new_rate_hz"), PAIRS)
@pytest.mark.parametrize("n_samples", [1, 2, 7, 1001])
def test_length_is_the_duration_at_the_new_rate_rounded_up(rate_hz: int, new_rate_hz: int, n_samples: int) -> None:
    expected = int(np.ceil(n_samples * new_rate_hz / rate_hz))
    assert resampled_length(n_samples, rate_hz, new_rate_hz) == expected
    assert resample(np.ones([n_samples, 2], np.float32), rate_hz, new_rate_hz).shape == (expected, 2)


def test_an_impulse_stays_where_it_was() -> None:
    impulse = np.zeros([1000, 1], np.float32)
    impulse[500] = 1
    assert resample(impulse, 8000, 16000).argmax() == 1000
    assert resample(impulse, 16000, 8000).argmax() == 250


def test_channels_do_not_mix() -> None:
    two = np.concatenate([tone(440, 16000, 4000), tone(880, 16000, 4000)], axis=1)
    np.testing.assert_array_equal(resample(two, 16000, 8000)[:, 1:], resample(two[:, 1:], 16000, 8000))


def test_equal_rates_change_nothing() -> None:
    waveform = tone(440, 16000, 100)
    assert resample(waveform, 16000, 16000) is waveform


@pytest.mark.parametrize(("rate_hz", "new_rate_hz"), [(44101, 400009), (1, 16000), (2**31 - 1, 16000)])
def test_absurd_rates_are_refused_at_once(rate_hz: int, new_rate_hz: int) -> None:
    with pytest.raises(DataError, match=rf"`sample_rate_hz` \(={new_rate_hz}\) must be within a factor of 256 of the "
                                        rf"recording's {rate_hz} Hz and in a simple ratio to it"):
        resampling_filter(rate_hz, new_rate_hz)
