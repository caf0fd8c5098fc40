"""Compare models of one table: REML or ML score, AIC, and a likelihood ratio test against the next smaller model."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.inference.fitted_model import FittedModel

__all__ = ["compare"]


def compare(fits: Mapping[str, FittedModel]) -> pd.DataFrame:
    """Compare fits of one table, the smallest model first: score, AIC, likelihood ratio test (as itsadug's compareML).

    The test of a model against the one above it doubles the difference of the scores; it means something when the
    smaller model is nested in the larger. REML scores compare random terms and smooths over the same unpenalised
    columns only; where these differ the test is refused (fit with `method="ML"` to have it).

    Args:
        fits: by name.

    Returns:
        Table with model, score, n_parameters (unpenalised coefficients and smoothing parameters), edf, df_aic (edf
        corrected for the estimated smoothing parameters, and 1), aic, delta_aic, difference (of the scores, to the
        model above), chi2 (twice that), df, p, note (why there is no test).

    Raises:
        GammError: the fits are of different rows, responses or families, or by different methods.
    Source: Wood 2017, section 6.12.4; van Rij et al., itsadug (compareML).

    Example:
        >>> from snap_tf.gamm import compare, gamm_words, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fits = {by: gamm_words(table, by=by, random="intercept", method="ML") for by in ("none", "ordered")}
        >>> result = compare(fits)  # do the words differ in shape?
        >>> result["model"].tolist(), bool(result["p"].iloc[1] < 0.001)
        (['none', 'ordered'], True)
    """
    if len(fits) < 2:
        raise GammError(f"fits (={len(fits)}) must be two or more to be compared")
    models = list(fits.values())
    first = models[0]
    for name, fit in fits.items():
        if not np.array_equal(fit.kept, first.kept):
            raise GammError(f"fits must be of the same rows and response; {name} is of others; where NA leave rows "
                            "out of one model only, take these rows out of the table first")
        if not np.allclose(fit.fitted + fit.resid, first.fitted + first.resid, rtol=1e-9, atol=0):
            raise GammError(f"fits must be of the same rows and response; {name} is of others")
        if fit.family != first.family:
            raise GammError(f"fits must be of the same family; {name} is {fit.family}, others {first.family}; compare "
                            "their AIC by hand")
        for what, value, others in (("rho", fit.rho, first.rho), ("weights", fit.model.weights, first.model.weights),
                                    ("offset", fit.model.offset, first.model.offset)):
            if value != others:
                raise GammError(f"fits must have the same {what}; {name} has {value}, others {others}; fit them alike")
        if fit.method != first.method:
            raise GammError(f"fits must use the same method; {name} uses {fit.method}, others {first.method}; fit all "
                            'with method="ML"')
    rows = sorted(fits.items(), key=lambda item: _n_parameters(item[1]))
    second = all(fit.has_second_correction for fit in models)  # the same correction for all
    counted = {name: fit.edf_total + fit.n_further + fit.degrees_of_smoothing(second) for name, fit in fits.items()}
    aic = {name: -2 * fit.log_likelihood + 2 * counted[name] for name, fit in fits.items()}
    best = min(aic.values())
    table, below = [], None
    for name, fit in rows:
        test = (np.nan,) * 4 + ("",) if below is None else _test(below, fit)
        table.append((name, fit.score, _n_parameters(fit), fit.edf_total, counted[name], aic[name], aic[name] - best,
                      *test))
        below = fit
    return pd.DataFrame(table, columns=["model", "score", "n_parameters", "edf", "df_aic", "aic", "delta_aic",
                                        "difference", "chi2", "df", "p", "note"])


def _n_parameters(fit: FittedModel) -> int:
    return fit.design.unpenalised.shape[1] + len(fit.sp) + len(fit.theta)


def _test(small: FittedModel, large: FittedModel) -> tuple[float, float, float, float, str]:
    """Difference of the scores, chi-square, df, p, and why there is no test."""
    difference, df = small.score - large.score, _n_parameters(large) - _n_parameters(small)
    if small.method == "REML" and not _same_unpenalised(small, large):
        return (np.nan,) * 4 + ('REML of other unpenalised columns; fit with method="ML"',)
    if df <= 0:
        return difference, np.nan, np.nan, np.nan, "as many parameters; compare the AIC"
    chi2 = max(2 * difference, 0.0)
    note = "" if difference >= 0 else "the model with more parameters is no better"
    return difference, chi2, float(df), float(stats.chi2.sf(chi2, df)), note


def _same_unpenalised(one: FittedModel, other: FittedModel) -> bool:
    """Tell whether what no penalty holds spans the same columns in both models."""
    if one.design.unpenalised.shape[1] != other.design.unpenalised.shape[1]:
        return False
    columns = []
    for fit in (one, other):
        rows = np.empty((fit.n, fit.design.unpenalised.shape[1]))
        rows[fit.order] = fit.design.fixed_rows(fit.frame) @ fit.design.unpenalised
        columns.append(np.linalg.qr(rows)[0])
    return bool(np.linalg.norm(columns[1] - columns[0] @ (columns[0].T @ columns[1])) < 1e-6)
