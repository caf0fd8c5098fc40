"""The shape and the times of spectrograms: samples, steps, bands, and the phones annotated at steps.

Source: Krug et al. 2021, section 3.1 (16 kHz, windows of 512, hops of 128, 128 bands).
"""

from __future__ import annotations

from collections.abc import Sequence

from wavegan_tf.data.corpus import Segment

__all__ = ["HOP_SAMPLES", "INPUT_RATE_HZ", "N_FFT", "N_MELS", "RATE_HZ", "annotate_steps", "n_input_steps", "to_rate"]

RATE_HZ = 16000
"""Sampling rate of the audio that the recognisers read."""
N_FFT = 512
"""Window in samples: 32 ms."""
HOP_SAMPLES = 128
"""From one step to the next: 8 ms."""
N_MELS = 128
INPUT_RATE_HZ = RATE_HZ / HOP_SAMPLES
"""Steps per second of a spectrogram: 125, one every 8 ms."""


def n_input_steps(n_samples: int) -> int:
    """Return the steps of a spectrogram, given the samples of its audio at 16 kHz."""
    return 1 + n_samples // HOP_SAMPLES


def to_rate(segments: Sequence[Segment], from_hz: int, to_hz: int = RATE_HZ) -> tuple[Segment, ...]:
    """Convert the samples of segments to another sampling rate."""
    return tuple(Segment(round(s.start * to_hz / from_hz), round(s.end * to_hz / from_hz), s.label) for s in segments)


def annotate_steps(phones: Sequence[Segment], n_steps: int) -> list[str]:
    """Say which phone is annotated at each step of a spectrogram: the one that covers sample 128 t.

    Args:
        phones: sorted by start, in samples at 16 kHz.
        n_steps: steps of the spectrogram.

    Returns:
        A label for each step; empty where no phone covers it.

    Source: Krug et al. 2021, section 3.3 (the paper says "the phone at the step"; the sample is our reading).
    """
    labels = [""] * n_steps
    for phone in phones:
        # the first step t with 128 t >= start, and the first one with 128 t >= end
        first, after = -(-phone.start // HOP_SAMPLES), -(-phone.end // HOP_SAMPLES)
        for step in range(max(first, 0), min(after, n_steps)):
            labels[step] = phone.label
    return labels
