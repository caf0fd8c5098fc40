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
    codes, different = pd.factorize(labels)
    counts = np.bincount(codes)
    centred = [values - (np.bincount(codes, values) / counts)[codes] for values in (fit.resid[fit.order],
                                                                                    fit.white_residuals)]
    tables = []
    for lag in range(1, min(n_lags, len(series) - 1) + 1):
        pairs = np.flatnonzero(series[lag:] == series[:-lag])
        own = codes[pairs]
        n_pairs = np.bincount(own, minlength=len(different))
        values = [_share(np.bincount(own, item[pairs + lag] * item[pairs], len(different)),
                         np.bincount(codes, item**2)) for item in centred]
        tables.append(pd.DataFrame({name: different, "lag": lag, "n_pairs": n_pairs, "residual": values[0],
                                    "corrected": values[1], "bound": 1.96 / np.sqrt(counts)})[n_pairs > 0])
    return pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)


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


def _share(products: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Sums of products by sums of squares; 0 where nothing varies."""
    return np.divide(products, squares, out=np.zeros(len(squares)), where=squares > 0)
