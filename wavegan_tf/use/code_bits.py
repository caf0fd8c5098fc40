"""Accuracy of single bits of binary codes, and its chance level when the right codes come from a matching."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from wavegan_tf.use.agreement import MOST_MATCHED_CELLS, Agreement, permuted_tables

__all__ = ["bits_by_chance", "bits_right"]


def bits_right(codes: Sequence[str], targets: Sequence[str]) -> np.ndarray:
    """Compare bits: bool [files, bits] for codes such as `011`."""
    return _bits(codes) == _bits(targets)


def bits_by_chance(agreement: Agreement, labels: Sequence[str], codes: Sequence[str]) -> float | None:
    """Estimate the chance level of bit accuracy: its mean over the agreement's permutations of the labels.

    A matching takes for every label the code that fits, so that chance gives more than a half of the bits.

    Args:
        agreement: of the labels with the codes; its permutations are drawn again.
        labels: of each file.
        codes: of each file, as many bits each.

    Returns:
        The mean share of bits that are those of the matched code; None where there were no permutations, or the table
        is too large.
    """
    label_of, rows = np.unique(np.asarray(labels, str), return_inverse=True)
    names, columns = np.unique(np.asarray(codes, str), return_inverse=True)
    shape = (len(label_of), len(names))
    if not agreement.n_permutations or shape[0] * shape[1] > MOST_MATCHED_CELLS:
        return None
    bits = _bits(names)
    alike = (bits[:, None] == bits[None]).mean(axis=2)  # [codes, codes], share of bits in common
    tables = permuted_tables(rows, columns, shape, agreement.n_permutations, agreement.seed)
    return float(np.mean([_share(counts, alike) for counts in tables]))


def _share(counts: np.ndarray, alike: np.ndarray) -> float:
    own, code = linear_sum_assignment(-counts)
    kept = counts[own, code] > 0  # a label without a file of its code has no match
    matched = counts[own[kept]]
    return float((matched * alike[code[kept]]).sum() / matched.sum())


def _bits(names: Sequence[str]) -> np.ndarray:
    return np.array([list(name) for name in pd.Series(names, dtype=object)])
