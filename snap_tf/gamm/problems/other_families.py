"""Models of other families than Gaussian: REML or ML by Laplace approximation."""

from __future__ import annotations

import numpy as np

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.problems.laml import Laplace
from snap_tf.gamm.problems.problem import Optimum, Problem
from snap_tf.gamm.problems.weighted import WeightedSystem
from snap_tf.gamm.solver.reml import minimise
from snap_tf.gamm.solver.system import Cells

__all__ = ["FamilyProblem"]

_CERTAIN = 1e-9  # variance of a response below which it is certain
_EXACT = -14.0  # a log sigma below this, in units of the response, is a perfect fit


class FamilyProblem(Problem):
    """A model of another family and its table."""

    def optimum(self, rho: float = 0.0) -> Optimum:
        """Find smoothing parameters and the parameters of the family; errors are independent.

        Raises:
            GammError: fewer rows than free terms, a perfect fit, or no maximum.
        """
        table, penalties = self.table, self.design.penalties(self.rows.layout)
        self.check_rows(penalties.n_free)
        order = np.concatenate([pattern.rows.reshape(-1) for pattern in self.rows.patterns])
        system = WeightedSystem([Cells(pattern.columns, self.response[pattern.rows], pattern.cells)
                                 for pattern in self.rows.patterns], self.rows.units, self.rows.layout, penalties)
        offset = np.zeros(len(order)) if self.family.link == "identity" else table.offset[order]
        laplace = Laplace(system, self.family, self.response[order], table.weights[order], offset, self.method)
        try:
            point, found, n_steps, converged = minimise(laplace, laplace.n_parameters, start=laplace.start)
            weighted, solution = laplace.expected(found)
        except np.linalg.LinAlgError as error:
            raise GammError(f"the model of `{self.model.response}` could not be fitted with family {self.family.name} "
                            f"({error}); take a smaller model, or look for words in which the response is constant"
                            ) from error
        if self.family.name == "scat" and found.theta[1] < _EXACT:
            raise self.perfect_fit()
        total, log_unit = float(table.weights.sum()), float(np.log(self.unit))
        dof = total - (penalties.n_free if self.method == "REML" else 0)
        log_sp = point[: penalties.n_sp]
        return Optimum(weighted, solution, laplace, found, log_sp, np.exp(log_sp) / self.unit**2,
                       self.family.rescaled(found.theta, self.unit), found.value + dof * log_unit,
                       found.log_likelihood - total * log_unit, dof,
                       float(np.abs(found.gradient).max(initial=0.0)), n_steps, converged,
                       self._notices(found.eta, found.theta))

    def _notices(self, eta: np.ndarray, theta: np.ndarray) -> tuple[str, ...]:
        """Say in how many rows the response is certain: the likelihood then rises for ever with some estimate."""
        n_certain = int(np.sum(self.family.information(eta, theta, np.ones(len(eta))) < _CERTAIN))
        if self.family.link == "identity" or not n_certain:
            return ()
        values = "0 or 1" if self.family.name == "binomial" else "0"
        return (f"the fitted values of {n_certain} of {len(eta)} rows are {values}: where all responses of a word are "
                "alike, its estimate has no end and its test means nothing",)

    def standardised_residuals(self, optimum: Optimum, rho: float = 0.0) -> np.ndarray:
        """Deviance residuals: signed square roots of every row's deviance; float [n]."""
        predictor, residuals = self.predictor_and_residuals(optimum)
        response = self.table.frame[self.model.response].to_numpy(float)
        deviances = self.family.deviances(response, self.family.mean(predictor), optimum.theta, self.table.weights)
        return np.sign(residuals) * np.sqrt(np.maximum(deviances, 0))
