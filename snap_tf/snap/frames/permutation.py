"""Permuted groups: the groups of frames shuffled at random, as a control for profiles and clusters.

Source: Adebayo et al. 2018 (randomisation as a sanity check), applied to labels.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from snap_tf.snap.frames.frame_blocks import Block
from snap_tf.snap.frames.groupings import Grouping

__all__ = ["Permuted"]


class Permuted:
    """A grouping shuffled among all frames that take part; each group keeps its number of frames."""

    def __init__(self, grouping: Grouping, found: Sequence[np.ndarray], seed: int) -> None:
        """Permute.

        Args:
            grouping: the real one.
            found: by block, int64 [n_frames], the real group of every frame; -1 for frames that take no part.
            seed: of the permutation; the same seed gives different permutations of different groupings.
        """
        self.name, self.groups = f"permuted:{grouping.name}", grouping.groups
        all_numbers = np.concatenate(found) if found else np.zeros(0, np.int64)
        taking_part = np.flatnonzero(all_numbers >= 0)
        rng = np.random.default_rng([seed, zlib.crc32(grouping.name.encode())])
        all_numbers[taking_part] = all_numbers[rng.permutation(taking_part)]
        self._numbers = np.split(all_numbers, np.cumsum([len(part) for part in found])[:-1])
        self.block = 0
        """Which block is at hand; to be set before `numbers`."""

    def numbers(self, block: Block, rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Return the group that each of `rows` has after the permutation."""
        return self._numbers[self.block][rows]
