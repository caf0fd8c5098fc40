"""Thin plate regression splines of one variable, with the scaling that makes penalties comparable with mgcv's."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial, gamma, pi, sqrt

import numpy as np
import scipy.sparse.linalg

from snap_tf.gamm.bases.basis import CentredBasis, centre, complement, penalty_size
from snap_tf.gamm.errors import GammError

__all__ = ["MAX_OWN_KNOTS", "N_DEFAULT_KNOTS", "CentredBasis", "ThinPlateBasis", "centre", "largest_eigenpairs",
           "radial", "thin_plate"]

MAX_OWN_KNOTS = 2000
"""Up to so many different values every value is a knot; beyond, knots are equally spaced."""
N_DEFAULT_KNOTS = 200
"""How many equally spaced knots stand for more values than `MAX_OWN_KNOTS`."""
_FULL_DECOMPOSITION = 250  # knots up to which all eigenvectors are computed
_CHUNK = 20_000  # rows evaluated at a time: bounds memory at rows x knots


@dataclass(frozen=True, eq=False)
class ThinPlateBasis:
    """A rank-k thin plate regression spline: k-m columns that bend, then the m powers of x that do not.

    Attributes:
        order: m, the order of the penalised derivative.
        shift: the mean of x over all rows, subtracted before anything else.
        knots: float [n_knots], shifted.
        projection: float [n_knots, k-m], from radial functions to the bending columns.
        column_scale: float [k], root mean square of every column over all rows.
        penalty: float [k, k], scaled so that its norm fits the columns'.
        penalty_scale: what the penalty was divided by; `sp / penalty_scale` is free of the layout.
    """

    order: int
    shift: float
    knots: np.ndarray
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
        return (self.k - self.order,)

    @property
    def null_dim(self) -> int:
        """Powers of x that the penalty leaves free."""
        return self.order

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the k columns at x (float [n]); float [n, k]."""
        return _columns(np.asarray(x, float) - self.shift, self.order, self.knots, self.projection) / self.column_scale


def radial(distance: np.ndarray, order: int) -> np.ndarray:
    """Evaluate the radial function of the thin plate penalty in one dimension.

    Source: Wood 2003, section 2, eq. 2 with d = 1: Gamma(1/2-m) / (2^2m sqrt(pi) (m-1)!) r^(2m-1).
    """
    constant = gamma(0.5 - order) / (2 ** (2 * order) * sqrt(pi) * factorial(order - 1))
    return constant * np.abs(distance) ** (2 * order - 1)


def thin_plate(values: np.ndarray, counts: np.ndarray, *, order: int, k: int,
               knots: np.ndarray | None = None, name: str = "x") -> ThinPlateBasis:
    """Make the rank-k basis of a variable.

    Args:
        values: float [n_values], the different values of the variable, ascending.
        counts: int [n_values], in how many rows each occurs; means and norms run over all rows.
        order: m, 1 or 2.
        k: number of columns, m+1 or more.
        knots: places of the radial functions; without them every value, or beyond 2000 values 200 places
            equally spaced (mgcv has 2000 values there, which `draw_without_replacement` would pick with seed 1).
        name: the variable's name in messages.

    Raises:
        GammError: fewer different values or knots than k, or k not above m.
    Source: Wood 2003, section 3.
    """
    if k <= order:
        raise GammError(f"k (={k}) of s({name}) must be above m (={order}); choose k = {order + 1} or more")
    if len(values) < k:
        raise GammError(f"k (={k}) of s({name}) must be at most the number of different values of `{name}`; there are "
                        f"{len(values)}; choose k = {len(values)} or less")
    shift = float(np.average(values, weights=counts))
    places = _places(values, knots, k, name) - shift
    vectors, eigenvalues = largest_eigenpairs(radial(places[:, None] - places, order), k)
    null = complement(vectors.T @ np.vander(places, order, increasing=True))
    projection = vectors @ null
    raw = _columns(values - shift, order, places, projection)
    scale = np.sqrt(np.average(raw**2, axis=0, weights=counts))
    penalty = np.zeros((k, k))
    penalty[: k - order, : k - order] = null.T @ (eigenvalues[:, None] * null)
    penalty /= np.outer(scale, scale)
    penalty_scale = penalty_size(penalty, raw / scale)
    penalty = (penalty + penalty.T) / (2 * penalty_scale)
    return ThinPlateBasis(order, shift, places, projection, scale, penalty, float(penalty_scale))


def _places(values: np.ndarray, knots: np.ndarray | None, k: int, name: str) -> np.ndarray:
    if knots is None:
        return values if len(values) <= MAX_OWN_KNOTS else np.linspace(values[0], values[-1], N_DEFAULT_KNOTS)
    places = np.unique(np.asarray(knots, float))
    if not np.isfinite(places).all():
        raise GammError(f"knots of s({name}) must be finite numbers")
    if len(places) < k:
        raise GammError(f"knots of s({name}) (={len(places)} different) must be at least k (={k}); give more knots or "
                        "a smaller k")
    return places


def _columns(x: np.ndarray, order: int, places: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """Bending columns, then 1, x, .., at shifted x."""
    bending = [radial(x[i : i + _CHUNK, None] - places, order) @ projection for i in range(0, len(x), _CHUNK)]
    return np.hstack([np.concatenate(bending), np.vander(x, order, increasing=True)])


def largest_eigenpairs(matrix: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the k eigenpairs of largest magnitude: negative eigenvalues first, each sign by falling magnitude."""
    if len(matrix) <= _FULL_DECOMPOSITION:
        eigenvalues, vectors = np.linalg.eigh(matrix)
    else:  # a fixed start vector without any symmetry, so that even and odd eigenvectors are both found
        start = np.random.default_rng(0).normal(size=len(matrix))
        eigenvalues, vectors = scipy.sparse.linalg.eigsh(matrix, min(k + 4, len(matrix) - 1), which="LM", v0=start,
                                                         tol=1e-15)
    keep = np.argsort(-np.abs(eigenvalues), kind="stable")[:k]
    keep = keep[np.argsort(eigenvalues[keep] > 0, kind="stable")]
    vectors = vectors[:, keep]
    return vectors * np.where(vectors[0] < 0, -1.0, 1.0), eigenvalues[keep]
