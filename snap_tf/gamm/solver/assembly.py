"""Cross products of cells put together by the levels of random factors, and the sums of an inverse over cells alike.

A cell is the rows that share the level of every random factor (a token, or one speaker's rows of one item). Cells with
the same rows of the model matrix share one pattern, so everything is computed once a pattern and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse

__all__ = ["Assembly", "Part"]


@dataclass(frozen=True, eq=False)
class Part:
    """One kind of coefficients: those of a random factor, or the fixed ones.

    Attributes:
        kind: `chain`, `border` or `fixed`.
        columns: its columns in a pattern's matrix.
        n_units: levels; 1 for the fixed part.
        units: int [n_cells], the level of every cell.
    """

    kind: str
    columns: slice
    n_units: int
    units: np.ndarray

    @property
    def width(self) -> int:
        """Coefficients of one level."""
        return self.columns.stop - self.columns.start


class Assembly:
    """Sums over cells of pattern matrices, for every pair of parts, and their adjoint.

    Attributes:
        parts: chain, innermost first, then border, then fixed.
        patterns: int [n_cells], the pattern of every cell.
        n_patterns: how many there are.
        counts: float [n_patterns], cells of every pattern.
    """

    def __init__(self, parts: Sequence[Part], patterns: np.ndarray, n_patterns: int) -> None:
        """Count, for every pair of parts, which patterns meet at which pair of levels."""
        self.parts, self.patterns, self.n_patterns = list(parts), patterns, n_patterns
        self.counts = np.bincount(patterns, minlength=n_patterns).astype(float)
        self._meetings: dict[tuple[int, int], scipy.sparse.csr_matrix] = {}
        for a, left in enumerate(self.parts):
            for b in range(a, len(self.parts)):
                right = self.parts[b]
                where = left.units if self._is_narrow(a, b) else left.units * right.n_units + right.units
                size = left.n_units * (1 if self._is_narrow(a, b) else right.n_units)
                self._meetings[a, b] = scipy.sparse.csr_matrix(
                    (np.ones(len(patterns)), (where, patterns)), (size, n_patterns))

    def _is_narrow(self, a: int, b: int) -> bool:
        """Whether a level of `a` meets one level of `b` only."""
        return a == b or self.parts[b].kind in ("fixed", "chain")

    def sums(self, matrices: np.ndarray, a: int, b: int) -> np.ndarray:
        """Sum the blocks (a, b) of pattern matrices (float [n_patterns, v, v]) over cells, a <= b.

        Returns:
            float [n_units of a, width of a, width of b], or, where one level of a meets many of b,
            [n_units of a, width of a, n_units of b * width of b].
        """
        left, right = self.parts[a], self.parts[b]
        flat = matrices[:, left.columns, right.columns].reshape(self.n_patterns, -1)
        found = np.asarray(self._meetings[a, b] @ flat)
        if self._is_narrow(a, b):
            return found.reshape(left.n_units, left.width, right.width)
        found = found.reshape(left.n_units, right.n_units, left.width, right.width)
        return found.transpose(0, 2, 1, 3).reshape(left.n_units, left.width, -1)

    def spread(self, blocks: np.ndarray, a: int, b: int) -> np.ndarray:
        """Sum blocks given by level (as `sums` returns them) over the cells of every pattern: its adjoint.

        Returns:
            float [n_patterns, width of a, width of b].
        """
        left, right = self.parts[a], self.parts[b]
        if not self._is_narrow(a, b):
            blocks = blocks.reshape(left.n_units, left.width, right.n_units, right.width).transpose(0, 2, 1, 3)
        flat = np.ascontiguousarray(blocks).reshape(-1, left.width * right.width)
        return np.asarray(self._meetings[a, b].T @ flat).reshape(self.n_patterns, left.width, right.width)

    def gather(self, vectors: Sequence[np.ndarray]) -> np.ndarray:
        """Put the coefficients of every cell together.

        Args:
            vectors: for every part, float [n_units, width, r].

        Returns:
            float [n_cells, v, r].
        """
        return np.concatenate([vector[part.units] for part, vector in zip(self.parts, vectors, strict=True)], axis=1)

    def scatter(self, local: np.ndarray) -> list[np.ndarray]:
        """Sum vectors of cells (float [n_cells, v, r]) by level: the adjoint of `gather`."""
        found = []
        first = self.parts[0].columns.start
        for part in self.parts:
            own = local[:, part.columns.start - first : part.columns.stop - first]
            summing = scipy.sparse.csr_matrix((np.ones(len(own)), (part.units, np.arange(len(own)))),
                                              (part.n_units, len(own)))
            found.append(np.asarray(summing @ own.reshape(len(own), -1)).reshape(part.n_units, *own.shape[1:]))
        return found
