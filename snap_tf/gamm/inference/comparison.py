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
    columns only; where these differ the test is left out (fit with `method="ML"` to have it).

    Args:
        fits: by name.

    Returns:
        Table with model, score, n_parameters (unpenalised coefficients and smoothing parameters), edf, aic, delta_aic,
        chi2, df, p.

    Raises:
        GammError: the fits are of different rows or responses, or by different methods.
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
        if fit.method != first.method:
            raise GammError(f"fits must use the same method; {name} uses {fit.method}, others {first.method}; fit all "
                            'with method="ML"')
    rows = sorted(fits.items(), key=lambda item: _n_parameters(item[1]))
    best = min(fit.aic for fit in models)
    table, below = [], None
    for name, fit in rows:
        chi2, df, p = (np.nan,) * 3 if below is None else _test(below, fit)
        table.append((name, fit.score, _n_parameters(fit), fit.edf_total, fit.aic, fit.aic - best, chi2, df, p))
        below = fit
    return pd.DataFrame(table, columns=["model", "score", "n_parameters", "edf", "aic", "delta_aic", "chi2", "df", "p"])


def _n_parameters(fit: FittedModel) -> int:
    return fit.design.unpenalised.shape[1] + len(fit.sp)


def _test(small: FittedModel, large: FittedModel) -> tuple[float, float, float]:
    same_columns = small.design.parametric.names == large.design.parametric.names and (
        small.design.unpenalised.shape[1] == large.design.unpenalised.shape[1])
    df = _n_parameters(large) - _n_parameters(small)
    if df <= 0 or (small.method == "REML" and not same_columns):
        return np.nan, np.nan, np.nan
    chi2 = max(2 * (small.score - large.score), 0.0)
    return chi2, float(df), float(stats.chi2.sf(chi2, df))
