"""Annotated phones of a spectrogram, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from snap_tf.asr.spectrograms.spectrogram_geometry import HOP_SAMPLES, RATE_HZ
from wavegan_tf.data.corpus import Segment

__all__ = ["annotate_steps", "to_rate"]


def annotate_steps(phones: Sequence[Segment], n_steps: int) -> list[str]:
    """Label each step t of a spectrogram with its annotated phone: the one that covers sample 128 t.

    Args:
        phones: sorted by start, in samples at 16 kHz (see `to_rate`).
        n_steps: steps of the spectrogram.

    Returns:
        A label for each step; empty where no phone covers it.

    Source: Krug et al. 2021, section 3.3 (the phone at a step; that the sample in its middle decides is our reading).
    """
    labels = [""] * n_steps
    for phone in phones:
        # the first step t with 128 t >= start, and the first one with 128 t >= end
        first, after = -(-phone.start // HOP_SAMPLES), -(-phone.end // HOP_SAMPLES)
        for step in range(max(first, 0), min(after, n_steps)):
            labels[step] = phone.label
    return labels


def to_rate(segments: Sequence[Segment], from_hz: int, to_hz: int = RATE_HZ) -> tuple[Segment, ...]:
    """Convert the samples of segments to another sampling rate."""
    return tuple(Segment(round(s.start * to_hz / from_hz), round(s.end * to_hz / from_hz), s.label) for s in segments)
