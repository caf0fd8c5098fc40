"""Thin plate regression splines of two variables or more: `s(Time, Dur)`."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import factorial, gamma, pi

import numpy as np

from snap_tf.gamm.bases.basis import complement, penalty_size
from snap_tf.gamm.bases.knot_draw import draw_rows
from snap_tf.gamm.bases.thin_plate import MAX_OWN_KNOTS, largest_eigenpairs
from snap_tf.gamm.errors import GammError

__all__ = ["ThinPlateSurface", "default_surface_k", "default_surface_order", "radial_surface", "thin_plate_surface"]

_CHUNK = 5_000  # rows evaluated at a time: bounds memory at rows x knots


@dataclass(frozen=True, eq=False)
class ThinPlateSurface:
    """A rank-k thin plate regression spline of d variables: k-M columns that bend, then M polynomials that do not.

    Attributes:
        order: m, the order of the penalised derivatives.
        shift: float [d], the means of the variables over all rows, subtracted before anything else.
        knots: float [n_knots, d], shifted.
        powers: int [M, d], the powers of the variables in each polynomial; the constant first.
        projection: float [n_knots, k-M], from radial functions to the bending columns.
        column_scale: float [k], root mean square of every column over all rows.
        penalty: float [k, k], scaled so that its norm fits the columns'.
        penalty_scale: what the penalty was divided by; `sp / penalty_scale` is free of the layout.
    """

    order: int
    shift: np.ndarray
    knots: np.ndarray
    powers: np.ndarray
    projection: np.ndarray
    column_scale: np.ndarray
    penalty: np.ndarray
    penalty_scale: float

    @property
    def k(self) -> int:
        """Number of columns."""
        return len(self.column_scale)

    @property
    def penalties(self) -> tuple[np.ndarray, ...]:
        """The penalty."""
        return (self.penalty,)

    @property
    def ranks(self) -> tuple[int, ...]:
        """Rank of the penalty: the columns that bend."""
        return (self.k - len(self.powers),)

    @property
    def null_dim(self) -> int:
        """Polynomials that the penalty leaves free."""
        return len(self.powers)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the k columns at x (float [n, d]); float [n, k]."""
        shifted = np.asarray(x, float) - self.shift
        return _columns(shifted, self.order, self.knots, self.powers, self.projection) / self.column_scale


def default_surface_order(n_variables: int) -> int:
    """Give mgcv's default m for d variables: the smallest with 2m > d + 1.

    Source: Wood 2017, section 5.5.1.
    """
    return (n_variables + 1) // 2 + 1


def default_surface_k(n_variables: int, order: int) -> int:
    """Give mgcv's default k: 10, 30 and 110 for 1, 2 and 3 variables with the default m."""
    return {1: 8, 2: 27}.get(n_variables, 100) + len(_powers(n_variables, order))


def radial_surface(distance: np.ndarray, order: int, n_variables: int) -> np.ndarray:
    """Evaluate the radial function of the thin plate penalty in d dimensions.

    Source: Wood 2003, section 2, eq. 2.
    """
    m, d = order, n_variables
    if d % 2:
        constant = gamma(d / 2 - m) / (2 ** (2 * m) * pi ** (d / 2) * factorial(m - 1))
        return constant * distance ** (2 * m - d)
    sign = (-1) ** (m + 1 + d // 2)
    constant = sign / (2 ** (2 * m - 1) * pi ** (d / 2) * factorial(m - 1) * factorial(m - d // 2))
    return constant * distance ** (2 * m - d) * np.log(np.where(distance > 0, distance, 1.0))


def thin_plate_surface(values: np.ndarray, counts: np.ndarray, *, k: int, order: int | None = None,
                       knots: np.ndarray | None = None, name: str = "x, y") -> ThinPlateSurface:
    """Make the rank-k thin plate basis of several variables, which should be in one unit or of one size.

    Args:
        values: float [n_values, d], the different rows of the variables.
        counts: int [n_values], in how many rows of the table each occurs; means and norms run over all rows.
        k: number of columns, above the number of polynomials (3 for two variables and m = 2).
        order: m, with 2m > d; without it the smallest with 2m > d + 1.
        knots: float [n_knots, d], places of the radial functions; without them every different row, or beyond 2000
            rows the 2000 that mgcv draws, see `draw_rows`.
        name: the variables' names in messages.

    Raises:
        GammError: fewer different rows or knots than k, k too small, m too small, or knots of another shape.
    Source: Wood 2003, section 3.
    """
    values = np.asarray(values, float)
    d = values.shape[1]
    m = default_surface_order(d) if order is None else order
    if 2 * m <= d:
        raise GammError(f"m (={m}) of s({name}) must be above half the number of variables (={d}); choose "
                        f"m = {default_surface_order(d)}")
    powers = _powers(d, m)
    if k <= len(powers):
        raise GammError(f"k (={k}) of s({name}) must be above {len(powers)}, the polynomials that its penalty leaves "
                        f"free; choose k = {len(powers) + 1} or more")
    if len(values) < k:
        raise GammError(f"k (={k}) of s({name}) must be at most the number of different rows of `{name}`; there are "
                        f"{len(values)}; choose k = {len(values)} or less")
    shift = _exact_means(values, counts)
    places = _places(values, shift, knots, k, name) - shift
    vectors, eigenvalues = _eigenpairs(radial_surface(_distances(places, places), m, d), k, len(powers))
    polynomials = _polynomials(places, powers)
    if np.linalg.matrix_rank(polynomials / np.linalg.norm(polynomials, axis=0)) < len(powers):
        raise GammError(f"values of s({name}) must not all lie on one line; leave one variable out")
    null = complement(vectors.T @ polynomials)
    projection = vectors @ null
    raw = _columns(values - shift, m, places, powers, projection)
    scale = np.sqrt(np.average(raw**2, axis=0, weights=counts))
    bending = k - len(powers)
    penalty = np.zeros((k, k))
    penalty[:bending, :bending] = null.T @ (eigenvalues[:, None] * null)
    penalty /= np.outer(scale, scale)
    penalty_scale = penalty_size(penalty, raw / scale)
    penalty = (penalty + penalty.T) / (2 * penalty_scale)
    return ThinPlateSurface(m, shift, places, powers, projection, scale, penalty, float(penalty_scale))


def _powers(d: int, order: int) -> np.ndarray:
    """Powers of all polynomials of total degree below m, the first variable fastest."""
    found = [powers for powers in product(range(order), repeat=d) if sum(powers) < order]
    return np.array(sorted(found, key=lambda powers: powers[::-1]))


def _exact_means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Means without rounding errors: a value that is the mean must become 0, or rows as text sort otherwise."""
    total = sum(Fraction(float(count)) for count in counts)
    return np.array([float(sum(Fraction(float(value)) * Fraction(float(count))
                               for value, count in zip(column, counts, strict=True)) / total) for column in values.T])


def _places(values: np.ndarray, shift: np.ndarray, knots: np.ndarray | None, k: int, name: str) -> np.ndarray:
    if knots is None:
        return values if len(values) <= MAX_OWN_KNOTS else values[draw_rows(values - shift, MAX_OWN_KNOTS)]
    places = np.asarray(knots, float)
    if places.ndim != 2 or places.shape[1] != values.shape[1]:
        raise GammError(f"knots of s({name}) must have one column for each of its {values.shape[1]} variables")
    if not np.isfinite(places).all():
        raise GammError(f"knots of s({name}) must be finite numbers")
    places = np.unique(places, axis=0)
    if len(places) < k:
        raise GammError(f"knots of s({name}) (={len(places)} different) must be at least k (={k}); give more knots or "
                        "a smaller k")
    return places


def _eigenpairs(matrix: np.ndarray, k: int, n_polynomials: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the k largest eigenpairs in the order that decides the size of `sp`: mgcv's.

    The negative ones stand first; where they are fewer than the polynomials, the smallest positive ones follow, the
    smallest first; then the other positive ones by falling size.
    """
    vectors, eigenvalues = largest_eigenpairs(matrix, k)
    negative = int(np.sum(eigenvalues < 0))
    fill = max(0, n_polynomials - negative)
    order = [*range(negative), *range(k - 1, k - 1 - fill, -1), *range(negative, k - fill)]
    return vectors[:, order], eigenvalues[order]


def _distances(x: np.ndarray, places: np.ndarray) -> np.ndarray:
    return np.sqrt(sum((x[:, None, i] - places[:, i]) ** 2 for i in range(places.shape[1])))


def _polynomials(x: np.ndarray, powers: np.ndarray) -> np.ndarray:
    return np.prod(x[:, None, :] ** powers, axis=2)


def _columns(x: np.ndarray, order: int, places: np.ndarray, powers: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """Bending columns, then the polynomials, at shifted x."""
    bending = [radial_surface(_distances(x[i : i + _CHUNK], places), order, places.shape[1]) @ projection
               for i in range(0, len(x), _CHUNK)]
    return np.hstack([np.concatenate(bending), _polynomials(x, powers)])
