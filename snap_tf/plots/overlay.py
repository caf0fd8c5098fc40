"""Overlay of labels: the mean series of every word, digit or phone in every layer, with standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from snap_tf.layer_info import LayerInfo
from snap_tf.plots.style import SMALL, TEXT, PlainFigure, plain_axes, write_figure
from snap_tf.series.acoustics.acoustic_request import select_rows
from snap_tf.series.acoustics.places import phone_places
from snap_tf.series.extraction.intervals import MIN_POINTS, interval_points, too_few_points
from snap_tf.series.extraction.store import LayerStore
from wavegan_tf.errors import ConfigError

__all__ = ["label_overlay_figure", "label_overlay_numbers", "write_label_overlay"]

MOST_LABELS = 10
_DEFAULT_LABELS, _NORMALISED_POINTS = 8, 50


def label_overlay_numbers(store: LayerStore, labels: Sequence[str] = (), phones: Sequence[str] = (),
                          min_points: int = MIN_POINTS) -> tuple[pd.DataFrame, list[str]]:
    """Average the series of all tokens of a label, or of all intervals of a phone with time normalised.

    Args:
        store: the layers.
        labels: labels of the tokens; by default the first eight labels, or all with `phones`.
        phones: intervals of these phones instead of whole clips.
        min_points: layers with fewer points in the median interval are left out.

    Returns:
        numbers: layer, label, n (series), time_s (or time_norm, 0 to 1), mean, se (standard error over series; NaN of
            one).
        left_out: the layers that were left out, with reasons.

    Raises:
        ConfigError: too many labels, or no layer with enough points.
        DataError: no such label or phone.
    """
    rows = select_rows(store, labels)
    if phones:
        return _of_phones(store, rows, phones, min_points)
    names = store.tokens["label"].iloc[rows].to_numpy()
    shown = list(dict.fromkeys(labels or names))[:None if labels else _DEFAULT_LABELS]
    _check_number(shown)
    parts = []
    for name in store:
        series = store[name]
        for label in shown:
            parts.append(_line(series.layer, label, "time_s", series.times_s(),
                               np.asarray(series.values[np.asarray(rows)[names == label]])))
    return pd.concat(parts, ignore_index=True), []


def label_overlay_figure(store: LayerStore, labels: Sequence[str] = (), phones: Sequence[str] = (),
                         min_points: int = MIN_POINTS) -> Figure:
    """Draw the mean series of every label, a panel per layer: mean ± 1 standard error over tokens.

    Args:
        store: the layers, see `snap_tf.series.open_layers`.
        labels: labels of the tokens; by default the first eight labels, or all with `phones`.
        phones: intervals of these phones, time normalised, instead of whole clips.
        min_points: layers with fewer points in the median interval are left out.

    Raises:
        ConfigError: too many labels, or no layer with enough points.
        DataError: no such label or phone.

    Example:
        >>> from snap_tf.plots import label_overlay_figure
        >>> from snap_tf.series import latent_inputs, open_generator, write_layers
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1", "Conv2"])
        >>> store = write_layers(generator, latent_inputs(generator), "layers").layers  # tokens with codes as labels
        >>> [axes.get_ylabel() for axes in label_overlay_figure(store).axes]
        ['Conv1\\n62.5 Hz', 'Conv2\\n250 Hz']
    """
    numbers, left_out = label_overlay_numbers(store, labels, phones, min_points)
    return _draw(store, numbers, left_out, store.longest_s(select_rows(store, labels)))


def write_label_overlay(store: LayerStore, path: str | Path, labels: Sequence[str] = (), phones: Sequence[str] = (),
                        min_points: int = MIN_POINTS) -> tuple[list[Path], list[str]]:
    """Draw the overlay of labels (`label_overlay_figure`) and write it as PNG and PDF, with its numbers as CSV.

    Args:
        store: the layers.
        path: name of the files, without suffix.
        labels: see `label_overlay_figure`.
        phones: see `label_overlay_figure`.
        min_points: see `label_overlay_figure`.

    Returns:
        files: the files.
        left_out: the layers that were left out, with reasons.

    Raises:
        ConfigError: too many labels, or no layer with enough points.
        DataError: no such label or phone.
        OSError: a file cannot be written.

    Example:
        >>> from snap_tf.plots import write_label_overlay
        >>> from snap_tf.series import latent_inputs, open_generator, write_layers
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1"])
        >>> store = write_layers(generator, latent_inputs(generator), "layers").layers
        >>> files, left_out = write_label_overlay(store, "overlay")
        >>> [path.name for path in files], left_out
        (['overlay.png', 'overlay.pdf', 'overlay.csv'], [])
    """
    numbers, left_out = label_overlay_numbers(store, labels, phones, min_points)
    figure = _draw(store, numbers, left_out, store.longest_s(select_rows(store, labels)))
    return write_figure(figure, path, numbers=numbers), left_out


def _of_phones(store: LayerStore, rows: Sequence[int], phones: Sequence[str], min_points: int
               ) -> tuple[pd.DataFrame, list[str]]:
    """Average the intervals of every phone, layer by layer."""
    intervals = phone_places(store, rows, phones)[1]
    shown = list(dict.fromkeys(intervals["label"]))
    _check_number(shown)
    parts, left_out = [], []
    for name in store:
        series = store[name]
        problem = too_few_points(series.layer, interval_points(intervals, series.n_steps, series.n_samples), min_points)
        if problem:
            left_out.append(problem)
            continue
        values = series.cut_at(intervals, min_points).normalised(_NORMALISED_POINTS)
        for label in shown:
            parts.append(_line(series.layer, label, "time_norm", np.linspace(0, 1, _NORMALISED_POINTS),
                               values[(intervals["label"] == label).to_numpy()]))
    if not parts:
        raise ConfigError(f"{left_out[0]}; take phones that are longer, or lower `min_points`")
    return pd.concat(parts, ignore_index=True), left_out


def _check_number(labels: Sequence[str]) -> None:
    if len(labels) > MOST_LABELS:
        raise ConfigError(f"labels (={len(labels)}) must be at most {MOST_LABELS} in one figure; name fewer")


def _line(layer: LayerInfo, label: str, what: str, times: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    """Average series of one label: a row per step."""
    n = len(values)
    spread = values.std(axis=0, ddof=1, dtype=np.float64) / np.sqrt(n) if n > 1 else np.full(values.shape[1], np.nan)
    return pd.DataFrame({"layer": layer.paper_name, "label": label, "n": n, what: times,
                         "mean": values.mean(axis=0, dtype=np.float64), "se": spread})


def _draw(store: LayerStore, numbers: pd.DataFrame, left_out: Sequence[str], end_s: float) -> Figure:
    from matplotlib import colormaps

    what = "time_norm" if "time_norm" in numbers else "time_s"
    layers, labels = list(dict.fromkeys(numbers["layer"])), list(dict.fromkeys(numbers["label"]))
    colours = dict(zip(labels, colormaps["tab10"](range(len(labels))), strict=True))
    figure = PlainFigure(figsize=(6.6, 0.8 + 1.2 * len(layers)), layout="constrained")
    panels = figure.subplots(len(layers), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (name, of_layer) in zip(panels, numbers.groupby("layer", sort=False), strict=True):
        for label, part in of_layer.groupby("label", sort=False):
            x, mean, se = (part[column].to_numpy() for column in (what, "mean", "se"))
            name_and_n = f"{label} ({part['n'].iloc[0]})" if axes is panels[0] else None
            axes.fill_between(x, mean - se, mean + se, color=colours[label], alpha=0.25, lw=0)
            axes.plot(x, mean, color=colours[label], lw=1.0 if len(x) <= 512 else 0.5, label=name_and_n)
        rate = store[str(name)].rate_hz
        axes.set_ylabel(f"{name}\n{rate / 1000:g} kHz" if rate >= 1000 else f"{name}\n{rate:g} Hz", fontsize=SMALL)
        axes.locator_params(axis="y", nbins=4)
        plain_axes(axes)
    panels[-1].set_xlim(0, 1 if what == "time_norm" else end_s)
    panels[-1].set_xlabel("time in the phone (0 to 1)" if what == "time_norm" else "time (s)", fontsize=SMALL)
    figure.align_ylabels(panels)
    figure.legend(loc="outside right upper", fontsize=SMALL, frameon=False)
    names = ", ".join(reason.split()[1] for reason in left_out)
    figure.suptitle("mean ± 1 SE over tokens" + (f"; too few points in {names}" if names else ""), fontsize=TEXT)
    return figure
