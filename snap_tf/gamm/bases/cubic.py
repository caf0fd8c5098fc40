"""Cubic regression splines: natural (`cr`), with shrinkage (`cs`) and cyclic (`cc`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from snap_tf.gamm.bases.basis import penalty_size
from snap_tf.gamm.errors import GammError

__all__ = ["CubicBasis", "CyclicBasis", "cubic_regression", "cyclic_cubic"]


@dataclass(frozen=True, eq=False)
class CubicBasis:
    """A natural cubic spline whose coefficients are its values at the knots, a straight line beyond them.

    Attributes:
        knots: float [k], ascending.
        curvature: float [k, k], from values at the knots to second derivatives there; first and last row are zero.
        penalty: float [k, k], scaled so that its norm fits the columns'.
        penalty_scale: what the penalty was divided by; `sp / penalty_scale` belongs to the integral of the squared
            second derivative.
        rank: k-2, or k with shrinkage.
    """

    knots: np.ndarray
    curvature: np.ndarray
    penalty: np.ndarray
    penalty_scale: float
    rank: int

    @property
    def k(self) -> int:
        """Number of columns."""
        return len(self.knots)

    @property
    def penalties(self) -> tuple[np.ndarray, ...]:
        """The penalty."""
        return (self.penalty,)

    @property
    def ranks(self) -> tuple[int, ...]:
        """Rank of the penalty."""
        return (self.rank,)

    @property
    def null_dim(self) -> int:
        """Dimension of the lines that the penalty leaves free: 2, or 0 with shrinkage."""
        return self.k - self.rank

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the k columns at x (float [n] or [n, 1]); float [n, k]."""
        x = np.asarray(x, float).reshape(-1)
        return _natural_columns(x, self.knots, self.curvature)


@dataclass(frozen=True, eq=False)
class CyclicBasis:
    """A cubic spline whose ends meet: k-1 columns, the values at all knots but the last, which is the first again.

    Attributes:
        knots: float [k], ascending; the last is one period after the first.
        curvature: float [k-1, k-1], from values at the knots to second derivatives there.
        penalty: float [k-1, k-1], scaled so that its norm fits the columns'.
        penalty_scale: as in `CubicBasis`.
    """

    knots: np.ndarray
    curvature: np.ndarray
    penalty: np.ndarray
    penalty_scale: float

    @property
    def k(self) -> int:
        """Number of columns: one less than knots."""
        return len(self.knots) - 1

    @property
    def penalties(self) -> tuple[np.ndarray, ...]:
        """The penalty."""
        return (self.penalty,)

    @property
    def ranks(self) -> tuple[int, ...]:
        """Rank of the penalty."""
        return (self.k - 1,)

    @property
    def null_dim(self) -> int:
        """Dimension of the constants that the penalty leaves free."""
        return 1

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the columns at x (float [n] or [n, 1]), which wraps around at the ends; float [n, k-1]."""
        return _cyclic_columns(np.asarray(x, float).reshape(-1), self.knots, self.curvature)


def cubic_regression(values: np.ndarray, counts: np.ndarray, *, k: int, knots: np.ndarray | None = None,
                     name: str = "x", shrinkage: bool = False) -> CubicBasis:
    """Make a natural cubic regression spline (mgcv's `cr`; `cs` with shrinkage).

    With shrinkage the penalty also holds lines, weakly: the two zero eigenvalues become a tenth and a hundredth of
    the smallest other one. The tenth belongs to the line that is zero at the first knot, the hundredth to the line
    orthogonal to it. (mgcv has the same two eigenvalues and the same two lines, but a rounding error decides which
    eigenvalue goes with which line: about half of its fits have it the other way round.)

    Args:
        values: float [n_values], the different values of the variable, ascending.
        counts: int [n_values], in how many rows each occurs; not needed here, all bases are called alike.
        k: number of columns and knots, 3 or more.
        knots: the k knots; without them they are quantiles of the different values, both ends among them.
        name: the variable's name in messages.
        shrinkage: whether the penalty also holds lines.

    Raises:
        GammError: k below 3 or above the number of different values, or not k different finite knots.
    Source: Wood 2017, section 5.3.1.
    """
    places = _places(np.asarray(values, float), knots, k, 3, name)
    steps = np.diff(places)
    inner = np.arange(k - 2)
    bends, weights = np.zeros((k - 2, k)), np.zeros((k - 2, k - 2))  # D and B of the book
    bends[inner, inner] = 1 / steps[:-1]
    bends[inner, inner + 1] = -1 / steps[:-1] - 1 / steps[1:]
    bends[inner, inner + 2] = 1 / steps[1:]
    weights[inner, inner] = (steps[:-1] + steps[1:]) / 3
    weights[inner[:-1], inner[1:]] = weights[inner[1:], inner[:-1]] = steps[1:-1] / 6
    curvature = np.zeros((k, k))
    curvature[1:-1] = scipy.linalg.solve(weights, bends, assume_a="pos")
    penalty = bends.T @ curvature[1:-1]
    penalty = (penalty + penalty.T) / 2
    if shrinkage:
        penalty = _shrunken(penalty, places)
    scale = penalty_size(penalty, _natural_columns(np.asarray(values, float), places, curvature))
    return CubicBasis(places, curvature, penalty / scale, float(scale), k if shrinkage else k - 2)


def cyclic_cubic(values: np.ndarray, counts: np.ndarray, *, k: int, knots: np.ndarray | None = None,
                 name: str = "x") -> CyclicBasis:
    """Make a cyclic cubic regression spline (mgcv's `cc`): value, slope and curvature agree at both ends.

    Args:
        values: float [n_values], the different values of the variable, ascending.
        counts: int [n_values], in how many rows each occurs; not needed here, all bases are called alike.
        k: number of knots, 4 or more; the basis has k-1 columns.
        knots: the k knots, or only the two ends of the period; without them quantiles of the different values, so
            that smallest and largest value are the same place.
        name: the variable's name in messages.

    Raises:
        GammError: as `cubic_regression`, or values beyond the two ends that were given.
    Source: Wood 2017, section 5.3.2.
    """
    values = np.asarray(values, float)
    if knots is not None and len(np.unique(np.asarray(knots, float))) == 2 < k:
        ends = np.unique(np.asarray(knots, float))
        if not (ends[0] <= values.min() and values.max() <= ends[1]):
            raise GammError(f"knots of s({name}) (={ends[0]:g}, {ends[1]:g}) must be the ends of the period, with all "
                            f"values of `{name}` between them")
        places = _places(np.unique(np.append(values, ends)), None, k, 4, name)
    else:
        places = _places(values, knots, k, 4, name)
    steps = np.diff(places)
    here = np.arange(k - 1)
    before, after = np.roll(here, 1), np.roll(here, -1)
    left = np.roll(steps, 1)
    bends, weights = np.zeros((k - 1, k - 1)), np.zeros((k - 1, k - 1))
    np.add.at(bends, (here, before), 1 / left)
    np.add.at(bends, (here, here), -1 / left - 1 / steps)
    np.add.at(bends, (here, after), 1 / steps)
    np.add.at(weights, (here, before), left / 6)
    np.add.at(weights, (here, here), (left + steps) / 3)
    np.add.at(weights, (here, after), steps / 6)
    curvature = scipy.linalg.solve(weights, bends, assume_a="pos")
    penalty = bends.T @ curvature
    penalty = (penalty + penalty.T) / 2
    scale = penalty_size(penalty, _cyclic_columns(values, places, curvature))
    return CyclicBasis(places, curvature, penalty / scale, float(scale))


def _places(values: np.ndarray, knots: np.ndarray | None, k: int, least: int, name: str) -> np.ndarray:
    if k < least:
        raise GammError(f"k (={k}) of s({name}) must be {least} or more for this basis; choose k = {least} or more")
    if knots is not None:
        places = np.unique(np.asarray(knots, float))
        if not np.isfinite(places).all():
            raise GammError(f"knots of s({name}) must be finite numbers")
        if len(places) != k:
            raise GammError(f"knots of s({name}) (={len(places)} different) must be exactly k (={k}) for this basis; "
                            f"give {k} knots or choose k = {len(places)}")
        return places
    if len(values) < k:
        raise GammError(f"k (={k}) of s({name}) must be at most the number of different values of `{name}`; there are "
                        f"{len(values)}; choose k = {len(values)} or less")
    return np.quantile(values, np.linspace(0, 1, k))


def _natural_columns(x: np.ndarray, knots: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    columns = _between(np.clip(x, knots[0], knots[-1]), knots, np.eye(len(knots)), curvature)
    steps = np.diff(knots)
    first, last = -curvature[1] * steps[0] / 6, curvature[-2] * steps[-1] / 6  # slopes at the two outer knots
    first[:2] += np.array([-1, 1]) / steps[0]
    last[-2:] += np.array([-1, 1]) / steps[-1]
    return columns + np.outer(np.minimum(x - knots[0], 0), first) + np.outer(np.maximum(x - knots[-1], 0), last)


def _cyclic_columns(x: np.ndarray, knots: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    period = knots[-1] - knots[0]
    wrapped = np.where((x >= knots[0]) & (x <= knots[-1]), x, knots[0] + np.mod(x - knots[0], period))
    around = np.append(np.arange(len(knots) - 1), 0)
    return _between(wrapped, knots, np.eye(len(knots) - 1)[around], curvature[around])


def _between(x: np.ndarray, knots: np.ndarray, values: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    """Columns of a cubic spline inside its knots, from values and second derivatives at the knots."""
    piece = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
    step = np.diff(knots)[piece]
    right = (knots[piece + 1] - x)[:, None] / step[:, None]
    left = (x - knots[piece])[:, None] / step[:, None]
    bend = (step**2 / 6)[:, None]
    return (right * values[piece] + left * values[piece + 1] + bend * (right**3 - right) * curvature[piece]
            + bend * (left**3 - left) * curvature[piece + 1])


def _shrunken(penalty: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Give the two lines that the penalty leaves free a tenth and a hundredth of its smallest other eigenvalue."""
    smallest = np.linalg.eigvalsh(penalty)[2]
    line = knots - knots[0]
    line = line / np.linalg.norm(line)
    other = np.ones(len(knots)) - line.sum() * line
    other /= np.linalg.norm(other)
    return penalty + smallest * (0.1 * np.outer(line, line) + 0.01 * np.outer(other, other))
