"""A model and its table made numeric: design, rows sorted into cells, response as it is worked with.

`gaussian` and `other_families` solve it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.model.families import family_of
from snap_tf.gamm.model.table import PreparedTable
from snap_tf.gamm.model.terms import Model
from snap_tf.gamm.solver.design import Design, check_identifiable, group_rows
from snap_tf.gamm.solver.reml import Criterion
from snap_tf.gamm.solver.smooths import Knots
from snap_tf.gamm.solver.system import Solution, System

__all__ = ["METHODS", "Optimum", "Problem"]

METHODS = ("REML", "ML")


@dataclass(frozen=True, eq=False)
class Optimum:
    """The optimum: smoothing parameters that minimise REML or ML, and the coefficients there.

    Coefficients and sums of squares are in units of the problem, everything else on the response's own scale.

    Attributes:
        system: the whitened or weighted system.
        solution: coefficients and the factorised system.
        likelihood: REML or ML as a function of what is estimated.
        criterion: its value and slopes there.
        log_sp: float [n_sp], logarithms of the smoothing parameters, in units of the problem.
        sp: float [n_sp], smoothing parameters.
        theta: float [n_theta], parameters of the family.
        score: REML or ML.
        log_likelihood: of the response, random effects included; at its largest over the residual variance.
        dof: what REML or ML divides by to estimate the residual variance.
        slope: largest slope of the score.
        n_steps: Newton steps taken.
        converged: whether the slope is zero within rounding.
        notices: what a user should know about it, in sentences.
    """

    system: System
    solution: Solution
    likelihood: Callable[[np.ndarray], Criterion]
    criterion: Criterion
    log_sp: np.ndarray
    sp: np.ndarray
    theta: np.ndarray
    score: float
    log_likelihood: float
    dof: float
    slope: float
    n_steps: int
    converged: bool
    notices: tuple[str, ...] = ()


class Problem(ABC):
    """A model and its table, ready to be solved.

    A response with the identity link is worked with less its regression on the parametric part and divided by what is
    left, so that neither a large mean nor a small unit costs accuracy.

    Attributes:
        model: the model.
        table: the sorted table.
        method: `REML` or `ML`.
        family: the family.
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
        self.model, self.table, self.method, self.family = model, table, method, family_of(model.family)
        self.design = Design(model, table, knots)
        self.rows = group_rows(self.design, table)
        check_identifiable(self.design, self.rows.patterns)
        self._check_coefficients()
        self.offset, self.unit = np.zeros(self.design.p), 1.0
        self.response = table.frame[model.response].to_numpy(float)
        raw = self.response - table.offset if self.family.link == "identity" else self.response
        if np.ptp(raw) == 0:
            raise GammError(f"`{model.response}` must vary; it is {raw[0]:g} in every row")
        if self.family.link == "identity":
            self._standardise(raw)

    def _standardise(self, raw: np.ndarray) -> None:
        """Take the regression on the parametric part out of the response, and its unit."""
        parametric, roots = self.design.parametric(self.table.frame), np.sqrt(self.table.weights)
        own = slice(0, parametric.shape[1])
        self.offset[own] = np.linalg.lstsq(parametric * roots[:, None], raw * roots, rcond=None)[0]
        centred = raw - parametric @ self.offset[own]
        self.unit = float(np.sqrt(np.mean(centred**2)))
        if self.unit <= 1e-12 * np.abs(raw).max():
            raise GammError(f"`{self.model.response}` must vary within the parametric terms; it is constant there")
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

    @abstractmethod
    def optimum(self, rho: float) -> Optimum:
        """Find the smoothing parameters, the errors of a series having the AR(1) coefficient rho.

        Raises:
            GammError: fewer rows than free terms, or a perfect fit.
        """

    @abstractmethod
    def standardised_residuals(self, optimum: Optimum, rho: float) -> np.ndarray:
        """Residuals that are independent and of one variance if the model is right: float [n], sorted as the table."""

    def check_rows(self, n_free: int) -> None:
        """Refuse a table with too few rows for the directions that no penalty holds.

        Raises:
            GammError: saying how many there are.
        """
        n_rows = len(self.table.frame)
        if n_rows <= n_free + 1:
            raise GammError(f"the table (={n_rows} rows) must have more rows than the model has free terms "
                            f"({n_free})")

    def perfect_fit(self) -> GammError:
        """The refusal of a model without residuals."""
        return GammError(f"`{self.model.response}` must not be fitted exactly by the model (residual variance 0); "
                         "use a smaller model")

    def predictor_and_residuals(self, optimum: Optimum) -> tuple[np.ndarray, np.ndarray]:
        """Linear predictor, and response minus fitted; on the response's scale, float [n], sorted as the table."""
        own = np.empty(len(self.response))
        local = optimum.system.everything.gather(optimum.solution.vectors)[:, :, 0]
        for pattern in self.rows.patterns:
            own[pattern.rows] = pattern.columns @ local[pattern.cells].T
        response = self.table.frame[self.model.response].to_numpy(float)
        if self.family.link != "identity":
            predictor = own + self.table.offset
            return predictor, response - self.family.mean(predictor)
        residuals = (self.response - own) * self.unit  # exact also where the response has a large mean
        return response - residuals, residuals
