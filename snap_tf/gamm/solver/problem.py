"""A model and its table made numeric: solved for any rho, residuals on the response's own scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.model.table import PreparedTable
from snap_tf.gamm.model.terms import Model
from snap_tf.gamm.solver.autoregression import log_jacobian
from snap_tf.gamm.solver.design import Design, check_identifiable, group_rows
from snap_tf.gamm.solver.reml import Criterion, Likelihood, minimise
from snap_tf.gamm.solver.smooths import Knots
from snap_tf.gamm.solver.system import Solution, System

__all__ = ["METHODS", "Optimum", "Problem"]

METHODS = ("REML", "ML")
_EXACT = 1e-13  # a residual variance below this part of the response's is a perfect fit


@dataclass(frozen=True, eq=False)
class Optimum:
    """The optimum: smoothing parameters that minimise REML or ML, and the coefficients there.

    Attributes:
        system: the whitened system.
        likelihood: its REML or ML.
        log_sp: float [n_sp], logarithms of the smoothing parameters.
        criterion: score, slopes and solution there.
        n_steps: Newton steps taken.
        converged: whether the slope is zero within rounding.
    """

    system: System
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
        rows: the table's rows sorted into cells and patterns.
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
        self.rows = group_rows(self.design, table)
        check_identifiable(self.design, self.rows.patterns)
        self._check_coefficients()
        raw = table.frame[model.response].to_numpy() - table.offset
        if np.ptp(raw) == 0:
            raise GammError(f"`{model.response}` must vary; it is {raw[0]:g} in every row")
        parametric, roots = self.design.parametric(table.frame), np.sqrt(table.weights)
        own = slice(0, parametric.shape[1])
        self.offset = np.zeros(self.design.p)
        self.offset[own] = np.linalg.lstsq(parametric * roots[:, None], raw * roots, rcond=None)[0]
        centred = raw - parametric @ self.offset[own]
        self.unit = float(np.sqrt(np.mean(centred**2)))
        if self.unit <= 1e-12 * np.abs(raw).max():
            raise GammError(f"`{model.response}` must vary within the parametric terms; it is constant there")
        self.response = centred / self.unit

    def _check_coefficients(self) -> None:
        """Refuse what mgcv refuses: levels would be fitted exactly, and no degree of freedom be left to test with."""
        n_rows, layout = len(self.table.frame), self.rows.layout
        n_coefficients = self.design.p + self.rows.n_coefficients
        if n_coefficients <= n_rows:
            return
        if len(self.design.random) > 1:
            counts = ", ".join(f"{n} x {width} of `{part.factor}`" for n, width, part in
                               zip(layout.n_units, layout.widths, self.design.random, strict=True))
            raise GammError(f"the model (={n_coefficients} coefficients, of which {counts}) must have no more than the "
                            f"table has rows, {n_rows}; lower k of random smooths, or give levels an intercept only")
        n_tokens, per_token = (layout.n_units[0], layout.widths[0]) if layout.n_units else (0, 0)
        fit = (n_rows - self.design.p) // max(n_tokens, 1)
        tokens = f", {per_token} of them for each of {n_tokens} tokens" if per_token else ""
        advice = (f"lower `k_random` to {fit}" if 2 < fit < per_token
                  else "give tokens an intercept, or nothing, of their own" if per_token > 1 else "take a smaller `k`")
        raise GammError(f"the model (={n_coefficients} coefficients{tokens}) must have no more than the table has "
                        f"rows, {n_rows}; {advice}")

    def optimum(self, rho: float) -> Optimum:
        """Whiten, and find the smoothing parameters.

        Raises:
            GammError: fewer rows than free terms, or a perfect fit.
        """
        penalties = self.design.penalties(self.rows.layout)
        system = System([pattern.block(self.response, rho) for pattern in self.rows.patterns], self.rows.units,
                        self.rows.layout, penalties)
        if system.n_rows <= penalties.n_free + 1:
            raise GammError(f"the table (={system.n_rows} rows) must have more rows than the model has free terms "
                            f"({penalties.n_free})")
        jacobian = log_jacobian(system.n_rows, int(self.table.starts.sum()), rho)
        jacobian += 0.5 * float(np.log(self.table.weights).sum())
        likelihood = Likelihood(system, self.method, jacobian)
        found = Optimum(system, likelihood, *minimise(likelihood, penalties.n_sp))
        if found.solution.penalised_ss / system.n_rows < _EXACT:
            raise GammError(f"`{self.model.response}` must not be fitted exactly by the model (residual variance 0); "
                            "use a smaller model")
        return found

    def residuals(self, optimum: Optimum) -> np.ndarray:
        """Residuals on the response's scale, not whitened: float [n], in the order of the sorted table."""
        residuals = np.empty(len(self.response))
        local = optimum.system.everything.gather(optimum.solution.vectors)[:, :, 0]
        for pattern in self.rows.patterns:
            residuals[pattern.rows] = self.response[pattern.rows] - pattern.columns @ local[pattern.cells].T
        return residuals * self.unit

    def white(self, values: np.ndarray, rho: float) -> np.ndarray:
        """Whiten values of all rows: float [n], in the order of the sorted table."""
        white = np.empty_like(values)
        for pattern in self.rows.patterns:
            white[pattern.rows] = pattern.white(values[pattern.rows], rho)
        return white
