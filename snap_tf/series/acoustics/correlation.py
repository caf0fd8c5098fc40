"""Cross-correlation of two sets of series at every lag, with a permutation test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from tqdm import tqdm

from wavegan_tf.errors import ConfigError, DataError

__all__ = ["LagCorrelation", "correlate", "lagged_correlation"]

_LEAST_VARIANCE = 1e-8  # of a series' own; below it, what overlaps is constant


@dataclass(frozen=True)
class LagCorrelation:
    """Cross-correlation of two sets of series, with its permutation test.

    Attributes:
        lags_s: float64 [lags]; positive where the first set comes after the second.
        r: float64 [lags], mean over tokens of Pearson's r within each token.
        token_r: float64 [tokens, lags]; NaN where a token has too few points in common.
        best_r: the mean r of largest size.
        best_lag_s: where it is.
        chance_r: mean over permutations of the largest mean |r|; NaN without permutations.
        chance_95: its 95th percentile.
        p: share of permutations that reach |best_r|, the observed order among them.
        n_tokens: that have an r at the best lag.
        n_permutations: drawn.
    """

    lags_s: np.ndarray
    r: np.ndarray
    token_r: np.ndarray
    best_r: float
    best_lag_s: float
    chance_r: float
    chance_95: float
    p: float
    n_tokens: int
    n_permutations: int


def lagged_correlation(first: np.ndarray, second: np.ndarray, max_lag: int, min_points: int = 5) -> np.ndarray:
    """Cross-correlate pairs of series: Pearson's r at every lag, over the points that both have.

    Args:
        first: float [tokens, steps], NaN where it has no value.
        second: float [tokens, steps], the same.
        max_lag: largest lag in steps, either way.
        min_points: fewest points in common.

    Returns:
        float64 [tokens, 2 max_lag + 1], Pearson's r of first[t + lag] and second[t]; NaN where there are too few
        points or one of the two does not vary there.

    Example:
        >>> import numpy as np
        >>> from snap_tf.series import lagged_correlation
        >>> second = np.random.default_rng(0).normal(size=(1, 100))
        >>> first = np.roll(second, 3, axis=1)  # 3 steps later
        >>> r = lagged_correlation(first, second, 5)
        >>> r.shape, int(r[0].argmax()) - 5
        ((1, 11), 3)
    """
    return _Pairs(first, second, max_lag, min_points).r()


def correlate(first: np.ndarray, second: np.ndarray, rate_hz: float, *, max_lag_s: float = 0.2, permutations: int = 199,
              seed: int = 0, min_points: int = 5, progress: str = "") -> LagCorrelation:
    """Cross-correlate two sets of series, and test the largest r against permuted tokens.

    All tokens of speech have something in common: silence around them, one rise and fall. Permuted pairs share only
    that; what the true pairs share beyond it belongs to the token. The largest |r| over all lags is compared with the
    largest of each permutation, which corrects for the choice of the best lag.

    Args:
        first: float [tokens, steps], such as a layer's; NaN where it has no value.
        second: float [tokens, steps], such as the waveform's, at the same times.
        rate_hz: steps per second of both.
        max_lag_s: largest lag, either way.
        permutations: how often tokens are permuted; 0 for no baseline.
        seed: of the permutations.
        min_points: fewest points in common.
        progress: name of a bar on stderr; none when empty.

    Raises:
        ConfigError: `max_lag_s` or `permutations` cannot work.
        DataError: the sets do not fit each other, or no token has enough points.

    Source: Phipson & Smyth 2010, SAGMB 9:39 (p of permutations).

    Example:
        >>> import numpy as np
        >>> from snap_tf.series import correlate
        >>> waveform = np.random.default_rng(0).normal(size=(8, 100))
        >>> layer = np.roll(waveform, 3, axis=1)  # 3 steps later, 30 ms at 100 Hz
        >>> found = correlate(layer, waveform, 100, permutations=19)
        >>> found.best_lag_s, round(found.best_r, 2), found.p
        (0.03, 1.0, 0.05)
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if first.ndim != 2 or first.shape != second.shape:
        raise DataError(f"`first` (shape {list(first.shape)}) must be of the shape of `second` ({list(second.shape)}), "
                        "[tokens, steps]")
    if not 0 <= max_lag_s * rate_hz <= first.shape[1] - 1:
        raise ConfigError(f"`max_lag_s` (={max_lag_s:g}) must be between 0 and {(first.shape[1] - 1) / rate_hz:g}, the "
                          "length of the series")
    if permutations < 0:
        raise ConfigError(f"`permutations` (={permutations}) must be 0 or more")
    max_lag = round(max_lag_s * rate_hz)
    pairs = _Pairs(first, second, max_lag, min_points)
    token_r = pairs.r()
    r = _mean(token_r)
    if not np.isfinite(r).any():
        raise DataError(f"series of {len(first)} tokens must have at least {min_points} points in common that vary; "
                        "none has")
    best = int(np.nanargmax(np.abs(r)))
    rng, chance = np.random.default_rng(seed), []
    n = permutations if len(first) > 1 else 0
    for _ in tqdm(range(n), desc=progress, unit="permutation", disable=not progress, leave=False):
        permuted = _mean(pairs.r(rng.permutation(len(first))))
        chance.append(np.nanmax(np.abs(permuted)) if np.isfinite(permuted).any() else 0.0)
    reached = np.asarray(chance) >= abs(r[best]) - 1e-12
    lags_s = np.arange(-max_lag, max_lag + 1) / rate_hz
    return LagCorrelation(lags_s, r, token_r, float(r[best]), float(lags_s[best]),
                          float(np.mean(chance)) if n else np.nan, float(np.quantile(chance, 0.95)) if n else np.nan,
                          (1 + int(reached.sum())) / (1 + n) if n else np.nan,
                          int(np.isfinite(token_r[:, best]).sum()), n)


class _Transformed:
    """Fourier transforms of series, of their squares and of where they have values; series at unit variance."""

    def __init__(self, values: np.ndarray, max_lag: int) -> None:
        values = np.asarray(values, np.float64)
        there = np.isfinite(values)
        self.complete = bool(there.all())
        count = np.maximum(there.sum(axis=1, keepdims=True), 1)
        filled = np.where(there, values, 0.0)
        filled = np.where(there, filled - filled.sum(axis=1, keepdims=True) / count, 0.0)
        spread = np.sqrt((filled**2).sum(axis=1, keepdims=True) / count)
        flat = spread <= 1e-6 * np.abs(np.where(there, values, 0)).max(axis=1, keepdims=True)
        filled = np.where(flat, 0.0, filled / np.where(flat, 1.0, spread))
        self.size = next_fast_len(values.shape[1] + max_lag, real=True)
        self.points, self.sums, self.squares = (rfft(x, self.size) for x in (there.astype(float), filled, filled**2))


class _Pairs:
    """Two sets of series, of which any can be paired: Pearson's r over the overlap at all lags.

    All sums come from cross-correlations of values, squares and places where there are values.
    """

    def __init__(self, first: np.ndarray, second: np.ndarray, max_lag: int, min_points: int) -> None:
        self.a, self.b = _Transformed(first, max_lag), _Transformed(second, max_lag)
        self.lags, self.min_points = np.arange(-max_lag, max_lag + 1), min_points
        self.own = self._moments(slice(None))

    def r(self, order: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return float64 [tokens, lags] of the first series with the second ones in some order; NaN for no r."""
        if self.a.complete and self.b.complete:  # then a token's moments are the same beside any partner
            n, mean_a, mean_b, variance_a, variance_b = self.own
            mean_b, variance_b = mean_b[order], variance_b[order]
        else:
            n, mean_a, mean_b, variance_a, variance_b = self.own if isinstance(order, slice) else self._moments(order)
        enough = (n >= self.min_points) & (variance_a > _LEAST_VARIANCE) & (variance_b > _LEAST_VARIANCE)
        covariance = self._cross(self.a.sums, self.b.sums[order]) / np.maximum(n, 1) - mean_a * mean_b
        scale = np.sqrt(np.where(enough, variance_a * variance_b, 1.0))
        return np.where(enough, np.clip(covariance / scale, -1, 1), np.nan)

    def _moments(self, order: np.ndarray | slice) -> tuple[np.ndarray, ...]:
        """Count, means and variances of both sides of the overlap: float64 [tokens, lags] each."""
        a, b = self.a, self.b
        points = b.points[order]
        count = np.round(self._cross(a.points, points))
        n = np.maximum(count, 1)
        mean_a, mean_b = self._cross(a.sums, points) / n, self._cross(a.points, b.sums[order]) / n
        return (count, mean_a, mean_b, self._cross(a.squares, points) / n - mean_a**2,
                self._cross(a.points, b.squares[order]) / n - mean_b**2)

    def _cross(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return irfft(x * y.conj(), self.a.size)[:, self.lags]  # negative lags wrap around to the end


def _mean(token_r: np.ndarray) -> np.ndarray:
    """Average over the tokens that have an r; lags that fewer than half of them have are left out."""
    there = np.isfinite(token_r)
    count = there.sum(axis=0)
    usable = count >= max(1, there.any(axis=1).sum() / 2)
    sums = np.where(there, token_r, 0.0).sum(axis=0)
    return np.where(usable, sums / np.maximum(count, 1), np.nan)
