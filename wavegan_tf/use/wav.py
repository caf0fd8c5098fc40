"""Generated audio as WAV files, the same bytes for the same samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import wavfile

__all__ = ["count_clipped", "to_pcm16", "write_wav"]

FULL_SCALE = 32767


def to_pcm16(audio: np.ndarray) -> np.ndarray:
    """Convert float [-1, 1] to int16: 32767 x, clipped, the fraction dropped.

    Source: Donahue et al. 2019, the released code (its graph for inference).
    """
    return np.clip(np.asarray(audio, np.float32) * np.float32(FULL_SCALE), -FULL_SCALE, FULL_SCALE).astype(np.int16)


def count_clipped(audio: np.ndarray) -> int:
    """Count samples beyond [-1, 1], which only a post filter makes."""
    return int((np.abs(audio) > 1.0).sum())


def write_wav(path: str | Path, audio: np.ndarray, rate_hz: int, as_float: bool = False) -> None:
    """Write float32 [n_samples, channels] as 16-bit WAV, or as 32-bit float WAV.

    SciPy writes no time stamp into float files, as libsndfile does.
    """
    with Path(path).open("wb") as file:
        wavfile.write(file, rate_hz, np.asarray(audio, np.float32) if as_float else to_pcm16(audio))
