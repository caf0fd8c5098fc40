"""Residuals as tables: without their AR(1) part, and their autocorrelation series by series."""

from __future__ import annotations

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.inference.grids.copies import determines

__all__ = ["corrected_residuals", "residual_acf"]


def corrected_residuals(fit: FittedModel) -> pd.DataFrame:
    """List residuals and those without their AR(1) part, in the order of the table given.

    Args:
        fit: the fit.

    Returns:
        Table with fitted, residual and corrected, (residual - rho * the one before) / sqrt(1 - rho^2) within a series;
        the index is the row of the table given, counted from 0. Rows that were left out are not there.
    Source: van Rij et al., itsadug (resid_gam); Wood, Goude & Shaw 2015, section 3.2.

    Example:
        >>> from snap_tf.gamm import corrected_residuals, gamm_words, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept", rho=0.3)
        >>> residuals = corrected_residuals(fit)
        >>> len(residuals), bool(abs(residuals["corrected"].autocorr()) < abs(residuals["residual"].autocorr()))
        (180, True)
    """
    white = fit.white_residuals[np.argsort(fit.rows)]
    return pd.DataFrame({"fitted": fit.fitted, "residual": fit.resid, "corrected": white},
                        index=pd.Index(fit.kept, name="row"))


def residual_acf(fit: FittedModel, by: str | None = None, *, n_lags: int = 10) -> pd.DataFrame:
    """Compute the autocorrelation of the residuals within series, for every series or every level of a factor.

    Args:
        fit: the fit.
        by: a factor of the model, such as the speaker: pairs of rows of one series are put together by its levels. By
            default every series by itself.
        n_lags: lags, at most as many as the longest series allows.

    Returns:
        Table with series (or the name of the factor), lag, n_pairs, residual, corrected (autocorrelations of residuals
        with and without their AR(1) part) and bound (1.96 / sqrt(number of rows)). A series is named by the factor that
        names them all, else by its number.

    Raises:
        GammError: nothing tells series apart, or there is no such factor.
    Source: van Rij et al., itsadug (acf_resid with split_pred).

    Example:
        >>> from snap_tf.gamm import gamm_words, residual_acf, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept", rho=0.3)
        >>> lags = residual_acf(fit, n_lags=2)
        >>> len(lags), lags["series"].iloc[0], lags["n_pairs"].tolist()[:2]
        (24, 'ask_0', [14, 13])
    """
    if not fit.n_series:
        raise GammError("the fit must know series to have an autocorrelation; name the token or the start column")
    series = np.cumsum(fit.starts)
    labels, name = _labels(fit, series, by), by or "series"
    raw = fit.resid[fit.order]
    rows = []
    for label in pd.unique(labels):
        mine = np.flatnonzero(np.asarray(labels == label))
        own = series[mine]
        for lag in range(1, n_lags + 1):
            pairs = own[lag:] == own[:-lag]
            if not pairs.any():
                break
            values = (_correlation(residuals[mine], lag, pairs) for residuals in (raw, fit.white_residuals))
            rows.append((label, lag, int(pairs.sum()), *values, 1.96 / np.sqrt(len(mine))))
    return pd.DataFrame(rows, columns=[name, "lag", "n_pairs", "residual", "corrected", "bound"])


def _labels(fit: FittedModel, series: np.ndarray, by: str | None) -> pd.Series:
    factors = [name for name in fit.frame.columns if isinstance(fit.frame[name].dtype, pd.CategoricalDtype)]
    if by is not None:
        if by not in factors:
            raise GammError(f"by (={by}) must be a factor of the model; there are {name_some(factors) or 'none'}")
        return fit.frame[by].astype(object)
    joined = fit.frame[factors].assign(series=pd.Series(series, index=fit.frame.index))
    for name in factors:
        if determines(joined, [name], "series") and determines(joined, ["series"], name):
            return fit.frame[name].astype(object)
    return joined["series"]


def _correlation(values: np.ndarray, lag: int, pairs: np.ndarray) -> float:
    """Sum over pairs of products of deviations from the mean, by the sum of squares; 0 where nothing varies."""
    centred = values - values.mean()
    total = np.sum(centred**2)
    return float(np.sum((centred[lag:] * centred[:-lag])[pairs]) / total) if total > 0 else 0.0
