"""Fit a model: table in, `GammFit` out."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from snap_tf.gamm.autoregression import MAX_RHO, Autocorrelation, log_jacobian, measure, whiten
from snap_tf.gamm.blocks import BlockSystem
from snap_tf.gamm.columns import ordered_columns
from snap_tf.gamm.design import Design, Knots, TokenPattern, check_identifiable, token_patterns
from snap_tf.gamm.errors import GammError, GammWarning
from snap_tf.gamm.formula import parse_formula
from snap_tf.gamm.freedom import Freedom, effective_degrees
from snap_tf.gamm.model import Model
from snap_tf.gamm.reml import Criterion, Likelihood, minimise
from snap_tf.gamm.result import GammFit
from snap_tf.gamm.significance import (
    parametric_p,
    penalised_smooth_test,
    random_reference_df,
    random_test,
    smooth_test,
)
from snap_tf.gamm.table import PreparedTable, prepare_table

__all__ = ["METHODS", "fit_model", "gamm"]

METHODS = ("REML", "ML")
_EXACT = 1e-13  # a residual variance below this part of the response's is a perfect fit


def gamm(formula: str, data: pd.DataFrame, *, rho: float | str = 0.0, token: str | None = None,
         start: str | None = None, reference: Mapping[str, object] | None = None, knots: Knots = None,
         method: str = "REML") -> GammFit:
    """Fit a generalised additive mixed model written in mgcv's words.

    ```
    gamm("Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)", data, rho="auto")
    ```

    Args:
        formula: the model, see `parse_formula`. `by=` beside a plain smooth of the same variable, or of an ordered
            categorical column, gives difference smooths to the first level; otherwise one smooth for every level.
        data: long table, a row per token and time. The first level of a factor is that of the first row, or the
            first category of a categorical column.
        rho: AR(1) coefficient of the errors within a series, 0 up to 1; `auto` takes it from a first fit without.
        token: column that tells series apart, where it is not the random term's factor (such as tokens within
            speakers).
        start: column that is 1 in the first row of every series, instead of or beside `token`.
        reference: by column, the level that the others are compared with.
        knots: number of equally spaced knots, or the knots, or either by variable.
        method: `REML`, or `ML` to compare models with different fixed parts.

    Raises:
        GammError: the formula, the table or an option cannot be used; the message says what to do.
    Source: Wood 2011, JRSSB 73:3; Wood, Goude & Shaw 2015, JRSSC 64:139.
    """
    return fit_model(parse_formula(formula), data, rho=rho, token=token, start=start, reference=reference,
                     knots=knots, method=method)


def fit_model(model: Model, data: pd.DataFrame, *, rho: float | str = 0.0, token: str | None = None,
              start: str | None = None, reference: Mapping[str, object] | None = None, knots: Knots = None,
              method: str = "REML", factors: Iterable[str] = ()) -> GammFit:
    """Fit a model given as an object; arguments as for `gamm`, and `factors`, columns of numbers that are labels.

    Raises:
        GammError: the table or an option cannot be used.
    """
    started = time.perf_counter()
    if method not in METHODS:
        raise GammError(f"method (={method}) must be one of {', '.join(METHODS)}")
    fixed_rho = _read_rho(rho)
    model = model.with_by_kinds(ordered_columns(model, data))
    table = prepare_table(model, data, token=token, start=start, reference=reference, factors=factors)
    notices = list(table.notices)
    if fixed_rho != 0 and not table.series_known:
        raise GammError(f"rho (={rho}) must be 0 where nothing tells one series from the next; name the token or the "
                        "start column")
    problem = _Problem(model, table, knots, method)
    errors = Autocorrelation(fixed_rho or 0.0)
    if fixed_rho is None:
        errors = measure(problem.residuals(*problem.optimum(0.0)[:2]), table.starts)
        if errors.series_lag1 is not None and errors.series_lag1 <= 0:
            notices.append(f"the residuals' lag-1 autocorrelation is {errors.series_lag1:.3f}, so rho is 0: the model "
                           "already follows every token closely")
    fit = problem.fit(errors, notices, started)
    for notice in fit.notices:
        warnings.warn(notice, GammWarning, stacklevel=3)
    return fit


class _Problem:
    """A model and its table, ready to be solved for any rho.

    The response is worked with less its regression on the parametric part and divided by what is left, so that
    neither a large mean nor a small unit costs accuracy.
    """

    def __init__(self, model: Model, table: PreparedTable, knots: Knots, method: str) -> None:
        self.model, self.table, self.method = model, table, method
        self.design = Design(model, table, knots)
        self.patterns: list[TokenPattern] = token_patterns(self.design, table)
        self.n_tokens = int(table.blocks[-1]) + 1
        raw = table.frame[model.response].to_numpy()
        if np.ptp(raw) == 0:
            raise GammError(f"`{model.response}` must vary; it is {raw[0]:g} in every row")
        self.offset = np.zeros(self.design.p)
        parametric = self.design.parametric(table.frame)
        self.offset[: parametric.shape[1]] = np.linalg.lstsq(parametric, raw, rcond=None)[0]
        check_identifiable(self.design, self.patterns)
        centred = raw - parametric @ self.offset[: parametric.shape[1]]
        self.unit = float(np.sqrt(np.mean(centred**2)))
        if self.unit <= 1e-12 * np.abs(raw).max():
            raise GammError(f"`{model.response}` must vary within the parametric terms; it is constant there")
        self.response = centred / self.unit

    def optimum(self, rho: float) -> tuple[BlockSystem, Criterion, int, bool, Likelihood]:
        """Whiten, and find the smoothing parameters."""
        system = BlockSystem([pattern.block(self.response, rho) for pattern in self.patterns],
                             self.design.fixed_penalties(), self.design.random_penalties(self.n_tokens))
        jacobian = log_jacobian(system.n_rows, int(self.table.starts.sum()), rho)
        likelihood = Likelihood(system, self.design.unpenalised.shape[1], jacobian,
                                self.design.penalised if self.method == "ML" else None)
        if system.n_rows <= self.design.unpenalised.shape[1] + 1:
            raise GammError(f"the table (={system.n_rows} rows) must have more rows than the model has free terms")
        self.log_sp, criterion, n_steps, converged = minimise(likelihood, len(system.penalties))
        if criterion.solution.penalised_ss / system.n_rows < _EXACT:
            raise GammError(f"`{self.model.response}` must not be fitted exactly by the model (residual variance 0); "
                            "use a smaller model")
        return system, criterion, n_steps, converged, likelihood

    def residuals(self, system: BlockSystem, criterion: Criterion) -> np.ndarray:
        """Residuals on the response's scale, not whitened, in the order of the sorted table."""
        solution = criterion.solution
        residuals = np.empty(len(self.response))
        for pattern, effects in zip(self.patterns, solution.effects, strict=True):
            fitted = (pattern.fixed @ solution.beta)[:, None] + pattern.random @ effects
            residuals[pattern.rows] = self.response[pattern.rows] - fitted
        return residuals * self.unit

    def fit(self, errors: Autocorrelation, notices: list[str], started: float) -> GammFit:
        """Solve for one rho and put everything that can be known about the fit together."""
        system, criterion, n_steps, converged, likelihood = self.optimum(errors.rho)
        solution, design = criterion.solution, self.design
        freedom = effective_degrees(system, solution)
        residual_df = system.n_rows - freedom.total
        scale = (solution.penalised_ss / likelihood.dof if self.method == "REML"
                 else solution.residual_ss / residual_df)
        covariance = scale * solution.schur_inverse
        smooths = self._smooth_table(system, criterion, freedom, scale, covariance, residual_df)
        residuals = self.residuals(system, criterion)
        white = np.empty_like(residuals)
        for pattern in self.patterns:
            white[pattern.rows] = whiten(residuals[pattern.rows], pattern.starts, errors.rho)
        rows, table = self.table.rows, self.table
        in_order = np.empty_like(residuals)
        in_order[rows] = residuals
        response = np.empty_like(residuals)
        response[rows] = table.frame[self.model.response].to_numpy()
        if not converged:
            notices = [*notices, f"the smoothing parameters had not settled after {n_steps} steps (largest slope "
                       f"{np.abs(criterion.gradient).max():.2g}); look at the fit with care"]
        beta = self.offset + self.unit * solution.beta
        return GammFit(
            model=self.model, method=self.method, design=design, frame=table.frame, rows=rows, starts=table.starts,
            parametric=_parametric_table(design, beta, covariance * self.unit**2, residual_df), smooths=smooths,
            score=criterion.value + likelihood.dof * np.log(self.unit), sig2=scale * self.unit**2,
            sp=dict(zip(design.sp_names, np.exp(self.log_sp).tolist(), strict=True)), errors=errors,
            edf_total=freedom.total, n=system.n_rows, n_tokens=self.n_tokens if table.series_known else 0,
            fitted=response - in_order, resid=in_order, white_residuals=white,
            residual_ss=solution.residual_ss * self.unit**2, log_jacobian=likelihood.log_jacobian,
            beta=beta, covariance=covariance * self.unit**2,
            between_df=self._between_df() if system.q else residual_df,
            effects=self._effects(solution.effects), block_names=table.block_names,
            n_steps=n_steps, gradient=float(np.abs(criterion.gradient).max(initial=0.0)), converged=converged,
            notices=tuple(notices), seconds=time.perf_counter() - started)

    def _smooth_table(self, system: BlockSystem, criterion: Criterion, freedom: Freedom, scale: float,
                      covariance: np.ndarray, residual_df: float) -> pd.DataFrame:
        rows = []
        for smooth in self.design.smooths:
            own = smooth.columns
            if smooth.basis.base.order == 1:
                test = penalised_smooth_test(system, criterion.solution, self.design.unpenalised, own, scale,
                                             residual_df)
            else:
                test = smooth_test(criterion.solution.beta[own], covariance[own, own],
                                   system.fixed_products[own, own],
                                   float(freedom.fixed_alternative[own].sum()), residual_df)
            rows.append((smooth.label, float(freedom.fixed[own].sum()), test))
        if system.q and self.model.random is not None:
            reference_df = random_reference_df(system, self.design.unpenalised)
            rows.append((self.model.random.label, freedom.random,
                         random_test(system, criterion.solution, scale, reference_df, residual_df)))
        return pd.DataFrame([(label, edf, test.reference_df, test.statistic, test.other, test.p)
                             for label, edf, test in rows],
                            columns=["term", "edf", "ref_df", "F", "F_other_sign", "p"])

    def _between_df(self) -> float:
        """Levels of the random factor, less the directions of the parametric part that are constant in each."""
        within = np.zeros((self.design.n_parametric,) * 2)
        for pattern in self.patterns:
            columns = pattern.fixed[:, : self.design.n_parametric]
            centred = columns - columns.mean(0)
            within += pattern.rows.shape[1] * (centred.T @ centred)
        constant = self.design.n_parametric - int(np.linalg.matrix_rank(within, hermitian=True))
        return float(max(self.n_tokens - constant, 1))

    def _effects(self, effects: list[np.ndarray]) -> np.ndarray:
        """Random coefficients by token, float [n_tokens, q]."""
        everything = np.zeros((self.n_tokens, effects[0].shape[0]))
        for pattern, own in zip(self.patterns, effects, strict=True):
            everything[self.table.blocks[pattern.rows[0]]] = self.unit * own.T
        return everything


def _parametric_table(design: Design, beta: np.ndarray, covariance: np.ndarray, residual_df: float) -> pd.DataFrame:
    own = slice(0, design.n_parametric)
    se = np.sqrt(np.diagonal(covariance)[own])
    t = beta[own] / se
    return pd.DataFrame({"term": design.parametric.names, "estimate": beta[own], "se": se, "t": t,
                         "p": parametric_p(t, residual_df)})


def _read_rho(rho: float | str) -> float | None:
    """The number, or None for `auto`."""
    if rho == "auto":
        return None
    try:
        value = float(rho)
    except (TypeError, ValueError):
        value = np.nan
    if not 0 <= value < 1:
        raise GammError(f"rho (={rho}) must be 0 up to (not including) 1, or `auto`; within a token it is mostly "
                        f"0.3 to 0.95, and `auto` takes {MAX_RHO} at most")
    return value
