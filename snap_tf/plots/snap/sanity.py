"""Figure of sanity checks: similarity as weights are randomised, and clusters and alignment against chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from snap_tf.plots.style import LINE, SMALL, TEXT, PlainFigure, write_figure
from snap_tf.snap.sanity.checks import SanityResults

__all__ = ["sanity_figure", "write_sanity_figure"]

REAL, NOISE = "#1B7837", "#D95F02"
TITLES = {"rank_correlation": "rank correlation of mean |saliency|", "ssim": "structural similarity of mean |saliency|",
          "mantel": "Mantel correlation of SNAP distances"}


def sanity_figure(results: SanityResults) -> Figure:
    """Draw sanity checks: similarity against randomised layers, silhouettes and distances per layer, alignment.

    The panel of the alignment is there where phones are annotated.

    Example:
        >>> from snap_tf.plots import sanity_figure
        >>> from snap_tf.snap import SanitySettings, sanity_checks, small_clips
        >>> network, clips = small_clips()
        >>> settings = SanitySettings(permutations=1)
        >>> results = sanity_checks(network, clips, group="label:word", settings=settings, progress=False)
        >>> sanity_figure(results).axes[0].get_title(loc="left")
        'rank correlation of mean |saliency|'
    """
    figure = PlainFigure((13.4, 6.8), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    for axes, (column, title) in zip(panels, TITLES.items(), strict=False):
        _draw_cascade(axes, results.weights, column)
        axes.set_title(title, fontsize=TEXT, loc="left")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right upper", fontsize=SMALL, frameon=False, title="layer looked at",
                  title_fontsize=SMALL)
    for axes, column, prefix, title in ((panels[3], "silhouette", "", "silhouette, mean over cuts"),
                                        (panels[4], "distance", "distance_", "mean distance between SNAPs")):
        _draw_separation(axes, results, column, prefix)
        axes.set_title(title, fontsize=TEXT, loc="left")
    panels[3].legend(fontsize=SMALL - 1, frameon=False)
    if results.alignment.empty:
        panels[5].set_axis_off()
    else:
        _draw_alignment(panels[5], results.alignment)
    for axes in panels:
        axes.tick_params(labelsize=SMALL)
    figure.suptitle(f"{results.model['name']}: {results.source}, {len(results.groups)} groups by {results.group}",
                    fontsize=TEXT, x=0.01, ha="left")
    return figure


def write_sanity_figure(results: SanityResults, path: str | Path) -> list[Path]:
    """Write the figure of sanity checks as PNG and PDF; `path` is the name without suffix.

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


def _draw_separation(axes: Axes, results: SanityResults, column: str, prefix: str) -> None:
    labels, at = results.labels, np.arange(len(results.labels))
    axes.fill_between(at, labels[f"{prefix}null_low"], labels[f"{prefix}null_high"], color="0.85", lw=0,
                      label="permuted labels, 95 %")
    axes.plot(at, labels[f"{prefix}null_mean"], color="0.5", lw=LINE, ls="--")
    axes.plot(at, results.inputs[column], color=NOISE, marker="s", ms=3, lw=LINE, label="noise as input")
    axes.plot(at, labels[column], color=REAL, marker="o", ms=3.5, lw=LINE + 0.4, label="as it is")
    axes.set_xticks(at, labels["layer"], rotation=60, ha="right", rotation_mode="anchor")


def _draw_alignment(axes: Axes, table: pd.DataFrame) -> None:
    at = np.arange(len(table))
    colours = [REAL, *["0.6"] * (len(table) - 2), NOISE]
    axes.bar(at, 100 * table["aligned"], color=colours, width=0.7)
    axes.hlines(100 * table["aligned_chance"], at - 0.4, at + 0.4, color="black", lw=LINE + 0.4,
                label="predictions permuted at random")
    for column, style, label in (("constant", "--", "best constant place"), ("centre", ":", "before alignment")):
        axes.axhline(100 * table[column].iloc[0], color="0.4", lw=LINE, ls=style, label=label)
    axes.set_xticks(at, [name.removeprefix("random down to ") for name in table["condition"]], rotation=60, ha="right",
                    rotation_mode="anchor")
    axes.set_xlabel("randomised from the output down to", fontsize=SMALL)
    axes.set_title("frames aligned with the phone predicted, %", fontsize=TEXT, loc="left")
    axes.set_ylim(0, max(1.35 * 100 * float(table[["aligned", "constant"]].max(axis=None)), 1.0))
    axes.legend(fontsize=SMALL - 1, frameon=False)
