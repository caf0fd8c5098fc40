"""Gaussian models: REML or ML for any rho, AR(1) errors whitened."""

from __future__ import annotations

import numpy as np

from snap_tf.gamm.problems.problem import Optimum, Problem
from snap_tf.gamm.solver.autoregression import log_jacobian
from snap_tf.gamm.solver.reml import Likelihood, minimise
from snap_tf.gamm.solver.system import System

__all__ = ["GaussianProblem"]

_EXACT = 1e-13  # a residual variance below this part of the response's is a perfect fit


class GaussianProblem(Problem):
    """A Gaussian model and its table."""

    def optimum(self, rho: float) -> Optimum:
        """Whiten, and find the smoothing parameters.

        Raises:
            GammError: fewer rows than free terms, or a perfect fit.
        """
        penalties = self.design.penalties(self.rows.layout)
        system = System([pattern.block(self.response, rho) for pattern in self.rows.patterns], self.rows.units,
                        self.rows.layout, penalties)
        n = system.n_rows
        self.check_rows(penalties.n_free)
        jacobian = log_jacobian(n, int(self.table.starts.sum()), rho)
        jacobian += 0.5 * float(np.log(self.table.weights).sum())
        likelihood = Likelihood(system, self.method, jacobian)
        log_sp, found, n_steps, converged = minimise(likelihood, penalties.n_sp)
        solution = found.solution
        if solution.penalised_ss / n < _EXACT:
            raise self.perfect_fit()
        spread = solution.residual_ss * self.unit**2 / n
        log_likelihood = -n / 2 * (np.log(2 * np.pi * spread) + 1) + jacobian
        return Optimum(system, solution, likelihood, found, log_sp, np.exp(log_sp), np.zeros(0),
                       found.value + likelihood.dof * float(np.log(self.unit)), float(log_likelihood), likelihood.dof,
                       float(np.abs(found.gradient).max(initial=0.0)), n_steps, converged)

    def standardised_residuals(self, optimum: Optimum, rho: float) -> np.ndarray:
        """Residuals without their AR(1) part, in the order of the sorted table; float [n]."""
        residuals = self.predictor_and_residuals(optimum)[1]
        white = np.empty_like(residuals)
        for pattern in self.rows.patterns:
            white[pattern.rows] = pattern.white(residuals[pattern.rows], rho)
        return white
