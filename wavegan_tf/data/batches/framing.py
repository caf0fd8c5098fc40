"""Framing: where slices begin in a recording, and how many there are, as in the original loader."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wavegan_tf.config import DataConfig
from wavegan_tf.errors import ConfigError

__all__ = ["Framing"]


@dataclass(frozen=True)
class Framing:
    """Framing of recordings: slices of `slice_len` samples every `hop` samples, after a random offset.

    In every epoch each recording loses a random number of samples in front, from 0 to `slice_len` - 1; then slices
    begin every `hop` samples. Without `pad_end` only slices that lie inside the recording count, so that one of
    exactly `slice_len` samples gives a slice in one epoch of `slice_len`; with it, every beginning inside the recording
    counts, and zeros fill the slice. `first_only` takes the first slice of each recording, from its first sample.

    Source: Donahue et al. 2019, the released loader.
    """

    slice_len: int
    hop: int
    pad_end: bool
    first_only: bool

    @classmethod
    def from_config(cls, config: DataConfig) -> Framing:
        """Derive the framing from the settings; with `first_slice` there is zero padding and no overlap.

        Raises:
            ConfigError: the overlap leaves no step between slices.
        """
        if config.first_slice:
            return cls(config.slice_len, config.slice_len, True, True)
        hop = round(config.slice_len * (1.0 - config.overlap_ratio))
        if hop < 1:
            raise ConfigError(f"`overlap_ratio` (={config.overlap_ratio}) must leave a step of at least one sample "
                              f"between slices of {config.slice_len}; choose a smaller overlap")
        return cls(config.slice_len, hop, config.pad_end, False)

    @property
    def n_offsets(self) -> int:
        """How many different numbers of samples may be dropped in front, all equally likely."""
        return 1 if self.first_only else self.slice_len

    def count(self, n_samples: np.ndarray) -> np.ndarray:
        """Count the slices of recordings whose front has been dropped already.

        Args:
            n_samples: integer [...], what is left of each recording; may be negative.

        Returns:
            int64 [...].
        """
        n_samples = np.asarray(n_samples, np.int64)
        if self.first_only:
            return (n_samples > 0).astype(np.int64)
        return np.maximum(0, (n_samples - self._shortest) // self.hop + 1)

    def expected_count(self, n_samples: np.ndarray) -> np.ndarray:
        """Average `count` over all offsets: the slices a recording gives in an epoch, in the mean.

        Args:
            n_samples: integer [...], whole recordings.

        Returns:
            float64 [...].
        """
        n_samples = np.asarray(n_samples, np.int64)
        if self.first_only:
            return self.count(n_samples).astype(np.float64)
        total = self._sum_of_counts(n_samples) - self._sum_of_counts(n_samples - self.slice_len)
        return total / self.slice_len

    @property
    def _shortest(self) -> int:
        """The fewest samples that give a slice."""
        return 1 if self.pad_end else self.slice_len

    def _sum_of_counts(self, n_samples: np.ndarray) -> np.ndarray:
        """Add up `count(m)` for m = 1 ... n_samples: each step of `hop` samples adds one more slice."""
        n = np.maximum(0, n_samples - self._shortest + 1)  # lengths that give at least one slice
        whole, rest = n // self.hop, n % self.hop
        return self.hop * whole * (whole + 1) // 2 + rest * (whole + 1)
