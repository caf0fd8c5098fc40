"""Effect of a swept latent variable on a layer: slopes, monotonicity, place in time, differences from 0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["SIGNIFICANCE", "LayerEffects", "extent_s", "layer_effects", "sign_flip_p", "spearman"]

SIGNIFICANCE = 0.05
_FLIPS = 1000


@dataclass(frozen=True)
class LayerEffects:
    """The effect of one or two variables on a layer, over base vectors.

    Attributes:
        slopes: float64 [terms, steps], change of the layer per unit, mean over base vectors. Terms are the variables
            and, of two, their product.
        slope_se: float64 [terms, steps], its standard error over base vectors; NaN with one.
        slope_p: float64 [terms, steps], family-wise over time, see `sign_flip_p`; NaN with fewer than 6 base vectors.
        rho: float64 [variables, steps], Spearman's rho of layer and variable, mean over base vectors; NaN where the
            layer is constant for all of them.
        mean: float64 [settings, steps], the layer's series, mean over base vectors.
        effect: float64 [settings, steps], average effect: mean difference from the setting where all variables are 0.
        effect_se: float64 [settings, steps].
        incremental: float64 [settings - 1, steps], mean finite difference between neighbouring values, per unit; of one
            variable only, else empty.
        change: float64 [bases, settings], root mean square over time of the difference from 0.
        size_at_0: float64 [bases], standard deviation over time of the series at 0.
        level: float64 [bases, settings], mean over time.
        spike: float64 [bases, settings], largest magnitude.
        spike_time_s: float64 [bases, settings], where it is.

    Source: Beguš, Leban & Gero 2023 (average and incremental effects of an extreme value, CDEV), applied to layers.
    """

    slopes: np.ndarray
    slope_se: np.ndarray
    slope_p: np.ndarray
    rho: np.ndarray
    mean: np.ndarray
    effect: np.ndarray
    effect_se: np.ndarray
    incremental: np.ndarray
    change: np.ndarray
    size_at_0: np.ndarray
    level: np.ndarray
    spike: np.ndarray
    spike_time_s: np.ndarray

    def relative_change(self) -> np.ndarray:
        """Return the RMS change from 0 in SDs of the layer at 0: float64 [settings]; NaN for a layer flat at 0."""
        size = np.sqrt((self.size_at_0**2).mean())
        change = np.sqrt((self.change**2).mean(axis=0))
        return change / size if size > 0 else np.full(len(change), np.nan)


def layer_effects(responses: Iterator[np.ndarray], grid: np.ndarray, rate_hz: float, seed: int = 0) -> LayerEffects:
    """Measure the effect of one or two swept latent variables on a layer, one base vector at a time.

    Args:
        responses: for each base vector float [settings, steps], the layer at every setting.
        grid: float [settings, variables], a full grid that holds 0.
        rate_hz: steps per second.
        seed: of the sign flips.

    Example:
        >>> import numpy as np
        >>> from snap_tf.series import layer_effects
        >>> grid = np.array([[-1.0], [0.0], [1.0]])  # a variable at three values
        >>> layer = grid * [0.0, 0.5, 2.0]           # grows with it, most at the last of three steps
        >>> found = layer_effects(iter([layer, layer]), grid, rate_hz=1000)
        >>> found.slopes.tolist()                    # change per unit at each step
        [[0.0, 0.5, 2.0]]
        >>> found.effect[2].tolist()                 # difference from the value 0
        [0.0, 0.5, 2.0]
    """
    terms = _contrasts(grid)
    reference = int(np.flatnonzero((grid == 0).all(axis=1))[0])
    slopes, rhos, change, size, level, spike, spike_time = [], [], [], [], [], [], []
    total = squares = total_mean = None
    for response in responses:
        y = np.asarray(response, float)
        difference = y - y[reference]
        # differences first: a layer that does not change has slopes of exactly 0
        slopes.append((terms @ difference / (terms**2).sum(axis=1, keepdims=True)).astype(np.float32))
        rhos.append([spearman(*_marginal(y, grid, k)) for k in range(grid.shape[1])])
        total = difference if total is None else total + difference
        squares = difference**2 if squares is None else squares + difference**2
        total_mean = y if total_mean is None else total_mean + y
        change.append(np.sqrt((difference**2).mean(axis=1)))
        size.append(y[reference].std())
        level.append(y.mean(axis=1))
        spike.append(np.abs(y).max(axis=1))
        spike_time.append((np.abs(y).argmax(axis=1) + 0.5) / rate_hz)
    n = len(slopes)
    assert total is not None and squares is not None and total_mean is not None
    of_bases = np.array(slopes, np.float64)  # [bases, terms, steps]
    effect = total / n
    variance = np.maximum(squares - n * effect**2, 0) / max(n - 1, 1)
    one = grid.shape[1] == 1
    incremental = np.diff(effect, axis=0) / np.diff(grid, axis=0) if one else np.zeros((0, total.shape[1]))
    return LayerEffects(
        of_bases.mean(axis=0),
        of_bases.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(of_bases.shape[1:], np.nan),
        np.array([sign_flip_p(of_bases[:, k], seed) for k in range(len(terms))]),
        _mean_where_there(np.array(rhos)), total_mean / n, effect,
        np.sqrt(variance / n) if n > 1 else np.full_like(effect, np.nan), incremental, np.array(change),
        np.array(size), np.array(level), np.array(spike), np.array(spike_time))


def spearman(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rank correlation of x with every column of y; ties get their mean rank.

    Args:
        x: float [n].
        y: float [n, columns].

    Returns:
        float64 [columns]; NaN where a column is constant.
    """
    from scipy.stats import rankdata

    a = rankdata(x) - (len(x) + 1) / 2
    b = rankdata(y, axis=0) - (len(x) + 1) / 2
    size = np.sqrt((a**2).sum() * (b**2).sum(axis=0))
    return np.divide(a @ b, size, out=np.full(y.shape[1], np.nan), where=size > 0)


def sign_flip_p(slopes: np.ndarray, seed: int, n_flips: int = _FLIPS) -> np.ndarray:
    """Test every step's mean against 0 by random sign flips, family-wise (largest |t| over steps).

    Args:
        slopes: float [bases, steps]; under the null hypothesis the sign of each base vector's series is arbitrary.
        seed: of the signs.
        n_flips: number of random signs.

    Returns:
        float64 [steps]; NaN with fewer than 6 base vectors, whose signs are too few for p < .05.

    Source: Nichols & Holmes 2002, Hum. Brain Mapp. 15, 1-25 (maximum statistic).
    """
    n, steps = slopes.shape
    if n < 6:
        return np.full(steps, np.nan)
    squares = (slopes**2).sum(axis=0)

    def t_values(means: np.ndarray) -> np.ndarray:
        spread = np.sqrt(np.maximum(squares - n * means**2, 0) / ((n - 1) * n))
        alive = spread > 1e-9 * np.sqrt(squares / n)
        exact = (squares > 0) & ~alive  # the same slope for every base vector
        return np.where(alive, np.abs(means) / np.where(alive, spread, 1), np.where(exact, np.inf, 0.0))

    observed = t_values(slopes.mean(axis=0))
    rng = np.random.default_rng(seed)
    largest = [t_values(rng.choice([-1.0, 1.0], n) @ slopes / n).max() for _ in range(n_flips)]
    below = np.searchsorted(np.sort(largest), observed, side="left")
    return (1 + n_flips - below) / (1 + n_flips)


def extent_s(profile: np.ndarray, rate_hz: float, share: float = 0.9) -> tuple[float, float, float]:
    """Say where in time an effect lies.

    Args:
        profile: float [steps], slopes.
        rate_hz: steps per second.
        share: of the squared effect that lies between start and end, half of the rest on either side.

    Returns:
        start, end and centre of gravity in seconds; NaN without effect.
    """
    energy = np.square(profile, dtype=float)
    if not energy.sum() > 0:
        return (float("nan"),) * 3
    grown = np.cumsum(energy) / energy.sum()
    first = int(np.searchsorted(grown, (1 - share) / 2, side="right"))
    last = int(np.searchsorted(grown, 1 - (1 - share) / 2))
    times = (np.arange(len(profile)) + 0.5) / rate_hz
    return first / rate_hz, (min(last, len(profile) - 1) + 1) / rate_hz, float(times @ energy / energy.sum())


def _contrasts(grid: np.ndarray) -> np.ndarray:
    """Centre the variables of a full grid, and their product: float64 [terms, settings], orthogonal to each other."""
    centred = (grid - grid.mean(axis=0)).T
    return centred if len(centred) == 1 else np.array([*centred, centred[0] * centred[1]])


def _marginal(y: np.ndarray, grid: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Average over the other variable: values of variable k [n], series [n, steps]."""
    if grid.shape[1] == 1:
        return grid[:, 0], y
    values = np.unique(grid[:, k])
    return values, np.stack([y[grid[:, k] == value].mean(axis=0) for value in values])


def _mean_where_there(values: np.ndarray) -> np.ndarray:
    """Average over the first axis without NaN."""
    there = np.isfinite(values)
    n = there.sum(axis=0)
    return np.divide(np.where(there, values, 0).sum(axis=0), n, out=np.full(values.shape[1:], np.nan), where=n > 0)
