"""Shuffling: random offsets and order of the slices of every epoch, as a function of seed and epoch only."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from wavegan_tf.data.batches.framing import Framing

__all__ = ["EpochOrder", "SlicePlaces"]

_DRAWS_AT_ONCE = 2**20
_EPOCHS_KEPT = 3


@dataclass(frozen=True)
class SlicePlaces:
    """Positions of slices: index of the recording and first sample, int64 [n_slices] each."""

    recording: np.ndarray
    start: np.ndarray


class EpochOrder:
    """The infinite stream of slices: epoch after epoch, each with new offsets and in a new random order.

    The order of an epoch is a full permutation of its slices. (The original shuffles through a buffer of 4,096 slices,
    which leaves neighbours of a long recording near each other.) Nothing depends on earlier requests, so any position
    of the stream is found without reading the audio before it.

    The random numbers are the raw output of NumPy's Philox generator, which is the same in every NumPy version.
    """

    def __init__(self, n_samples: np.ndarray, framing: Framing, seed: int) -> None:
        """Prepare the stream for recordings of `n_samples` int64 [n_recordings]; at least one must give slices.

        Raises:
            ValueError: no recording gives a slice in any epoch.
        """
        self._n_samples = np.asarray(n_samples, np.int64)
        self._framing = framing
        self._seed = seed
        if not (framing.count(self._n_samples) > 0).any():
            raise ValueError("no recording gives a slice")
        self._epoch_ends = np.zeros(0, np.int64)  # stream position after each epoch counted so far
        self._plans: OrderedDict[int, SlicePlaces] = OrderedDict()
        self._lock = threading.Lock()

    def epoch_of(self, position: int) -> int:
        """Return the epoch, counted from 0, of the slice at a position of the stream."""
        with self._lock:
            self._count_epochs_until(position)
            return int(np.searchsorted(self._epoch_ends, position, side="right"))

    def places(self, positions: np.ndarray) -> SlicePlaces:
        """Look up slices of the stream.

        Args:
            positions: int64 [n_slices], counted from 0, ascending.
        """
        recording, start = np.empty(len(positions), np.int64), np.empty(len(positions), np.int64)
        with self._lock:
            self._count_epochs_until(int(positions[-1]))
            epochs = np.searchsorted(self._epoch_ends, positions, side="right")
            for epoch in np.unique(epochs):
                plan = self._plan(int(epoch))
                here = epochs == epoch
                within = positions[here] - (self._epoch_ends[epoch] - len(plan.start))
                recording[here], start[here] = plan.recording[within], plan.start[within]
        return SlicePlaces(recording, start)

    def _count_epochs_until(self, position: int) -> None:
        """Count slices of further epochs until the stream is longer than `position`."""
        at_once = max(1, _DRAWS_AT_ONCE // len(self._n_samples))
        while not len(self._epoch_ends) or self._epoch_ends[-1] <= position:
            first = len(self._epoch_ends)
            # few epochs at the beginning, more and more as they prove to be short
            offsets = self._offsets(first, min(at_once, first + 4))
            counts = self._framing.count(self._n_samples - offsets).sum(axis=1)
            done = self._epoch_ends[-1] if first else 0
            self._epoch_ends = np.concatenate([self._epoch_ends, done + np.cumsum(counts)])

    def _plan(self, epoch: int) -> SlicePlaces:
        """Return the slices of an epoch in their order."""
        if epoch in self._plans:
            self._plans.move_to_end(epoch)
            return self._plans[epoch]
        offsets = self._offsets(epoch, 1)[0]
        counts = self._framing.count(self._n_samples - offsets)
        recording = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(len(recording)) - np.repeat(np.cumsum(counts) - counts, counts)
        start = offsets[recording] + within * self._framing.hop
        order = np.argsort(self._random(epoch + 1, 0, len(recording)), kind="stable")
        self._plans[epoch] = SlicePlaces(recording[order], start[order])
        if len(self._plans) > _EPOCHS_KEPT:
            self._plans.popitem(last=False)
        return self._plans[epoch]

    def _offsets(self, first_epoch: int, n_epochs: int) -> np.ndarray:
        """Draw the samples to drop in front of each recording: int64 [n_epochs, n_recordings], uniform."""
        n = len(self._n_samples)
        if self._framing.n_offsets == 1:
            return np.zeros([n_epochs, n], np.int64)
        blocks = -(-n // 4)
        draws = self._random(0, first_epoch * blocks, n_epochs * blocks * 4).reshape(n_epochs, blocks * 4)[:, :n]
        # 53 bits as a fraction in [0, 1), scaled: exact in float64, the same on every platform
        return ((draws >> np.uint64(11)).astype(np.float64) * 2.0**-53 * self._framing.n_offsets).astype(np.int64)

    def _random(self, stream: int, block: int, n: int) -> np.ndarray:
        """Return uint64 [n] from one of the seed's streams, from a block of four numbers on."""
        counter = np.array([block, 0, 0, 0], np.uint64)
        return np.random.Philox(key=np.array([self._seed, stream], np.uint64), counter=counter).random_raw(n)
