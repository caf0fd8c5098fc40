"""From an optimum to what is printed: tables of terms, covariance, fitted values."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from snap_tf.gamm.inference.coefficients import Coefficients
from snap_tf.gamm.inference.fitted_model import RandomEffects
from snap_tf.gamm.inference.result import GammFit
from snap_tf.gamm.inference.significance import (
    SmoothTest,
    parametric_p,
    penalised_smooth_test,
    random_reference_df,
    random_test,
    smooth_test,
)
from snap_tf.gamm.model.table import RandomFactor
from snap_tf.gamm.problems.problem import Optimum, Problem
from snap_tf.gamm.solver.autoregression import Autocorrelation
from snap_tf.gamm.solver.freedom import Freedom, effective_degrees

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
    solution, design, table, unit, family = (optimum.solution, problem.design, problem.table, problem.unit,
                                             problem.family)
    freedom = effective_degrees(optimum.system, solution)
    residual_df = None if family.scale_known else optimum.system.n_rows - freedom.total
    scale = 1.0
    if residual_df is not None:
        # REML's own estimate is the same as residual_ss / residual_df at its optimum, ML's is not
        scale = (solution.penalised_ss / optimum.dof if problem.method == "REML"
                 else solution.residual_ss / residual_df)
    beta, covariance = problem.offset + unit * solution.beta, scale * unit**2 * solution.fixed_inverse
    predictor, residuals = problem.predictor_and_residuals(optimum)
    response = table.frame[problem.model.response].to_numpy(float)
    fitted = response - residuals
    between_df = _between_df(problem) if design.random else np.inf if residual_df is None else residual_df
    return GammFit(
        model=problem.model, method=problem.method, design=design, frame=table.frame, rows=table.rows,
        n_left_out=table.n_left_out, starts=table.starts,
        parametric=_parametric_table(problem, beta, covariance, residual_df),
        smooths=_smooth_table(problem, optimum, freedom, scale, residual_df),
        score=optimum.score, sig2=1.0 if family.scale_known else scale * unit**2,
        sp=dict(zip(design.sp_names(problem.rows.layout), optimum.sp.tolist(), strict=True)),
        theta=family.theta_values(optimum.theta), errors=errors, edf_total=freedom.total, n=optimum.system.n_rows,
        n_series=int(table.starts.sum()) if table.series_known else 0,
        fitted=_as_given(fitted, table.rows), resid=_as_given(residuals, table.rows),
        linear_predictor=_as_given(predictor, table.rows),
        white_residuals=problem.standardised_residuals(optimum, errors.rho), log_likelihood=optimum.log_likelihood,
        deviance=float(family.deviances(response, fitted, optimum.theta, table.weights).sum()),
        null_deviance=family.null_deviance(response, optimum.theta, table.weights, table.offset),
        beta=beta, covariance=covariance,
        coefficients=Coefficients(solution.factor, scale * unit**2, problem.rows.layout.order),
        between_df=between_df, random=_random_effects(problem, optimum),
        n_steps=optimum.n_steps, gradient=optimum.slope, converged=optimum.converged, notices=notices,
        seconds=time.perf_counter() - started, problem=problem, optimum=optimum)


def _parametric_table(problem: Problem, beta: np.ndarray, covariance: np.ndarray,
                      residual_df: float | None) -> pd.DataFrame:
    names = problem.design.parametric.names
    estimate, se = beta[: len(names)], np.sqrt(np.diagonal(covariance)[: len(names)])
    t = estimate / se
    return pd.DataFrame({"term": names, "estimate": estimate, "se": se, "z" if residual_df is None else "t": t,
                         "p": parametric_p(t, residual_df)})


def _smooth_table(problem: Problem, optimum: Optimum, freedom: Freedom, scale: float,
                  residual_df: float | None) -> pd.DataFrame:
    system, solution, free = optimum.system, optimum.solution, problem.design.unpenalised
    rows: list[tuple[str, float, SmoothTest]] = []
    for smooth in problem.design.smooths:
        own = smooth.columns
        if smooth.basis.null_dim == 0:
            test = penalised_smooth_test(system, solution, free, own, scale, residual_df)
        else:
            test = smooth_test(solution.beta[own], scale * solution.fixed_inverse[own, own],
                               system.fixed_products[own, own], float(freedom.fixed_alternative[own].sum()),
                               residual_df)
        rows.append((smooth.label, float(freedom.fixed[own].sum()), test))
    for number, factor in enumerate(problem.design.random):
        part = problem.rows.layout.order.index(number)
        for term in factor.terms:
            reference_df = random_reference_df(system, part, term.columns, free)
            test = random_test(system, solution, part, term.columns, scale, reference_df, residual_df)
            rows.append((term.label, float(freedom.random[part][term.columns].sum()), test))
    name = "Chi.sq" if residual_df is None else "F"
    return pd.DataFrame([(label, edf, test.reference_df, test.statistic, test.other, test.p)
                         for label, edf, test in rows],
                        columns=["term", "edf", "ref_df", name, f"{name}_other_sign", "p"])


def _between_df(problem: Problem) -> float:
    """Degrees of freedom behind a comparison of words: levels of a random factor less what the model takes of them.

    With one random factor, its levels less the directions of the parametric part that are constant in each. With
    several, those of the factor that leaves the fewest, of all whose levels have one word each (tokens, pairs of
    speaker and word), less the directions of the factors outside it (speakers) too.
    """
    factors, group = problem.table.random, next(iter(problem.model.factors or problem.model.parametric), None)
    frame = problem.table.frame
    parametric = problem.design.parametric(frame)
    if len(factors) > 1 and group in frame.columns and isinstance(frame[group].dtype, pd.CategoricalDtype):
        words = RandomFactor(str(group), frame[group].cat.codes.to_numpy(int), tuple(frame[group].cat.categories))
        inside = [factor for factor in _with_further(problem) if factor.nests_in(words)]
        outside = [factor for factor in factors if not factor.nests_in(words)]
        if inside:
            return min(_levels_left(factor, parametric, outside) for factor in inside)
    return _levels_left(factors[problem.rows.layout.order[0]], parametric, ())


def _with_further(problem: Problem) -> list[RandomFactor]:
    """The random factors, and their pairs with a factor that one of their terms has beside them (speaker and word)."""
    frame, found = problem.table.frame, list(problem.table.random)
    factors = {factor.name: factor for factor in problem.table.random}
    for term in problem.model.random:
        for name in (*term.further, *([term.by] if term.by is not None and term.by_kind != "numeric" else [])):
            if isinstance(frame[name].dtype, pd.CategoricalDtype):
                pairs = np.column_stack([factors[term.factor].codes, frame[name].cat.codes.to_numpy(int)])
                levels, codes = np.unique(pairs, axis=0, return_inverse=True)
                found.append(RandomFactor(f"{term.factor}, {name}", codes.reshape(-1), tuple(map(tuple, levels))))
    return found


def _levels_left(factor: RandomFactor, parametric: np.ndarray, outside: Sequence[RandomFactor]) -> float:
    """Levels of a factor, less the directions of the parametric part and of other factors that are constant in each."""
    codes = factor.codes
    sums = np.zeros((int(codes.max()) + 1, parametric.shape[1]))
    np.add.at(sums, codes, parametric)
    means = sums / np.bincount(codes)[:, None]
    centred = parametric - means[codes]
    n_varying = int(np.linalg.matrix_rank(centred.T @ centred, hermitian=True))
    taken = parametric.shape[1] - n_varying
    others = [other for other in outside if factor.nests_in(other)]
    if others:
        first = np.unique(codes, return_index=True)[1]
        indicators = [np.eye(len(other.levels))[other.codes[first]] for other in others]
        taken = int(np.linalg.matrix_rank(np.hstack([means, *indicators]))) - n_varying
    return float(max(len(sums) - taken, 1))


def _random_effects(problem: Problem, optimum: Optimum) -> tuple[RandomEffects, ...]:
    """Coefficients of every random factor, in the order of the formula."""
    found = []
    for number, (factor, part) in enumerate(zip(problem.table.random, problem.design.random, strict=True)):
        values = problem.unit * optimum.solution.effects(problem.rows.layout.order.index(number))
        found.append(RandomEffects(part.factor, factor.levels, values))
    return tuple(found)


def _as_given(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Put values of the sorted table into the order of the table given."""
    return values[np.argsort(rows)]
