"""A layer's series as sound: mean removed, resampled band-limited, as a Praat sound, as a WAV file."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wavegan_tf.atomic import atomic_file
from wavegan_tf.data.audio.wav_writing import write_wav_file
from wavegan_tf.errors import ConfigError, DataError

if TYPE_CHECKING:
    import parselmouth

__all__ = ["PEAK", "centred", "power_spectrogram", "resample_band_limited", "to_praat", "write_sound"]

PEAK = 0.99
"""Largest absolute sample of a WAV."""
_RESIDUE = 1e-6  # of the largest value: rounding errors of a constant in float32


def centred(series: np.ndarray) -> np.ndarray:
    """Remove the mean of a series: averages of rectified feature maps are above 0 throughout.

    Args:
        series: float [steps].

    Returns:
        float64 [steps]; exactly 0 for a constant series.

    Raises:
        DataError: not one series of finite numbers.
    """
    values = np.asarray(series, np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise DataError(f"`series` (shape {list(values.shape)}) must be one series [steps] of finite numbers")
    without = values - values.mean()
    return without if np.abs(without).max() > _RESIDUE * np.abs(values).max() else np.zeros_like(values)


def resample_band_limited(series: np.ndarray, rate_hz: float, new_rate_hz: float) -> np.ndarray:
    """Change the rate of a series by polyphase filtering; nothing above the lower Nyquist frequency is left or made.

    The first sample stays where the first step is. Outside, the series goes on as it ends: a jump to 0 would ring.

    Args:
        series: float [..., steps].
        rate_hz: steps per second.
        new_rate_hz: wanted.

    Returns:
        float64 [..., samples].

    Raises:
        ConfigError: a rate is not positive, or their ratio needs more than 10,000 phases.

    Source: Smith, Digital Audio Resampling (windowed sinc); window and cutoff as in `wavegan_tf.data.audio.resampling`.
    """
    from scipy.signal import resample_poly

    values = np.asarray(series, np.float64)
    if not (rate_hz > 0 and new_rate_hz > 0):
        raise ConfigError(f"`new_rate_hz` (={new_rate_hz}) and `rate_hz` (={rate_hz}) must be positive")
    if rate_hz == new_rate_hz:
        return values
    ratio = (Fraction(new_rate_hz) / Fraction(rate_hz)).limit_denominator(10_000)
    up, down = ratio.numerator, ratio.denominator
    if max(up, down) > 10_000 or not up or abs(up / down * rate_hz / new_rate_hz - 1) > 1e-9:
        raise ConfigError(f"`new_rate_hz` (={new_rate_hz:g}) must be in a simple ratio to the series' {rate_hz:g} Hz; "
                          "choose a usual rate, for example 16000")
    return resample_poly(values, up, down, axis=-1, window=_low_pass(up, down), padtype="edge")


def to_praat(series: np.ndarray, rate_hz: float, new_rate_hz: float | None = None) -> parselmouth.Sound:
    """Make a Praat sound of a series, at another rate if wanted; step k is at (k + 1/2) / rate_hz seconds.

    Args:
        series: float [steps], mean removed.
        rate_hz: steps per second.
        new_rate_hz: wanted; only ever higher, a faster series keeps its rate.
    """
    import parselmouth

    rate = max(rate_hz, new_rate_hz or rate_hz)
    samples = resample_band_limited(series, rate_hz, rate)
    return parselmouth.Sound(samples, rate, start_time=0.5 / rate_hz - 0.5 / rate)


def power_spectrogram(series: np.ndarray, rate_hz: float, window_s: float, step_s: float
                      ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute power over time and frequency, from Hann windows with their mean removed.

    Args:
        series: float [steps].
        rate_hz: steps per second.
        window_s: length of a window.
        step_s: between windows; at least one step of the series.

    Returns:
        times_s: float64 [frames], middles of the windows.
        frequencies_hz: float64 [bins], 0 to the Nyquist frequency.
        power: float64 [bins, frames].

    Raises:
        DataError: the series is shorter than a window.
    """
    from scipy.signal import spectrogram

    length, hop = max(round(window_s * rate_hz), 2), max(round(step_s * rate_hz), 1)
    if len(series) < length:
        raise DataError(f"`series` (={len(series)} steps) must be at least as long as a window of {length} steps "
                        f"({window_s:g} s at {rate_hz:g} Hz)")
    frequencies, times, power = spectrogram(
        np.asarray(series, np.float64), rate_hz, window="hann", nperseg=length, noverlap=max(length - hop, 0),
        nfft=max(length, 256), detrend="constant", scaling="spectrum")
    return times, frequencies, power


def write_sound(series: np.ndarray, rate_hz: float, path: str | Path, new_rate_hz: int = 16000) -> float:
    """Write a series as a 16-bit WAV: mean removed, brought to `new_rate_hz` band-limited, largest sample 0.99.

    Layers below about 1 kHz are slower than the rates that audio programs open; the pitch of what is heard stays the
    layer's own, since seconds stay seconds.

    Args:
        series: float [steps].
        rate_hz: steps per second.
        path: WAV to write.
        new_rate_hz: of the file.

    Returns:
        The factor that the series was multiplied by; 1 for a constant series, which gives silence.

    Raises:
        ConfigError: `new_rate_hz` is none that a WAV can have.
        OSError: the file cannot be written.

    Example:
        >>> import numpy as np
        >>> from snap_tf.series import write_sound
        >>> times_s = np.arange(4000) / 4000
        >>> gain = write_sound(0.5 * np.sin(2 * np.pi * 200 * times_s), 4000, "layer.wav")
        >>> 1.9 < gain < 2
        True
    """
    if not (1000 <= new_rate_hz <= 384_000 and int(new_rate_hz) == new_rate_hz):
        raise ConfigError(f"`new_rate_hz` (={new_rate_hz}) must be a whole number from 1000 to 384000, which audio "
                          "programs open")
    samples = resample_band_limited(centred(series), rate_hz, new_rate_hz)
    largest = np.abs(samples).max()
    gain = PEAK / float(largest) if largest else 1.0
    with atomic_file(path) as temporary:
        write_wav_file(temporary, samples * gain, int(new_rate_hz))
    return gain


@lru_cache(maxsize=16)
def _low_pass(up: int, down: int) -> np.ndarray:
    from scipy.signal import firwin

    slower = max(up, down)
    return firwin(64 * slower + 1, 0.94 / slower, window=("kaiser", 8.0))
