"""Batches of spectrograms of similar length: a tf.data pipeline whose order is a function of seed and batch number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from snap_tf.asr.batches.feature_store import FeatureStore
from snap_tf.asr.spectrograms.spectrogram_geometry import N_MELS

__all__ = ["BATCH_SPEC", "BatchOrder", "in_order", "padded_batches"]

PAD_STEPS = 32
"""Batches are padded to multiples of this, so that few shapes occur; kernels are chosen anew for every shape."""
LENGTH_NOISE = 0.1
"""Lengths are multiplied by 1 plus or minus this before sorting: similar neighbours, new ones in every epoch."""

BATCH_SPEC = (tf.TensorSpec([None, None, N_MELS], tf.float32), tf.TensorSpec([None], tf.int32),
              tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32))
"""Features, steps, labels, numbers of labels; see `padded_batches`."""


class BatchOrder:
    """The examples of every batch: an endless stream, epoch after epoch.

    Each epoch sorts by length (with a little noise) and cuts batches. The first epoch goes from short to long
    utterances, which shortens the start of CTC training, when hardly more than blanks is written; all others are
    shuffled. No batch depends on those before it, so a run resumes at any batch.

    Source: Amodei et al. 2016, Deep Speech 2, section 3.2 (the order of the first epoch).
    """

    def __init__(self, n_steps: Sequence[int], batch_size: int, seed: int) -> None:
        """Prepare the stream.

        Args:
            n_steps: length of each example.
            batch_size: examples in a batch; the last one of an epoch may have fewer.
            seed: of the noise and the order.
        """
        self._n_steps = np.asarray(n_steps, np.float64)
        self._batch_size, self._seed = batch_size, seed

    @property
    def batches_per_epoch(self) -> int:
        """Number of batches in an epoch, in which every example is used once."""
        return -(-len(self._n_steps) // self._batch_size)

    def from_batch(self, first: int) -> Iterator[np.ndarray]:
        """Yield the numbers of the examples in batch `first`, in the next one, and so on without end."""
        epoch, within = divmod(first, self.batches_per_epoch)
        while True:
            yield from self._epoch(epoch)[within:]
            epoch, within = epoch + 1, 0

    def _epoch(self, epoch: int) -> list[np.ndarray]:
        rng = np.random.default_rng([self._seed, epoch])
        noisy = self._n_steps * rng.uniform(1 - LENGTH_NOISE, 1 + LENGTH_NOISE, len(self._n_steps))
        ranked = np.argsort(noisy, kind="stable")
        batches = [ranked[i:i + self._batch_size] for i in range(0, len(ranked), self._batch_size)]
        return batches if epoch == 0 else [batches[i] for i in rng.permutation(len(batches))]


def in_order(n_steps: Sequence[int], batch_size: int) -> list[np.ndarray]:
    """Cut examples sorted by length into batches, each example once."""
    ranked = np.argsort(np.asarray(n_steps), kind="stable")
    return [ranked[i:i + batch_size] for i in range(0, len(ranked), batch_size)]


def padded_batches(store: FeatureStore, rows: Iterator[np.ndarray]) -> tf.data.Dataset:
    """Make the dataset of batches.

    Args:
        store: examples and their spectrograms.
        rows: numbers of the examples of one batch after the other.

    Returns:
        Elements of `BATCH_SPEC`: features float32 [batch, time, 128], n_steps int32 [batch], labels int32 [batch,
        most labels], n_labels int32 [batch]; zeros in the padding.
    """
    def load(rows: np.ndarray) -> tuple[np.ndarray, ...]:
        return _side_by_side([store[row] for row in rows], [store.examples[row].labels for row in rows])

    def batch(rows: tf.Tensor) -> tuple[tf.Tensor, ...]:
        parts = tf.numpy_function(load, [rows], [spec.dtype for spec in BATCH_SPEC])
        return tuple(tf.ensure_shape(part, spec.shape) for part, spec in zip(parts, BATCH_SPEC, strict=True))

    numbers = tf.data.Dataset.from_generator(lambda: rows, output_signature=tf.TensorSpec([None], tf.int64))
    return numbers.map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(4)


def _side_by_side(spectrograms: Sequence[np.ndarray], labels: Sequence[Sequence[int]]) -> tuple[np.ndarray, ...]:
    """Pad examples to one array each for features and labels."""
    n_steps = np.array([len(s) for s in spectrograms], np.int32)
    n_labels = np.array([len(own) for own in labels], np.int32)
    longest = -(-int(n_steps.max()) // PAD_STEPS) * PAD_STEPS
    features = np.zeros((len(spectrograms), longest, N_MELS), np.float32)
    padded = np.zeros((len(labels), int(n_labels.max())), np.int32)
    for i, (spectrogram, own) in enumerate(zip(spectrograms, labels, strict=True)):
        features[i, :len(spectrogram)] = spectrogram
        padded[i, :len(own)] = own
    return features, n_steps, padded, n_labels
