"""Penalised least squares with a weight for every row that changes from step to step and may be negative.

Each cell then has cross products of its own. Rows stand in the order of the patterns: pattern after pattern, in each
step after step, in each step cell after cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy

import numpy as np

from snap_tf.gamm.solver.elimination import Factor, Inverse, Vectors, factorise
from snap_tf.gamm.solver.layout import Layout
from snap_tf.gamm.solver.penalties import Penalties
from snap_tf.gamm.solver.system import Cells, System

__all__ = ["WeightedSystem"]


class WeightedSystem(System):
    """A system whose cross products are X'WX, W a diagonal matrix of row weights; without weights yet, X'X."""

    def __init__(self, cells: Sequence[Cells], units: np.ndarray, layout: Layout, penalties: Penalties) -> None:
        """Sort out how cells and levels belong together; arguments as for `System`, not whitened."""
        super().__init__(cells, units, layout, penalties, alike=False)

    def weighted(self, weights: np.ndarray) -> WeightedSystem:
        """Form the cross products for row weights (float [n]); everything else is shared."""
        found = copy(self)
        found.products = np.empty((len(self.groups), *self.products.shape[1:]))
        for item, own in self._by_pattern(weights):
            found.products[item.numbers] = (item.columns.T * own.T[:, None, :]) @ item.columns
        return found

    def factorised(self, diagonals: Sequence[np.ndarray], fixed_penalty: np.ndarray) -> Factor:
        """Factorise X'WX + S.

        Raises:
            numpy.linalg.LinAlgError: it is not positive definite in floating point.
        """
        return factorise(self.structure, self.products, diagonals, fixed_penalty)

    def predictor(self, vectors: Vectors) -> np.ndarray:
        """Model matrix times coefficients; float [n]."""
        return np.concatenate([item.reshape(-1) for item in self.fitted(vectors)])

    def transposed(self, rows: np.ndarray) -> Vectors:
        """Transposed model matrix times a column of rows (float [n])."""
        return self.scores([own for _, own in self._by_pattern(rows)])

    def row_variances(self, factor: Factor, inverse: Inverse) -> np.ndarray:
        """x'H^-1 x of every row x of the model matrix; float [n]."""
        outer, beside = inverse.local, factor.inner_beside
        width = beside.shape[1]
        blocks = np.empty_like(self.products)
        blocks[:, width:, width:] = outer
        if width:
            blocks[:, :width, :width] = inverse.inner
            blocks[:, :width, width:] = -beside @ outer
            blocks[:, width:, :width] = blocks[:, :width, width:].transpose(0, 2, 1)
        return np.concatenate([np.einsum("ctu,tu->tc", item.columns @ blocks[item.numbers], item.columns).reshape(-1)
                               for item in self.cells])

    def _by_pattern(self, rows: np.ndarray) -> Iterator[tuple[Cells, np.ndarray]]:
        """Every pattern with its rows, float [n_steps, n_cells]."""
        first = 0
        for item in self.cells:
            yield item, rows[first : first + item.response.size].reshape(item.response.shape)
            first += item.response.size
