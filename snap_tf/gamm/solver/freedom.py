"""Effective degrees of freedom, per term, without forming the influence matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snap_tf.gamm.solver.blocks import BlockSystem, Solution

__all__ = ["Freedom", "effective_degrees"]


@dataclass(frozen=True, eq=False)
class Freedom:
    """Effective degrees of freedom.

    Attributes:
        fixed: float [p], edf of every fixed column, diag(F) with F = H^-1 [X Z]'[X Z].
        fixed_alternative: float [p], edf1 = 2 diag(F) - diag(FF), the reference degrees of freedom.
        random: edf of the random term.
        random_alternative: edf1 of the random term.
    """

    fixed: np.ndarray
    fixed_alternative: np.ndarray
    random: float
    random_alternative: float

    @property
    def total(self) -> float:
        """Effective degrees of freedom of the model."""
        return float(self.fixed.sum()) + self.random


def effective_degrees(system: BlockSystem, solution: Solution) -> Freedom:
    """Compute edf and edf1 from F = I - H^-1 S, block by block.

    Source: Wood 2017, sections 6.1.2 and 6.12.1.
    """
    shrink, fixed = solution.random_penalty, solution.schur_inverse @ solution.fixed_penalty
    weighted = shrink[:, None] * solution.token_fixed
    across = system.gram(solution.token_fixed, weighted)  # sum W'S_b W
    lost = np.diagonal(fixed)
    lost_twice = np.diagonal(fixed @ fixed + solution.schur_inverse @ across @ fixed)
    if not system.q:
        return Freedom(1 - lost, 1 - lost_twice, 0.0, 0.0)
    own, through = solution.token_inverse, solution.token_from_fixed
    token_lost = system.weighted_sum(np.diagonal(own + through, axis1=1, axis2=2)) @ shrink
    reach = solution.token_fixed @ solution.schur_inverse
    chain = (reach @ (across + solution.fixed_penalty)) @ reach.transpose(0, 2, 1)
    squared = own * (own + 2 * through) * shrink[:, None]
    token_lost_twice = system.weighted_sum(squared.sum(1) + np.diagonal(chain, axis1=1, axis2=2)) @ shrink
    n_random = system.q * system.tokens.sum()
    # edf1 = 2 (1 - lost) - (1 - 2 lost + lost_twice) = 1 - lost_twice
    return Freedom(1 - lost, 1 - lost_twice, float(n_random - token_lost), float(n_random - token_lost_twice))
