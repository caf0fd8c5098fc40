"""Groupings: which group a frame belongs to, by prediction, annotation, label or table; and at random, for comparison.

Source: Krug et al. 2021, section 3.3 (predicted letter or phone, phone annotated at the centre).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from snap_tf.snap.frames.frame_blocks import Block, FrameSource
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.tables import read_table

__all__ = ["Grouping", "IntervalTable", "find_grouping"]

PERMUTED = "permuted:"
LABEL = "label:"


class Grouping(Protocol):
    """A rule that gives every frame a group.

    Attributes:
        name: as the user wrote it.
        groups: names of the groups.
    """

    name: str
    groups: tuple[str, ...]

    def numbers(self, block: Block, rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Return the group of each of `rows`: int64, len(groups) for frames that belong to none."""


def find_grouping(text: str, source: FrameSource, classes: Sequence[str], blank: int | None,
                  writes: str = "") -> Grouping:
    """Make the grouping that a user names.

    Args:
        text: `predicted`; `letter`, the same where the network writes letters; `phone`, the phone annotated at the
            middle step; `label:COLUMN` of a manifest, or of a corpus speaker, sex, dialect, split, sentence; a CSV
            file, see `IntervalTable`. `permuted:` before any of them is made elsewhere, see `permutation`.
        source: the frames.
        classes: of the target.
        blank: CTC's blank among them; it makes no group of its own.
        writes: `letter` or `phone`, what the classes are; empty for other networks.

    Raises:
        ConfigError: no such grouping for this network and source.
        DataError: the corpus has no phones, or a table that cannot be used.
    """
    if text == "predicted" or (text == "letter" and writes == "letter"):
        return _Predicted(text, classes, blank)
    if text == "letter":
        raise ConfigError(f"`group` (=letter) must go with a network that writes letters; this one "
                          f"{f'writes {writes}s' if writes else 'is no recogniser'}; use predicted")
    if text == "phone":
        if source.annotations is None:
            raise DataError(f"{source.name} must have phone labels to be grouped by phone; none of its "
                            f"{len(source.names)} utterances has any; add .PHN files or phone tiers in TextGrids, or "
                            "use --group predicted")
        return _Annotated(source.annotations)
    if text.startswith(LABEL):
        column = text.removeprefix(LABEL)
        if not source.columns.get(column):
            there = [name for name, words in source.columns.items() if words]
            raise DataError(f"`group` (={text}) must name a column of labels; {source.name} has "
                            f"{', '.join(LABEL + name for name in there) or 'none'}")
        return _Labelled(text, column, source.columns[column])
    if text.lower().endswith(".csv") or Path(text).is_file():
        return IntervalTable(text, source.names)
    raise ConfigError(f"`group` (={text}) must be phone, letter, predicted, label:COLUMN, a CSV file, or permuted: and "
                      "one of these")


class _Predicted:
    """Frames by the class that the network predicts."""

    def __init__(self, name: str, classes: Sequence[str], blank: int | None) -> None:
        kept = [i for i in range(len(classes)) if i != blank]
        self.name, self.groups = name, tuple(classes[i] for i in kept)
        self._group_of = np.full(len(classes), len(kept), np.int64)
        self._group_of[kept] = np.arange(len(kept))

    def numbers(self, block: Block, rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        return self._group_of[predicted]


class _Annotated:
    """Frames by what is annotated at their middle step, T // 2."""

    def __init__(self, annotations: tuple[str, ...]) -> None:
        self.name, self.groups = "phone", annotations

    def numbers(self, block: Block, rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        found = block.annotations(rows)[:, block.frame_steps // 2].astype(np.int64)
        return np.where(found < 0, len(self.groups), found)


class _Labelled:
    """Frames by a label of their clip or utterance."""

    def __init__(self, name: str, column: str, words: tuple[str, ...]) -> None:
        self.name, self.groups, self._column = name, words, column
        self._number = {word: i for i, word in enumerate(words)}

    def numbers(self, block: Block, rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        words = block.labels[self._column][rows]
        return np.array([self._number.get(str(word), len(self.groups)) for word in words], np.int64)


class IntervalTable:
    """Frames by a table: a group for whole utterances or clips, or for intervals of them.

    The CSV has the columns `utterance` (or `file`) and `group` (or `label`), and, for intervals, `start_s` and `end_s`:
    a frame belongs to the interval that its middle step lies in, end exclusive.
    """

    def __init__(self, path: str, names: Sequence[str]) -> None:
        """Read the table.

        Args:
            path: the CSV.
            names: of the utterances or clips that there are.

        Raises:
            DataError: no such file, columns missing, names that do not exist, intervals that overlap.
        """
        self.name = Path(path).stem
        table = _read(path)
        known = set(names)
        strangers = sorted(set(table["name"]) - known)
        if len(strangers) == len(set(table["name"])):
            raise DataError(f"table of groups (={path}) must name utterances of the corpus; it has {strangers[0]!r}, "
                            f"they have {names[0]!r}")
        self.groups = tuple(sorted(set(table["group"]) - {""}))
        number = {group: i for i, group in enumerate(self.groups)}
        self._of: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for name, rows in table.groupby("name"):
            rows = rows.sort_values("start_s")
            start, end = rows["start_s"].to_numpy(), rows["end_s"].to_numpy()
            if not ((start < end).all() and (end[:-1] <= start[1:]).all()):
                raise DataError(f"intervals of {name} in table of groups (={path}) must have a length and not overlap")
            self._of[str(name)] = (start, end, np.array([number.get(g, len(number)) for g in rows["group"]]))

    def numbers(self, block: Block, rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        found = np.full(len(rows), len(self.groups), np.int64)
        times = block.centres_s() if block.rate_hz else np.zeros(block.n_frames)
        for i, row in enumerate(rows):
            if block.names[row] in self._of:
                start, end, groups = self._of[block.names[row]]
                here = int(np.searchsorted(start, times[row], side="right")) - 1
                if here >= 0 and times[row] < end[here]:
                    found[i] = groups[here]
        return found


def _read(path: str) -> pd.DataFrame:
    """Read a table of groups: name, group, start_s, end_s (infinite where the table has no intervals)."""
    if not Path(path).is_file():
        raise DataError(f"table of groups (={path}) must be an existing CSV with the columns utterance and group")
    table = read_table(path, "table of groups")
    name = next((c for c in ("utterance", "file") if c in table.columns), None)
    group = next((c for c in ("group", "label") if c in table.columns), None)
    if name is None or group is None or not len(table):
        raise DataError(f"table of groups (={path}) must have rows and the columns utterance and group, and may have "
                        f"start_s and end_s; it has {', '.join(table.columns)}")
    result = pd.DataFrame({"name": table[name], "group": table[group], "start_s": -np.inf, "end_s": np.inf})
    for column in ("start_s", "end_s"):
        if column in table.columns:
            numbers = pd.to_numeric(table[column], errors="coerce")
            if not np.isfinite(numbers).all():
                wrong = table.loc[~np.isfinite(numbers), column]
                raise DataError(f"{column} (={wrong.iloc[0]}) in line {wrong.index[0] + 2} of table of groups "
                                f"(={path}) must be a number of seconds")
            result[column] = numbers
    return result
