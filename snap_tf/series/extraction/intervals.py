"""Intervals of phones and words inside clips, and the time steps of a layer that they cover."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from snap_tf.layer_info import LayerInfo
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["MIN_POINTS", "interval_points", "interval_steps", "phone_intervals", "require_labels", "too_few_points"]

MIN_POINTS = 5
"""Fewest points that an interval of median length must have in a layer for the layer to show its shape."""


def interval_steps(start_samples: ArrayLike, end_samples: ArrayLike, n_steps: int, n_samples: int
                   ) -> tuple[np.ndarray, np.ndarray]:
    """Map intervals of audio samples to the time steps of a layer that they overlap.

    Args:
        start_samples: int [...], first samples.
        end_samples: int [...], one after the last samples.
        n_steps: T, the layer's steps.
        n_samples: N, the samples they cover.

    Returns:
        first: int64 [...], floor(start T / N).
        end: int64 [...], ceil(end T / N), one after the last step.

    Raises:
        DataError: an interval that is empty or not inside the samples.

    Source: the mapping is a default of this project; the papers give none.
    """
    start, end = np.asarray(start_samples, np.int64), np.asarray(end_samples, np.int64)
    wrong = np.flatnonzero((start < 0) | (start >= end) | (end > n_samples))
    if len(wrong):
        first = wrong[0]
        raise DataError(f"interval (={start.flat[first]} to {end.flat[first]}) must have a length and lie inside 0 to "
                        f"{n_samples} samples; {len(wrong)} of {start.size} do not")
    return start * n_steps // n_samples, -(-end * n_steps // n_samples)


def interval_points(intervals: pd.DataFrame, n_steps: int, n_samples: int) -> np.ndarray:
    """Count the steps of a layer in every interval: int64 [intervals]."""
    first, end = interval_steps(intervals["start_sample"], intervals["end_sample"], n_steps, n_samples)
    return end - first


def too_few_points(layer: LayerInfo, points: np.ndarray, min_points: int) -> str | None:
    """Say why a layer cannot show the shape of intervals, or nothing when it can.

    Args:
        layer: the layer.
        points: int [intervals], how many of its steps each has.
        min_points: fewest that the median interval must have.
    """
    median = float(np.median(points))
    if median >= min_points:
        return None
    return (f"layer {layer.title} must have at least `min_points` (={min_points}) points in the median interval; its "
            f"{len(points)} intervals have {points.min()} to {points.max()}, median {median:g}, at {layer.rate_hz:g} "
            "Hz")


def phone_intervals(tokens: pd.DataFrame, n_samples: int, phones: Sequence[str], words: Sequence[str] = ()
                    ) -> tuple[pd.DataFrame, int]:
    """Find every interval of some phones in clips.

    Args:
        tokens: a row per clip with token, label, word, speaker, file and `phones`, tuples of `Segment`s with offsets in
            samples of the clip.
        n_samples: length of the clips; later samples have been cut off.
        phones: labels as the clips have them; the table is in this order.
        words: only inside these words; anywhere when empty.

    Returns:
        intervals: a row per interval: row (of `tokens`), token (of its own), label (the phone), word, speaker, file,
            start_sample, end_sample.
        n_cut: intervals left out because the clip was cut inside or before them.

    Raises:
        ConfigError: no phone named.
        DataError: no such phone or word, or only cut ones.

    Example:
        >>> from snap_tf.series import find_stimuli, phone_intervals
        >>> words = find_stimuli("corpus", words=["water"])
        >>> intervals, n_cut = phone_intervals(words.table, 16384, ["ao"])
        >>> len(intervals), n_cut, intervals["word"].unique().tolist()
        (5, 0, ['water'])
    """
    if not phones:
        raise ConfigError("`phones` must name at least one phone, for example s,sh")
    if missing := [name for name in ("phones", "word", "speaker", "file") if name not in tokens]:
        raise DataError(f"table of tokens must have the column {missing[0]} where phones are asked for; it has "
                        f"{', '.join(map(str, tokens.columns))}; run snap-tf layers again")
    if words:
        tokens = tokens[tokens["word"].isin(require_labels(words, tokens["word"], "word", fold=True))]
    there = [(row, p) for row in tokens.itertuples() for p in row.phones]
    wanted = require_labels(phones, (p.label for _, p in there), "phone")
    found = [(row, p) for phone in wanted for row, p in there if p.label == phone]
    kept = [(row, p) for row, p in found if p.end <= n_samples]
    if not kept:
        raise DataError(f"intervals (={len(found)} of {', '.join(wanted)}) must lie inside the first {n_samples} "
                        "samples of their clips, which is what the network sees; none does; cut shorter clips")
    table = pd.DataFrame([{"row": row.Index, "token": f"{row.token}:{p.label}@{p.start}", "label": p.label,
                           "word": row.word, "speaker": row.speaker, "file": row.file, "start_sample": p.start,
                           "end_sample": p.end} for row, p in kept])
    return table, len(found) - len(kept)


def require_labels(asked: Iterable[str], have: Iterable[str], what: str, fold: bool = False, *,
                   where: str = "the recordings") -> list[str]:
    """Return the labels asked for, all of which must be there.

    Args:
        asked: labels.
        have: those of all tokens.
        what: word or phone, for the message.
        fold: compare without regard to upper and lower case; then they come back as they are there.
        where: what they are looked for in, for the message.

    Raises:
        DataError: one is not there; names those that are near, or the most frequent ones.
    """
    counts = Counter(label for label in have if label)
    known = {label.lower() if fold else label: label for label in counts}
    asked = [label.strip().lower() if fold else label.strip() for label in asked]
    missing = [label for label in asked if label not in known]
    if missing:
        near = [name for label in missing for name in difflib.get_close_matches(label, list(known), n=3)]
        offered = near or [label for label, _ in counts.most_common(12)]
        kind = "near ones are" if near else "the most frequent ones are"
        there = f"{kind} {', '.join(dict.fromkeys(offered))}" if counts else f"there are no {what}s with times at all"
        raise DataError(f"{what} (={', '.join(missing)}) must be in {where}; {there}; change the list")
    return list(dict.fromkeys(known[label] for label in asked))
