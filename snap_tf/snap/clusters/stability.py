"""Cluster stability: clusters of random halves of the frames, compared with those of all frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
from scipy.spatial.distance import squareform
from tqdm import tqdm

from snap_tf.snap.clusters.clustering import (
    MAIN_CLUSTER,
    PERCENTILES,
    Cut,
    LayerClusters,
    cluster_distances,
    co_membership_change,
    layer_names,
    profile_distances,
)
from snap_tf.snap.clusters.mantel import mantel
from snap_tf.snap.profiles.finalising import Profiles
from snap_tf.snap.profiles.profile_file import ProfileFile
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["SMALLEST_FOLDS", "Stability", "cluster_recovery", "half_samples", "stability"]

SMALLEST_FOLDS = 4
"""Fewer folds have too few different halves."""


@dataclass(frozen=True)
class Stability:
    """Agreement between the clusters of random halves of the frames and those of all frames.

    Attributes:
        layers: a row per layer and percentile: rand (mean Rand index with the clusters of all frames), adjusted_rand
            (the same, 0 at chance), rand_low and rand_high (2.5th and 97.5th percentile over halves), silhouette (of
            all frames), silhouette_low and silhouette_high (over halves), mantel (mean correlation of distances).
        clusters: a row per layer, percentile and main cluster: members, n_members, recovery (mean over halves of the
            largest Jaccard similarity with a cluster of the half), recovered (share of halves where that is over .5).
        n_halves: that were drawn, fewer than asked for where the folds have no more different ones.
        n_asked: that were asked for.
        n_folds: with frames in them.
        left_out: groups that some half has too few frames of.
    """

    layers: pd.DataFrame
    clusters: pd.DataFrame
    n_halves: int
    n_asked: int
    n_folds: int
    left_out: tuple[str, ...]

    @property
    def said(self) -> str:
        """How many halves there were, and why not more."""
        if self.n_halves == self.n_asked:
            return f"{self.n_halves} halves of {self.n_folds} folds"
        return (f"{self.n_halves} halves of {self.n_folds} folds, of {self.n_asked} asked for: so many folds have no "
                "more different halves (snap-tf profile --folds)")


def half_samples(folds: Sequence[int], n: int, seed: int) -> list[tuple[int, ...]]:
    """Draw different halves of the folds; all there are where more are asked for.

    Args:
        folds: numbers of those that have frames.
        n: how many halves.
        seed: of the draw.

    Raises:
        ConfigError: too few folds, or less than one half.
    """
    if len(folds) < SMALLEST_FOLDS:
        raise ConfigError(f"`folds` of the profile file with frames in them (={len(folds)}) must be at least "
                          f"{SMALLEST_FOLDS} to resample its frames; run snap-tf profile again with --folds "
                          f"{2 * SMALLEST_FOLDS}, on more utterances or with --fold-by frame")
    if n < 1:
        raise ConfigError(f"`halves` (={n}) must be at least 1")
    if n >= comb(len(folds), len(folds) // 2):
        return list(combinations(folds, len(folds) // 2))
    rng = np.random.default_rng(seed)
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < n:
        drawn[tuple(sorted(rng.choice(folds, len(folds) // 2, replace=False).tolist()))] = None
    return list(drawn)


def stability(file: ProfileFile, kind: str = "snap", grouping: str | None = None,
              percentiles: Sequence[float] = PERCENTILES, *, layers: Sequence[str] = (), min_frames: int = 1,
              halves: int = 20, seed: int = 0, progress: bool = False) -> Stability:
    """Measure cluster stability: cluster random halves of the frames, and compare with the clusters of all frames.

    Frames are resampled by folds: each utterance belongs to one at random with all its frames, which overlap (or each
    frame, see `ProfileOptions.fold_by`), so that no frame has to be kept.

    Args:
        file: of a pass with at least four folds.
        kind: of the profiles.
        grouping: of the frames; the first one by default.
        percentiles: of the distances, at which trees are cut.
        layers: the papers' names of these only; all by default.
        min_frames: that a group must have in all frames; a group must be in every half, too.
        halves: to draw; fewer where the folds do not allow so many different ones.
        seed: of the draw.
        progress: whether to show a bar.

    Raises:
        ConfigError: too few folds, no such kind or grouping.
        DataError: fewer than two groups are in every half.

    Source: Hennig, Computational Statistics & Data Analysis 52 (2007), for the recovery of clusters.

    Example:
        >>> from snap_tf.snap import ProfileOptions, profile, small_clips, stability
        >>> network, clips = small_clips(48)
        >>> found = profile(network, clips, ProfileOptions(folds=8), groups=("label:word",), progress=False)
        >>> halves = stability(found, percentiles=(90.0,), halves=3)
        >>> halves.said, halves.layers["layer"].tolist()
        ('3 halves of 8 folds', ['input', 'Conv1'])
    """
    folds = file.filled_folds(grouping)
    drawn = half_samples(folds, halves, seed)
    whole = _distances(file.profiles(kind, grouping, min_frames=min_frames), layers)
    # distances only: the profiles of a wide network are too large to keep one for every half
    of_halves = [_distances(file.profiles(kind, grouping, folds=half), layers)
                 for half in tqdm(drawn, desc="halves", unit="half", disable=not progress)]
    groups = [group for group in whole.groups if all(group in half.groups for half in of_halves)]
    reference = whole.clusters(groups, percentiles)
    parts = [half.clusters(groups, percentiles) for half in of_halves]
    rows: list[dict] = []
    clusters: list[dict] = []
    for name, layer in reference.items():
        correlations = [mantel(layer.distances, part[name].distances, n_permutations=0).r for part in parts] \
            if len(groups) > 2 else [np.nan]
        for i, cut in enumerate(layer.cuts):
            cuts = [part[name].cuts[i] for part in parts]
            rows.append({"layer": name, "percentile": cut.percentile, **_agreement(cut, cuts),
                         "mantel": float(np.mean(correlations))})
            for members in cut.members(layer.groups, MAIN_CLUSTER):
                recovery = np.array([cluster_recovery(members, other, layer.groups) for other in cuts])
                clusters.append({"layer": name, "percentile": cut.percentile, "members": " ".join(members),
                                 "n_members": len(members), "recovery": recovery.mean(),
                                 "recovered": (recovery > 0.5).mean()})
    names = ["layer", "percentile", "members", "n_members", "recovery", "recovered"]
    return Stability(pd.DataFrame(rows), pd.DataFrame(clusters, columns=names), len(drawn), halves,
                     len(folds), tuple(group for group in whole.groups if group not in groups))


def cluster_recovery(members: Sequence[str], cut: Cut, groups: Sequence[str]) -> float:
    """Return the largest Jaccard similarity of a set of groups with any cluster of a cut."""
    wanted = np.isin(groups, members)
    shared = np.bincount(cut.labels, weights=wanted)
    return float((shared / (np.bincount(cut.labels) + wanted.sum() - shared)).max())


@dataclass(frozen=True)
class _Distances:
    """Distances between groups, square, by layer."""

    groups: tuple[str, ...]
    layers: dict[str, np.ndarray]

    def clusters(self, groups: Sequence[str], percentiles: Sequence[float]) -> dict[str, LayerClusters]:
        """Cluster some of the groups; others would shift the percentiles."""
        if len(groups) < 2:
            raise DataError(f"groups with frames in every half (={len(groups)}) must be at least 2; profile more data")
        kept = [self.groups.index(group) for group in groups]
        return {name: cluster_distances(squareform(square[np.ix_(kept, kept)], checks=False), groups, name, percentiles)
                for name, square in self.layers.items()}


def _distances(profiles: Profiles, layers: Sequence[str]) -> _Distances:
    return _Distances(profiles.groups, {
        name: squareform(profile_distances(layer.values))
        for name, layer in zip(layer_names(profiles), profiles.layers.values(), strict=True)
        if not layers or name in layers})


def _agreement(cut: Cut, others: Sequence[Cut]) -> dict[str, float]:
    from sklearn.metrics import adjusted_rand_score

    rand = np.array([1 - co_membership_change(cut.labels, other.labels) for other in others])
    scores = np.array([other.silhouette for other in others])
    scores = scores[~np.isnan(scores)]
    low, high = np.percentile(scores, [2.5, 97.5]) if len(scores) else (np.nan, np.nan)
    return {"rand": rand.mean(), "rand_low": np.percentile(rand, 2.5), "rand_high": np.percentile(rand, 97.5),
            "adjusted_rand": float(np.mean([adjusted_rand_score(cut.labels, other.labels) for other in others])),
            "silhouette": cut.silhouette, "silhouette_low": low, "silhouette_high": high}
