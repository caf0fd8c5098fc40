"""Letter and phone error rates by edit distance, with the confusions of the best alignment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

__all__ = ["GAP", "ErrorCounts", "align", "count_errors"]

GAP = ""
"""Stands for the missing partner of an insertion or a deletion."""


def align(reference: Sequence[str], written: Sequence[str]) -> list[tuple[str, str]]:
    """Align two label sequences with the fewest insertions, deletions and substitutions.

    Among alignments with equally few errors, substitutions are preferred to deletions, deletions to insertions, from
    the end backwards.

    Returns:
        Pairs (reference, written); `GAP` where one of them has no partner.

    Source: Levenshtein 1966; Wagner and Fischer 1974, Journal of the ACM 21(1).
    """
    n, m = len(reference), len(written)
    cost = np.zeros((n + 1, m + 1), np.int32)
    cost[:, 0], cost[0] = np.arange(n + 1), np.arange(m + 1)
    names = {label: i for i, label in enumerate({*reference, *written})}
    codes = np.array([names[label] for label in written], np.int32)
    columns = np.arange(m + 1)
    for i, label in enumerate(reference, start=1):
        # cheapest step from the row above, then along the row: min over j' of best[j'] + (j - j')
        best = np.r_[i, np.minimum(cost[i - 1, :-1] + (codes != names[label]), cost[i - 1, 1:] + 1)]
        cost[i] = np.minimum.accumulate(best - columns) + columns
    pairs = []
    i, j = n, m
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + (reference[i - 1] != written[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((reference[i], written[j]))
        elif i and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            pairs.append((reference[i], GAP))
        else:
            j -= 1
            pairs.append((GAP, written[j]))
    return pairs[::-1]


@dataclass(frozen=True)
class ErrorCounts:
    """Substitutions, deletions, insertions and error rate over a set of utterances.

    Attributes:
        confusions: how often a reference label was written as a label; `GAP` in a pair is an insertion or deletion.
    """

    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def n_reference(self) -> int:
        """Labels of the references."""
        return sum(n for (reference, _), n in self.confusions.items() if reference != GAP)

    @property
    def substitutions(self) -> int:
        """Labels written as another."""
        return sum(n for (r, w), n in self.confusions.items() if r != GAP and w != GAP and r != w)

    @property
    def deletions(self) -> int:
        """Labels not written."""
        return sum(n for (_, w), n in self.confusions.items() if w == GAP)

    @property
    def insertions(self) -> int:
        """Labels written without a partner."""
        return sum(n for (r, _), n in self.confusions.items() if r == GAP)

    @property
    def n_errors(self) -> int:
        """Substitutions, deletions and insertions."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """Errors divided by the labels of the references; above 1 when much is inserted, NaN without references."""
        return self.n_errors / self.n_reference if self.n_reference else float("nan")


def count_errors(pairs: Iterable[tuple[Sequence[str], Sequence[str]]]) -> ErrorCounts:
    """Count substitutions, deletions and insertions of pairs (reference, written), aligned by edit distance.

    Args:
        pairs: two label sequences each, such as phones of an utterance and of its transcript.

    Returns:
        Counts of all pairs together, the error rate, and how often each label was written as another.

    Example:
        >>> from snap_tf.asr import count_errors
        >>> errors = count_errors([("sh iy hh ae dcl".split(), "s iy hh ae".split())])
        >>> errors.substitutions, errors.deletions, errors.insertions, errors.rate
        (1, 1, 0, 0.4)
    """
    confusions: Counter[tuple[str, str]] = Counter()
    for reference, written in pairs:
        confusions.update(align(reference, written))
    return ErrorCounts(confusions)
