"""Effective degrees of freedom, per term, without forming the influence matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snap_tf.gamm.solver.elimination import selected_inverse
from snap_tf.gamm.solver.penalty_products import lost_products
from snap_tf.gamm.solver.reml import coefficient_sums
from snap_tf.gamm.solver.system import Solution, System

__all__ = ["Freedom", "effective_degrees"]


@dataclass(frozen=True, eq=False)
class Freedom:
    """Effective degrees of freedom.

    Attributes:
        fixed: float [p], edf of every fixed column, diag(F) with F = H^-1 [X Z]'[X Z].
        fixed_alternative: float [p], edf1 = 2 diag(F) - diag(FF), the reference degrees of freedom.
        random: by random part, float [width], edf of every column, summed over levels.
    """

    fixed: np.ndarray
    fixed_alternative: np.ndarray
    random: tuple[np.ndarray, ...]

    @property
    def total(self) -> float:
        """Effective degrees of freedom of the model."""
        return float(self.fixed.sum() + sum(own.sum() for own in self.random))


def effective_degrees(system: System, solution: Solution) -> Freedom:
    """Compute edf and edf1 from F = I - H^-1 S, block by block.

    Source: Wood 2017, sections 6.1.2 and 6.12.1.
    """
    lost = np.diagonal(solution.fixed_inverse @ solution.fixed_penalty)
    # edf1 = 2 (1 - lost) - (1 - 2 lost + lost_twice) = 1 - lost_twice
    lost_twice = np.diagonal(lost_products(system, solution) @ solution.fixed_penalty)
    sums = coefficient_sums(solution, selected_inverse(solution.factor))
    random = tuple(part.n_units - diagonal * own
                   for part, diagonal, own in zip(system.parts, solution.diagonals, sums, strict=False))
    return Freedom(1 - lost, 1 - lost_twice, random)
