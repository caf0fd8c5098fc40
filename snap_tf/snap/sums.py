"""Sums over the frames of each group: float64, in constant memory, mergeable."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = ["QUANTITIES", "GroupSums"]

QUANTITIES = ("aligned", "saliency", "signed", "plain", "navai")
"""Sums of aligned activations, of aligned |saliency|, of aligned saliency, of activations as they lie (NAP), and of
input frames aligned at their largest gradient (NAvAI)."""


@dataclass
class GroupSums:
    """The sums of one grouping.

    Attributes:
        name: of the grouping.
        groups: names of the groups; the arrays have one more row, for frames that belong to none.
        counts: int64 [folds, groups + 1].
        values: by quantity and layer, float64 [folds, groups + 1, T, channels]; T is 1 for layers without time.
    """

    name: str
    groups: tuple[str, ...]
    counts: np.ndarray
    values: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
