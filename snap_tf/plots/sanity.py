"""Sanity checks as a picture: what changes as weights are randomised, and silhouettes against chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snap_tf.plots.style import LINE, SMALL, TEXT, write_figure
from snap_tf.snap.sanity import SanityResults

__all__ = ["sanity_figure", "write_sanity_figure"]

TITLES = {"rank_correlation": "rank correlation of mean |saliency|", "ssim": "structural similarity of mean |saliency|",
          "mantel": "Mantel correlation of SNAP distances"}


def sanity_figure(results: SanityResults) -> Figure:
    """Draw four panels: three measures of likeness against the randomised layers, and silhouettes per layer."""
    figure = Figure((10.2, 6.6), layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    for axes, (column, title) in zip(panels, TITLES.items(), strict=False):
        _draw_cascade(axes, results.weights, column)
        axes.set_title(title, fontsize=TEXT, loc="left")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right upper", fontsize=SMALL, frameon=False, title="layer looked at",
                  title_fontsize=SMALL)
    _draw_silhouettes(panels[3], results)
    for axes in panels:
        axes.tick_params(labelsize=SMALL)
    figure.suptitle(f"{results.model['name']}: {results.source}, {len(results.groups)} groups by {results.group}",
                    fontsize=TEXT, x=0.01, ha="left")
    return figure


def write_sanity_figure(results: SanityResults, path: str | Path) -> list[Path]:
    """Write the picture as PNG and PDF; `path` is the name without suffix.

    Raises:
        OSError: a file cannot be written.
    """
    return write_figure(sanity_figure(results), path, dpi=150)


def _draw_cascade(axes: Axes, table: pd.DataFrame, column: str) -> None:
    layers = list(dict.fromkeys(table["layer"]))
    for i, layer in enumerate(layers):
        own = table[table["layer"] == layer]
        axes.plot(own["n_randomised"], own[column], marker="o", ms=2.5, lw=LINE + 0.3, label=layer,
                  color=colormaps["viridis"](i / max(len(layers) - 1, 1) * 0.92))
    steps = table.drop_duplicates("n_randomised")
    axes.set_xticks(steps["n_randomised"], ["none", *steps["down_to"].iloc[1:]], rotation=60, ha="right",
                    rotation_mode="anchor")
    axes.axhline(0.0, color="0.8", lw=LINE, zorder=0)
    axes.set_ylim(min(-0.1, float(np.nan_to_num(table[column].min())) - 0.05), 1.05)
    axes.set_xlabel("randomised from the output down to", fontsize=SMALL)


def _draw_silhouettes(axes: Axes, results: SanityResults) -> None:
    labels, at = results.labels, np.arange(len(results.labels))
    axes.fill_between(at, labels["null_low"], labels["null_high"], color="0.85", lw=0,
                      label="permuted labels, 95 %")
    axes.plot(at, labels["null_mean"], color="0.5", lw=LINE, ls="--")
    axes.plot(at, results.inputs["silhouette"], color="#D95F02", marker="s", ms=3, lw=LINE, label="noise as input")
    axes.plot(at, labels["silhouette"], color="#1B7837", marker="o", ms=3.5, lw=LINE + 0.4, label="as it is")
    axes.set_xticks(at, labels["layer"], rotation=60, ha="right", rotation_mode="anchor")
    axes.set_title("silhouette, mean over cuts", fontsize=TEXT, loc="left")
    axes.legend(fontsize=SMALL - 1, frameon=False)
