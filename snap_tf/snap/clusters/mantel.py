"""Mantel test: correlation of two distance matrices of the same items, and its permutation test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from wavegan_tf.errors import ConfigError, DataError

__all__ = ["MANTEL_METHODS", "Mantel", "mantel"]

MANTEL_METHODS = ("pearson", "spearman")


@dataclass(frozen=True)
class Mantel:
    """Result of a Mantel test: the correlation of two distance matrices.

    Attributes:
        r: correlation over pairs; NaN where a table is constant.
        p: share of relabelled tables with a correlation at least as high, the observed one counted as one of them;
            NaN without permutations.
        n_permutations: of the rows and columns of one table.
    """

    r: float
    p: float
    n_permutations: int


def mantel(a: np.ndarray, b: np.ndarray, method: str = "pearson", n_permutations: int = 999, seed: int = 0) -> Mantel:
    """Correlate two distance matrices of the same items, with a permutation test (Mantel test).

    Pairs are not independent, since they share members; so the null distribution comes from relabelling the items.

    Args:
        a: float [n * (n - 1) / 2], condensed distances.
        b: distances of the same items in the same order.
        method: `pearson` or `spearman`.
        n_permutations: relabellings; 0 for none.
        seed: of the relabellings.

    Raises:
        ConfigError: no such method, a negative number of permutations.
        DataError: tables of different sizes, of fewer than three things, or not finite.

    Source: Mantel, Cancer Research 27 (1967); Legendre & Legendre, Numerical Ecology, section 10.5.1.

    Example:
        >>> import numpy as np
        >>> from scipy.spatial.distance import pdist
        >>> from snap_tf.snap import mantel
        >>> points = np.random.default_rng(0).normal(size=(8, 3))
        >>> found = mantel(pdist(points), 2 * pdist(points), n_permutations=99)
        >>> round(found.r, 3), float(found.p)
        (1.0, 0.01)
    """
    if method not in MANTEL_METHODS:
        raise ConfigError(f"method (={method}) must be one of {', '.join(MANTEL_METHODS)}")
    if n_permutations < 0:
        raise ConfigError(f"n_permutations (={n_permutations}) must be 0 or more")
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 3:
        raise DataError(f"tables of distances (={a.shape}, {b.shape}) must be condensed, of the same things, and of at "
                        "least three")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise DataError("tables of distances must be finite")
    if method == "spearman":
        a, b = rankdata(a), rankdata(b)
    a, b = _standardised(a), _standardised(b)
    r = float(a @ b)
    if np.isnan(r) or not n_permutations:
        return Mantel(r, np.nan, n_permutations)
    table, rng = squareform(a), np.random.default_rng(seed)
    upper = np.triu_indices(len(table), 1)
    higher = 0
    for _ in range(n_permutations):
        order = rng.permutation(len(table))
        higher += table[order[upper[0]], order[upper[1]]] @ b >= r - 1e-12
    return Mantel(r, (1 + higher) / (1 + n_permutations), n_permutations)


def _standardised(values: np.ndarray) -> np.ndarray:
    """Shift and scale to mean 0 and length 1; NaN where all are equal."""
    centred = values - values.mean()
    length = np.linalg.norm(centred)
    return centred / length if length > 1e-12 * max(1.0, np.abs(values).max()) else np.full(len(values), np.nan)
