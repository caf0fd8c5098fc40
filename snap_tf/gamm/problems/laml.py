"""REML or ML of families other than Gaussian, by Laplace approximation (LAML), with exact slopes.

Inside, penalised Newton steps find the coefficients of largest penalised likelihood; outside, the criterion

    V = -l(b) + b'Sb / 2 - log|S|+ / 2 + log|X'WX + S| / 2 - M_p log(2 pi) / 2,   W = -l_eta_eta,

is a function of the log smoothing parameters and of the family's own parameters theta.

Source: Wood 2011, JRSSB 73:3, section 2 and 3; Wood, Pya & Saefken 2016, JASA 111:1548, section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from snap_tf.gamm.model.families import Derivatives, Family
from snap_tf.gamm.problems.weighted import WeightedSystem
from snap_tf.gamm.solver.elimination import Factor, Vectors, selected_inverse, solve
from snap_tf.gamm.solver.reml import Criterion, penalised_vectors, penalty_traces, restricted_dense
from snap_tf.gamm.solver.system import Solution

__all__ = ["Laplace", "LaplaceCriterion"]

_MAX_STEPS = 200
_DONE = 1e-23  # Newton decrement, relative to the penalised log likelihood, at which coefficients are final
_ROUNDING = 1e-12  # changes of the penalised log likelihood below this part of it are rounding


@dataclass(frozen=True, eq=False)
class LaplaceCriterion(Criterion):
    """The criterion with what belongs to its coefficients.

    Attributes:
        system: with the Newton weights at the coefficients.
        eta: float [n], linear predictor, rows in the order of the system.
        theta: float [n_theta], parameters of the family.
        log_likelihood: at the coefficients.
    """

    system: WeightedSystem
    eta: np.ndarray
    theta: np.ndarray
    log_likelihood: float


@dataclass(frozen=True, eq=False)
class _Mode:
    """Coefficients of largest penalised likelihood."""

    system: WeightedSystem
    factor: Factor
    vectors: Vectors
    eta: np.ndarray
    slopes: Derivatives
    log_likelihood: float
    penalty: float


class Laplace:
    """LAML of a system and a family, as a function of log smoothing parameters and theta.

    Attributes:
        system: the system; rows below are in its order.
        family: the family.
        response: float [n].
        weights: float [n], prior weights.
        offset: float [n], added to the linear predictor.
        penalised: what ML sees of the fixed part, float [p, rank]; None for REML.
        n_parameters: smoothing parameters and theta.
        start: float [n_parameters], where a search can begin.
    """

    def __init__(self, system: WeightedSystem, family: Family, response: np.ndarray, weights: np.ndarray,
                 offset: np.ndarray, method: str = "REML") -> None:
        """Take a system, a family and the rows."""
        self.system, self.family = system, family
        self.response, self.weights, self.offset = response, weights, offset
        self.penalised = system.penalties.free_directions(penalised=True) if method == "ML" else None
        self.n_parameters = system.penalties.n_sp + family.n_theta
        self.start = np.append(np.zeros(system.penalties.n_sp), family.start_theta(response))
        self._last: Vectors | None = None  # coefficients found last, from which the next search begins

    def __call__(self, point: np.ndarray) -> LaplaceCriterion:
        """Evaluate the criterion and its slopes.

        Args:
            point: float [n_parameters], log smoothing parameters, then theta.

        Raises:
            numpy.linalg.LinAlgError: the Hessian at the coefficients is not positive definite.
        """
        penalties = self.system.penalties
        log_sp, theta = point[: penalties.n_sp], point[penalties.n_sp :]
        sp = np.exp(log_sp)
        mode = self._mode(sp, theta)
        system, factor, slopes = mode.system, mode.factor, mode.slopes
        deviance = float(self.family.deviances(self.response, self.family.mean(mode.eta), theta, self.weights).sum())
        solution = Solution(factor, mode.vectors, penalties.fixed_sum(sp), penalties.diagonals(sp), deviance,
                            deviance + mode.penalty)
        seen, log_dense = restricted_dense(factor, system.p, self.penalised)
        log_s, log_s1, _ = penalties.log_determinant(log_sp)
        n_free = penalties.n_free if self.penalised is None else 0
        value = (-mode.log_likelihood + mode.penalty / 2
                 + 0.5 * (factor.log_determinant_random + log_dense - log_s - n_free * np.log(2 * np.pi)))
        inverse = selected_inverse(factor, seen)
        leverage = system.row_variances(factor, inverse)
        # log|H| falls by leverage * l_eta_eta_eta / 2 with every row's eta: what that is by coefficients, through H^-1
        pull = solve(factor, system.transposed(-leverage * slopes.third))
        pulls = penalised_vectors(system, solution, sp)
        quadratic = np.array([_product(own, mode.vectors) for own in pulls])
        through = np.array([_product(own, pull) for own in pulls])
        by_sp = 0.5 * (quadratic + penalty_traces(system, solution, inverse, sp) - log_s1 - through)
        by_theta = -slopes.theta + 0.5 * (slopes.first_theta @ system.predictor(pull) - slopes.second_theta @ leverage)
        gradient = np.append(by_sp, by_theta)
        unknown = np.full((len(point), len(point)), np.nan)
        return LaplaceCriterion(float(value), gradient, unknown, solution, system, mode.eta, np.array(theta),
                                mode.log_likelihood)

    def expected(self, found: LaplaceCriterion) -> tuple[WeightedSystem, Solution]:
        """The system with expected weights in place of Newton ones, and the solution with its H.

        Covariances and effective degrees of freedom are those of the expected information: for the scaled t
        distribution single Newton weights are negative. With a canonical link both are the same.
        """
        system = self.system.weighted(self.family.information(found.eta, found.theta, self.weights))
        factor = system.factorised(found.solution.diagonals, found.solution.fixed_penalty)
        return system, replace(found.solution, factor=factor)

    def _mode(self, sp: np.ndarray, theta: np.ndarray) -> _Mode:
        """Find the coefficients of largest penalised likelihood by Newton steps with step halving."""
        system, penalties = self.system, self.system.penalties
        diagonals, fixed_penalty = penalties.diagonals(sp), penalties.fixed_sum(sp)

        def penalty_of(vectors: Vectors) -> float:
            return _product(_times(diagonals, fixed_penalty, vectors), vectors)

        def value_of(eta: np.ndarray, vectors: Vectors) -> float:
            return self.family.log_likelihood(self.response, eta, theta, self.weights) - penalty_of(vectors) / 2

        vectors = self._last if self._last is not None else self._first(theta, diagonals, fixed_penalty)
        eta = system.predictor(vectors) + self.offset
        value, before = value_of(eta, vectors), np.inf
        for _ in range(_MAX_STEPS):
            slopes = self.family.derivatives(self.response, eta, theta, self.weights)
            right = system.transposed(slopes.first)
            right = [a - b for a, b in zip(right, _times(diagonals, fixed_penalty, vectors), strict=True)]
            weighted, factor, is_newton = self._factorised(slopes, eta, theta, diagonals, fixed_penalty)
            step = solve(factor, right)
            decrement = _product(right, step)
            close = decrement <= _ROUNDING * (1 + abs(value))
            if is_newton and (decrement <= _DONE * (1 + abs(value)) or (close and decrement >= before / 4)):
                self._last = vectors
                likelihood = value + penalty_of(vectors) / 2
                return _Mode(weighted, factor, vectors, eta, slopes, likelihood, penalty_of(vectors))
            before = decrement
            found = _climb(vectors, step, eta, system.predictor(step), value, value_of)
            if found is None:
                break
            vectors, eta, value = found
        raise np.linalg.LinAlgError("the penalised likelihood has no maximum that Newton steps find")

    def _first(self, theta: np.ndarray, diagonals: list[np.ndarray], fixed_penalty: np.ndarray) -> Vectors:
        """One step of iteratively reweighted least squares from the response."""
        eta = self.family.start(self.response, self.weights)
        information = self.family.information(eta, theta, self.weights)
        slopes = self.family.derivatives(self.response, eta, theta, self.weights)
        factor = self.system.weighted(information).factorised(diagonals, fixed_penalty)
        return solve(factor, self.system.transposed(information * (eta - self.offset) + slopes.first))

    def _factorised(self, slopes: Derivatives, eta: np.ndarray, theta: np.ndarray, diagonals: list[np.ndarray],
                    fixed_penalty: np.ndarray) -> tuple[WeightedSystem, Factor, bool]:
        """Factorise with Newton weights, or, where these give no maximum, with expected ones."""
        weighted = self.system.weighted(-slopes.second)
        try:
            return weighted, weighted.factorised(diagonals, fixed_penalty), True
        except np.linalg.LinAlgError:
            weighted = self.system.weighted(self.family.information(eta, theta, self.weights))
            return weighted, weighted.factorised(diagonals, fixed_penalty), False


def _climb(vectors: Vectors, step: Vectors, eta: np.ndarray, eta_step: np.ndarray, value: float,
           value_of: Callable[[np.ndarray, Vectors], float]) -> tuple[Vectors, np.ndarray, float] | None:
    """Halve the step until the penalised likelihood does not fall; None where no step does that."""
    share = 1.0
    for _ in range(50):
        there = [a + share * b for a, b in zip(vectors, step, strict=True)]
        eta_there = eta + share * eta_step
        found = value_of(eta_there, there)
        if found >= value - _ROUNDING * (1 + abs(value)):
            return there, eta_there, found
        share /= 2
    return None


def _times(diagonals: list[np.ndarray], fixed_penalty: np.ndarray, vectors: Vectors) -> Vectors:
    """S times coefficients."""
    random = [diagonal[:, None] * vector for diagonal, vector in zip(diagonals, vectors, strict=False)]
    return [*random, fixed_penalty @ vectors[-1]]


def _product(left: Vectors, right: Vectors) -> float:
    return sum(float(np.sum(a * b)) for a, b in zip(left, right, strict=True))
