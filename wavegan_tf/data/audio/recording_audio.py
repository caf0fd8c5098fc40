"""Read recordings as arrays: decode, mix channels, resample; silence and peak normalisation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wavegan_tf.data.audio.recordings import read_recording
from wavegan_tf.data.audio.resampling import resample
from wavegan_tf.errors import DataError

__all__ = ["CANCELLED", "SILENCE_PEAK", "is_silence", "mix_channels", "normalize_peak", "read_audio",
           "silence_in_words"]

SILENCE_PEAK = 2 / 32768
"""Recordings with a peak below two steps of 16 bits are silence: scaled to full level they would be rounding noise."""
CANCELLED = 0.01
"""Channels cancel each other where their mean peaks below this share of their own peak (-40 dB)."""


def read_audio(path: str | Path, rate_hz: int | None = None, channels: int = 1) -> np.ndarray:
    """Read an audio file as a float array, at a chosen sampling rate and number of channels.

    Args:
        path: WAV, FLAC, Ogg, MP3 or SPHERE; the content decides, not the suffix.
        rate_hz: sampling rate of the result; None keeps the recording's own.
        channels: of the result: several become one by averaging, one becomes two by copying.

    Returns:
        float32 [n_samples, channels]; full scale is [-1, 1], 16-bit samples are divided by 32768.

    Raises:
        DataError: it cannot be decoded, is truncated, holds NaN, or has another number of channels.
        OSError: the file cannot be read.

    Example:
        >>> from wavegan_tf.data import read_audio
        >>> read_audio("corpus/TRAIN/DR3/FAOC0/SA1.WAV").shape  # at its own 16 kHz
        (57020, 1)
        >>> read_audio("corpus/TRAIN/DR3/FAOC0/SA1.WAV", rate_hz=8000).shape
        (28510, 1)
    """
    waveform, own_rate_hz = read_recording(path)
    try:
        waveform = mix_channels(waveform, channels)
    except DataError as error:
        raise DataError(f"audio file (={path}) does not fit: {error}") from None
    return resample(waveform, own_rate_hz, own_rate_hz if rate_hz is None else rate_hz)


def mix_channels(waveform: np.ndarray, channels: int) -> np.ndarray:
    """Change the number of channels of [n_samples, any channels]: mean of several to one, copy of one to two.

    Raises:
        DataError: any other change of the number of channels, or channels that cancel each other.

    Source: Donahue et al. 2019, the released loader.
    """
    own = waveform.shape[1]
    if own == channels:
        return waveform
    if channels == 1:
        mixed = waveform.mean(axis=1, keepdims=True, dtype=np.float32)
        peak, left = (float(np.abs(x).max(initial=0.0)) for x in (waveform, mixed))
        if peak >= SILENCE_PEAK and left < CANCELLED * peak:
            raise DataError(f"channels (={own}) must not cancel each other when they are mixed to one; they peak at "
                            f"{peak:.3g}, their mean at {left:.2g}, as of opposite polarity; keep one channel, or turn "
                            "one round")
        return mixed
    if own == 1 and channels == 2:
        return np.repeat(waveform, 2, axis=1)
    raise DataError(f"`channels` (={channels}) must be 1 or the recording's own; it has {own}; set "
                    f"--data_num_channels to 1 or {own}")


def normalize_peak(waveform: np.ndarray) -> np.ndarray:
    """Normalise the peak of a recording: its largest absolute sample becomes 1; silence (`SILENCE_PEAK`) becomes zeros.

    Args:
        waveform: float [n_samples, channels].

    Returns:
        float [n_samples, channels].
    Example:
        >>> import numpy as np
        >>> from wavegan_tf.data import normalize_peak
        >>> normalize_peak(np.array([[0.1], [-0.25]])).tolist()
        [[0.4], [-1.0]]
    """
    if is_silence(waveform):
        return np.zeros_like(waveform)
    return waveform / np.abs(waveform).max()


def is_silence(waveform: np.ndarray) -> bool:
    """Check whether the peak of a recording is below `SILENCE_PEAK`, or it has no samples."""
    return bool(np.abs(waveform).max(initial=0.0) < SILENCE_PEAK)


def silence_in_words(peak: float) -> str:
    """Explain why a recording counts as silent."""
    return "it is silent: " + (f"it peaks at {peak:.2g}, below two steps of 16 bits" if peak else "every sample is 0")
