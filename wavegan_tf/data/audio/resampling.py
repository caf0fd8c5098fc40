"""Resampling: a polyphase low-pass filter (windowed sinc), the same with SciPy and with tensorflow-io.

tensorflow-io resamples with a windowed sinc filter of its own. SciPy gets the coefficients of that same filter here, so
that the training data do not depend on which of the two is installed; `native_audio.py` calls tensorflow-io.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.signal import resample_poly
from scipy.special import i0

from wavegan_tf.errors import DataError

__all__ = ["ResamplingFilter", "resample", "resampled_length", "resampling_filter"]

KAISER_BETA = 8.0
"""Window shape: 80 dB of attenuation; SciPy's own default (beta 5) lets 12 dB pass just above the new Nyquist rate."""
INPUT_TAPS = 64
"""Length of the filter in samples of the slower rate."""
CUTOFF_UP, CUTOFF_DOWN = 0.94, 0.921
"""Half-amplitude frequency, relative to the slower rate's Nyquist frequency."""
LARGEST_FACTOR = 256
"""Between two rates; a damaged header may claim 1 Hz, which would make gigabytes of a short file."""
LARGEST_FILTER = 2**24
"""Coefficients that may be computed for one pair of rates; every pair of rates in use needs far fewer."""


@dataclass(frozen=True)
class ResamplingFilter:
    """A linear-phase low-pass between two rates whose reduced ratio is `up` / `down`.

    `input_taps`: length in input samples. `coefficients`: float32 [input_taps * up + 1] at `up` times the input rate.
    """

    up: int
    down: int
    input_taps: int
    coefficients: np.ndarray


def resampled_length(n_samples: int, rate_hz: int, new_rate_hz: int) -> int:
    """Compute the number of samples after resampling: the duration at the new rate, rounded up."""
    return -(-n_samples * new_rate_hz // rate_hz)


@lru_cache(maxsize=8)
def resampling_filter(rate_hz: int, new_rate_hz: int) -> ResamplingFilter:
    """Design the low-pass filter of a resampler for a pair of sampling rates.

    Raises:
        DataError: the rates are too far apart, or in so awkward a ratio that the filter would need millions of
            coefficients.

    Source: Smith 1984/2002, Digital Audio Resampling, section 4 (windowed sinc); lengths and cutoffs are those of
        quality 4 of the Speex resampler, which tensorflow-io uses.
    """
    common = math.gcd(rate_hz, new_rate_hz)
    up, down = new_rate_hz // common, rate_hz // common
    taps, cutoff = INPUT_TAPS, CUTOFF_UP
    if down > up:
        # as many zero crossings at the new, slower rate, rounded up to a multiple of 8 as Speex does
        taps, cutoff = -(-(INPUT_TAPS * down // up) // 8) * 8, CUTOFF_DOWN * up / down
    if max(up, down) > LARGEST_FACTOR * min(up, down) or up * taps > LARGEST_FILTER:
        raise DataError(f"`sample_rate_hz` (={new_rate_hz}) must be within a factor of {LARGEST_FACTOR} of the "
                        f"recording's {rate_hz} Hz and in a simple ratio to it; theirs is {up}/{down}; choose a usual "
                        "rate, for example 16000, and check the file's header")
    half = up * taps // 2
    time = np.arange(-half, half + 1) / up  # in input samples
    window = i0(KAISER_BETA * np.sqrt(np.clip(1 - (2 * time / taps) ** 2, 0, 1))) / i0(KAISER_BETA)
    low_pass = cutoff * np.sinc(cutoff * time) * window
    return ResamplingFilter(up, down, taps, (low_pass / up).astype(np.float32))


def resample(waveform: np.ndarray, rate_hz: int, new_rate_hz: int) -> np.ndarray:
    """Resample audio to another sampling rate; before the first and after the last sample there are zeros.

    Args:
        waveform: float32 [n_samples, channels].
        rate_hz: its sampling rate.
        new_rate_hz: the wanted one.

    Returns:
        float32 [resampled_length, channels]; the same array when the rates are equal.

    Raises:
        DataError: as `resampling_filter`.

    Example:
        >>> import numpy as np
        >>> from wavegan_tf.data import resample
        >>> tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000).astype("float32")[:, None]  # a second at 16 kHz
        >>> slow = resample(tone, 16000, 8000)
        >>> slow.shape, round(float(slow[2000:6000].max()), 2)
        ((8000, 1), 1.0)
    """
    if rate_hz == new_rate_hz:
        return waveform
    low_pass = resampling_filter(rate_hz, new_rate_hz)
    return resample_poly(waveform, low_pass.up, low_pass.down, axis=0, window=low_pass.coefficients)
