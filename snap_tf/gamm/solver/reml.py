"""The restricted likelihood as a function of the log smoothing parameters, with exact derivatives, and its minimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snap_tf.gamm.solver.blocks import BlockSystem, Solution

__all__ = ["Criterion", "Likelihood", "minimise"]

_BOUND = 25.0  # beyond e^25 a smooth is a straight line, beyond e^-25 it is not penalised
_MAX_STEP = 5.0


@dataclass(frozen=True, eq=False)
class Criterion:
    """Minus the log likelihood at one set of smoothing parameters, profiled over the residual variance.

    Attributes:
        value: the criterion.
        gradient: float [n_sp], by log smoothing parameter.
        hessian: float [n_sp, n_sp].
        solution: coefficients and parts of H^-1.
    """

    value: float
    gradient: np.ndarray
    hessian: np.ndarray
    solution: Solution


class Likelihood:
    """REML or ML of a block system.

    REML integrates over all coefficients. ML integrates only over those that the penalties hold: the fixed
    part is seen through the columns of `penalised`, an orthonormal basis of what S_X penalises.
    """

    def __init__(self, system: BlockSystem, n_unpenalised: int, log_jacobian: float = 0.0,
                 penalised: np.ndarray | None = None) -> None:
        """Take a system and what the likelihood needs beside it.

        Args:
            system: the block system.
            n_unpenalised: M_p, the dimension of the null space of all penalties.
            log_jacobian: logarithm of the Jacobian of the whitening.
            penalised: float [p, p - n_unpenalised] for ML, None for REML.
        """
        self.system = system
        self.log_jacobian = log_jacobian
        self.penalised = penalised
        self.dof = system.n_rows - (n_unpenalised if penalised is None else 0)
        self.ranks = np.array([penalty.rank for penalty in system.penalties], float)
        self.log_determinants = sum(penalty.log_determinant for penalty in system.penalties)

    def __call__(self, log_sp: np.ndarray) -> Criterion:
        """Evaluate the criterion and its first two derivatives.

        Raises:
            numpy.linalg.LinAlgError: the system is singular in floating point.
        Source: Wood 2011, JRSSB 73:3, section 3 and appendix, for a Gaussian response.
        """
        solution = self.system.solve(log_sp)
        inverse, log_schur = self._restricted(solution)
        weights = np.exp(log_sp)
        scale = solution.penalised_ss / self.dof
        value = self.dof / 2 * (1 + np.log(2 * np.pi * scale)) - self.log_jacobian + 0.5 * (
            solution.log_determinant_tokens + log_schur - self.ranks @ log_sp - self.log_determinants)
        traces, products = self._traces(solution, inverse, weights)
        quadratic, cross = self._quadratics(solution, weights)
        gradient = 0.5 * (quadratic / scale + traces - self.ranks)
        hessian = 0.5 * ((np.diag(quadratic) - 2 * cross) / scale + np.diag(traces) - products
                         - np.outer(quadratic, quadratic) / (scale**2 * self.dof))
        return Criterion(float(value), gradient, hessian, solution)

    def _restricted(self, solution: Solution) -> tuple[np.ndarray, float]:
        """Inverse and log determinant of A, seen through the penalised directions for ML."""
        if self.penalised is None:
            return solution.schur_inverse, float(np.linalg.slogdet(solution.schur)[1])
        seen = self.penalised.T @ solution.schur @ self.penalised
        if not len(seen):
            return np.zeros_like(solution.schur), 0.0
        return self.penalised @ np.linalg.solve(seen, self.penalised.T), float(np.linalg.slogdet(seen)[1])

    def _traces(self, solution: Solution, inverse: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """tr(H^-1 S_j) and tr(H^-1 S_j H^-1 S_k), every S_j with its smoothing parameter."""
        system = self.system
        n_fixed = len(system.fixed_penalties)
        matrices = []  # what every penalty looks like from the fixed part: S_j, or sum W_i'S_j W_i
        for weight, penalty in zip(weights, system.fixed_penalties, strict=False):
            full = np.zeros((system.p, system.p))
            full[penalty.columns, penalty.columns] = weight * penalty.matrix
            matrices.append(full)
        diagonals = [w * item.diagonal for w, item in zip(weights[n_fixed:], system.random_penalties, strict=True)]
        for diagonal in diagonals:
            matrices.append(system.gram(solution.token_fixed, diagonal[:, None] * solution.token_fixed))
        seen = [inverse @ matrix for matrix in matrices]
        traces = np.array([np.trace(item) for item in seen])
        products = np.array([[np.sum(a * b.T) for b in seen] for a in seen]).reshape(len(seen), len(seen))
        if diagonals:
            through = (solution.token_fixed @ inverse) @ solution.token_fixed.transpose(0, 2, 1)
            own = system.weighted_sum(np.diagonal(solution.token_inverse, axis1=1, axis2=2))
            pairs = system.weighted_sum(solution.token_inverse * (solution.token_inverse + 2 * through))
            for j, left in enumerate(diagonals):
                traces[n_fixed + j] += left @ own
                for k, right in enumerate(diagonals):
                    products[n_fixed + j, n_fixed + k] += left @ pairs @ right
        return traces, products

    def _quadratics(self, solution: Solution, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """beta'S_j beta and beta'S_j H^-1 S_k beta, every S_j with its smoothing parameter."""
        system = self.system
        n_fixed, n_all = len(system.fixed_penalties), len(weights)
        quadratic, seen, cross = np.zeros(n_all), np.zeros((n_all, system.p)), np.zeros((n_all, n_all))
        for j, (weight, penalty) in enumerate(zip(weights, system.fixed_penalties, strict=False)):
            part = solution.beta[penalty.columns]
            seen[j, penalty.columns] = weight * (penalty.matrix @ part)
            quadratic[j] = part @ seen[j, penalty.columns]
        diagonals = [w * item.diagonal for w, item in zip(weights[n_fixed:], system.random_penalties, strict=True)]
        if diagonals:
            sums = np.stack([b.sum(1) for b in solution.effects])
            squares = np.stack([b @ b.T for b in solution.effects])
            own = (solution.token_inverse * squares).sum(0)
            for j, left in enumerate(diagonals):
                quadratic[n_fixed + j] = left @ np.diagonal(squares, axis1=1, axis2=2).sum(0)
                seen[n_fixed + j] = -np.einsum("gqp,gq->p", solution.token_fixed, left * sums)
                for k, right in enumerate(diagonals):
                    cross[n_fixed + j, n_fixed + k] = left @ own @ right
        return quadratic, cross + seen @ solution.schur_inverse @ seen.T


def minimise(criterion: Callable[[np.ndarray], Criterion], n_sp: int, *, start: float = -2.0,
             max_steps: int = 100) -> tuple[np.ndarray, Criterion, int, bool]:
    """Minimise a criterion by Newton steps.

    Negative curvature is turned round, steps are capped and halved until the criterion falls, and parameters stay
    within e^-25 .. e^25. A smooth without any effect sends its parameter towards the upper end: the criterion is
    flat there and the effective degrees of freedom no longer change.

    Args:
        criterion: from log smoothing parameters to value and derivatives.
        n_sp: how many parameters.
        start: where all begin.
        max_steps: after so many steps the search gives up.

    Returns:
        The parameters, the criterion there, the number of steps, whether it converged.
    Source: Wood 2011, section 4; Nocedal & Wright 2006, section 3.4.
    """
    point = np.full(n_sp, start)
    here = criterion(point)
    for n_steps in range(max_steps):
        tolerance = 1e-10 * (1 + abs(here.value))
        free = ~(((point >= _BOUND) & (here.gradient < 0)) | ((point <= -_BOUND) & (here.gradient > 0)))
        if not free.any() or np.abs(here.gradient[free]).max() <= tolerance:
            return point, here, n_steps, True
        step = np.zeros(n_sp)
        step[free] = _newton_step(here.gradient[free], here.hessian[np.ix_(free, free)])
        step *= min(1.0, _MAX_STEP / np.abs(step).max())
        for _ in range(40):
            try:
                there = criterion(np.clip(point + step, -_BOUND, _BOUND))
                if there.value <= here.value + 1e-12 * abs(here.value):
                    break
            except np.linalg.LinAlgError:
                pass
            step = step / 2
        else:  # no step in this direction lowers the criterion beyond rounding
            return point, here, n_steps, bool(np.abs(here.gradient[free]).max() <= 1e3 * tolerance)
        point, here = np.clip(point + step, -_BOUND, _BOUND), there
    return point, here, max_steps, False


def _newton_step(gradient: np.ndarray, hessian: np.ndarray) -> np.ndarray:
    eigenvalues, vectors = np.linalg.eigh(hessian)
    flat = max(1e-12 * np.abs(eigenvalues).max(), 1e-6 * np.abs(gradient).max())  # the step is capped anyway
    return -vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(eigenvalues), flat))
