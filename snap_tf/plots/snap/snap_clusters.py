"""Figures of clusters: silhouettes over layers, distance matrices (clustermaps), dendrograms, stability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram, leaves_list
from scipy.spatial.distance import squareform

from snap_tf.plots.snap.snap_alignment import MODEL_COLOURS
from snap_tf.plots.style import SMALL, TEXT, PlainFigure
from snap_tf.snap.clusters.clustering import MAIN_CLUSTER, Cut, LayerClusters

__all__ = ["clustermap_figure", "dendrogram_figure", "silhouette_figure", "stability_figure"]

CLUSTER_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#117733", "#332288",
                   "#AA4499", "#661100", "#44AA99")
"""Of clusters with two members or more, in turn; a single group is grey."""
ALONE = "#999999"


def silhouette_figure(silhouettes: pd.DataFrame, boundary: str | None = None, key: str = "model") -> Figure:
    """Draw silhouettes over layers: a panel per percentile and one for their mean, a line per model.

    Args:
        silhouettes: the table of `ClusterResults`.
        boundary: name of the last layer that was transferred; a dashed line stands behind it.
        key: column that tells the lines apart.

    Source: Krug et al. 2021, Figures 5 and 8.

    Example:
        >>> from snap_tf.plots import silhouette_figure
        >>> from snap_tf.snap import cluster_models, profile, small_clips
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> figure = silhouette_figure(cluster_models({"small": found}).silhouettes)
        >>> [axes.get_title() for axes in figure.axes][:2]
        ['cut at 87 %', 'cut at 90 %']
    """
    percentiles = list(dict.fromkeys(silhouettes["percentile"]))
    names = list(dict.fromkeys(silhouettes[key]))
    layers = list(dict.fromkeys(silhouettes.sort_values("layer_number", kind="stable")["layer"]))
    panels_of = [(f"cut at {percentile:g} %", percentile) for percentile in percentiles] + [("mean of the cuts", None)]
    n_columns = min(3, len(panels_of))
    n_rows = -(-len(panels_of) // n_columns)
    width = max(2.2, 0.2 * len(layers) + 0.7)
    figure = PlainFigure(figsize=(width * n_columns, 0.45 + 1.85 * n_rows), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, squeeze=False, sharey=True, sharex=True).ravel()
    for axes, (title, percentile) in zip(panels, panels_of, strict=False):
        for i, name in enumerate(names):
            part = silhouettes[silhouettes[key] == name]
            part = part[part["percentile"] == (percentiles[0] if percentile is None else percentile)]
            part = part.set_index("layer").reindex(layers)
            values = part["mean_silhouette" if percentile is None else "silhouette"]
            axes.plot(range(len(layers)), values, color=MODEL_COLOURS[i % len(MODEL_COLOURS)], lw=1.1,
                      marker="osD^v<"[i % 6], ms=2.8, label=name)
        if boundary in layers:
            axes.axvline(layers.index(boundary) + 0.5, color="#555555", lw=0.8, ls="--")
        axes.set_title(title, fontsize=TEXT)
        axes.set_xticks(range(len(layers)), layers, rotation=90 if len(layers) > 7 else 0)
        axes.set_xlim(-0.5, len(layers) - 0.5)
        axes.tick_params(labelsize=SMALL, length=2, pad=1.5, labelbottom=True)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[::n_columns]:
        axes.set_ylabel("silhouette", fontsize=SMALL)
    handles, labels = panels[0].get_legend_handles_labels()
    empty = panels[len(panels_of):]
    for axes in empty:
        axes.set_axis_off()
    if len(empty):
        empty[0].legend(handles, labels, fontsize=SMALL, frameon=False, loc="center")
    else:
        figure.legend(handles, labels, fontsize=SMALL, frameon=False, loc="outside lower center", ncols=len(labels))
    return figure


def stability_figure(stability: pd.DataFrame, n_halves: int, title: str = "") -> Figure:
    """Draw cluster stability over layers, from random halves of the frames: a line per percentile.

    Args:
        stability: `layers` of a `Stability`.
        n_halves: that were drawn.
        title: of the figure.

    Example:
        >>> from snap_tf.plots import stability_figure
        >>> from snap_tf.snap import ProfileOptions, profile, small_clips, stability
        >>> network, clips = small_clips(48)
        >>> found = profile(network, clips, ProfileOptions(folds=8), groups=("label:word",), progress=False)
        >>> halves = stability(found, halves=3)
        >>> [axes.get_ylabel() for axes in stability_figure(halves.layers, halves.n_halves).axes]
        ['adjusted Rand index', 'silhouette (bars: 95 % of halves)']
    """
    layers = list(dict.fromkeys(stability["layer"]))
    figure = PlainFigure(figsize=(max(5.0, 2 * (0.25 * len(layers) + 1.0)), 2.5), layout="constrained")
    panels = figure.subplots(1, 2)
    for i, (percentile, part) in enumerate(stability.groupby("percentile")):
        part = part.set_index("layer").reindex(layers)
        colour, at = MODEL_COLOURS[i % len(MODEL_COLOURS)], np.arange(len(layers))
        panels[0].plot(at, part["adjusted_rand"], color=colour, lw=1.1, marker="o", ms=2.5, label=f"{percentile:g}")
        aside = at + 0.12 * (i - 1.5)
        panels[1].plot(aside, part["silhouette"], color=colour, lw=0.4)
        panels[1].vlines(aside, part["silhouette_low"], part["silhouette_high"], color=colour, lw=1.6, alpha=0.5)
        panels[1].plot(aside, part["silhouette"], color=colour, lw=0, marker="o", ms=3)
    panels[0].set_ylabel("adjusted Rand index", fontsize=SMALL)
    panels[1].set_ylabel("silhouette (bars: 95 % of halves)", fontsize=SMALL)
    panels[0].legend(title="percentile", fontsize=SMALL, title_fontsize=SMALL, frameon=False, ncols=2)
    for axes in panels:
        axes.set_xticks(range(len(layers)), layers, rotation=90 if len(layers) > 7 else 0)
        axes.tick_params(labelsize=SMALL, length=2)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"{title}: {n_halves} random halves of the frames against all", fontsize=TEXT)
    return figure


def clustermap_figure(layers: Mapping[str, LayerClusters], percentile: float | None = None) -> Figure:
    """Draw clustermaps: distances between groups, sorted by the tree on top, clusters in colours; a panel per layer.

    Args:
        layers: by the title of their panel.
        percentile: of the cut; by default each layer's best one.

    Source: Krug et al. 2021, Figures 6 and 9.

    Example:
        >>> from snap_tf.plots import clustermap_figure
        >>> from snap_tf.snap import cluster_profiles, profile, small_clips
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> figure = clustermap_figure(cluster_profiles(found.profiles("snap")))
        >>> sorted(label.get_text() for label in figure.axes[2].get_xticklabels())
        ['ask', 'suit', 'wash', 'year']
    """
    n = max(len(layer.groups) for layer in layers.values())
    side = max(3.4, 0.105 * n)
    width, height = side + 1.05, side + 1.6
    n_columns = min(2, len(layers))
    n_rows = -(-len(layers) // n_columns)
    figure = PlainFigure(figsize=(width * n_columns, height * n_rows))
    for i, (title, layer) in enumerate(layers.items()):
        left = (i % n_columns) * width + 0.4
        bottom = (n_rows - 1 - i // n_columns) * height + 0.45

        def place(x: float, y: float, wide: float, high: float, left: float = left, bottom: float = bottom) -> Axes:
            """Add axes by inches from the corner of the table."""
            return figure.add_axes(((left + x) / (width * n_columns), (bottom + y) / (height * n_rows),
                                    wide / (width * n_columns), high / (height * n_rows)))

        cut = layer.best_cut() if percentile is None else layer.cut(percentile)
        tree = place(0, side + 0.12, side, 0.6)
        order = _draw_tree(tree, layer, cut)
        tree.set_axis_off()
        tree.set_title(_title(title, cut, "\n"), fontsize=TEXT, pad=3)
        strip = place(0, side + 0.02, side, 0.08)
        strip.imshow(_strip(cut, order), aspect="auto", interpolation="nearest")
        strip.set_axis_off()
        table = place(0, 0, side, side)
        image = table.imshow(squareform(layer.distances)[np.ix_(order, order)], cmap="viridis", aspect="auto",
                             interpolation="nearest", vmin=0)
        names = [_shown(layer.groups[k]) for k in order]
        size = _label_size(len(names))
        table.set_xticks(range(len(names)), names, rotation=90 if len(names) > 12 else 0, fontsize=size)
        table.set_yticks(range(len(names)), names, fontsize=size)
        table.tick_params(length=0, pad=1.5)
        bar = place(side + 0.08, 0, 0.09, side / 2)
        figure.colorbar(image, cax=bar)
        bar.tick_params(labelsize=SMALL - 1, length=2)
        bar.set_title("distance", fontsize=SMALL - 1, loc="left")
    return figure


def dendrogram_figure(layers: Mapping[str, LayerClusters], percentile: float | None = None) -> Figure:
    """Draw dendrograms: trees with their groups and the distance at which they are cut; a panel per layer.

    Args:
        layers: by the title of their panel.
        percentile: of the cut; by default each layer's best one.

    Source: Krug et al. 2021, Figures 7 and 10.

    Example:
        >>> from snap_tf.plots import dendrogram_figure
        >>> from snap_tf.snap import cluster_profiles, profile, small_clips
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> figure = dendrogram_figure(cluster_profiles(found.profiles("snap")), percentile=90.0)
        >>> figure.axes[0].get_ylabel(), len(figure.axes)
        ('distance', 2)
    """
    n = max(len(layer.groups) for layer in layers.values())
    figure = PlainFigure(figsize=(max(5.4, 0.8 + 0.125 * n), 2.3 * len(layers)), layout="constrained")
    for axes, (title, layer) in zip(figure.subplots(len(layers), 1, squeeze=False)[:, 0], layers.items(), strict=True):
        cut = layer.best_cut() if percentile is None else layer.cut(percentile)
        order = _draw_tree(axes, layer, cut)
        names = [_shown(layer.groups[k]) for k in order]
        axes.set_xticks(5 + 10 * np.arange(len(names)), names, rotation=90 if len(names) > 12 else 0, fontsize=SMALL)
        for label, k in zip(axes.get_xticklabels(), order, strict=True):
            label.set_color(_colours(cut)[cut.labels[k]])
        axes.axhline(cut.threshold, color="black", lw=0.7, ls="--")
        axes.set_ylabel("distance", fontsize=SMALL)
        axes.tick_params(axis="y", labelsize=SMALL, length=2)
        axes.tick_params(axis="x", length=0, pad=2)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
        axes.set_title(_title(title, cut), fontsize=TEXT, loc="left")
    return figure


def _title(title: str, cut: Cut, between: str = ", ") -> str:
    score = "no silhouette" if np.isnan(cut.silhouette) else f"silhouette {cut.silhouette:.2f}"
    return (f"{title}, cut at {cut.percentile:g} %{between}{cut.n_clusters} clusters ({cut.n_main} with "
            f"{MAIN_CLUSTER} or more), {score}")


def _draw_tree(axes: Axes, layer: LayerClusters, cut: Cut) -> list[int]:
    """Draw a tree, branches in the colours of their clusters; return the groups in the order of its leaves."""
    colours = _colours(cut)
    n = len(layer.groups)
    # a join takes the colour of its cluster where both of its sides are in one
    of_node = {k: {int(cut.labels[k])} for k in range(n)}
    for k, (a, b) in enumerate(layer.tree[:, :2].astype(int)):
        of_node[n + k] = of_node[a] | of_node[b]

    def colour(k: int) -> str:
        return colours[next(iter(of_node[k]))] if len(of_node[k]) == 1 else "#333333"

    drawn: dict[str, Any] = dendrogram(layer.tree, no_plot=True, link_color_func=colour)
    for x, y, shade in zip(drawn["icoord"], drawn["dcoord"], drawn["color_list"], strict=True):
        axes.plot(x, y, color=shade, lw=0.8, solid_joinstyle="miter")
    axes.set_xlim(0, 10 * n)
    axes.set_ylim(0, 1.03 * max(float(layer.tree[-1, 2]), 1e-300))
    return [int(k) for k in leaves_list(layer.tree)]


def _colours(cut: Cut) -> list[str]:
    """Give every cluster with two members or more a colour."""
    sizes, colours, used = np.bincount(cut.labels), [], 0
    for size in sizes:
        colours.append(ALONE if size == 1 else CLUSTER_COLOURS[used % len(CLUSTER_COLOURS)])
        used += size > 1
    return colours


def _strip(cut: Cut, order: Sequence[int]) -> np.ndarray:
    from matplotlib.colors import to_rgb

    colours = _colours(cut)
    return np.array([[to_rgb(colours[cut.labels[k]]) for k in order]])


def _label_size(n: int) -> float:
    return 5.5 if n > 12 else SMALL


def _shown(group: str) -> str:
    return "␣" if group == " " else group
