"""Penalised least squares of a whitened table: coefficients, residuals and blocks of the inverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snap_tf.gamm.solver.assembly import Assembly, Part
from snap_tf.gamm.solver.elimination import Factor, Structure, Vectors, factorise, solve
from snap_tf.gamm.solver.layout import Layout
from snap_tf.gamm.solver.penalties import Penalties

__all__ = ["Cells", "Solution", "System"]


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells that share their rows of the model matrix; everything already whitened.

    Attributes:
        columns: float [n_steps, u], the columns of the random parts in order of elimination, then the fixed ones.
        response: float [n_steps, n_cells].
        numbers: int [n_cells], the cells' numbers.
    """

    columns: np.ndarray
    response: np.ndarray
    numbers: np.ndarray


@dataclass(frozen=True, eq=False)
class Solution:
    """Coefficients at one set of smoothing parameters.

    Attributes:
        factor: the factorised H.
        vectors: for every part, float [n_units, width, 1].
        fixed_penalty: float [p, p], the weighted sum.
        diagonals: by random part, float [width].
        residual_ss: residual sum of squares (whitened); the deviance, for families other than Gaussian.
        penalised_ss: the same and the penalties of all coefficients.
    """

    factor: Factor
    vectors: Vectors
    fixed_penalty: np.ndarray
    diagonals: list[np.ndarray]
    residual_ss: float
    penalised_ss: float

    @property
    def beta(self) -> np.ndarray:
        """Coefficients of the fixed part; float [p]."""
        return self.vectors[-1][0, :, 0]

    def effects(self, part: int) -> np.ndarray:
        """Coefficients of a random part; float [n_units, width]."""
        return self.vectors[part][:, :, 0]

    @property
    def fixed_inverse(self) -> np.ndarray:
        """The block of H^-1 that belongs to the fixed part; float [p, p]."""
        p = len(self.fixed_penalty)
        size = len(self.factor.dense_inverse)
        return self.factor.dense_inverse[size - p :, size - p :]


class System:
    """The cross products of all patterns, made once for a table and a rho.

    Attributes:
        cells: the patterns.
        groups: int [n_cells], the number in `cells` of every cell's pattern.
        penalties: all penalties.
        structure: how cells and levels belong together.
        everything: sums over cells for all parts, the innermost included.
        products: float [n_patterns, u, u].
        n_rows: rows of the table.
        p: columns of the fixed part.
    """

    def __init__(self, cells: Sequence[Cells], units: np.ndarray, layout: Layout, penalties: Penalties,
                 alike: bool = True) -> None:
        """Form the cross products.

        Args:
            cells: the patterns.
            units: int [n_cells, n_factors], the level of every cell, factors in the order of the layout's numbers.
            layout: which factors are nested in which.
            penalties: all penalties; random parts in order of elimination.
            alike: whether cells of one pattern share their cross products.
        """
        self.cells, self.penalties = list(cells), penalties
        units = np.asarray(units, int)
        self.n_rows = sum(item.response.size for item in cells)
        self.p = penalties.p
        self.groups = np.empty(len(units), int)
        for number, item in enumerate(cells):
            self.groups[item.numbers] = number
        patterns = self.groups if alike else np.arange(len(units))
        parts, first = [], 0
        for factor in layout.order:
            kind = "chain" if factor in layout.chain else "border"
            width = layout.widths[factor]
            parts.append(Part(kind, slice(first, first + width), layout.n_units[factor], units[:, factor]))
            first += width
        parts.append(Part("fixed", slice(first, first + self.p), 1, np.zeros(len(units), int)))
        n_patterns = len(cells) if alike else len(units)
        self.structure = Structure(parts, patterns, n_patterns)
        self.everything = Assembly(parts, patterns, n_patterns)
        products = np.stack([item.columns.T @ item.columns for item in cells])
        self.products = products if alike else products[self.groups]

    @property
    def parts(self) -> list[Part]:
        """All parts in the order of their columns."""
        return self.everything.parts

    @property
    def fixed_products(self) -> np.ndarray:
        """X'X of the fixed part; float [p, p]."""
        own = self.parts[-1].columns
        return np.tensordot(self.everything.counts, self.products[:, own, own], axes=1)

    def solve(self, log_sp: np.ndarray) -> Solution:
        """Solve the penalised least squares problem, with one step of iterative refinement.

        Raises:
            numpy.linalg.LinAlgError: H is not positive definite in floating point.
        Source: Wood 2017, section 5.4.
        """
        weights = np.exp(log_sp)
        diagonals = self.penalties.diagonals(weights)
        fixed_penalty = self.penalties.fixed_sum(weights)
        factor = factorise(self.structure, self.products, diagonals, fixed_penalty)
        vectors = [np.zeros((part.n_units, part.width, 1)) for part in self.parts]
        for _ in range(2):
            right = self.scores(self.residuals(vectors))
            for vector, score, diagonal in zip(vectors, right, [*diagonals, None], strict=True):
                score -= vector * diagonal[:, None] if diagonal is not None else (fixed_penalty @ vector[0])[None]
            vectors = [vector + step for vector, step in zip(vectors, solve(factor, right), strict=True)]
        residual_ss = float(sum(np.sum(item**2) for item in self.residuals(vectors)))
        penalty = float(vectors[-1][0, :, 0] @ fixed_penalty @ vectors[-1][0, :, 0]) + sum(
            float(diagonal @ np.sum(vector[:, :, 0] ** 2, axis=0))
            for vector, diagonal in zip(vectors, diagonals, strict=False))
        return Solution(factor, vectors, fixed_penalty, diagonals, residual_ss, residual_ss + penalty)

    def fitted(self, vectors: Vectors) -> list[np.ndarray]:
        """Model matrix times coefficients; by pattern, float [n_steps, n_cells]."""
        local = self.everything.gather(vectors)[:, :, 0]
        return [item.columns @ local[item.numbers].T for item in self.cells]

    def residuals(self, vectors: Vectors) -> list[np.ndarray]:
        """Response minus fitted; by pattern, float [n_steps, n_cells] (whitened)."""
        return [item.response - fitted for item, fitted in zip(self.cells, self.fitted(vectors), strict=True)]

    def crossed(self, vectors: Vectors) -> Vectors:
        """X'X (or X'WX) times coefficients."""
        local = self.everything.gather(vectors)
        order = np.argsort(self.structure.patterns, kind="stable")
        bounds = np.cumsum(self.everything.counts).astype(int)[:-1]
        for own, products in zip(np.split(order, bounds), self.products, strict=True):
            local[own] = products @ local[own]
        return self.everything.scatter(local)

    def scores(self, rows: Sequence[np.ndarray]) -> Vectors:
        """Transposed model matrix times a column of rows, given by pattern as float [n_steps, n_cells]."""
        local = np.empty((len(self.structure.patterns), self.products.shape[1], 1))
        for item, values in zip(self.cells, rows, strict=True):
            local[item.numbers, :, 0] = (item.columns.T @ values).T
        return self.everything.scatter(local)
