"""Figures of an interpolation of latent variables: overlay of all values, stack along the sweep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from snap_tf.layer_info import LayerInfo
from snap_tf.plots.effects import change_figure, outcome_figure, similarity_figure, slope_figure
from snap_tf.plots.style import SMALL, TEXT, PlainFigure, plain_axes, write_figure
from snap_tf.series.latents.interpolation import ENVELOPE, Interpolated
from wavegan_tf.atomic import atomic_file
from wavegan_tf.errors import ConfigError
from wavegan_tf.formats.tables import write_table

__all__ = ["overlay_figure", "overlay_numbers", "sweep_stack_figure", "sweep_stack_numbers", "write_interpolation"]

COLOURS = "coolwarm"
_STACKED = 11  # values in the stack along the sweep
_POINTS = 2000  # of a line; more cannot be seen


def overlay_numbers(found: Interpolated) -> pd.DataFrame:
    """Return the numbers of `overlay_figure`: layer, value, time_s, mean over bases; a second variable is at 0."""
    rows = _first_variable(found)
    parts = []
    for layer in found.layers:
        if _is_output(found, layer):
            continue  # waveforms of different base vectors cancel in the mean: the envelope stands for them
        times = (np.arange(found.effects[layer.paper_name].mean.shape[1]) + 0.5) / layer.rate_hz
        for row in rows:
            parts.append(pd.DataFrame({"layer": layer.paper_name, "value": found.grid[row, 0], "time_s": times,
                                       "mean": found.effects[layer.paper_name].mean[row]}))
    return pd.concat(parts, ignore_index=True)


def overlay_figure(found: Interpolated) -> Figure:
    """Draw an overlay of every layer's mean series: a line per value of the (first) variable, mean over base vectors.

    Args:
        found: the interpolation, see `snap_tf.series.interpolate`.

    Example:
        >>> from snap_tf.plots import overlay_figure
        >>> from snap_tf.series import SweepPlan, VariableRange, interpolate, open_generator
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1", "Conv2"])
        >>> found = interpolate(generator, SweepPlan((VariableRange(5, -1, 1, 1),), bases=2), "sweep")
        >>> first, second, colour_bar = overlay_figure(found).axes
        >>> len(first.lines)  # values -1, 0 and 1
        3

    Source: Beguš & Zhou, IEEE/ACM TASLP 30, 2022 (interpolation shown in averaged layers; the layout is this
        project's).
    """
    numbers = overlay_numbers(found)
    layers = list(dict.fromkeys(numbers["layer"]))
    figure = PlainFigure(figsize=(6.6, 0.7 + 1.15 * len(layers)), layout="constrained")
    panels = figure.subplots(len(layers), 1, sharex=True, squeeze=False)[:, 0]
    colours = _colours(found)
    for axes, (name, part) in zip(panels, numbers.groupby("layer", sort=False), strict=True):
        values = sorted(part["value"].unique(), key=abs)
        for value, line in part.groupby("value"):
            x, y = _thinned(line["time_s"].to_numpy(), line["mean"].to_numpy())
            axes.plot(x, y, color="black" if value == 0 else colours.to_rgba(value), lw=1.1 if value == 0 else 0.7,
                      zorder=3 if value == 0 else 2 - values.index(value) / len(values))
        axes.set_ylabel(_name(found, str(name)), fontsize=SMALL)
        plain_axes(axes)
    _seconds(panels[-1], found)
    bar = figure.colorbar(colours, ax=list(panels), aspect=40, pad=0.01)
    bar.set_label(f"{found.names[0]} (black: 0)", fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    bar.ax.set_ylim(found.grid[:, 0].min(), found.grid[:, 0].max())  # white stays 0, what was not swept is not shown
    n = len(next(iter(found.effects.values())).level)
    figure.suptitle(f"{found.names[0]} from {found.grid[:, 0].min():g} to {found.grid[:, 0].max():g}, mean of {n} base "
                    "vectors", fontsize=TEXT)
    return figure


def sweep_stack_numbers(found: Interpolated, base: int = 0) -> pd.DataFrame:
    """Return the numbers of `sweep_stack_figure`: layer, value, time_s, series of one base vector.

    Raises:
        ConfigError: no such base vector.
    """
    table = found.store.tokens
    n_bases = int(table["base"].max()) + 1
    if not 0 <= base < n_bases:
        raise ConfigError(f"`base` (={base}) must be one of the {n_bases} base vectors, from 0")
    rows = np.flatnonzero((table["base"] == base) & (table["value2"] == 0 if "value2" in table else True))
    rows = rows[np.argsort(table["value"].to_numpy()[rows])]
    shown = rows[np.unique(np.linspace(0, len(rows) - 1, min(_STACKED, len(rows))).round().astype(int))]
    parts = []
    for layer in found.layers:
        if layer.name != ENVELOPE:
            series = found.store[layer.name]
            parts += [pd.DataFrame({"layer": layer.paper_name, "value": table["value"].iloc[row],
                                    "time_s": series.times_s(), "series": np.asarray(series.values[row])})
                      for row in shown]
    return pd.concat(parts, ignore_index=True)


def sweep_stack_figure(found: Interpolated, base: int = 0) -> Figure:
    """Draw the layers of one base vector along the sweep: a column per layer, a line per value, from low to high.

    Args:
        found: the interpolation, see `snap_tf.series.interpolate`.
        base: number of the base vector, from 0.

    Raises:
        ConfigError: no such base vector.

    Example:
        >>> from snap_tf.plots import sweep_stack_figure
        >>> from snap_tf.series import SweepPlan, VariableRange, interpolate, open_generator
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1", "Conv2"])
        >>> found = interpolate(generator, SweepPlan((VariableRange(5, -1, 1, 1),), bases=2), "sweep")
        >>> [axes.get_title() for axes in sweep_stack_figure(found, base=1).axes]
        ['Conv1, 62.5 Hz', 'Conv2, 250 Hz']

    Source: Beguš & Zhou, IEEE/ACM TASLP 30, 2022 (stacks of layers along an interpolation).
    """
    numbers = sweep_stack_numbers(found, base)
    layers = list(dict.fromkeys(numbers["layer"]))
    figure = PlainFigure(figsize=(0.6 + 1.75 * len(layers), 4.6), layout="constrained")
    panels = figure.subplots(1, len(layers), sharey=True, squeeze=False)[0]
    values = np.sort(numbers["value"].unique())
    gap = float(np.diff(values).min()) if len(values) > 1 else 1.0
    colours = _colours(found)
    for axes, (name, part) in zip(panels, numbers.groupby("layer", sort=False), strict=True):
        series = part["series"].to_numpy()
        middle, reach = float(np.median(series)), float(np.abs(series - np.median(series)).max()) or 1.0
        is_sound = any(layer.paper_name == name and _is_output(found, layer) for layer in found.layers)
        scale = (0.5 if is_sound else 1.6) * gap / reach
        for value, line in part.groupby("value"):
            x, y = _thinned(line["time_s"].to_numpy(), (line["series"].to_numpy() - middle) * scale + value)
            axes.plot(x, y, color="black" if value == 0 else colours.to_rgba(value), lw=0.5 if is_sound else 0.8)
        axes.set_title(_name(found, str(name)).replace("\n", ", "), fontsize=SMALL)
        plain_axes(axes)
        _seconds(axes, found)
    panels[0].set_yticks(values, [f"{value:g}" for value in values])
    panels[0].set_ylabel(f"{found.names[0]} (heights scaled per layer)", fontsize=SMALL)
    code = found.store.tokens.loc[found.store.tokens["base"] == base, "code"].iloc[0]
    figure.suptitle(f"base vector {base}" + (f", code {code}" if code else ""), fontsize=TEXT)
    return figure


def write_interpolation(found: Interpolated, folder: str | Path, tensorboard: str | Path | None = None,
                        base: int = 0) -> list[Path]:
    """Draw all figures of an interpolation and write them as PNG and PDF, the numbers of lines as CSV.

    The numbers of the heat maps are in `effects.npz` and `values.csv` of the interpolation, those of measures in
    `outcome_effects.csv`, those of similarities in `reduplication.csv`.

    Args:
        found: the interpolation, see `snap_tf.series.interpolate`.
        folder: where to.
        tensorboard: a folder for the same figures as TensorBoard images.
        base: number of the base vector in the stack, from 0.

    Returns:
        The files.

    Raises:
        ConfigError: no such base vector.
        OSError: a file cannot be written.

    Example:
        >>> from snap_tf.plots import write_interpolation
        >>> from snap_tf.series import SweepPlan, VariableRange, interpolate, open_generator
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1"])
        >>> found = interpolate(generator, SweepPlan((VariableRange(5, -1, 1, 1),), bases=2), "sweep")
        >>> [path.name for path in write_interpolation(found, "figures") if path.suffix == ".png"]
        ['overlay.png', 'stack.png', 'slopes.png', 'change.png']
    """
    figures = {"overlay": overlay_figure(found), "stack": sweep_stack_figure(found, base),
               "slopes": slope_figure(found), "change": change_figure(found)}
    if found.outcomes is not None:
        figures["outcomes"] = outcome_figure(found)
    if found.similarity is not None:
        figures["reduplication"] = similarity_figure(found)
    files = []
    for name, figure in figures.items():
        files += write_figure(figure, Path(folder) / name)
    for name, table in (("overlay", overlay_numbers(found)), ("stack", sweep_stack_numbers(found, base))):
        files.append(Path(folder) / f"{name}.csv")
        with atomic_file(files[-1]) as temporary:
            write_table(table, temporary, float_format="%.6g")
    if tensorboard is not None:
        from snap_tf.plots.tensorboard import write_images

        write_images(tensorboard, {f"interpolate/{name}": figure for name, figure in figures.items()})
    return files


def _first_variable(found: Interpolated) -> np.ndarray:
    """Return the settings at which a second variable is 0."""
    return np.flatnonzero((found.grid[:, 1:] == 0).all(axis=1))


def _is_output(found: Interpolated, layer: LayerInfo) -> bool:
    return layer.name != ENVELOPE and layer.rate_hz == found.store.rate_hz


def _colours(found: Interpolated) -> ScalarMappable:
    most = float(np.abs(found.grid[:, 0]).max())
    return ScalarMappable(Normalize(-most, most), COLOURS)


def _name(found: Interpolated, name: str) -> str:
    rate = next(layer.rate_hz for layer in found.layers if layer.paper_name == name)
    return f"{name}\n{rate / 1000:g} kHz" if rate >= 1000 else f"{name}\n{rate:g} Hz"


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Keep the lowest and highest point of every stretch of a long line: what is drawn looks the same."""
    if len(x) <= 2 * _POINTS:
        return x, y
    size = len(x) // _POINTS
    whole = len(x) // size * size
    blocks = y[:whole].reshape(-1, size)
    first = np.arange(len(blocks)) * size
    keep = np.unique(np.concatenate([first + blocks.argmin(axis=1), first + blocks.argmax(axis=1)]))
    return x[keep], y[keep]


def _seconds(axes: Axes, found: Interpolated) -> None:
    axes.set_xlim(0, found.store.n_samples / found.store.rate_hz)
    axes.set_xlabel("time (s)", fontsize=SMALL)
