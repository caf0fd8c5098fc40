"""Clusters of one or several models, layer by layer, as tables and as a folder of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from snap_tf.snap.clusters.clustering import (
    MAIN_CLUSTER,
    PERCENTILES,
    LayerClusters,
    cluster_profiles,
    co_membership_changes,
)
from snap_tf.snap.clusters.stability import Stability, stability
from snap_tf.snap.profiles.profile_file import ProfileFile
from snap_tf.snap.results.models_compared import about_files
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.errors import ConfigError
from wavegan_tf.formats.json_files import json_text
from wavegan_tf.formats.tables import write_table

__all__ = ["ClusterResults", "ClusterSettings", "ModelClusters", "cluster_models", "write_clusters"]


@dataclass(frozen=True)
class ClusterSettings:
    """Settings of clustering: which profiles, which layers, where trees are cut, halves for stability.

    Attributes:
        kind: of profiles, `snap` in the paper.
        grouping: of the frames; None for the first one of each file.
        percentiles: of the distances between groups at which trees are cut.
        min_frames: groups with fewer are left out.
        layers: the papers' names of these layers only; empty for all that the kind has.
        halves: of the frames to draw for stability; 0 for none.
        seed: of that draw.
    """

    kind: str = "snap"
    grouping: str | None = None
    percentiles: tuple[float, ...] = PERCENTILES
    min_frames: int = 1
    layers: tuple[str, ...] = ()
    halves: int = 0
    seed: int = 0


@dataclass(frozen=True)
class ModelClusters:
    """Clusters of one model.

    Attributes:
        grouping: of the frames.
        frames: in every group.
        layers: trees and cuts by the papers' names of the layers, in the order of the network.
        left_out: groups with fewer frames than asked for.
        stability: against other frames, where asked for.
    """

    grouping: str
    frames: dict[str, int]
    layers: dict[str, LayerClusters]
    left_out: dict[str, int]
    stability: Stability | None


@dataclass(frozen=True)
class ClusterResults:
    """Clusters of several models.

    Attributes:
        settings: what was asked for.
        models: by name.
        silhouettes: a row per model, layer and percentile: threshold, n_clusters, n_main, silhouette (NaN for one
            cluster, or as many as groups), mean_silhouette of the layer's percentiles.
        members: a row per model, layer, percentile and group: n_frames, cluster, cluster_size.
        changes: a row per model, percentile and two layers: share of pairs of groups that change co-membership.
    """

    settings: ClusterSettings
    models: dict[str, ModelClusters]
    silhouettes: pd.DataFrame
    members: pd.DataFrame
    changes: pd.DataFrame


def cluster_models(files: Mapping[str, ProfileFile], settings: ClusterSettings = ClusterSettings(),
                   progress: bool = False) -> ClusterResults:
    """Cluster the groups of every layer of one or several models.

    Args:
        files: profile files by name of the model.
        settings: what to cluster, and how.
        progress: whether to show a bar over halves of the frames.

    Raises:
        ConfigError: settings that do not fit a file.
        DataError: fewer than two groups.

    Example:
        >>> from snap_tf.snap import ClusterSettings, cluster_models, profile, small_clips
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> results = cluster_models({"small": found}, ClusterSettings(percentiles=(50.0, 90.0)))
        >>> results.silhouettes[["model", "layer", "percentile"]].values.tolist()[:2]
        [['small', 'input', 50.0], ['small', 'input', 90.0]]
    """
    models = {name: _clusters(file, settings, progress) for name, file in files.items()}
    silhouettes, members, changes = [], [], []
    for name, model in models.items():
        for number, (layer, found) in enumerate(model.layers.items()):
            for cut in found.cuts:
                place = {"model": name, "layer_number": number, "layer": layer, "percentile": cut.percentile}
                silhouettes.append({**place, "threshold": cut.threshold, "n_clusters": cut.n_clusters,
                                    "n_main": cut.n_main, "silhouette": cut.silhouette,
                                    "mean_silhouette": found.mean_silhouette})
                sizes = np.bincount(cut.labels)
                members += [{**place, "group": group, "n_frames": model.frames[group], "cluster": int(label),
                             "cluster_size": int(sizes[label])}
                            for group, label in zip(found.groups, cut.labels, strict=True)]
        change = co_membership_changes(model.layers)
        change.insert(0, "model", name)
        changes.append(change)
    return ClusterResults(settings, models, pd.DataFrame(silhouettes), pd.DataFrame(members),
                          pd.concat(changes, ignore_index=True))


def write_clusters(results: ClusterResults, files: Mapping[str, ProfileFile], out: str | Path,
                   draw: Callable[[Path], object] | None = None) -> None:
    """Write the clusters of one or several models as tables into a new folder.

    OUT/silhouettes.csv, clusters.csv, changes.csv: see `ClusterResults`; clusters.json: trees, main clusters,
    settings, where they come from; with halves also stability.csv and stability_of_clusters.csv.

    Args:
        results: of one or several models.
        files: from which they were made.
        out: new folder.
        draw: writes figures into the folder before it gets its name, see `plots.snap_figures`.

    Raises:
        ExportError: the folder is there and not empty.
        OSError: it cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from snap_tf.snap import cluster_models, profile, small_clips, write_clusters
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> write_clusters(cluster_models({"small": found}), {"small": found}, "clusters")
        >>> sorted(path.name for path in Path("clusters").iterdir())
        ['changes.csv', 'clusters.csv', 'clusters.json', 'silhouettes.csv']
    """
    with atomic_folder(out) as folder:
        tables = {"silhouettes": results.silhouettes, "clusters": results.members, "changes": results.changes}
        stable = {name: model.stability for name, model in results.models.items() if model.stability is not None}
        if stable:
            tables["stability"] = _stacked({name: found.layers for name, found in stable.items()})
            tables["stability_of_clusters"] = _stacked({name: found.clusters for name, found in stable.items()})
        for name, table in tables.items():
            write_table(table, folder / f"{name}.csv", float_format="%.6g")
        record = {"settings": asdict(results.settings),
                  "clusters": {name: _record(model) for name, model in results.models.items()},
                  **about_files(files)}
        (folder / "clusters.json").write_text(json_text(record, indent=1, default=str), encoding="utf-8")
        if draw is not None:
            draw(folder)


def _clusters(file: ProfileFile, settings: ClusterSettings, progress: bool) -> ModelClusters:
    profiles = file.profiles(settings.kind, settings.grouping, min_frames=settings.min_frames)
    layers = cluster_profiles(profiles, settings.percentiles)
    unknown = [name for name in settings.layers if name not in layers]
    if unknown:
        raise ConfigError(f"layer (={unknown[0]}) must be one of {', '.join(layers)}")
    stable = None
    if settings.halves:
        stable = stability(file, settings.kind, settings.grouping, settings.percentiles, layers=settings.layers,
                           min_frames=settings.min_frames, halves=settings.halves, seed=settings.seed,
                           progress=progress)
    return ModelClusters(profiles.grouping, dict(zip(profiles.groups, profiles.counts.tolist(), strict=True)),
                         {name: layer for name, layer in layers.items() if not settings.layers or name in
                          settings.layers}, file.rare_groups(settings.grouping, settings.min_frames), stable)


def _record(model: ModelClusters) -> dict:
    return {
        "grouping": model.grouping, "frames": model.frames, "left_out": model.left_out,
        "layers": {name: {"mean_silhouette": _number(layer.mean_silhouette), "tree": layer.tree.tolist(),
                          "cuts": [{"percentile": cut.percentile, "threshold": cut.threshold,
                                    "silhouette": _number(cut.silhouette), "n_clusters": cut.n_clusters,
                                    "main_clusters": cut.members(layer.groups, MAIN_CLUSTER)} for cut in layer.cuts]}
                   for name, layer in model.layers.items()},
        "stability": None if model.stability is None else {
            "halves": model.stability.n_halves, "halves_asked_for": model.stability.n_asked,
            "left_out": model.stability.left_out},
    }


def _stacked(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([table.assign(model=name)[["model", *table.columns]] for name, table in tables.items()],
                     ignore_index=True)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
