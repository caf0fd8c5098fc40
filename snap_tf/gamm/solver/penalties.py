"""Penalties of the fixed part and of random terms, and the log determinant of their weighted sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["FixedPenalty", "Penalties", "RandomPenalty"]

_ZERO = 1e-9  # eigenvalues of a penalty below this part of the largest are zero


@dataclass(frozen=True, eq=False)
class FixedPenalty:
    """All penalties of one smooth of the fixed part.

    Attributes:
        columns: the smooth's columns in the fixed part.
        matrices: float [k, k] each; a tensor product has one for every margin.
    """

    columns: slice
    matrices: tuple[np.ndarray, ...]

    @property
    def joint(self) -> np.ndarray:
        """Their sum, each divided by its norm: zero where nothing is penalised; float [k, k]."""
        return np.sum([matrix / np.linalg.norm(matrix) for matrix in self.matrices], axis=0)

    def directions(self) -> tuple[np.ndarray, np.ndarray]:
        """Orthonormal directions that no penalty holds, and the others; float [k, null], [k, rank]."""
        eigenvalues, vectors = np.linalg.eigh(self.joint)  # ascending
        n_free = int(np.sum(eigenvalues <= _ZERO * eigenvalues[-1]))
        return vectors[:, :n_free], vectors[:, n_free:]


@dataclass(frozen=True, eq=False)
class RandomPenalty:
    """One diagonal penalty on the coefficients of every level of a random factor.

    Attributes:
        part: which random part, in the order of elimination.
        diagonal: float [width], the same for every level.
        n_units: levels.
    """

    part: int
    diagonal: np.ndarray
    n_units: int


class Penalties:
    """All penalties of a model, in the order of the smoothing parameters: smooths, then random terms.

    Attributes:
        fixed: one for each penalised smooth.
        random: one for each smoothing parameter of a random term.
        p: columns of the fixed part.
        widths: coefficients of one level of every random part.
        n_sp: smoothing parameters.
        n_fixed: those of the fixed part, which come first.
    """

    def __init__(self, fixed: Sequence[FixedPenalty], random: Sequence[RandomPenalty], p: int,
                 widths: Sequence[int]) -> None:
        """Take the penalties and prepare their log determinants."""
        self.fixed, self.random, self.p, self.widths = list(fixed), list(random), p, tuple(widths)
        self.n_fixed = sum(len(penalty.matrices) for penalty in self.fixed)
        self.n_sp = self.n_fixed + len(self.random)
        self._seen = []  # every smooth's penalties in the directions that they hold
        for penalty in self.fixed:
            held = penalty.directions()[1]
            self._seen.append([held.T @ matrix @ held for matrix in penalty.matrices])
        # penalties of one part hold different columns, so that their log determinants add up
        self._ranks = np.array([item.n_units * np.count_nonzero(item.diagonal) for item in self.random], float)
        self._constant = sum(item.n_units * float(np.log(item.diagonal[item.diagonal > 0]).sum())
                             for item in self.random)

    @property
    def n_free(self) -> int:
        """Columns of the fixed part less the directions that penalties hold."""
        return self.p - sum(len(seen[0]) for seen in self._seen)

    def free_directions(self, penalised: bool = False) -> np.ndarray:
        """Orthonormal directions of the fixed part that no penalty holds (or the others); float [p, ...]."""
        covered = np.zeros(self.p, bool)
        found: list[np.ndarray] = []
        for penalty in self.fixed:
            covered[penalty.columns] = True
            own = penalty.directions()[int(penalised)]
            vectors = np.zeros((self.p, own.shape[1]))
            vectors[penalty.columns] = own
            found.append(vectors)
        free = [] if penalised else [np.eye(self.p)[:, ~covered]]
        return np.hstack([*free, *found, np.zeros((self.p, 0))])

    def fixed_matrices(self, weights: np.ndarray) -> list[np.ndarray]:
        """Every penalty of the fixed part times its smoothing parameter; float [p, p] each."""
        found: list[np.ndarray] = []
        for penalty in self.fixed:
            for matrix in penalty.matrices:
                full = np.zeros((self.p, self.p))
                full[penalty.columns, penalty.columns] = weights[len(found)] * matrix
                found.append(full)
        return found

    def fixed_sum(self, weights: np.ndarray) -> np.ndarray:
        """The weighted sum of the penalties of the fixed part; float [p, p]."""
        return np.sum([*self.fixed_matrices(weights), np.zeros((self.p, self.p))], axis=0)

    def diagonals(self, weights: np.ndarray) -> list[np.ndarray]:
        """The weighted sum of the random penalties of every part; float [width] each."""
        found = [np.zeros(width) for width in self.widths]
        for weight, item in zip(weights[self.n_fixed :], self.random, strict=True):
            found[item.part] += weight * item.diagonal
        return found

    def log_determinant(self, log_sp: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Logarithm of the product of the eigenvalues of the weighted sum that are not zero, with two derivatives.

        Source: Wood 2011, JRSSB 73:3, section 3.1.
        """
        value, gradient, hessian = self._constant, np.zeros(self.n_sp), np.zeros((self.n_sp, self.n_sp))
        first = 0
        for seen in self._seen:
            own = slice(first, first + len(seen))
            weighted = [np.exp(log) * matrix for log, matrix in zip(log_sp[own], seen, strict=True)]
            if len(seen) == 1:
                value += float(np.linalg.slogdet(seen[0])[1]) + len(seen[0]) * log_sp[first]
                gradient[first] = len(seen[0])
            else:
                total = np.sum(weighted, axis=0)
                scale = 1 / np.sqrt(np.diagonal(total))
                total = scale[:, None] * total * scale
                value += float(np.linalg.slogdet(total)[1]) - 2 * float(np.log(scale).sum())
                shares = [np.linalg.solve(total, scale[:, None] * matrix * scale) for matrix in weighted]
                gradient[own] = [np.trace(share) for share in shares]
                hessian[own, own] = np.diag(gradient[own]) - [[np.sum(a * b.T) for b in shares] for a in shares]
            first = own.stop
        value += float(self._ranks @ log_sp[first:])
        gradient[first:] = self._ranks
        return value, gradient, hessian
