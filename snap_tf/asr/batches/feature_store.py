"""The spectrograms of examples: computed once and kept while they fit into memory, else computed each time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from snap_tf.asr.batches.examples import Example
from snap_tf.asr.spectrograms.features import log_mel
from snap_tf.asr.spectrograms.spectrogram_geometry import N_MELS, RATE_HZ
from wavegan_tf.data.audio.recording_audio import read_audio
from wavegan_tf.data.corpus import Utterance
from wavegan_tf.memory import available_memory_bytes

__all__ = ["FeatureStore", "spectrogram_of"]


def spectrogram_of(utterance: Utterance) -> np.ndarray:
    """Read an utterance and compute its log-mel spectrogram.

    Returns:
        float32 [n_steps, 128].

    Raises:
        DataError: the recording cannot be decoded.
        OSError: the file cannot be read.
    """
    waveform = read_audio(utterance.audio_path, RATE_HZ)[:, 0]
    with tf.device("CPU"):  # one short Fourier transform after the other: copying to a GPU and back takes longer
        return log_mel(tf.constant(waveform)).numpy()


class FeatureStore:
    """The spectrograms of examples, by the number of the example.

    Attributes:
        examples: whose spectrograms these are.
    """

    def __init__(self, examples: Sequence[Example], *, memory_budget_bytes: int | None = None,
                 progress: bool = True) -> None:
        """Compute all spectrograms if they fit, else none.

        Args:
            examples: whose audio is read.
            memory_budget_bytes: what fits; by default half of what is available.
            progress: show a bar on stderr.

        Raises:
            DataError: a recording cannot be decoded (of those that are read now).
            OSError: a file cannot be read.
        """
        self.examples = tuple(examples)
        budget = available_memory_bytes() // 2 if memory_budget_bytes is None else memory_budget_bytes
        self._kept: list[np.ndarray] | None = None
        if sum(e.n_steps for e in examples) * N_MELS * 4 <= budget:
            with ThreadPoolExecutor(max_workers=4) as pool:
                found = pool.map(spectrogram_of, (e.utterance for e in examples))
                self._kept = list(tqdm(found, "spectrograms", len(examples), unit="utt", leave=False,
                                       mininterval=0.2 if sys.stderr.isatty() else 10.0, disable=not progress))

    @property
    def is_kept(self) -> bool:
        """Whether all spectrograms are in memory."""
        return self._kept is not None

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.examples)

    def __getitem__(self, number: int) -> np.ndarray:
        """Return float32 [n_steps, 128]."""
        if self._kept is not None:
            return self._kept[number]
        return spectrogram_of(self.examples[number].utterance)
