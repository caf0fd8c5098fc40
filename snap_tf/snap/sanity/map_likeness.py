"""Similarity of two saliency maps: rank correlation, and structural similarity along time."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.stats import rankdata

__all__ = ["rank_correlation", "structural_similarity"]

WINDOW_STEPS = 7
_K1, _K2 = 0.01, 0.03


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Compute Spearman's correlation over the cells in which at least one map is not zero.

    Args:
        a: float [...], absolute saliency.
        b: the same shape.

    Returns:
        From -1 to 1; NaN where there are fewer than three such cells, or a map is constant over them.

    Source: Adebayo et al. 2018, section 3 (of absolute values); cells that both leave out would agree for nothing.
    """
    used = (a != 0) | (b != 0)
    if used.sum() < 3:
        return float("nan")
    x, y = rankdata(a[used]), rankdata(b[used])
    x, y = x - x.mean(), y - y.mean()
    length = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum() / length) if length > 0 else float("nan")


def structural_similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Compute the mean structural similarity in windows of 7 steps along time, channel by channel.

    Feature maps have no order, so that windows over channels would mean nothing.

    Args:
        a: float [T, channels], not negative; scaled to a maximum of 1 first.
        b: the same shape.

    Returns:
        At most 1; NaN where a map is zero everywhere.

    Source: Wang, Bovik, Sheikh and Simoncelli 2004, IEEE Transactions on Image Processing 13(4), Eq. 13.
    """
    if not a.any() or not b.any():
        return float("nan")
    x, y = a / a.max(), b / b.max()
    size = min(WINDOW_STEPS, len(x))
    mean_x, mean_y = _smooth(x, size), _smooth(y, size)
    var_x, var_y = _smooth(x * x, size) - mean_x**2, _smooth(y * y, size) - mean_y**2
    covariance = _smooth(x * y, size) - mean_x * mean_y
    c1, c2 = _K1**2, _K2**2
    found = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)
             / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)))
    used = (x != 0) | (y != 0)
    return float(found[used].mean())


def _smooth(values: np.ndarray, size: int) -> np.ndarray:
    return uniform_filter1d(values, size, axis=0, mode="nearest")
