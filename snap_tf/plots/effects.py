"""Heat maps and curves of the effect of a latent variable: on every layer over time, and on the output."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from snap_tf.plots.style import LAYER_COLOUR, LINE, SMALL, TEXT, PlainFigure
from snap_tf.series.latents.effects import SIGNIFICANCE
from snap_tf.series.latents.interpolation import Interpolated
from snap_tf.series.latents.output_labels import UNITS

__all__ = ["change_figure", "outcome_figure", "similarity_figure", "slope_figure"]

_TIME_BINS = 512  # of a heat map; more cannot be seen
_DIVERGING, _RISING = "RdBu_r", "viridis"


def slope_figure(found: Interpolated) -> Figure:
    """Draw a heat map of slopes over time, a row per layer: the change per unit of the latent variable.

    Each layer is scaled by its strongest slope. Black bars below a row mark where the slope differs from 0
    (family-wise p < .05).

    Args:
        found: the interpolation, see `snap_tf.series.interpolate`.

    Example:
        >>> from snap_tf.plots import slope_figure
        >>> from snap_tf.series import SweepPlan, VariableRange, interpolate, open_generator
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1", "Conv2"])
        >>> found = interpolate(generator, SweepPlan((VariableRange(5, -1, 1, 1),), bases=2), "sweep")
        >>> figure = slope_figure(found)
        >>> [label.get_text().split("\\n")[0] for label in figure.axes[0].get_yticklabels()]
        ['Conv1', 'Conv2']
    """
    n_terms = len(found.names) if len(found.names) == 1 else 3
    names = [*found.names, " × ".join(found.names)][:n_terms]
    layers = found.layers
    figure = PlainFigure(figsize=(6.8, 0.9 + n_terms * (0.5 + 0.36 * len(layers))), layout="constrained")
    end_s = found.store.n_samples / found.store.rate_hz
    image = None
    for k, axes in enumerate(figure.subplots(n_terms, 1, squeeze=False)[:, 0]):
        labels = []
        for i, layer in enumerate(layers):
            effects = found.effects[layer.paper_name]
            slope = _largest_in_bins(effects.slopes[k])
            strongest = np.abs(slope).max()
            image = axes.imshow((slope / strongest if strongest else slope)[None], cmap=_DIVERGING, vmin=-1, vmax=1,
                                aspect="auto", interpolation="nearest", extent=(0, end_s, i + 0.38, i - 0.4))
            clear = np.flatnonzero(effects.slope_p[k] < SIGNIFICANCE)
            axes.hlines(np.full(len(clear), i + 0.45), clear / layer.rate_hz, (clear + 1) / layer.rate_hz,
                        color="black", lw=1.6)
            labels.append(f"{layer.paper_name}\n±{strongest:.2g}")
        axes.set_yticks(range(len(layers)), labels)
        axes.set_ylim(len(layers) - 0.45, -0.5)
        axes.set_xlim(0, end_s)
        axes.tick_params(labelsize=SMALL, length=2)
        axes.set_title(f"slope on {names[k]} (per unit; ± the strongest of each layer)", fontsize=TEXT)
    axes.set_xlabel("time (s)", fontsize=SMALL)
    assert image is not None
    _bar(figure, image, "slope / strongest")
    return figure


def change_figure(found: Interpolated) -> Figure:
    """Draw a heat map of the RMS change of every layer from its series at 0, for each value of the variable.

    Of two variables, a panel per layer shows their values against each other. Unit: standard deviations of the layer
    over time at 0.

    Args:
        found: the interpolation, see `snap_tf.series.interpolate`.

    Example:
        >>> from snap_tf.plots import change_figure
        >>> from snap_tf.series import SweepPlan, VariableRange, interpolate, open_generator
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1", "Conv2"])
        >>> found = interpolate(generator, SweepPlan((VariableRange(5, -1, 1, 1),), bases=2), "sweep")
        >>> change_figure(found).axes[0].get_title()
        'RMS change from 0, in SDs of the layer at 0'
    """
    layers = found.layers
    changes = [found.effects[layer.paper_name].relative_change() for layer in layers]
    if len(found.names) == 2:
        return _grids(found, changes)
    figure = PlainFigure(figsize=(6.4, 0.9 + 0.3 * len(layers)), layout="constrained")
    axes = figure.subplots()
    values = found.grid[:, 0]
    image = axes.pcolormesh(_edges(values), np.arange(len(layers) + 1), np.array(changes), cmap=_RISING, vmin=0)
    axes.set_yticks(np.arange(len(layers)) + 0.5, [layer.paper_name for layer in layers])
    axes.invert_yaxis()
    axes.set_xlabel(found.names[0], fontsize=SMALL)
    axes.tick_params(labelsize=SMALL, length=2)
    axes.set_title("RMS change from 0, in SDs of the layer at 0", fontsize=TEXT)
    _bar(figure, image, "SD")
    return figure


def outcome_figure(found: Interpolated) -> Figure:
    """Draw acoustic measures of the output against the (first) variable: a thin line per base vector, a thick mean.

    Args:
        found: an interpolation that measured its outputs, see `snap_tf.series.InterpolationRequest`.

    Example:
        >>> from snap_tf.plots import outcome_figure
        >>> from snap_tf.series import InterpolationRequest, SweepPlan, VariableRange, interpolate, open_generator
        >>> plan = SweepPlan((VariableRange(5, -1, 1, 1),), bases=2)
        >>> found = interpolate(open_generator("saved_models/fiwgan", -1), plan, "sweep",
        ...                     InterpolationRequest(measures=("rms_db",)))
        >>> figure = outcome_figure(found)
        >>> figure.axes[0].get_ylabel(), len(figure.axes[0].lines)  # two base vectors, their mean, a line at 0
        ('rms_db (dB)', 4)
    """
    assert found.outcomes is not None
    table = found.outcomes
    names = [name for name in table.columns[list(table.columns).index("value") + 1:] if name != "value2"]
    if "value2" in table:
        table = table[table["value2"] == 0]
    figure = PlainFigure(figsize=(3.4 * len(names), 2.8), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for _, part in table.groupby("base"):
            axes.plot(part["value"], part[name], color="#BBBBBB", lw=0.4)
        mean = table.groupby("value")[name].mean()
        axes.plot(mean.index, mean, color=LAYER_COLOUR, lw=2 * LINE, marker="o", ms=2.5)
        _label(axes, found, f"{name} ({UNITS[name]})" if UNITS.get(name) else name)
    return figure


def similarity_figure(found: Interpolated) -> Figure:
    """Draw the similarity of two syllables against the (first) variable: a line per layer, mean over base vectors.

    Left: cosine similarity; right: largest cross-correlation. Dotted: the baseline, with the second syllable of
    another base vector.

    Args:
        found: an interpolation that compared syllables, see `snap_tf.series.InterpolationRequest`.

    Example:
        >>> from snap_tf.plots import similarity_figure
        >>> from snap_tf.series import InterpolationRequest, SweepPlan, Syllables, VariableRange
        >>> from snap_tf.series import interpolate, open_generator
        >>> plan = SweepPlan((VariableRange(5, -1, 1, 1),), bases=2)
        >>> found = interpolate(open_generator("saved_models/fiwgan", -1), plan, "sweep",
        ...                     InterpolationRequest(syllables=Syllables((0.1, 0.3, 0.3, 0.5))))
        >>> [axes.get_ylabel() for axes in similarity_figure(found).axes]
        ['cosine, time normalised', 'largest cross-correlation']
    """
    from matplotlib import colormaps

    assert found.similarity is not None
    table = found.similarity
    if "value2" in table:
        table = table[table["value2"] == 0]
    figure = PlainFigure(figsize=(7.0, 3.0), layout="constrained")
    layers = list(dict.fromkeys(table["layer"]))
    colours = colormaps["viridis"](np.linspace(0, 0.9, len(layers)))
    panels = figure.subplots(1, 2, sharey=True)
    measures = {"cosine": "cosine, time normalised", "cross_correlation": "largest cross-correlation"}
    for axes, (name, what) in zip(panels, measures.items(), strict=True):
        for layer, colour in zip(layers, colours, strict=True):
            mean = table[table["layer"] == layer].groupby("value")[name].mean()
            if mean.notna().any():
                axes.plot(mean.index, mean, color=colour, lw=1.2, marker="o", ms=2, label=layer)
                other = table[table["layer"] == layer].groupby("value")[f"{name}_other"].mean()
                axes.plot(other.index, other, color=colour, lw=0.7, ls=":")
        _label(axes, found, what)
    if panels[1].get_legend_handles_labels()[0]:
        panels[1].legend(fontsize=SMALL, frameon=False)
    figure.suptitle("similarity of the two syllables (dotted: with another base vector's second)", fontsize=TEXT)
    return figure


def _grids(found: Interpolated, changes: list[np.ndarray]) -> Figure:
    """Draw a panel per layer, the two variables against each other."""
    values = [np.unique(found.grid[:, k]) for k in range(2)]
    n = len(changes)
    columns = min(4, n)
    n_rows = -(-n // columns)
    figure = PlainFigure(figsize=(0.5 + 1.8 * columns, 0.4 + 1.8 * n_rows), layout="constrained")
    panels = figure.subplots(n_rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    highest = max((np.nanmax(change) for change in changes if np.isfinite(change).any()), default=1.0)
    image: ScalarMappable | None = None
    for axes, layer, change in zip(panels, found.layers, changes, strict=False):
        image = axes.pcolormesh(_edges(values[0]), _edges(values[1]), change.reshape(len(values[0]), -1).T,
                                cmap=_RISING, vmin=0, vmax=highest)
        axes.set_title(layer.paper_name, fontsize=SMALL)
        axes.tick_params(labelsize=SMALL, length=2)
    for axes in panels[n:]:
        axes.set_visible(False)
    for axes in panels[max(0, n - columns):n]:
        axes.set_xlabel(found.names[0], fontsize=SMALL)
        axes.tick_params(labelbottom=True)
    for axes in panels[::columns]:
        axes.set_ylabel(found.names[1], fontsize=SMALL)
    assert image is not None
    _bar(figure, image, "RMS change from 0 (SDs of the layer at 0)")
    return figure


def _largest_in_bins(values: np.ndarray) -> np.ndarray:
    """Keep the largest magnitude of every bin of a long series, with its sign."""
    size = -(-len(values) // _TIME_BINS)
    if size == 1:
        return values
    blocks = np.pad(values, (0, -len(values) % size)).reshape(-1, size)
    return blocks[np.arange(len(blocks)), np.abs(blocks).argmax(axis=1)]


def _edges(values: np.ndarray) -> np.ndarray:
    """Return the borders of the cells around rising values."""
    middle = (values[1:] + values[:-1]) / 2
    return np.array([2 * values[0] - middle[0], *middle, 2 * values[-1] - middle[-1]])


def _label(axes: Axes, found: Interpolated, name: str) -> None:
    axes.set_xlabel(found.names[0], fontsize=SMALL)
    axes.set_ylabel(name, fontsize=SMALL)
    axes.axvline(0, color="#777777", lw=0.4)
    axes.tick_params(labelsize=SMALL, length=2)
    axes.spines[["top", "right"]].set_visible(False)


def _bar(figure: Figure, image: ScalarMappable, label: str) -> None:
    bar = figure.colorbar(image, ax=figure.axes, aspect=30, pad=0.01)
    bar.set_label(label, fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
