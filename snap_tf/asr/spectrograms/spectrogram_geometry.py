"""Window, hop, number of mel bands and frame rate of the spectrograms.

Source: Krug et al. 2021, section 3.1 (16 kHz, windows of 512, hops of 128, 128 bands).
"""

from __future__ import annotations

__all__ = ["HOP_SAMPLES", "INPUT_RATE_HZ", "N_FFT", "N_MELS", "RATE_HZ", "n_input_steps"]

RATE_HZ = 16000
"""Sampling rate of the audio that the recognisers read."""
N_FFT = 512
"""Window in samples: 32 ms."""
HOP_SAMPLES = 128
"""From one step to the next: 8 ms."""
N_MELS = 128
INPUT_RATE_HZ = RATE_HZ / HOP_SAMPLES
"""Steps per second of a spectrogram (frame rate): 125."""


def n_input_steps(n_samples: int) -> int:
    """Return the steps of a spectrogram, given the samples of its audio at 16 kHz."""
    return 1 + n_samples // HOP_SAMPLES
