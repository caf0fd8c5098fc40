"""Residual checks: autocorrelation, normality, constant variance, and whether the basis size k was large enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.solver.autoregression import MAX_RHO

__all__ = ["ResidualCheck", "check"]

_LEVEL = 0.05  # of the k check
_USED = 0.75  # a smooth that uses a larger part of its columns may want more
_LEAST_LAG = 0.1  # an autocorrelation below this changes little, however sure it is
_HEAVY = 1.0  # excess kurtosis: that of a t distribution with 10 degrees of freedom


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
        advice: what to try, a sentence each: another rho, a larger k, a family with heavy tails.
    """

    autocorrelation: pd.DataFrame
    k_check: pd.DataFrame
    skewness: float
    excess_kurtosis: float
    spread: float
    spread_p: float
    advice: tuple[str, ...] = ()

    def __str__(self) -> str:
        lag = self.autocorrelation
        lines = ["Autocorrelation within series (white: without the AR(1) part)",
                 lag.round(4).to_string(index=False), "",
                 "Basis size", self.k_check.round(4).to_string(index=False), "",
                 f"White residuals: skewness {self.skewness:.3f}, excess kurtosis {self.excess_kurtosis:.3f}",
                 f"|residual| and fitted value: rank correlation {self.spread:.3f} (p = {self.spread_p:.4f})"]
        lines += ["", "To try", *self.advice] if self.advice else []
        return "\n".join(lines) + "\n"


def check(fit: FittedModel, *, n_lags: int = 10, n_shuffles: int = 200, seed: int = 0) -> ResidualCheck:
    """Check the residuals of a fit: autocorrelation, normality, constant variance, basis size (as mgcv's gam.check).

    Where a check fails, `advice` names the remedy: which rho, which k, or `family="scat"`.

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
    lags, k_check = _autocorrelation(fit, raw, n_lags), _k_check(fit, n_shuffles, np.random.default_rng(seed))
    kurtosis = float(stats.kurtosis(fit.white_residuals))
    return ResidualCheck(lags, k_check, float(stats.skew(fit.white_residuals)), kurtosis, float(spread.statistic),
                         float(spread.pvalue), (*_advise_rho(fit, lags), *_advise_k(fit, k_check),
                                                *_advise_family(fit, kurtosis)))


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


def _advise_rho(fit: FittedModel, lags: pd.DataFrame) -> list[str]:
    """What takes autocorrelation out that is left at lag 1."""
    if lags.empty:
        return []
    first = lags.iloc[0]
    left, limit = float(first["white"]), max(float(first["bound"]), _LEAST_LAG)
    if abs(left) <= limit or (left < 0 and fit.rho == 0):
        return []
    given = f" with rho = {fit.rho:.2f}" if fit.rho else ""
    found = f"The autocorrelation of neighbouring rows is {left:.2f}{given}"
    if not fit.n_series:
        return [f"{found}: name the column of tokens (token=) or of starts (start=), so that rho can be given."]
    if fit.model.family != "gaussian":
        return [f"{found}: take a random smooth of every series, as rho is for Gaussian models only."]
    return [f"{found}: fit with rho={_rho_behind(left, fit.rho):.2f}."]


def _rho_behind(left: float, used: float) -> float:
    """The rho of AR(1) errors that have an autocorrelation of `left` at lag 1 after whitening with another rho."""
    def lag_1(rho: float) -> float:
        return (1 - rho * used) * (rho - used) / (1 + used**2 - 2 * rho * used)

    if not lag_1(0.0) < left < lag_1(MAX_RHO):
        return 0.0 if left <= lag_1(0.0) else MAX_RHO
    return float(optimize.brentq(lambda rho: lag_1(rho) - left, 0.0, MAX_RHO))


def _advise_k(fit: FittedModel, k_check: pd.DataFrame) -> list[str]:
    """A larger k for smooths whose residuals still follow their variable, and which use most of their columns."""
    found = []
    for smooth, row in zip(fit.design.smooths, k_check.itertuples(), strict=True):
        if not (row.p < _LEVEL and row.edf > _USED * row.k):
            continue
        most = [int(fit.frame[name].nunique()) for name in smooth.variables]
        if len(smooth.term.sizes) == len(smooth.variables):
            sizes = [min(2 * k, limit) for k, limit in zip(smooth.term.sizes, most, strict=True)]
        else:  # a thin plate of two variables
            sizes = [min(2 * smooth.term.sizes[0], len(fit.frame[list(smooth.variables)].drop_duplicates()))]
        if tuple(sizes) == smooth.term.sizes:
            continue
        k = str(sizes[0]) if len(sizes) == 1 else f"c({', '.join(map(str, sizes))})"
        found.append(f"k of {smooth.label} may be too low (edf {row.edf:.1f} of {row.k}, k-index {row.k_index:.2f}, "
                     f"p = {row.p:.3f}): fit with k={k}.")
    return found


def _advise_family(fit: FittedModel, kurtosis: float) -> list[str]:
    heavy = kurtosis > max(_HEAVY, 4 * float(np.sqrt(24 / fit.n)))
    if not heavy or fit.model.family != "gaussian":
        return []
    without = ", without rho and with a random smooth of every series instead," if fit.rho else ""
    return [f'The residuals have heavy tails (excess kurtosis {kurtosis:.1f}): fit with family="scat"{without} or look '
            "for errors of measurement."]
