"""Compute the tables of terms, the covariance of the coefficients and the fitted values from an optimum."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from snap_tf.gamm.inference.result import GammFit
from snap_tf.gamm.inference.significance import (
    parametric_p,
    penalised_smooth_test,
    random_reference_df,
    random_test,
    smooth_test,
)
from snap_tf.gamm.solver.autoregression import Autocorrelation, whiten
from snap_tf.gamm.solver.freedom import Freedom, effective_degrees
from snap_tf.gamm.solver.problem import Optimum, Problem

__all__ = ["conclude"]


def conclude(problem: Problem, optimum: Optimum, errors: Autocorrelation, notices: tuple[str, ...],
             started: float) -> GammFit:
    """Make the `GammFit` of an optimum: tables of terms with tests, covariance, fitted values, residuals.

    Args:
        problem: the model and its table.
        optimum: the solution for the rho used.
        errors: that rho, and where it comes from.
        notices: what was decided for the user.
        started: `time.perf_counter()` when the fit began.

    Source: Wood 2017, section 6.10 (covariance), 6.12 (tests).
    """
    solution, design, table, unit = optimum.solution, problem.design, problem.table, problem.unit
    freedom = effective_degrees(optimum.system, solution)
    residual_df = optimum.system.n_rows - freedom.total
    # REML's own estimate is the same as residual_ss / residual_df at its optimum, ML's is not
    scale = (solution.penalised_ss / optimum.likelihood.dof if problem.method == "REML"
             else solution.residual_ss / residual_df)
    beta, covariance = problem.offset + unit * solution.beta, scale * unit**2 * solution.schur_inverse
    residuals = problem.residuals(optimum)
    fitted = table.frame[problem.model.response].to_numpy() - residuals
    return GammFit(
        model=problem.model, method=problem.method, design=design, frame=table.frame, rows=table.rows,
        n_left_out=table.n_left_out, starts=table.starts,
        parametric=_parametric_table(problem, beta, covariance, residual_df),
        smooths=_smooth_table(problem, optimum, freedom, scale, residual_df),
        score=optimum.criterion.value + optimum.likelihood.dof * np.log(unit), sig2=scale * unit**2,
        sp=dict(zip(design.sp_names, np.exp(optimum.log_sp).tolist(), strict=True)), errors=errors,
        edf_total=freedom.total, n=optimum.system.n_rows, n_tokens=problem.n_tokens if table.series_known else 0,
        fitted=_as_given(fitted, table.rows), resid=_as_given(residuals, table.rows),
        white_residuals=_white(problem, residuals, errors.rho), residual_ss=solution.residual_ss * unit**2,
        log_jacobian=optimum.likelihood.log_jacobian, beta=beta, covariance=covariance,
        between_df=_between_df(problem) if optimum.system.q else residual_df,
        effects=_effects(problem, optimum), block_names=table.block_names, n_steps=optimum.n_steps,
        gradient=optimum.slope, converged=optimum.converged, notices=notices,
        seconds=time.perf_counter() - started)


def _parametric_table(problem: Problem, beta: np.ndarray, covariance: np.ndarray, residual_df: float) -> pd.DataFrame:
    names = problem.design.parametric.names
    estimate, se = beta[: len(names)], np.sqrt(np.diagonal(covariance)[: len(names)])
    t = estimate / se
    return pd.DataFrame({"term": names, "estimate": estimate, "se": se, "t": t, "p": parametric_p(t, residual_df)})


def _smooth_table(problem: Problem, optimum: Optimum, freedom: Freedom, scale: float,
                  residual_df: float) -> pd.DataFrame:
    system, solution, free = optimum.system, optimum.solution, problem.design.unpenalised
    rows = []
    for smooth in problem.design.smooths:
        own = smooth.columns
        if smooth.basis.base.order == 1:
            test = penalised_smooth_test(system, solution, free, own, scale, residual_df)
        else:
            test = smooth_test(solution.beta[own], scale * solution.schur_inverse[own, own],
                               system.fixed_products[own, own], float(freedom.fixed_alternative[own].sum()),
                               residual_df)
        rows.append((smooth.label, float(freedom.fixed[own].sum()), test))
    for term in problem.model.random:
        test = random_test(system, solution, scale, random_reference_df(system, free), residual_df)
        rows.append((term.label(), freedom.random, test))
    return pd.DataFrame([(label, edf, test.reference_df, test.statistic, test.other, test.p)
                         for label, edf, test in rows], columns=["term", "edf", "ref_df", "F", "F_other_sign", "p"])


def _between_df(problem: Problem) -> float:
    """Levels of the random factor, less the directions of the parametric part that are constant in each."""
    n_parametric = problem.design.n_parametric
    within = np.zeros((n_parametric, n_parametric))
    for pattern in problem.patterns:
        columns = pattern.fixed[:, :n_parametric]
        centred = columns - columns.mean(0)
        within += pattern.rows.shape[1] * (centred.T @ centred)
    constant = n_parametric - int(np.linalg.matrix_rank(within, hermitian=True))
    return float(max(problem.n_tokens - constant, 1))


def _effects(problem: Problem, optimum: Optimum) -> np.ndarray:
    """Random coefficients by token, float [n_tokens, q]."""
    everything = np.zeros((problem.n_tokens, optimum.system.q))
    for pattern, own in zip(problem.patterns, optimum.solution.effects, strict=True):
        everything[problem.table.blocks[pattern.rows[0]]] = problem.unit * own.T
    return everything


def _white(problem: Problem, residuals: np.ndarray, rho: float) -> np.ndarray:
    """Residuals without their AR(1) part, in the order of the sorted table."""
    white = np.empty_like(residuals)
    for pattern in problem.patterns:
        white[pattern.rows] = whiten(residuals[pattern.rows], pattern.starts, rho)
    return white


def _as_given(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Put values of the sorted table into the order of the table given."""
    return values[np.argsort(rows)]
