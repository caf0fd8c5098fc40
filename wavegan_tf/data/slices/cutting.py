"""Cut tokens out of recordings: exact samples, silence around them, the times of their phones inside the slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wavegan_tf.data.audio.recordings import read_recording
from wavegan_tf.data.audio.resampling import resample
from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.slices.slice_settings import SliceSettings

__all__ = ["SUBTYPES", "Recording", "Stored", "crop", "cut", "decode", "stored"]

SUBTYPES = {"PCM_16": 2**15, "PCM_24": 2**23, "FLOAT": 0}
"""Sample formats of WAV files: quantisation steps up to full scale; 0 for floats."""


@dataclass(frozen=True)
class Recording:
    """A decoded recording at the rate of the slices.

    samples: float32 [n_samples, channels].
    rate_hz: sampling rate of `samples`.
    scale: `rate_hz` divided by the recording's own rate.
    is_finer: whether the recording's own samples lie between the steps of the files to be written.
    """

    samples: np.ndarray
    rate_hz: int
    scale: float
    is_finer: bool = False


@dataclass(frozen=True)
class Stored:
    """Samples in the format of a WAV file.

    samples: int16, int32 (24 bits, shifted up by 8) or float32 [n_samples, channels].
    n_clipped: samples beyond full scale, which were set to it.
    """

    samples: np.ndarray
    n_clipped: int


def decode(path: Path, rate_hz: int = 0, subtype: str = "PCM_16") -> Recording:
    """Read a recording at `rate_hz`, or at its own rate when that is 0.

    Args:
        path: the recording.
        rate_hz: of the result.
        subtype: of the files to be written, one of `SUBTYPES`.

    Raises:
        DataError: as `read_recording`.
        OSError: the file cannot be read.
    """
    waveform, own_rate_hz = read_recording(path)
    rate_hz, steps = rate_hz or own_rate_hz, SUBTYPES[subtype]
    is_finer = bool(steps) and not np.array_equal(waveform * steps, np.round(waveform * steps))
    return Recording(resample(waveform, own_rate_hz, rate_hz), rate_hz, rate_hz / own_rate_hz, is_finer)


def stored(audio: np.ndarray, subtype: str = "PCM_16", gain: float = 1.0) -> Stored:
    """Convert float samples to the sample format of a file: 16-bit recordings come out unchanged.

    Args:
        audio: float32 [n_samples, channels], full scale 1.
        subtype: one of `SUBTYPES`.
        gain: what samples are multiplied by.
    """
    steps = SUBTYPES[subtype]
    scaled = audio if gain == 1.0 else (audio * gain).astype(np.float32)
    if not steps:
        return Stored(scaled, 0)
    # not soundfile's own conversion, which multiplies by 32767
    whole = np.round(scaled * steps)  # exact: steps are a power of two
    clipped = np.clip(whole, -steps, steps - 1).astype(np.int32)
    n_clipped = int(((whole < -steps) | (whole > steps)).sum())  # 1.0 itself is one step too high, not beyond
    return Stored(clipped.astype(np.int16) if subtype == "PCM_16" else clipped << 8, n_clipped)


def cut(recording: Recording, token: Mapping[str, Any],
        settings: SliceSettings) -> tuple[np.ndarray, tuple[Segment, ...]]:
    """Cut one token out of a recording, and add silence around it.

    Args:
        recording: what it was said in.
        token: `start_sample`, `end_sample` and `phones` in samples of the utterance.
        settings: how much silence, on which side.

    Returns:
        audio: float32 [n_samples, channels].
        phones: the token's phones with offsets from the start of the slice, cut where they pass the token.
    """
    start = round(token["start_sample"] * recording.scale)
    end = max(round(token["end_sample"] * recording.scale), start + 1)
    silence = round(settings.silence_s * recording.rate_hz)
    before = silence if settings.silence_side in ("both", "before") else 0
    after = silence if settings.silence_side in ("both", "after") else 0
    audio = np.pad(recording.samples[start:end], [(before, after), (0, 0)])
    shift = before - start
    phones = (Segment(round(p.start * recording.scale) + shift, round(p.end * recording.scale) + shift, p.label)
              for p in token["phones"])
    return audio, _within(phones, before, before + end - start)


def crop(audio: np.ndarray, phones: Iterable[Segment], n_samples: int) -> tuple[np.ndarray, tuple[Segment, ...]]:
    """Keep the first `n_samples` of a slice, and the phones in them."""
    return audio[:n_samples], _within(phones, 0, n_samples)


def _within(phones: Iterable[Segment], low: int, high: int) -> tuple[Segment, ...]:
    clipped = (Segment(max(p.start, low), min(p.end, high), p.label) for p in phones)
    return tuple(p for p in clipped if p.start < p.end)
