"""The joint distribution of all coefficients of a fit, fixed and random: standard errors and draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from snap_tf.gamm.solver.elimination import Factor, solve
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
        numbers = np.arange(len(fixed))
        right = [np.zeros((part.n_units, part.width, len(fixed))) for part in self.factor.structure.parts]
        right[-1][0] = fixed.T
        for item in random:
            known = item.codes >= 0
            right[self.order.index(item.factor)][item.codes[known], :, numbers[known]] = item.columns[known]
        found = solve(self.factor, right)
        variances = np.einsum("np,pn->n", fixed, found[-1][0])
        for item in random:
            known = item.codes >= 0
            own = found[self.order.index(item.factor)][item.codes[known], :, numbers[known]]
            variances[known] += np.sum(item.columns[known] * own, axis=1)
        return variances

    def draws(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, dict[int, np.ndarray]]:
        """Draw deviations of the coefficients from their estimates.

        Returns:
            Of the fixed part, float [p, n], and by the number of a random factor, float [n_levels, width, n].
        """
        *random, fixed = draw(self.factor, n, rng)
        size = np.sqrt(self.scale)
        return size * fixed[0], {factor: size * own for factor, own in zip(self.order, random, strict=True)}
