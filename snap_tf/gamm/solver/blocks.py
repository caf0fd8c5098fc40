"""Penalised least squares with one random effect per token, eliminated token by token.

The system is H = [X Z]'[X Z] + S. Z is block diagonal over the tokens, so with M_i = Z_i'Z_i + S_b, C_i = Z_i'X_i
and W_i = M_i^-1 C_i everything about H follows from the small M_i and from A = X'X + S_X - sum C_i'W_i. Tokens
with the same rows of X and Z share M, C and W: a `Block` holds one X and one Z and as many responses as tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["Block", "BlockSystem", "FixedPenalty", "RandomPenalty", "Solution"]


@dataclass(frozen=True, eq=False)
class Block:
    """Tokens that share their rows of the design; everything already whitened.

    Attributes:
        fixed: float [n_steps, p].
        random: float [n_steps, q]; q may be 0.
        response: float [n_steps, n_tokens].
    """

    fixed: np.ndarray
    random: np.ndarray
    response: np.ndarray


@dataclass(frozen=True, eq=False)
class FixedPenalty:
    """A penalty on a run of fixed coefficients: its place in the fixed part, its matrix and its rank."""

    columns: slice
    matrix: np.ndarray
    rank: int

    @cached_property
    def log_determinant(self) -> float:
        """Logarithm of the product of the eigenvalues that are not zero."""
        return float(np.log(np.sort(np.linalg.eigvalsh(self.matrix))[-self.rank :]).sum()) if self.rank else 0.0


@dataclass(frozen=True, eq=False)
class RandomPenalty:
    """A diagonal penalty on every token's q coefficients."""

    diagonal: np.ndarray
    n_tokens: int

    @property
    def rank(self) -> int:
        """Rank over all tokens."""
        return self.n_tokens * int(np.count_nonzero(self.diagonal))

    @property
    def log_determinant(self) -> float:
        """Logarithm of the product of the eigenvalues that are not zero, over all tokens."""
        return self.n_tokens * float(np.log(self.diagonal[self.diagonal > 0]).sum())


@dataclass(frozen=True, eq=False)
class Solution:
    """Coefficients and the parts of H^-1 at one set of smoothing parameters.

    Attributes:
        fixed_penalty: float [p, p], the weighted sum S_X.
        random_penalty: float [q], the diagonal of the weighted sum S_b.
        token_inverse: float [n_blocks, q, q], M^-1.
        token_fixed: float [n_blocks, q, p], W.
        schur: float [p, p], A.
        schur_inverse: float [p, p], A^-1, the fixed block of H^-1.
        log_determinant_tokens: log|M| summed over all tokens.
        beta: float [p].
        effects: per block, float [q, n_tokens].
        residual_ss: residual sum of squares (whitened).
        penalised_ss: residual sum of squares + beta'S_X beta + sum b'S_b b.
    """

    fixed_penalty: np.ndarray
    random_penalty: np.ndarray
    token_inverse: np.ndarray
    token_fixed: np.ndarray
    schur: np.ndarray
    schur_inverse: np.ndarray
    log_determinant_tokens: float
    beta: np.ndarray
    effects: list[np.ndarray]
    residual_ss: float
    penalised_ss: float

    @property
    def token_from_fixed(self) -> np.ndarray:
        """W A^-1 W', the part of a token's block of H^-1 that comes through the fixed part: [n_blocks, q, q]."""
        return (self.token_fixed @ self.schur_inverse) @ self.token_fixed.transpose(0, 2, 1)


class BlockSystem:
    """The cross products of all blocks, made once; `solve` then costs the same for any number of tokens per block.

    Attributes:
        blocks: the blocks.
        fixed_penalties: penalties of the fixed part, in the order of the smoothing parameters.
        random_penalties: penalties of the random part, after the fixed ones.
        tokens: float [n_blocks], tokens in every block.
        n_rows: rows of the whole table.
    """

    def __init__(self, blocks: Sequence[Block], fixed_penalties: Sequence[FixedPenalty],
                 random_penalties: Sequence[RandomPenalty]) -> None:
        """Take the blocks and penalties and form the cross products."""
        self.blocks = list(blocks)
        self.fixed_penalties = list(fixed_penalties)
        self.random_penalties = list(random_penalties)
        self.tokens = np.array([block.response.shape[1] for block in blocks], float)
        self.n_rows = sum(block.response.size for block in blocks)
        self.p = blocks[0].fixed.shape[1]
        self.q = blocks[0].random.shape[1]
        self.fixed_products = np.zeros((self.p, self.p))
        for block in self.blocks:
            self.fixed_products += block.response.shape[1] * (block.fixed.T @ block.fixed)
        self.random_products = np.stack([block.random.T @ block.random for block in self.blocks])
        self.mixed_products = np.stack([block.random.T @ block.fixed for block in self.blocks])

    @property
    def penalties(self) -> list[FixedPenalty | RandomPenalty]:
        """All penalties, in the order of the smoothing parameters."""
        return [*self.fixed_penalties, *self.random_penalties]

    def weighted_sum(self, arrays: np.ndarray) -> np.ndarray:
        """Sum over tokens an array given once per block: [n_blocks, ...] -> [...]."""
        return np.tensordot(self.tokens, arrays, axes=1)

    def gram(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Sum left'right over tokens, for arrays [n_blocks, q, p] given once per block: [p, p]."""
        weighted = left * self.tokens[:, None, None]
        return weighted.reshape(-1, self.p).T @ right.reshape(-1, self.p)

    def solve(self, log_sp: np.ndarray) -> Solution:
        """Solve the penalised least squares problem.

        Args:
            log_sp: float [n_penalties], logarithms of the smoothing parameters, fixed penalties first.

        Raises:
            numpy.linalg.LinAlgError: H is not positive definite in floating point.
        Source: Wood 2017, section 5.4; block elimination of the random part.
        """
        weights = np.exp(log_sp)
        fixed_penalty = np.zeros((self.p, self.p))
        for weight, penalty in zip(weights, self.fixed_penalties, strict=False):
            fixed_penalty[penalty.columns, penalty.columns] += weight * penalty.matrix
        random_penalty = np.zeros(self.q)
        for weight, item in zip(weights[len(self.fixed_penalties) :], self.random_penalties, strict=True):
            random_penalty += weight * item.diagonal
        root_inverse, log_determinants = _inverse_roots(self.random_products + np.diag(random_penalty))
        half = root_inverse @ self.mixed_products
        schur = self.fixed_products + fixed_penalty - self.gram(half, half)
        solution = Solution(
            fixed_penalty, random_penalty, root_inverse.transpose(0, 2, 1) @ root_inverse,
            root_inverse.transpose(0, 2, 1) @ half, schur, _inverse(schur), float(self.tokens @ log_determinants),
            np.zeros(self.p), [np.zeros((self.q, int(n))) for n in self.tokens], 0.0, 0.0)
        for _ in range(2):  # the second pass is one step of iterative refinement
            residuals = self.residuals(solution)
            self._step(solution, residuals)
        residual_ss = float(sum(np.sum(r**2) for r in self.residuals(solution)))
        penalty_ss = solution.beta @ fixed_penalty @ solution.beta + sum(
            float(random_penalty @ np.sum(b**2, axis=1)) for b in solution.effects)
        return Solution(**{**solution.__dict__, "residual_ss": residual_ss,
                           "penalised_ss": residual_ss + float(penalty_ss)})

    def residuals(self, solution: Solution) -> list[np.ndarray]:
        """Response minus fixed and random part, per block float [n_steps, n_tokens] (whitened)."""
        return [block.response - (block.fixed @ solution.beta)[:, None] - block.random @ effects
                for block, effects in zip(self.blocks, solution.effects, strict=True)]

    def _step(self, solution: Solution, residuals: list[np.ndarray]) -> None:
        """Add to the coefficients what the present residuals still explain."""
        right = -solution.fixed_penalty @ solution.beta
        local = []
        for block, residual, effects, token_fixed in zip(self.blocks, residuals, solution.effects,
                                                         solution.token_fixed, strict=True):
            scores = block.random.T @ residual - solution.random_penalty[:, None] * effects
            right = right + block.fixed.T @ residual.sum(1) - token_fixed.T @ scores.sum(1)
            local.append(scores)
        step = solution.schur_inverse @ right
        solution.beta[:] += step
        for scores, effects, inverse, token_fixed in zip(local, solution.effects, solution.token_inverse,
                                                         solution.token_fixed, strict=True):
            effects += inverse @ scores - (token_fixed @ step)[:, None]


def _inverse_roots(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For every M of a stack: R with R'R = M^-1, and log|M|."""
    scale = np.sqrt(np.diagonal(matrices, axis1=1, axis2=2))
    factors = np.linalg.cholesky(matrices / (scale[:, :, None] * scale[:, None, :]))
    log_determinants = 2 * (np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(1) + np.log(scale).sum(1))
    return np.linalg.inv(factors) / scale[:, None, :], log_determinants


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """Inverse of a positive definite matrix, scaled to a unit diagonal first."""
    roots, _ = _inverse_roots(matrix[None])
    return roots[0].T @ roots[0]
