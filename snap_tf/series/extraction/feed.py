"""Decode clips into batches for a network, and list those that were used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from snap_tf.series.extraction.stimuli import Stimuli
from wavegan_tf.config import DataConfig
from wavegan_tf.data.audio.resampling import resampled_length
from wavegan_tf.data.batches.decoding import UnusableFile
from wavegan_tf.data.corpus import Problem, Segment
from wavegan_tf.errors import DataError

__all__ = ["ClipFeed", "scaled_tokens"]


def scaled_tokens(stimuli: Stimuli, config: DataConfig) -> pd.DataFrame:
    """Return the clips' table with lengths and phones in samples at the network's rate, numbered from 0.

    `source_rate_hz` is the rate of the recordings, 0 where nothing says it.
    """
    def phones(row: Any) -> tuple[Segment, ...]:
        scale = config.sample_rate_hz / row.rate_hz if row.rate_hz else 1.0
        return tuple(Segment(round(p.start * scale), round(p.end * scale), p.label) for p in row.phones)

    table = stimuli.table.reset_index(drop=True)
    lengths = [resampled_length(n, rate, config.sample_rate_hz) if n else 0
               for n, rate in zip(table["n_samples"], table["rate_hz"], strict=True)]
    return table.assign(phones=[phones(row) for row in table.itertuples()], n_samples=lengths,
                        rate_hz=config.sample_rate_hz,
                        source_rate_hz=table["source_rate_hz" if "source_rate_hz" in table else "rate_hz"])


class ClipFeed:
    """Decode clips in batches, prepared as in training: peak 1, the first `slice_len` samples, zeros at the end.

    Attributes:
        problems: clips that could not be used, and why; grows while batches are taken.
    """

    def __init__(self, stimuli: Stimuli, config: DataConfig) -> None:
        self.problems: list[Problem] = list(stimuli.problems)
        self._stimuli, self._config = stimuli, config
        self._table = scaled_tokens(stimuli, config)
        self._used: list[tuple[int, int]] = []

    def batches(self, size: int) -> Iterator[np.ndarray]:
        """Yield float32 [up to size, slice_len, channels].

        Raises:
            DataError: a file has another length than its table says, or no clip could be used.
        """
        batch = []
        for item in self._stimuli.clips(self._config):
            row = self._table.loc[item.index]
            if isinstance(item, UnusableFile):
                self.problems.append(Problem(row["token"], item.reason, "unusable clip"))
                continue
            n_samples = len(item.waveform)
            if row["n_samples"] and row["n_samples"] != n_samples:
                raise DataError(f"audio file (={row['file']}) must have the {row['n_samples']} samples (at "
                                f"{self._config.sample_rate_hz} Hz) of its table ({self._stimuli.source}); it has "
                                f"{n_samples}; the two do not belong together, make the slices again")
            self._used.append((item.index, n_samples))
            batch.append(_first_slice(item.waveform, self._config.slice_len))
            if len(batch) == size:
                yield np.stack(batch)
                batch = []
        if batch:
            yield np.stack(batch)
        if not self._used:
            first = f"; the first ({self.problems[0].where}): {self.problems[0].what}" if self.problems else ""
            raise DataError(f"{self._stimuli.source} must hold clips that can be used; none of {len(self._table)} "
                            f"can{first}")

    def tokens(self) -> pd.DataFrame:
        """Return a row per clip that was used, in that order, with `n_samples` (of the whole clip) and `cropped`."""
        index, lengths = zip(*self._used, strict=True)
        return self._table.loc[list(index)].assign(
            n_samples=lengths, cropped=[n > self._config.slice_len for n in lengths]).reset_index(drop=True)


def _first_slice(waveform: np.ndarray, slice_len: int) -> np.ndarray:
    waveform = waveform[:slice_len]
    return np.pad(waveform, ((0, slice_len - len(waveform)), (0, 0)))
