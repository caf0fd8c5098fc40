"""First-order autoregression of the errors: whitening, and estimating rho."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["MAX_RHO", "Autocorrelation", "log_jacobian", "measure", "whiten"]

MAX_RHO = 0.99


@dataclass(frozen=True)
class Autocorrelation:
    """The rho of a fit and where it comes from.

    Attributes:
        rho: the value used, 0 up to 1.
        estimated: whether it was estimated rather than given.
        series_lag1: lag-1 autocorrelation of the rho = 0 residuals over all series put end to end; None if not asked.
        within_token_lag1: the same over pairs of rows of one series only.
    """

    rho: float
    estimated: bool = False
    series_lag1: float | None = None
    within_token_lag1: float | None = None


def whiten(rows: np.ndarray, starts: np.ndarray, rho: float) -> np.ndarray:
    """Turn AR(1) errors into independent ones: (v_t - rho v_t-1) / sqrt(1 - rho^2), first rows as they are.

    Args:
        rows: float [n_steps, ...], in order of time.
        starts: bool [n_steps], where a series begins.
        rho: the autocorrelation, 0 up to 1.

    Source: Wood, Goude & Shaw 2015, section 3.2 (AR1 residuals).
    """
    if rho == 0:
        return rows
    white = (rows - rho * np.roll(rows, 1, axis=0)) / np.sqrt(1 - rho**2)
    white[starts] = rows[starts]
    return white


def log_jacobian(n_rows: int, n_series: int, rho: float) -> float:
    """Logarithm of the Jacobian of `whiten`, which the likelihood of the raw response needs."""
    return -(n_rows - n_series) * 0.5 * np.log1p(-(rho**2))


def measure(residuals: np.ndarray, starts: np.ndarray) -> Autocorrelation:
    """Estimate rho from the residuals of the model without autocorrelation.

    The estimate is the lag-1 autocorrelation over all series put end to end, as itsadug's start_value_rho takes
    it, cut to 0 .. 0.99. It can be negative where random smooths follow every token closely; then rho is 0.

    Args:
        residuals: float [n], in the order of the sorted table.
        starts: bool [n].
    """
    from statsmodels.tsa.stattools import acf  # slow to import, and rarely needed

    series = float(acf(residuals, nlags=1, fft=False)[1])
    centred = residuals - residuals.mean()
    pairs = centred[1:] * centred[:-1]
    within = float(pairs[~starts[1:]].sum() / np.sum(centred**2))
    return Autocorrelation(min(max(series, 0.0), MAX_RHO), True, series, within)
