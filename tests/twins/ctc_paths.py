"""CTC by enumeration: every path of classes is written down and collapsed (Graves et al. 2006, section 3)."""

import itertools
import math
from collections.abc import Sequence

import numpy as np


def collapse(path: Sequence[int], blank: int) -> tuple[int, ...]:
    """Merge repeats, then drop blanks."""
    merged = [label for label, _ in itertools.groupby(path)]
    return tuple(label for label in merged if label != blank)


def loss_of_paths(logits: np.ndarray, labels: Sequence[int]) -> float:
    """Return minus the log of the summed probabilities of all paths that collapse to the labels."""
    n_steps, n_classes = logits.shape
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    total = sum(math.prod(probability[t, label] for t, label in enumerate(path))
                for path in itertools.product(range(n_classes), repeat=n_steps)
                if collapse(path, n_classes - 1) == tuple(labels))
    return -math.log(total) if total > 0 else math.inf


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Return Levenshtein's distance by its recursion."""
    if not a or not b:
        return len(a) + len(b)
    return min(edit_distance(a[1:], b) + 1, edit_distance(a, b[1:]) + 1,
               edit_distance(a[1:], b[1:]) + (a[0] != b[0]))
