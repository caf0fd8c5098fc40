"""Residual checks: autocorrelation, normality, constant variance, and whether the basis size k was large enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from snap_tf.gamm.inference.fitted_model import FittedModel

__all__ = ["ResidualCheck", "check"]


@dataclass(frozen=True, eq=False)
class ResidualCheck:
    """Residual checks of a fit: autocorrelation, basis size, skewness, kurtosis, constant variance.

    Attributes:
        autocorrelation: table with lag, residual, white (residuals less their AR(1) part) and bound (1.96 / sqrt of
            the number of pairs); over pairs of rows of one series.
        k_check: table with term, k (columns), edf, k_index (below 1: neighbours in time are alike) and p (share of
            reshuffled residuals with a smaller index); a small p with edf near k asks for a larger k.
        skewness: of the white residuals; 0 if normal.
        excess_kurtosis: of the white residuals; 0 if normal.
        spread: rank correlation of |residual| with the fitted value; 0 if the spread is even.
        spread_p: its p value.
    """

    autocorrelation: pd.DataFrame
    k_check: pd.DataFrame
    skewness: float
    excess_kurtosis: float
    spread: float
    spread_p: float

    def __str__(self) -> str:
        lag = self.autocorrelation
        lines = ["Autocorrelation within series (white: without the AR(1) part)",
                 lag.round(4).to_string(index=False), "",
                 "Basis size", self.k_check.round(4).to_string(index=False), "",
                 f"White residuals: skewness {self.skewness:.3f}, excess kurtosis {self.excess_kurtosis:.3f}",
                 f"|residual| and fitted value: rank correlation {self.spread:.3f} (p = {self.spread_p:.4f})"]
        return "\n".join(lines) + "\n"


def check(fit: FittedModel, *, n_lags: int = 10, n_shuffles: int = 200, seed: int = 0) -> ResidualCheck:
    """Check the residuals of a fit: autocorrelation, normality, constant variance, basis size (as mgcv's gam.check).

    Args:
        fit: the fit.
        n_lags: lags of the autocorrelation (at most the longest series allows).
        n_shuffles: reshufflings behind the p values of the k check.
        seed: seed of the reshuffling.

    Source: Wood 2017, section 5.9 (k check); van Rij et al., itsadug (autocorrelation within events).

    Example:
        >>> from snap_tf.gamm import check, gamm_words, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept", rho=0.3)
        >>> found = check(fit, n_lags=1, n_shuffles=20)
        >>> found.k_check[["term", "k"]].to_numpy().tolist()
        [['s(time_s)', 9], ['s(time_s):labelwash', 9]]
        >>> lag = found.autocorrelation.iloc[0]
        >>> bool(abs(lag["white"]) < lag["residual"])
        True
    """
    raw = fit.resid[fit.order]
    spread = stats.spearmanr(np.abs(fit.white_residuals), fit.fitted[fit.order])
    return ResidualCheck(_autocorrelation(fit, raw, n_lags), _k_check(fit, n_shuffles, np.random.default_rng(seed)),
                         float(stats.skew(fit.white_residuals)), float(stats.kurtosis(fit.white_residuals)),
                         float(spread.statistic), float(spread.pvalue))


def _autocorrelation(fit: FittedModel, raw: np.ndarray, n_lags: int) -> pd.DataFrame:
    series = np.cumsum(fit.starts)
    rows = []
    for lag in range(1, n_lags + 1):
        pairs = series[lag:] == series[:-lag]
        n_pairs = int(pairs.sum())
        if n_pairs < 3:
            break
        rows.append((lag, *(_correlation(values, lag, pairs) for values in (raw, fit.white_residuals)),
                     1.96 / np.sqrt(n_pairs)))
    return pd.DataFrame(rows, columns=["lag", "residual", "white", "bound"])


def _correlation(values: np.ndarray, lag: int, pairs: np.ndarray) -> float:
    centred = values - values.mean()
    return float(np.mean((centred[lag:] * centred[:-lag])[pairs]) / np.mean(centred**2))


def _k_check(fit: FittedModel, n_shuffles: int, rng: np.random.Generator) -> pd.DataFrame:
    edf = dict(zip(fit.smooths["term"], fit.smooths["edf"], strict=True))
    rows = []
    for smooth in fit.design.smooths:
        mine = np.full(fit.n, True) if smooth.factor is None else (fit.frame[smooth.factor] == smooth.level).to_numpy()
        order = np.argsort(fit.frame[smooth.variable].to_numpy()[mine], kind="stable")
        residuals = fit.white_residuals[mine][order]
        index = _roughness(residuals)
        shuffled = [_roughness(rng.permutation(residuals)) for _ in range(n_shuffles)]
        rows.append((smooth.label, smooth.columns.stop - smooth.columns.start, edf[smooth.label], index,
                     float(np.mean(np.array(shuffled) < index))))
    return pd.DataFrame(rows, columns=["term", "k", "edf", "k_index", "p"])


def _roughness(values: np.ndarray) -> float:
    """Half the mean squared step between neighbours, by the variance: 1 if neighbours are unrelated."""
    return float(np.mean(np.diff(values) ** 2) / (2 * np.var(values)))
