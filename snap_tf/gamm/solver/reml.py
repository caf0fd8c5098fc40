"""The restricted likelihood as a function of the log smoothing parameters, with derivatives, and its minimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from snap_tf.gamm.solver.elimination import Factor, Inverse, selected_inverse, solve
from snap_tf.gamm.solver.penalty_products import penalty_products
from snap_tf.gamm.solver.system import Solution, System

__all__ = ["Criterion", "Likelihood", "coefficient_sums", "minimise", "penalised_vectors", "penalty_traces",
           "restricted_dense", "second_derivatives"]

_BOUND = 25.0  # beyond e^25 a smooth is a straight line, beyond e^-25 it is not penalised
_MAX_STEP = 5.0
_DIFFERENCE = 1e-4  # of log smoothing parameters, for second derivatives by differences of exact slopes


@dataclass(frozen=True, eq=False)
class Criterion:
    """Minus the log likelihood at one set of smoothing parameters, profiled over the residual variance.

    Attributes:
        value: the criterion.
        gradient: float [n_sp], by log smoothing parameter.
        hessian: float [n_sp, n_sp]; NaN where it is not known.
        solution: coefficients and the factorised system.
    """

    value: float
    gradient: np.ndarray
    hessian: np.ndarray
    solution: Solution


AnyCriterion = TypeVar("AnyCriterion", bound=Criterion)


class Likelihood:
    """REML or ML of a system.

    REML integrates over all coefficients. ML integrates only over those that the penalties hold: the fixed
    part is seen through an orthonormal basis of what its penalties hold.
    """

    def __init__(self, system: System, method: str = "REML", log_jacobian: float = 0.0) -> None:
        """Take a system and what the likelihood needs beside it.

        Args:
            system: the system.
            method: `REML` or `ML`.
            log_jacobian: logarithm of the Jacobian of the whitening.
        """
        self.system, self.log_jacobian = system, log_jacobian
        self.penalised = system.penalties.free_directions(penalised=True) if method == "ML" else None
        self.dof = system.n_rows - (system.penalties.n_free if method == "REML" else 0)

    def __call__(self, log_sp: np.ndarray) -> Criterion:
        """Evaluate the criterion and its derivatives.

        Raises:
            numpy.linalg.LinAlgError: the system is singular in floating point.
        Source: Wood 2011, JRSSB 73:3, section 3 and appendix, for a Gaussian response.
        """
        solution = self.system.solve(log_sp)
        seen, log_dense = restricted_dense(solution.factor, self.system.p, self.penalised)
        log_s, log_s1, log_s2 = self.system.penalties.log_determinant(log_sp)
        scale = solution.penalised_ss / self.dof
        value = self.dof / 2 * (1 + np.log(2 * np.pi * scale)) - self.log_jacobian + 0.5 * (
            solution.factor.log_determinant_random + log_dense - log_s)
        weights = np.exp(log_sp)
        inverse = selected_inverse(solution.factor, seen)
        traces = penalty_traces(self.system, solution, inverse, weights)
        products = penalty_products(self.system, solution, inverse, weights)
        quadratic, cross = self._quadratics(solution, weights)
        gradient = 0.5 * (quadratic / scale + traces - log_s1)
        hessian = 0.5 * ((np.diag(quadratic) - 2 * cross) / scale + np.diag(traces) - products - log_s2
                         - np.outer(quadratic, quadratic) / (scale**2 * self.dof))
        return Criterion(float(value), gradient, hessian, solution)

    def _quadratics(self, solution: Solution, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """beta'S_j beta and beta'S_j H^-1 S_k beta, every S_j with its smoothing parameter."""
        system, n_sp = self.system, len(weights)
        pulls = penalised_vectors(system, solution, weights)
        quadratic = np.array([sum(float(np.sum(a * b)) for a, b in zip(solution.vectors, pull, strict=True))
                              for pull in pulls])
        if not n_sp:
            return quadratic, np.zeros((0, 0))
        right = [np.concatenate([pull[part] for pull in pulls], axis=2) for part in range(len(system.parts))]
        found = solve(solution.factor, right)
        cross = np.sum([np.einsum("uqj,uqk->jk", a, b) for a, b in zip(right, found, strict=True)], axis=0)
        return quadratic, cross


def restricted_dense(factor: Factor, p: int, penalised: np.ndarray | None) -> tuple[np.ndarray, float]:
    """Inverse and log determinant of A; for ML, its fixed part seen through the penalised directions.

    Args:
        factor: the factorised H.
        p: columns of the fixed part.
        penalised: float [p, rank], what ML sees; None for REML.
    """
    dense = factor.dense
    if penalised is None:
        return factor.dense_inverse, float(np.linalg.slogdet(dense)[1])
    n_border = len(dense) - p
    view = np.zeros((len(dense), n_border + penalised.shape[1]))
    view[:n_border, :n_border] = np.eye(n_border)
    view[n_border:, n_border:] = penalised
    seen = view.T @ dense @ view
    if not len(seen):
        return np.zeros_like(dense), 0.0
    return view @ np.linalg.solve(seen, view.T), float(np.linalg.slogdet(seen)[1])


def penalty_traces(system: System, solution: Solution, inverse: Inverse, weights: np.ndarray) -> np.ndarray:
    """tr(H^-1 S_j), every S_j with its smoothing parameter; float [n_sp]."""
    size, own = len(inverse.dense), coefficient_sums(solution, inverse)
    block = inverse.dense[size - system.p :, size - system.p :]
    found: list[float] = []
    for penalty in system.penalties.fixed:
        for matrix in penalty.matrices:
            found.append(float(np.vdot(block[penalty.columns, penalty.columns], weights[len(found)] * matrix)))
    found += [float(weight * item.diagonal @ own[item.part])
              for weight, item in zip(weights[len(found) :], system.penalties.random, strict=True)]
    return np.array(found)


def penalised_vectors(system: System, solution: Solution, weights: np.ndarray) -> list[list[np.ndarray]]:
    """S_j times the coefficients, for every smoothing parameter; by part, float [n_units, width, 1]."""
    found = []
    for matrix in system.penalties.fixed_matrices(weights):
        pull = [np.zeros_like(vector) for vector in solution.vectors]
        pull[-1][0, :, 0] = matrix @ solution.beta
        found.append(pull)
    for weight, item in zip(weights[system.penalties.n_fixed :], system.penalties.random, strict=True):
        pull = [np.zeros_like(vector) for vector in solution.vectors]
        pull[item.part] = weight * item.diagonal[:, None] * solution.vectors[item.part]
        found.append(pull)
    return found


def coefficient_sums(solution: Solution, inverse: Inverse) -> list[np.ndarray]:
    """Diagonal of H^-1 for every random part, summed over its levels; float [width] each."""
    structure = solution.factor.structure
    found = [np.diagonal(inverse.inner, axis1=1, axis2=2).sum(0)] if structure.inner is not None else []
    found += [np.diagonal(block, axis1=1, axis2=2).sum(0) for block in inverse.own]
    diagonal = np.diagonal(inverse.dense)
    found += [diagonal[own].reshape(part.n_units, part.width).sum(0)
              for part, own in zip(structure.dense, structure.blocks(), strict=True) if part.kind == "border"]
    return found


def second_derivatives(criterion: Callable[[np.ndarray], Criterion], point: np.ndarray, here: Criterion,
                       central: bool = False) -> np.ndarray:
    """Complete the Hessian: what is not known exactly comes from differences of exact slopes.

    Args:
        criterion: from log smoothing parameters to value and derivatives.
        point: float [n_sp].
        here: the criterion at `point`.
        central: take the difference to both sides: twice the work, more accurate.
    """
    hessian = here.hessian.copy()
    unknown = [j for j in range(len(point)) if np.isnan(hessian[j, j])]
    for j in unknown:
        step = np.zeros(len(point))
        step[j] = _DIFFERENCE
        before = criterion(point - step).gradient if central else here.gradient
        slope = (criterion(point + step).gradient - before) / (_DIFFERENCE * (2 if central else 1))
        hessian[j], hessian[:, j] = slope, slope
    if unknown:
        block = np.ix_(unknown, unknown)
        hessian[block] = (hessian[block] + hessian[block].T) / 2
    return hessian


def minimise(criterion: Callable[[np.ndarray], AnyCriterion], n_sp: int, *, start: float | np.ndarray = -2.0,
             max_steps: int = 100) -> tuple[np.ndarray, AnyCriterion, int, bool]:
    """Minimise a criterion by Newton steps.

    Where the curvature is negative, the sign of the step is reversed; steps are capped and halved until the criterion
    falls, and parameters stay within e^-25 .. e^25. A smooth without any effect sends its parameter towards the upper
    end: the criterion is flat there and the effective degrees of freedom no longer change.

    Args:
        criterion: from log smoothing parameters to value and derivatives.
        n_sp: how many parameters.
        start: where all begin, or float [n_sp].
        max_steps: after so many steps the search gives up.

    Returns:
        The parameters, the criterion there, the number of steps, whether it converged.
    Source: Wood 2011, section 4; Nocedal & Wright 2006, section 3.4.
    """
    point = np.full(n_sp, start, float) if np.isscalar(start) else np.array(start, float)
    here = criterion(point)
    for n_steps in range(max_steps):
        tolerance = 1e-10 * (1 + abs(here.value))
        free = ~(((point >= _BOUND) & (here.gradient < 0)) | ((point <= -_BOUND) & (here.gradient > 0)))
        if not free.any() or np.abs(here.gradient[free]).max() <= tolerance:
            return point, here, n_steps, True
        step = np.zeros(n_sp)
        hessian = second_derivatives(criterion, point, here)
        step[free] = _newton_step(here.gradient[free], hessian[np.ix_(free, free)])
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
