"""Fit a generalised additive mixed model (GAMM): a long table in, a `GammFit` out."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, GammWarning
from snap_tf.gamm.inference.estimates import conclude
from snap_tf.gamm.inference.result import GammFit
from snap_tf.gamm.model.columns import resolve_model
from snap_tf.gamm.model.formula import parse_formula
from snap_tf.gamm.model.table import prepare_table
from snap_tf.gamm.model.terms import Model
from snap_tf.gamm.problems.gaussian import GaussianProblem
from snap_tf.gamm.problems.other_families import FamilyProblem
from snap_tf.gamm.problems.problem import METHODS, Problem
from snap_tf.gamm.solver.autoregression import MAX_RHO, Autocorrelation, measure
from snap_tf.gamm.solver.smooths import Knots

__all__ = ["fit_model", "gamm"]


def gamm(formula: str, data: pd.DataFrame, *, rho: float | str = 0.0, token: str | None = None,
         start: str | None = None, reference: Mapping[str, object] | None = None, knots: Knots = None,
         method: str = "REML", family: str = "gaussian", select: bool = False,
         weights: str | None = None) -> GammFit:
    """Fit a generalised additive mixed model (GAMM) from a formula in the syntax of mgcv.

    ```
    gamm("Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)", data, rho="auto")
    ```

    Args:
        formula: the model, see `parse_formula`. `by=` beside a plain smooth of the same variable, or of an ordered
            categorical column, gives difference smooths to the first level; otherwise one smooth for every level.
        data: long table, a row per token and time. The first level of a factor is that of the first row, or the
            first category of a categorical column.
        rho: AR(1) coefficient of the errors within a series, 0 up to 1; `auto` takes it from a first fit without.
        token: column that tells series apart, where it is not the innermost random factor (such as tokens where
            only speakers have a random term).
        start: column that is 1 in the first row of every series, instead of or beside `token`.
        reference: by column, the level that the others are compared with.
        knots: number of equally spaced knots, or the knots, or either by variable.
        method: `REML`, or `ML` to compare models with different fixed parts.
        family: `gaussian`, `binomial`, `poisson` or `scat` (scaled t, for heavy tails).
        select: whether smooths can be estimated as zero.
        weights: column of prior weights; for `binomial`, of the number of trials.

    Raises:
        GammError: the formula, the table or an option cannot be used; the message says what to do.
    Source: Wood 2011, JRSSB 73:3; Wood, Goude & Shaw 2015, JRSSC 64:139.

    Example:
        >>> from snap_tf.gamm import gamm, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm("value ~ label + s(time_s) + s(time_s, by=label) + re(token)", table, rho=0.3)
        >>> fit.parametric["term"].tolist(), fit.smooths["edf"].round(1).tolist()
        (['(Intercept)', 'labelwash'], [7.0, 3.9, 8.1])
    """
    model = parse_formula(formula, family=family, select=select, weights=weights)
    return fit_model(model, data, rho=rho, token=token, start=start, reference=reference, knots=knots, method=method)


def fit_model(model: Model, data: pd.DataFrame, *, rho: float | str = 0.0, token: str | None = None,
              start: str | None = None, reference: Mapping[str, object] | None = None, knots: Knots = None,
              method: str = "REML", factors: Iterable[str] = ()) -> GammFit:
    """Fit a GAMM given as a `Model`; arguments as for `gamm`, and `factors`, columns of numbers that are labels.

    Raises:
        GammError: the table or an option cannot be used.

    Example:
        >>> from snap_tf.gamm import Model, RandomTerm, SmoothTerm, fit_model, simulate_words
        >>> model = Model("value", ("label",), (SmoothTerm("time_s"),), (RandomTerm("token"),))
        >>> fit = fit_model(model, simulate_words(n_tokens=6, seed=1))
        >>> fit.smooths["term"].tolist(), fit.n_series
        (['s(time_s)', 's(token)'], 12)
    """
    started = time.perf_counter()
    if method not in METHODS:
        raise GammError(f"method (={method}) must be one of {', '.join(METHODS)}")
    fixed_rho = _read_rho(rho)
    factors = tuple(factors)
    model = resolve_model(model, data, (token, *factors))
    if fixed_rho != 0 and model.family != "gaussian":
        raise GammError(f"rho (={rho}) must be 0 for family {model.family}: AR(1) errors are those of a Gaussian "
                        "response; take random smooths of the tokens instead")
    table = prepare_table(model, data, token=token, start=start, reference=reference, factors=factors,
                          autocorrelated=fixed_rho != 0)
    notices = list(table.notices)
    if fixed_rho != 0 and not table.series_known:
        raise GammError(f"rho (={rho}) must be 0 where nothing tells one series from the next; name the token or the "
                        "start column")
    kind: type[Problem] = GaussianProblem if model.family == "gaussian" else FamilyProblem
    problem = kind(model, table, knots, method)
    errors = Autocorrelation(fixed_rho or 0.0)
    optimum = None
    if fixed_rho is None:
        optimum = problem.optimum(0.0)
        errors = measure(problem.predictor_and_residuals(optimum)[1], table.starts)
        if errors.series_lag1 is not None and errors.series_lag1 <= 0:
            notices.append(f"the residuals' lag-1 autocorrelation is {errors.series_lag1:.3f}, so rho is 0: the model "
                           "already follows every token closely")
    if optimum is None or errors.rho != 0:
        optimum = problem.optimum(errors.rho)
    notices += optimum.notices
    if not optimum.converged:
        notices.append(f"the smoothing parameters had not settled after {optimum.n_steps} steps (largest slope "
                       f"{optimum.slope:.2g}); look at the fit with care")
    fit = conclude(problem, optimum, errors, tuple(notices), started)
    for notice in fit.notices:
        warnings.warn(notice, GammWarning, stacklevel=3)
    return fit


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
