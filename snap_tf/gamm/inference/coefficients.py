"""The joint distribution of all coefficients of a fit, fixed and random: standard errors and draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from snap_tf.gamm.solver.elimination import Factor, Structure, solve
from snap_tf.gamm.solver.sampling import draw

__all__ = ["Coefficients", "RandomRows"]

_MOST_AT_ONCE = 256  # rows whose variances are computed together


@dataclass(frozen=True, eq=False)
class RandomRows:
    """Rows of the model matrix of one random factor.

    Attributes:
        factor: its number, in the order of the formula.
        codes: int [n], the level of every row; -1 where it is none of those fitted.
        columns: float [n, width], the columns of the level; 0 where a term is left out.
    """

    factor: int
    codes: np.ndarray
    columns: np.ndarray

    def times(self, values: np.ndarray) -> np.ndarray:
        """Multiply with coefficients (float [n_levels, width, ...]); float [n, ...]."""
        known = self.codes >= 0
        found = np.zeros((len(self.codes), *values.shape[2:]))
        found[known] = np.einsum("nw,nw...->n...", self.columns[known], values[self.codes[known]])
        return found


@dataclass(frozen=True, eq=False)
class Coefficients:
    """The Bayesian covariance of all coefficients: `scale` times the inverse of H, which is kept factorised.

    Attributes:
        factor: H, random factors eliminated level by level.
        scale: the residual variance, or 1 where it is known.
        order: the number (in the order of the formula) of the random factor of every random part of H.
    """

    factor: Factor = field(repr=False)
    scale: float
    order: tuple[int, ...]

    def variances(self, fixed: np.ndarray, random: Sequence[RandomRows]) -> np.ndarray:
        """Compute the variance of the linear predictor of rows; float [n].

        Args:
            fixed: float [n, p], rows of the fixed part.
            random: rows of the random factors that are included.
        """
        found = np.empty(len(fixed))
        for first in range(0, len(fixed), _MOST_AT_ONCE):
            some = slice(first, first + _MOST_AT_ONCE)
            own = [RandomRows(item.factor, item.codes[some], item.columns[some]) for item in random]
            found[some] = self._variances(fixed[some], own)
        return self.scale * np.maximum(found, 0)

    def _variances(self, fixed: np.ndarray, random: Sequence[RandomRows]) -> np.ndarray:
        """By forward elimination alone, along the levels that a row lies in; by `solve` where they do not fit."""
        parts, n = self.factor.structure.parts[:-1], len(fixed)
        units = [np.full(n, -1) for _ in parts]
        vectors = [np.zeros((n, part.width)) for part in parts]
        for item in random:
            number, known = self.order.index(item.factor), item.codes >= 0
            units[number][known], vectors[number][known] = item.codes[known], item.columns[known]
        fits = _are_nested(self.factor.structure, units)
        found = np.empty(n)
        if fits.any():
            found[fits] = _forms(self.factor, [unit[fits] for unit in units], [own[fits] for own in vectors],
                                 fixed[fits])
        if not fits.all():
            others = ~fits
            found[others] = _solved_forms(self.factor, [unit[others] for unit in units],
                                          [own[others] for own in vectors], fixed[others])
        return found

    def draws(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, dict[int, np.ndarray]]:
        """Draw deviations of the coefficients from their estimates.

        Returns:
            Of the fixed part, float [p, n], and by the number of a random factor, float [n_levels, width, n].
        """
        *random, fixed = draw(self.factor, n, rng)
        size = np.sqrt(self.scale)
        return size * fixed[0], {factor: size * own for factor, own in zip(self.order, random, strict=True)}


def _are_nested(structure: Structure, units: Sequence[np.ndarray]) -> np.ndarray:
    """Whether the level of every random factor in the chain lies in those given of the factors after it; bool [n]."""
    fits, levels = np.ones(len(units[0]), bool), list(units)
    if structure.inner is not None:
        inner = levels.pop(0)
        for part, own in zip(structure.levels, levels, strict=False):
            fits &= (inner < 0) | (own < 0) | (part.units[structure.inner_cells[inner]] == own)
    for i, outer in enumerate(structure.paths):
        for path, own in zip(outer[i + 1 :], levels[i + 1 :], strict=False):
            fits &= (levels[i] < 0) | (own < 0) | (path[levels[i]] == own)
    return fits


def _forms(factor: Factor, units: list[np.ndarray], vectors: list[np.ndarray], fixed: np.ndarray) -> np.ndarray:
    """v' H^-1 v of vectors that have entries at one level of every part; float [n].

    Eliminating a block M with the entries v adds v' M^-1 v and takes W'v from the rest.

    Args:
        factor: the factorised H.
        units: by random part, int [n], the level, -1 for none; changed.
        vectors: by random part, float [n, width], the entries; changed.
        fixed: float [n, p], those of the fixed part.
    """
    structure, n = factor.structure, len(fixed)
    total, tail = np.zeros(n), np.zeros((n, structure.size))
    tail[:, structure.blocks()[-1]] = fixed
    n_chain = len(units) - len(structure.dense) + 1
    border = list(zip(structure.dense[:-1], structure.blocks(), strict=False))
    for (part, block), unit, own in zip(border, units[n_chain:], vectors[n_chain:], strict=True):
        _add_at(tail, np.flatnonzero(unit >= 0), block.start + unit[unit >= 0] * part.width, own[unit >= 0])
    if structure.inner is not None:
        unit, own = units.pop(0), vectors.pop(0)
        known = np.flatnonzero(unit >= 0)
        unit, own = unit[known], own[known]
        pattern, cells = structure.patterns[structure.inner_cells[unit]], structure.inner_cells[unit]
        total[known] += np.einsum("nq,nqr,nr->n", own, factor.inner_inverse[pattern], own)
        taken = np.einsum("nqv,nq->nv", factor.inner_beside[pattern], own)
        first = structure.offset
        for number, part in enumerate(structure.levels):
            units[number][known] = part.units[cells]
            vectors[number][known] -= taken[:, part.columns.start - first : part.columns.stop - first]
        for part, block in zip(structure.dense, structure.blocks(), strict=True):
            _add_at(tail, known, block.start + part.units[cells] * part.width,
                    -taken[:, part.columns.start - first : part.columns.stop - first])
    for i in range(len(structure.levels)):
        known = np.flatnonzero(units[i] >= 0)
        unit, own = units[i][known], vectors[i][known]
        total[known] += np.einsum("nq,nqr,nr->n", own, factor.inverses[i][unit], own)
        taken = np.einsum("nqv,nq->nv", factor.besides[i][unit], own)
        for j in range(i + 1, len(structure.levels)):
            units[j][known] = structure.paths[i][j][unit]
            vectors[j][known] -= taken[:, structure.beside(i, j)]
        tail[known] -= taken[:, taken.shape[1] - structure.size :]
    return total + np.sum((tail @ factor.dense_inverse) * tail, axis=1)


def _add_at(tail: np.ndarray, rows: np.ndarray, first: np.ndarray, values: np.ndarray) -> None:
    """Add values (float [m, w]) to w columns of some rows, from a column of its own in each."""
    tail[rows[:, None], first[:, None] + np.arange(values.shape[1])] += values


def _solved_forms(factor: Factor, units: list[np.ndarray], vectors: list[np.ndarray], fixed: np.ndarray) -> np.ndarray:
    """As `_forms`, whatever the levels: a right-hand side for every row."""
    numbers = np.arange(len(fixed))
    right = [np.zeros((part.n_units, part.width, len(fixed))) for part in factor.structure.parts]
    right[-1][0] = fixed.T
    for whole, unit, own in zip(right, units, vectors, strict=False):
        whole[unit[unit >= 0], :, numbers[unit >= 0]] = own[unit >= 0]
    found = solve(factor, right)
    return np.sum([np.sum(whole * solved, axis=(0, 1)) for whole, solved in zip(right, found, strict=True)], axis=0)
