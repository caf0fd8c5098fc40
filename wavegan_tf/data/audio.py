"""One recording as an array: decoded, mixed to the wanted channels, at the wanted rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wavegan_tf.data.recordings import read_recording
from wavegan_tf.data.resampling import resample
from wavegan_tf.errors import DataError

__all__ = ["mix_channels", "normalize_peak", "read_audio"]


def read_audio(path: str | Path, rate_hz: int | None = None, channels: int = 1) -> np.ndarray:
    """Read a whole recording of any format, rate and channel count.

    Args:
        path: WAV, FLAC, Ogg, MP3 or SPHERE; the content decides, not the suffix.
        rate_hz: sampling rate of the result; None keeps the recording's own.
        channels: of the result: several become one by averaging, one becomes two by copying.

    Returns:
        float32 [n_samples, channels]; full scale is [-1, 1], 16-bit samples are divided by 32768.

    Raises:
        DataError: it cannot be decoded, is truncated, holds NaN, or has another number of channels.
        OSError: the file cannot be read.
    """
    waveform, own_rate_hz = read_recording(path)
    try:
        waveform = mix_channels(waveform, channels)
    except DataError as error:
        raise DataError(f"audio file (={path}) does not fit: {error}") from None
    return resample(waveform, own_rate_hz, own_rate_hz if rate_hz is None else rate_hz)


def mix_channels(waveform: np.ndarray, channels: int) -> np.ndarray:
    """Turn [n_samples, any channels] into [n_samples, channels]: mean to one, copy of one to two.

    Raises:
        DataError: any other change of the number of channels.

    Source: Donahue et al. 2019, the released loader.
    """
    own = waveform.shape[1]
    if own == channels:
        return waveform
    if channels == 1:
        return waveform.mean(axis=1, keepdims=True, dtype=np.float32)
    if own == 1 and channels == 2:
        return np.repeat(waveform, 2, axis=1)
    raise DataError(f"`channels` (={channels}) must be 1 or the recording's own; it has {own}; set "
                    f"--data_num_channels to 1 or {own}")


def normalize_peak(waveform: np.ndarray) -> np.ndarray:
    """Scale a recording so that its largest absolute sample is 1; silence stays as it is."""
    peak = np.abs(waveform).max(initial=0.0)
    return waveform if peak == 0 else waveform / peak
