"""Hierarchical clustering of profiles: complete linkage, cut at percentiles of the distances, with silhouettes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform

from snap_tf.snap.profiles.finalising import Profiles
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["MAIN_CLUSTER", "PERCENTILES", "Cut", "LayerClusters", "cluster_distances", "cluster_profiles",
           "co_membership_change", "co_membership_changes", "layer_names", "profile_distances", "silhouette"]

PERCENTILES = (87.0, 90.0, 93.0, 96.0)
MAIN_CLUSTER = 3
"""Members that make a cluster a main one."""


@dataclass(frozen=True)
class Cut:
    """A partition of the groups of one layer into clusters: its tree, cut at one distance.

    Attributes:
        percentile: of the distances between groups at which the tree is cut.
        threshold: that distance.
        labels: int [groups], numbers of clusters from 0 in the order of their first member.
        silhouette: mean over the groups, -1 to 1; NaN where all groups are together or all apart.
    """

    percentile: float
    threshold: float
    labels: np.ndarray
    silhouette: float

    @property
    def n_clusters(self) -> int:
        """Number of clusters, single groups included."""
        return int(self.labels.max()) + 1

    def members(self, groups: Sequence[str], smallest: int = 1) -> list[tuple[str, ...]]:
        """Return the clusters with at least `smallest` members, the largest first."""
        clusters = [tuple(group for group, label in zip(groups, self.labels, strict=True) if label == k)
                    for k in range(self.n_clusters)]
        return sorted((cluster for cluster in clusters if len(cluster) >= smallest), key=len, reverse=True)

    @property
    def n_main(self) -> int:
        """Number of main clusters: those with three members or more."""
        return int((np.bincount(self.labels) >= MAIN_CLUSTER).sum())


@dataclass(frozen=True)
class LayerClusters:
    """Hierarchical clustering of the groups in one layer: the tree and its cuts.

    Attributes:
        layer: name of the layer as the paper counts it.
        groups: names.
        distances: float64 [groups * (groups - 1) / 2], condensed.
        tree: scipy's linkage matrix.
        cuts: one per percentile.
    """

    layer: str
    groups: tuple[str, ...]
    distances: np.ndarray
    tree: np.ndarray
    cuts: tuple[Cut, ...]

    @property
    def mean_silhouette(self) -> float:
        """Mean over the cuts that have a silhouette; NaN where none has."""
        scores = [cut.silhouette for cut in self.cuts if not np.isnan(cut.silhouette)]
        return float(np.mean(scores)) if scores else np.nan

    def cut(self, percentile: float) -> Cut:
        """Return one cut.

        Raises:
            ConfigError: no such percentile.
        """
        for cut in self.cuts:
            if cut.percentile == percentile:
                return cut
        raise ConfigError(f"percentile (={percentile:g}) must be one of "
                          f"{', '.join(f'{cut.percentile:g}' for cut in self.cuts)}")

    def best_cut(self) -> Cut:
        """Return the cut with the best silhouette, the first one where none has any."""
        return max(self.cuts, key=lambda cut: -np.inf if np.isnan(cut.silhouette) else cut.silhouette)


def profile_distances(values: np.ndarray) -> np.ndarray:
    """Return Euclidean distances between flattened profiles.

    Args:
        values: float [groups, ...].

    Returns:
        float64 [groups * (groups - 1) / 2], condensed as scipy does.

    Raises:
        DataError: fewer than two groups, or values that are not finite.
    """
    if len(values) < 2:
        raise DataError(f"groups (={len(values)}) must be at least 2 to be compared; lower the fewest frames of a "
                        "group, or profile more data")
    flat = np.asarray(values, np.float64).reshape(len(values), -1)
    if not np.isfinite(flat).all():
        raise DataError("profiles must be finite to be compared; there are infinite values or NaN")
    return pdist(flat)


def silhouette(distances: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean silhouette coefficient of a partition, NaN for one cluster or as many as groups.

    Args:
        distances: float [groups * (groups - 1) / 2], condensed.
        labels: int [groups].

    Example:
        >>> import numpy as np
        >>> from scipy.spatial.distance import pdist
        >>> from snap_tf.snap import silhouette
        >>> points = np.array([[0.0], [1.0], [10.0], [11.0]])
        >>> round(silhouette(pdist(points), np.array([0, 0, 1, 1])), 2)
        0.9
    """
    from sklearn.metrics import silhouette_score

    if not 2 <= len(np.unique(labels)) < len(labels):
        return np.nan
    return float(silhouette_score(squareform(distances), labels, metric="precomputed"))


def cluster_distances(distances: np.ndarray, groups: Sequence[str], layer: str = "",
                      percentiles: Sequence[float] = PERCENTILES) -> LayerClusters:
    """Cluster groups hierarchically (complete linkage) and cut the tree at percentiles of all distances.

    Args:
        distances: float [groups * (groups - 1) / 2], condensed.
        groups: names.
        layer: name, for the result.
        percentiles: of the distances, each from 0 to 100.

    Raises:
        ConfigError: percentiles outside 0 to 100, or twice, or none.

    Source: Krug et al., Electronics 10(11):1350 (2021), section 5.3.
    """
    if not len(percentiles) or any(not 0 <= p <= 100 for p in percentiles):
        raise ConfigError(f"percentiles (={', '.join(f'{p:g}' for p in percentiles)}) must be from 0 to 100")
    if len(set(percentiles)) < len(percentiles):
        raise ConfigError(f"percentiles (={', '.join(f'{p:g}' for p in percentiles)}) must be different")
    tree = linkage(distances, method="complete")
    cuts = []
    for percentile in percentiles:
        threshold = float(np.percentile(distances, percentile))
        labels = _by_first_member(fcluster(tree, threshold, criterion="distance"))
        cuts.append(Cut(float(percentile), threshold, labels, silhouette(distances, labels)))
    return LayerClusters(layer, tuple(groups), distances, tree, tuple(cuts))


def cluster_profiles(profiles: Profiles, percentiles: Sequence[float] = PERCENTILES) -> dict[str, LayerClusters]:
    """Cluster the groups in every layer by their profiles: Euclidean distances, complete linkage.

    Args:
        profiles: of any kind.
        percentiles: of the distances, at which the trees are cut.

    Returns:
        By the layers' paper names, in the order of the network.

    Raises:
        ConfigError: percentiles outside 0 to 100.
        DataError: fewer than two groups.

    Example:
        >>> from snap_tf.snap import cluster_profiles, profile, small_clips
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> clusters = cluster_profiles(found.profiles("snap"), percentiles=(50.0, 90.0))
        >>> list(clusters), clusters["input"].groups
        (['input', 'Conv1'], ('ask', 'suit', 'wash', 'year'))
    """
    return {name: cluster_distances(profile_distances(layer.values), profiles.groups, name, percentiles)
            for name, layer in zip(layer_names(profiles), profiles.layers.values(), strict=True)}


def layer_names(profiles: Profiles) -> list[str]:
    """Return the layers' names as papers count them, or the network's own where those are not different."""
    names = [layer.layer.paper_name for layer in profiles.layers.values()]
    return names if len(set(names)) == len(names) else list(profiles.layers)


def co_membership_change(a: np.ndarray, b: np.ndarray) -> float:
    """Return the share of pairs that are together in one partition and apart in the other: 1 - Rand index.

    Source: Krug et al., Electronics 10(11):1350 (2021), section 5.3; Rand, JASA 66 (1971).
    """
    from sklearn.metrics import rand_score

    return float(1 - rand_score(a, b))


def co_membership_changes(layers: dict[str, LayerClusters]) -> pd.DataFrame:
    """Compare the partitions of every two layers.

    Returns:
        percentile, layer_a, layer_b, change: share of pairs of groups that change co-membership; n_a, n_b: clusters.
    """
    rows = []
    for one, other in combinations(layers.values(), 2):
        for cut_a, cut_b in zip(one.cuts, other.cuts, strict=True):
            rows.append({"percentile": cut_a.percentile, "layer_a": one.layer, "layer_b": other.layer,
                         "change": co_membership_change(cut_a.labels, cut_b.labels),
                         "n_a": cut_a.n_clusters, "n_b": cut_b.n_clusters})
    return pd.DataFrame(rows, columns=["percentile", "layer_a", "layer_b", "change", "n_a", "n_b"])


def _by_first_member(labels: np.ndarray) -> np.ndarray:
    """Number clusters from 0 in the order of their first member, so that equal partitions have equal labels."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
