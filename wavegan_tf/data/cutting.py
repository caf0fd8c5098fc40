"""Cut tokens out of recordings, exact to the sample, with silence around them and their phones' places in the slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.recordings import read_recording
from wavegan_tf.data.resampling import resample
from wavegan_tf.data.slice_settings import SliceSettings

__all__ = ["Recording", "crop", "cut", "decode"]


@dataclass(frozen=True)
class Recording:
    """A decoded recording at the rate of the slices.

    samples: int16 [n_samples, channels].
    rate_hz: sampling rate of `samples`.
    scale: `rate_hz` divided by the recording's own rate.
    """

    samples: np.ndarray
    rate_hz: int
    scale: float


def decode(path: Path, rate_hz: int = 0) -> Recording:
    """Read a recording as 16-bit samples at `rate_hz`, or at its own rate when that is 0.

    16-bit recordings at their own rate come back unchanged; values beyond full scale are clipped.

    Raises:
        DataError: as `read_recording`.
        OSError: the file cannot be read.
    """
    waveform, own_rate_hz = read_recording(path)
    rate_hz = rate_hz or own_rate_hz
    waveform = resample(waveform, own_rate_hz, rate_hz)
    # not soundfile's own conversion, which multiplies by 32767
    samples = np.clip(np.round(waveform * 32768.0), -32768, 32767).astype(np.int16)
    return Recording(samples, rate_hz, rate_hz / own_rate_hz)


def cut(recording: Recording, token: Mapping[str, Any],
        settings: SliceSettings) -> tuple[np.ndarray, tuple[Segment, ...]]:
    """Cut one token out and put silence around it.

    Args:
        recording: what it was said in.
        token: `start_sample`, `end_sample` and `phones` in samples of the utterance.
        settings: how much silence, on which side.

    Returns:
        audio: int16 [n_samples, channels].
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
