"""Bases of one variable by the names that mgcv gives them."""

from __future__ import annotations

import numpy as np

from snap_tf.gamm.bases.basis import Basis, PenalisedBasis, penalty_size
from snap_tf.gamm.bases.cubic import cubic_regression, cyclic_cubic
from snap_tf.gamm.bases.thin_plate import thin_plate
from snap_tf.gamm.errors import GammError

__all__ = ["KINDS", "is_by_values", "one_variable", "shrunken"]

KINDS = ("tp", "ts", "cr", "cs", "cc")
"""Thin plate, the same with shrinkage, cubic regression, the same with shrinkage, cyclic cubic."""


def one_variable(bs: str, values: np.ndarray, counts: np.ndarray, *, k: int, order: int = 2,
                 knots: np.ndarray | None = None, name: str = "x") -> Basis:
    """Make a basis of one variable, not centred.

    Args:
        bs: its kind, one of `KINDS`.
        values: float [n_values], the different values of the variable, ascending.
        counts: int [n_values], in how many rows each occurs.
        k: number of columns; number of knots for "cc", which has a column less.
        order: m of a thin plate spline, 1 or 2; the others have no order.
        knots: places of the knots, see the function of the kind.
        name: the variable's name in messages.

    Raises:
        GammError: an unknown kind, or as the kind's function.
    """
    if bs in ("tp", "ts"):
        plate = thin_plate(values, counts, order=order, k=k, knots=knots, name=name)
        return shrunken(plate, values) if bs == "ts" else plate
    if bs in ("cr", "cs"):
        return cubic_regression(values, counts, k=k, knots=knots, name=name, shrinkage=bs == "cs")
    if bs == "cc":
        return cyclic_cubic(values, counts, k=k, knots=knots, name=name)
    raise GammError(f"bs (={bs}) of s({name}) must be one of {', '.join(KINDS)}")


def is_by_values(bs: str) -> bool:
    """Tell whether the coefficients of a kind of basis are values of the smooth at its knots."""
    return bs in ("cr", "cs", "cc")


def shrunken(base: Basis, values: np.ndarray) -> PenalisedBasis[Basis]:
    """Let the penalty of a thin plate spline also hold its polynomials, weakly (mgcv's `ts`).

    The zero eigenvalues of the penalty become a tenth of its smallest other one.

    Args:
        base: a thin plate spline of one variable or more, not centred.
        values: float [n_values] or [n_values, d], the different values of its variables.
    Source: Marra & Wood 2011, Computational Statistics and Data Analysis 55:2372, section 2.2.
    """
    eigenvalues, vectors = np.linalg.eigh(base.penalties[0])
    free = vectors[:, : base.null_dim]
    penalty = base.penalties[0] + 0.1 * eigenvalues[base.null_dim] * free @ free.T
    return PenalisedBasis(base, (penalty / penalty_size(penalty, base(values)),), (base.k,))
