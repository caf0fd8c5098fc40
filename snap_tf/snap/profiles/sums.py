"""Sums over the frames of each group: float64, in constant memory, the same whatever the order.

Values come rounded to a grid, a power of two for each layer, as fine as float32 is for the largest value. Sums of
numbers on a grid are exact in float64 as long as they stay below 2^53 steps of it, so shards add up to the same bits as
one run.

Source: Krug et al. 2021, section 3.3, steps 6 to 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from snap_tf.layer_info import LayerInfo
from wavegan_tf.errors import DataError

__all__ = ["QUANTITIES", "GroupSums", "add_shifted", "empty_sums", "quantities_of", "quantum"]

QUANTITIES = ("aligned", "saliency", "signed", "plain", "navai")
"""Sums of aligned activations, of aligned |saliency|, of aligned saliency, of activations as they lie (NAP), and of
input frames aligned at their largest gradient (NAvAI)."""

_MANTISSA_BITS, _FRAME_BITS, _HEADROOM_BITS = 53, 24, 5


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

    @property
    def n_bytes(self) -> int:
        """Memory of all sums."""
        return self.counts.nbytes + sum(a.nbytes for layers in self.values.values() for a in layers.values())

    def merged(self, other: GroupSums) -> GroupSums:
        """Return the sums of both, as if all frames had been added in one run.

        Raises:
            DataError: other groups, layers or quantities.
        """
        mine = {q: {n: a.shape for n, a in layers.items()} for q, layers in self.values.items()}
        theirs = {q: {n: a.shape for n, a in layers.items()} for q, layers in other.values.items()}
        if (self.groups, mine, self.counts.shape) != (other.groups, theirs, other.counts.shape):
            raise DataError(f"sums by {self.name} must be of the same groups and layers in all parts; they are not; "
                            "merge shards of one pass only")
        values = {quantity: {name: array + other.values[quantity][name] for name, array in layers.items()}
                  for quantity, layers in self.values.items()}
        return GroupSums(self.name, self.groups, self.counts + other.counts, values)


def quantities_of(kinds: Sequence[str], mask: str) -> tuple[str, ...]:
    """Return the sums that some kinds of profiles need.

    Args:
        kinds: of `settings.KINDS`.
        mask: of `settings.MASKS`; `abs_mean` also needs the signed saliency.
    """
    wanted = {"snap": {"aligned", "saliency"} | ({"signed"} if mask == "abs_mean" else set()),
              "navai": {"navai"}, "nap": {"plain"}}
    needed = set().union(*(wanted[kind] for kind in kinds))
    return tuple(q for q in QUANTITIES if q in needed)


def empty_sums(name: str, groups: Sequence[str], layers: Sequence[LayerInfo], quantities: Sequence[str],
               folds: int) -> GroupSums:
    """Make sums of no frames; NAvAI is of the input alone."""
    rows = len(groups) + 1
    values = {quantity: {layer.name: np.zeros((folds, rows, max(layer.steps or 0, 1), layer.channels))
                         for layer in (layers[:1] if quantity == "navai" else layers)} for quantity in quantities}
    return GroupSums(name, tuple(groups), np.zeros((folds, rows), np.int64), values)


def add_shifted(total: np.ndarray, values: np.ndarray, first: int) -> None:
    """Add steps to a sum at another place; those that fall off its ends are lost, the rest gets nothing.

    Args:
        total: float64 [T, channels], changed in place.
        values: float [n, channels].
        first: where the first of them goes, negative or beyond the end as well.

    Source: Krug et al. 2021, section 3.3, step 6 (crop one side, pad the other with zeros).
    """
    start, stop = max(first, 0), min(first + len(values), len(total))
    if start < stop:
        total[start:stop] += values[start - first:stop - first]


def quantum(largest: float) -> float:
    """Return the step of the grid for values up to `largest`: a power of two.

    Sums of 2^24 frames of values up to 32 times larger stay exact.
    """
    exponent = np.frexp(largest)[1] if largest > 0 else -36
    return float(2.0 ** max(int(exponent) + _FRAME_BITS + _HEADROOM_BITS - _MANTISSA_BITS, -100))
