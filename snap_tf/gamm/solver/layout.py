"""Nesting of random factors: which are eliminated one inside the other, and which stand in the border.

Tokens lie in speakers: every token has one speaker. Such factors make a chain, and the normal equations of a chain are
block diagonal level by level. Factors that cross (speakers and items) cannot both be blocks; the one with fewer
coefficients goes into the dense border, beside the fixed part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

__all__ = ["Layout", "is_nested", "make_layout"]


@dataclass(frozen=True, eq=False)
class Layout:
    """The order in which random factors are eliminated.

    Attributes:
        chain: factors (by number), innermost first, each nested in all after it.
        border: the other factors.
        n_units: levels of every factor.
        widths: random coefficients of one level of every factor.
    """

    chain: tuple[int, ...]
    border: tuple[int, ...]
    n_units: tuple[int, ...]
    widths: tuple[int, ...]

    @property
    def order(self) -> tuple[int, ...]:
        """All factors in the order of their columns: the chain, then the border."""
        return self.chain + self.border


def is_nested(inner: np.ndarray, outer: np.ndarray) -> bool:
    """Tell whether every level of `inner` (codes, int [n]) occurs with one level of `outer` only."""
    pairs = np.unique(np.column_stack([inner, outer]), axis=0)
    return len(pairs) == len(np.unique(inner))


def make_layout(codes: Sequence[np.ndarray], widths: Sequence[int]) -> Layout:
    """Choose the chain with the most coefficients.

    Args:
        codes: for every factor, int [n_cells] from 0: the level of every cell.
        widths: coefficients of one level of every factor.
    """
    n_units = tuple(int(code.max()) + 1 for code in codes)
    sizes = [n * width for n, width in zip(n_units, widths, strict=True)]
    by_levels = sorted(range(len(codes)), key=lambda factor: (-n_units[factor], factor))
    nested = {(a, b): is_nested(codes[a], codes[b]) for a, b in combinations(by_levels, 2)}
    chains = [chain for n in range(1, len(codes) + 1) for chain in combinations(by_levels, n)
              if all(nested[pair] for pair in combinations(chain, 2))]
    best = max(chains, key=lambda chain: (sum(sizes[factor] for factor in chain), len(chain)), default=())
    return Layout(best, tuple(f for f in range(len(codes)) if f not in best), n_units, tuple(widths))
