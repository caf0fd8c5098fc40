"""Bases of random effects by token: a random smooth (mgcv's `fs`) with diagonal penalties, or a random intercept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from snap_tf.gamm.bases.thin_plate import ThinPlateBasis, thin_plate

__all__ = ["InterceptBasis", "RandomBasis", "SmoothBasis", "factor_smooth"]


@dataclass(frozen=True, eq=False)
class SmoothBasis:
    """A thin plate smooth whose penalties are diagonal, shared by all tokens.

    Attributes:
        base: the thin plate basis, not centred.
        coordinates: float [k, k]; columns k-m bending, then the polynomials, highest power first, constant last.
        penalties: float [m+1, k], the diagonals of the penalties: bending, then one for every polynomial.
    """

    base: ThinPlateBasis
    coordinates: np.ndarray
    penalties: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the k columns at x (float [n]); float [n, k]."""
        return self.base(x) @ self.coordinates


@dataclass(frozen=True, eq=False)
class InterceptBasis:
    """Basis of a random intercept: one column of ones with one penalty."""

    penalties: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Give ones for every row of x (float [n]); float [n, 1]."""
        return np.ones((len(x), 1))


RandomBasis = SmoothBasis | InterceptBasis


def factor_smooth(values: np.ndarray, counts: np.ndarray, *, order: int, k: int,
                  knots: np.ndarray | None = None, name: str = "x") -> SmoothBasis:
    """Make the basis of by-token random smooths (mgcv's `fs`).

    In the natural coordinates the columns are orthogonal over all rows, the bending penalty is the identity,
    and each polynomial that the penalty leaves free gets a penalty of its own. With m = 2 the polynomials are
    the line through the mean of x and the constant. (mgcv leaves the rotation of these two to rounding errors:
    its m = 2 fits differ between equal data in another row order; with m = 1 there is only the constant.)

    Args:
        values: float [n_values], the different values of the variable, ascending.
        counts: int [n_values], in how many rows each occurs.
        order: m, 1 or 2.
        k: columns for every token.
        knots: places of the radial functions, see `thin_plate`.
        name: the variable's name in messages.

    Raises:
        GammError: as `thin_plate`.
    Source: Wood 2017, sections 5.4.2 (natural parameterisation) and 6.6.
    """
    base = thin_plate(values, counts, order=order, k=k, knots=knots, name=name)
    columns = base(values) * np.sqrt(counts / counts.sum())[:, None]
    triangle = np.linalg.qr(columns, mode="r")
    half = scipy.linalg.solve_triangular(triangle, base.penalty, trans="T")
    eigenvalues, vectors = np.linalg.eigh(scipy.linalg.solve_triangular(triangle, half.T, trans="T"))
    bend = np.argsort(-eigenvalues)[: k - order]
    bending = scipy.linalg.solve_triangular(triangle, vectors[:, bend]) / np.sqrt(eigenvalues[bend])
    bending /= np.sqrt(np.mean(np.sum((columns @ bending) ** 2, axis=0)))
    polynomials = np.zeros((k, order))  # orthonormalised from the constant upwards, written from the top down
    gram = np.linalg.qr(columns[:, k - order :], mode="r")
    polynomials[k - order :] = np.linalg.inv(gram)[:, ::-1]
    coordinates = np.hstack([bending, polynomials])
    size = np.abs(base(values) @ coordinates).sum(1).max() ** 2
    penalties = np.zeros((order + 1, k))
    penalties[0, : k - order] = size
    penalties[1:, k - order :] = size * np.eye(order)
    return SmoothBasis(base, coordinates, penalties)
