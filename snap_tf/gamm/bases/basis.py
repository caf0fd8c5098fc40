"""What every basis of a smooth has: columns, penalties, and the space that no penalty holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

__all__ = ["Basis", "CentredBasis", "PenalisedBasis", "by_keeps_constant", "centre", "complement", "double_penalty",
           "null_space", "penalty_size"]


class Basis(Protocol):
    """A basis of a smooth with its penalties."""

    @property
    def k(self) -> int:
        """Number of columns."""

    @property
    def penalties(self) -> tuple[np.ndarray, ...]:
        """Penalty matrices, each float [k, k]; every one gets a smoothing parameter of its own."""

    @property
    def ranks(self) -> tuple[int, ...]:
        """Rank of each penalty."""

    @property
    def null_dim(self) -> int:
        """Dimension of the space that no penalty holds."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the columns at x (float [n], or [n, d] for d variables); float [n, k]."""


B = TypeVar("B", bound=Basis)


@dataclass(frozen=True, eq=False)
class CentredBasis(Generic[B]):
    """A basis whose columns have mean zero over all rows: k-1 columns.

    Attributes:
        base: the basis before.
        constraint: float [k, k-1], from the coefficients of the k-1 columns to those of the base.
        penalties: float [k-1, k-1] each.
        ranks: rank of each penalty.
        null_dim: dimension of the space that no penalty holds.
    """

    base: B
    constraint: np.ndarray
    penalties: tuple[np.ndarray, ...]
    ranks: tuple[int, ...]
    null_dim: int

    @property
    def k(self) -> int:
        """Number of columns."""
        return self.constraint.shape[1]

    @property
    def penalty(self) -> np.ndarray:
        """The penalty of a basis that has one."""
        return self.penalties[0]

    @property
    def rank(self) -> int:
        """Rank of the penalty of a basis that has one."""
        return self.ranks[0]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the k-1 columns at x (float [n] or [n, d]); float [n, k-1]."""
        return self.base(x) @ self.constraint


@dataclass(frozen=True, eq=False)
class PenalisedBasis(Generic[B]):
    """A basis with other penalties: one that also holds the null space, or one more for the null space.

    Attributes:
        base: the basis that gives the columns.
        penalties: float [k, k] each.
        ranks: rank of each penalty.
        null_dim: dimension of the space that no penalty holds.
    """

    base: B
    penalties: tuple[np.ndarray, ...]
    ranks: tuple[int, ...]
    null_dim: int = 0

    @property
    def k(self) -> int:
        """Number of columns."""
        return self.base.k

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the columns at x (float [n] or [n, d]); float [n, k]."""
        return self.base(x)


def centre(base: B, values: np.ndarray, counts: np.ndarray) -> CentredBasis[B]:
    """Take the constant out of a basis: its columns then sum to zero over all rows.

    Args:
        base: the basis.
        values: float [n_values] or [n_values, d], the different values (or rows) of its variables.
        counts: int [n_values], in how many rows each occurs.
    Source: Wood 2017, section 5.4.1.
    """
    means = np.average(base(values), axis=0, weights=counts)
    constraint = complement(means[:, None])
    penalties = tuple(constraint.T @ penalty @ constraint for penalty in base.penalties)
    free = [_smallest(penalty, base.k - rank) for penalty, rank in zip(base.penalties, base.ranks, strict=True)]
    # what no penalty held has one dimension less, where its columns have a mean to give up; otherwise the penalty has
    ranks = tuple(base.k - 1 - _left(vectors, means) for vectors in free)
    return CentredBasis(base, constraint, penalties, ranks, _left(null_space(base), means))


def by_keeps_constant(by: np.ndarray) -> bool:
    """Tell whether a smooth that is multiplied by a numeric column must be centred.

    `s(x, by = z)` has all its k columns, each multiplied by z: its constant part is a slope of z and nothing else in
    the model is. Only where z is the same in every row is that slope the intercept, and the smooth is centred.

    Args:
        by: float [n], the column.
    Source: Wood 2017, section 5.4.1 and 7.5.3 (varying coefficients).
    """
    by = np.asarray(by, float)
    return bool(np.ptp(by) <= 1e-12 * np.abs(by).max(initial=0.0))


def double_penalty(base: B) -> B | PenalisedBasis[B]:
    """Add a penalty for what no penalty holds, so that a smooth can be shrunk to zero (`select=TRUE`).

    Centre the basis first: what the constraint takes away needs no penalty.

    Args:
        base: a basis with one penalty or more; one with an empty null space comes back as it is.
    Source: Marra & Wood 2011, Computational Statistics and Data Analysis 55:2372, section 2.1.
    """
    if base.null_dim == 0:
        return base
    free = null_space(base)
    return PenalisedBasis(base, (*base.penalties, free @ free.T), (*base.ranks, base.null_dim))


def null_space(base: Basis) -> np.ndarray:
    """Find orthonormal coefficients that no penalty holds; float [k, null_dim]."""
    total = sum((penalty / np.linalg.norm(penalty) for penalty in base.penalties), np.zeros((base.k, base.k)))
    return _smallest(total, base.null_dim)


def penalty_size(penalty: np.ndarray, columns: np.ndarray) -> float:
    """Give the number by which a penalty is divided so that its norm fits that of the columns (mgcv's `S.scale`).

    Args:
        penalty: float [k, k].
        columns: float [n, k], the basis at all values of the table.
    """
    return np.abs(penalty).sum(0).max() / np.abs(columns).sum(1).max() ** 2


def complement(columns: np.ndarray) -> np.ndarray:
    """Find an orthonormal basis of what is orthogonal to some columns, by Householder reflections from the front.

    On evenly spaced values a pivot is exactly zero, and a rounding error would choose between two bases. Both give
    the same smooth but penalties of different size (up to a third in `sp`), so a zero pivot always counts as
    negative; mgcv lets the rounding error decide.
    """
    rest, basis = columns.copy(), np.eye(len(columns))
    for j in range(columns.shape[1]):
        mirror = rest[j:, j].copy()
        size = np.linalg.norm(mirror)
        mirror[0] += size if mirror[0] > 1e-9 * size else -size
        mirror /= np.linalg.norm(mirror)
        rest[j:] -= 2 * np.outer(mirror, mirror @ rest[j:])
        basis[:, j:] -= 2 * np.outer(basis[:, j:] @ mirror, mirror)
    return basis[:, columns.shape[1] :]


def _smallest(penalty: np.ndarray, count: int) -> np.ndarray:
    """Eigenvectors of the smallest eigenvalues."""
    return np.linalg.eigh(penalty)[1][:, :count]


def _left(vectors: np.ndarray, means: np.ndarray) -> int:
    """How many dimensions of a space have mean zero."""
    has_mean = vectors.size > 0 and np.linalg.norm(means @ vectors) > 1e-8 * np.linalg.norm(means)
    return vectors.shape[1] - int(has_mean)
