"""A model and its table made numeric: solved for any rho, residuals on the response's own scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.model.table import PreparedTable
from snap_tf.gamm.model.terms import Model
from snap_tf.gamm.solver.autoregression import log_jacobian
from snap_tf.gamm.solver.blocks import BlockSystem, Solution
from snap_tf.gamm.solver.design import Design, Knots, check_identifiable, token_patterns
from snap_tf.gamm.solver.reml import Criterion, Likelihood, minimise

__all__ = ["METHODS", "Optimum", "Problem"]

METHODS = ("REML", "ML")
_EXACT = 1e-13  # a residual variance below this part of the response's is a perfect fit


@dataclass(frozen=True, eq=False)
class Optimum:
    """The optimum: smoothing parameters that minimise REML or ML, and the coefficients there.

    Attributes:
        system: the whitened block system.
        likelihood: its REML or ML.
        log_sp: float [n_sp], logarithms of the smoothing parameters.
        criterion: score, slopes and solution there.
        n_steps: Newton steps taken.
        converged: whether the slope is zero within rounding.
    """

    system: BlockSystem
    likelihood: Likelihood
    log_sp: np.ndarray
    criterion: Criterion
    n_steps: int
    converged: bool

    @property
    def solution(self) -> Solution:
        """Coefficients and parts of the inverse."""
        return self.criterion.solution

    @property
    def slope(self) -> float:
        """Largest slope of the score."""
        return float(np.abs(self.criterion.gradient).max(initial=0.0))


class Problem:
    """A model and its table, ready to be solved for any rho.

    The response is worked with less its regression on the parametric part and divided by what is left, so that
    neither a large mean nor a small unit costs accuracy.

    Attributes:
        model: the model.
        table: the sorted table.
        method: `REML` or `ML`.
        design: columns and penalties.
        patterns: groups of tokens that share their rows of the design.
        n_tokens: levels of the random factor, or series.
        offset: float [p], coefficients of the regression taken out.
        unit: what the rest was divided by.
        response: float [n], the response as it is worked with.
    """

    def __init__(self, model: Model, table: PreparedTable, knots: Knots = None, method: str = "REML") -> None:
        """Make the columns of a model for a table.

        Raises:
            GammError: the response does not vary, the model does not fit the table or has more coefficients than it
                has rows.
        """
        self.model, self.table, self.method = model, table, method
        self.design = Design(model, table, knots)
        self.patterns = token_patterns(self.design, table)
        self.n_tokens = int(table.blocks[-1]) + 1
        check_identifiable(self.design, self.patterns)
        self._check_coefficients()
        raw = table.frame[model.response].to_numpy()
        if np.ptp(raw) == 0:
            raise GammError(f"`{model.response}` must vary; it is {raw[0]:g} in every row")
        parametric = self.design.parametric(table.frame)
        own = slice(0, parametric.shape[1])
        self.offset = np.zeros(self.design.p)
        self.offset[own] = np.linalg.lstsq(parametric, raw, rcond=None)[0]
        centred = raw - parametric @ self.offset[own]
        self.unit = float(np.sqrt(np.mean(centred**2)))
        if self.unit <= 1e-12 * np.abs(raw).max():
            raise GammError(f"`{model.response}` must vary within the parametric terms; it is constant there")
        self.response = centred / self.unit

    def _check_coefficients(self) -> None:
        """Refuse what mgcv refuses: tokens would be fitted exactly, and no degree of freedom be left to test with."""
        n_rows, per_token = len(self.table.blocks), self.patterns[0].random.shape[1]
        n_coefficients = self.design.p + self.n_tokens * per_token
        if n_coefficients <= n_rows:
            return
        fit = (n_rows - self.design.p) // max(self.n_tokens, 1)
        tokens = f", {per_token} of them for each of {self.n_tokens} tokens" if per_token else ""
        advice = (f"lower `k_random` to {fit}" if 2 < fit < per_token
                  else "give tokens an intercept, or nothing, of their own" if per_token > 1 else "take a smaller `k`")
        raise GammError(f"the model (={n_coefficients} coefficients{tokens}) must have no more than the table has "
                        f"rows, {n_rows}; {advice}")

    def optimum(self, rho: float) -> Optimum:
        """Whiten, and find the smoothing parameters.

        Raises:
            GammError: fewer rows than free terms, or a perfect fit.
        """
        system = BlockSystem([pattern.block(self.response, rho) for pattern in self.patterns],
                             self.design.fixed_penalties(), self.design.random_penalties(self.n_tokens))
        n_free = self.design.unpenalised.shape[1]
        if system.n_rows <= n_free + 1:
            raise GammError(f"the table (={system.n_rows} rows) must have more rows than the model has free terms "
                            f"({n_free})")
        jacobian = log_jacobian(system.n_rows, int(self.table.starts.sum()), rho)
        likelihood = Likelihood(system, n_free, jacobian, self.design.penalised if self.method == "ML" else None)
        found = Optimum(system, likelihood, *minimise(likelihood, len(system.penalties)))
        if found.solution.penalised_ss / system.n_rows < _EXACT:
            raise GammError(f"`{self.model.response}` must not be fitted exactly by the model (residual variance 0); "
                            "use a smaller model")
        return found

    def residuals(self, optimum: Optimum) -> np.ndarray:
        """Residuals on the response's scale, not whitened: float [n], in the order of the sorted table."""
        residuals = np.empty(len(self.response))
        for pattern, effects in zip(self.patterns, optimum.solution.effects, strict=True):
            fitted = (pattern.fixed @ optimum.solution.beta)[:, None] + pattern.random @ effects
            residuals[pattern.rows] = self.response[pattern.rows] - fitted
        return residuals * self.unit
