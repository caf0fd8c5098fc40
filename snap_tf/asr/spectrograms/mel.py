"""The mel filter bank of the spectrograms: filters and centre frequencies. Needs no TensorFlow.

Source: Slaney 1998, Auditory Toolbox.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from snap_tf.asr.spectrograms.spectrogram_geometry import N_FFT, N_MELS, RATE_HZ

__all__ = ["mel_centres_hz", "mel_filters"]


@cache
def mel_filters() -> np.ndarray:
    """Compute the mel filter bank: triangular filters of equal area that sum Fourier bins into mel bands.

    Returns:
        float32 [257, 128], read-only; column m rises from the centre of band m - 1 to its own and falls to that of
        band m + 1. (float32 because librosa rounds them so.)

    Source: Slaney 1998, Auditory Toolbox; librosa 0.11, `filters.mel(norm="slaney")`.
    """
    bins_hz = np.linspace(0.0, RATE_HZ / 2, N_FFT // 2 + 1)[:, None]
    edges_hz = _mel_to_hz(np.linspace(0.0, _hz_to_mel(RATE_HZ / 2), N_MELS + 2))
    low, centre, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    triangles = np.maximum(0.0, np.minimum((bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)))
    filters = (triangles * 2.0 / (high - low)).astype(np.float32)
    filters.flags.writeable = False
    return filters


def mel_centres_hz() -> np.ndarray:
    """Return the centre frequency of each mel band in hertz, float64 [128]."""
    return _mel_to_hz(np.linspace(0.0, _hz_to_mel(RATE_HZ / 2), N_MELS + 2))[1:-1]


_LINEAR_HZ = 200.0 / 3.0  # hertz per mel below 1 kHz
_BREAK_HZ = 1000.0
_LOG_STEP = np.log(6.4) / 27.0  # 27 mels from 1 kHz to 6.4 kHz


def _hz_to_mel(hz: float) -> float:
    """Slaney's scale above 1 kHz; only the upper end of the range is ever converted."""
    return _BREAK_HZ / _LINEAR_HZ + float(np.log(hz / _BREAK_HZ)) / _LOG_STEP


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    log_part = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_HZ / _LINEAR_HZ))
    return np.where(mel < _BREAK_HZ / _LINEAR_HZ, mel * _LINEAR_HZ, log_part)
