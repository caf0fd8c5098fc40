"""Tail probabilities of weighted sums of chi-square variables, by inverting their characteristic function."""

from __future__ import annotations

import numpy as np
from scipy import stats

__all__ = ["SMALLEST", "mixture_sf", "probability_positive", "smooth_test_sf", "tail"]

SMALLEST = 1e-9
"""Below this the inversion is rounding noise, and an F distribution is used instead."""
_MAX_POINTS = 4_000_000
_CHUNK = 4096


def probability_positive(weights: np.ndarray, dofs: np.ndarray, accuracy: float = 1e-12,
                         threshold: float = 0.0) -> float:
    """Compute P(sum_j weights_j chi2_{dofs_j} > threshold), absolute error about `accuracy`.

    The inversion integral is summed with the midpoint rule: its step is small enough that the probability mass
    that would be folded in is below `accuracy`, and it ends where the characteristic function has died away.

    Args:
        weights: float [n], of both signs.
        dofs: float [n], degrees of freedom.
        accuracy: absolute error of the result; slowly dying functions are cut at 4 million points.
        threshold: 0 or more.
    Source: Davies 1980, Applied Statistics 29:323 (algorithm AS 155); Imhof 1961, eq. 3.2.
    """
    keep = weights != 0
    weights, dofs = weights[keep], dofs[keep]
    if not (weights < 0).any() and threshold <= 0:
        return 1.0
    if not (weights > 0).any():
        return 0.0
    reach = max(_reach(weights[weights > 0], dofs[weights > 0], accuracy),
                threshold + _reach(-weights[weights < 0], dofs[weights < 0], accuracy))
    step = 2 * np.pi / reach
    n_points = min(int(np.ceil(_extent(weights, dofs, accuracy) / step)) + 1, _MAX_POINTS)
    total = 0.0
    for first in range(0, n_points, _CHUNK):
        index = np.arange(first, min(first + _CHUNK, n_points)) + 0.5
        angle = 2 * weights * (index * step)[:, None]
        phase = np.arctan(angle) @ dofs / 2 - threshold * index * step
        size = np.exp(-np.log1p(angle**2) @ dofs / 4)
        total += float(np.sum(np.sin(phase) * size / index))
    return min(max(0.5 + total / np.pi, 0.0), 1.0)


def _reach(weights: np.ndarray, dofs: np.ndarray, accuracy: float) -> float:
    """A value that a positive sum exceeds with probability `accuracy` at most (Laurent & Massart 2000, lemma 1)."""
    if not len(weights):
        return 0.0
    odds = -np.log(accuracy)
    spread = 2 * np.sqrt(odds * np.sum(weights**2 * dofs))
    return float(np.sum(weights * dofs) + spread + 2 * odds * weights.max())


def _extent(weights: np.ndarray, dofs: np.ndarray, accuracy: float) -> float:
    """Where the modulus of the characteristic function falls below `accuracy`."""
    def log_modulus(u: float) -> float:
        return -float(np.log1p((2 * u * weights) ** 2) @ dofs) / 4

    low, high = 0.0, 1 / np.abs(weights).max()
    while log_modulus(high) > np.log(accuracy):
        low, high = high, 2 * high
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if log_modulus(middle) > np.log(accuracy) else (low, middle)
    return high


def tail(statistic: float, dof: float, residual_df: float | None) -> float:
    """Compute the p value of a chi-square statistic: by F where the scale is estimated with `residual_df`."""
    if residual_df is None:
        return float(stats.chi2.sf(statistic, dof))
    return float(stats.f.sf(statistic / dof, dof, residual_df))


def mixture_sf(statistic: float, weights: np.ndarray, dofs: np.ndarray, residual_df: float | None) -> float:
    """Compute P(sum_j weights_j chi2_{dofs_j} > statistic chi2_d / d), d being `residual_df`.

    Without `residual_df` (None: the scale is known) the right-hand side is the statistic itself.
    """
    if statistic <= 0:
        return 1.0
    if residual_df is None:
        return probability_positive(weights, dofs, threshold=statistic)
    return probability_positive(np.append(weights, -statistic / residual_df), np.append(dofs, residual_df))


def smooth_test_sf(statistic: float, rank: float, residual_df: float | None) -> float:
    """Compute the p value of one test statistic T of a smooth with fractional reference degrees of freedom.

    Under no effect T is a sum of k-1 chi2_1, nu_1 chi2_1 and nu_2 chi2_1 with k = floor(rank), nu = rank - k and
    nu_1,2 = (nu + 1 +- sqrt(1 - nu^2)) / 2, over an independent chi2_d / d where the scale is estimated. Given the
    angle between them, the sum of the last two terms is an exponential variable; integrals over the angle have no
    oscillations.

    Source: Wood 2013, Biometrika 100:221, section 2.
    """
    whole = int(np.floor(rank))
    part = rank - whole
    if whole == 0 or part == 0:
        return tail(statistic, max(whole, 1), residual_df)
    if statistic <= 0:
        return 1.0
    root = np.sqrt(1 - part**2)
    weights = np.array([(part + 1 + root) / 2, (part + 1 - root) / 2])
    if residual_df is None:
        return _known_scale_sf(statistic, weights, whole - 1)
    if whole == 1:
        return _two_terms_sf(statistic, weights, residual_df)
    p = mixture_sf(statistic, np.array([1.0, *weights]), np.array([whole - 1.0, 1.0, 1.0]), residual_df)
    return p if p > SMALLEST else tail(statistic, rank, residual_df)


def _angles(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weight seen at every angle between two terms, and how much each angle counts."""
    nodes, node_weights = np.polynomial.legendre.leggauss(200)
    spread = (nodes + 1) / 2  # cubed below: when one weight is small, the weight seen turns sharply at angle 0
    angle = np.pi / 2 * spread**3
    return weights[0] * np.sin(angle) ** 2 + weights[1] * np.cos(angle) ** 2, node_weights * 3 * spread**2 / 2


def _two_terms_sf(statistic: float, weights: np.ndarray, residual_df: float) -> float:
    """Average (1 + T / (d v))^(-d/2) over the angle, v being the weight seen at that angle."""
    seen, shares = _angles(weights)
    return float(shares @ np.exp(-residual_df / 2 * np.log1p(statistic / (residual_df * seen))))


def _known_scale_sf(statistic: float, weights: np.ndarray, dof: int) -> float:
    """P(chi2_dof + two terms > T): the chi-square alone, or an exponential variable above what it leaves of T."""
    seen, shares = _angles(weights)
    if dof == 0:
        return float(shares @ np.exp(-statistic / (2 * seen)))
    nodes, node_weights = np.polynomial.legendre.leggauss(200)
    angle = np.pi / 4 * (nodes + 1)
    value = statistic * np.sin(angle) ** 2  # of the chi-square; points are dense at both ends
    size = stats.chi2.pdf(value, dof) * node_weights * np.pi / 4 * 2 * statistic * np.sin(angle) * np.cos(angle)
    above = np.exp(-(statistic - value)[:, None] / (2 * seen)) @ shares
    return float(stats.chi2.sf(statistic, dof) + size @ above)
