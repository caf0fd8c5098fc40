"""Spectrograms of layers and of their stimulus, with F0 and formant tracks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from snap_tf.plots.phones import draw_phones
from snap_tf.plots.style import LAYER_COLOUR, SMALL, TEXT, PlainFigure, write_figure
from snap_tf.series.acoustics.acoustic_request import MeasuredLayer, measured_layers, select_rows
from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.measuring import measure, refusal
from snap_tf.series.acoustics.measures.sound import centred, power_spectrogram
from snap_tf.series.acoustics.places import phone_places
from snap_tf.series.extraction.store import LayerStore
from wavegan_tf.errors import ConfigError, UserError

__all__ = ["choose_columns", "spectrogram_figure", "spectrogram_numbers", "write_spectrograms"]

MOST_COLUMNS = 4
RANGE_DB = 60.0
"""Below the loudest point of a panel; fainter is white."""
_WINDOW_S, _FEWEST_STEPS, _FEWEST_WINDOWS = 0.025, 16, 5
_TRACKS = {"f0": "#D7191C", "f1": "#2C7BB6", "f2": "#1A9641", "f3": "#E08214", "f4": "#7B3294", "f5": "#4D4D4D"}


def choose_columns(store: LayerStore, labels: Sequence[str] = (), tokens: Sequence[str] = (),
                   phones: Sequence[str] = ()) -> list[int]:
    """Choose the tokens of `spectrogram_figure`: those named, else the first with each phone or of each label.

    Args:
        store: the layers.
        labels: one token of each of these labels.
        tokens: these tokens.
        phones: one token with each of these phones.

    Returns:
        Row numbers of `store.tokens`, at most four.

    Raises:
        DataError: no such label, token or phone.

    Example:
        >>> from snap_tf.plots import choose_columns
        >>> from snap_tf.series import latent_inputs, open_generator, write_layers
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1"])
        >>> store = write_layers(generator, latent_inputs(generator), "layers").layers
        >>> choose_columns(store, tokens=list(store.tokens["token"][[3, 1]]))
        [3, 1]
    """
    rows = select_rows(store, labels, tokens)
    if phones and not tokens:
        places = phone_places(store, rows, phones)[0]
        return list(dict.fromkeys(next(p.row for p in places if p.label == phone)
                                  for phone in dict.fromkeys(p.label for p in places)))[:MOST_COLUMNS]
    if tokens:  # in the order in which they were named
        place = {str(store.tokens["token"].iloc[row]): row for row in rows}
        return [place[token] for token in dict.fromkeys(tokens) if token in place][:MOST_COLUMNS]
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(str(store.tokens["label"].iloc[row]), row)
    if len(first) == 1:
        return rows[:MOST_COLUMNS]
    return [first[label] for label in labels or first][:MOST_COLUMNS]


def spectrogram_numbers(layer: MeasuredLayer, row: int, settings: AcousticSettings, shown_s: float
                        ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray] | None, pd.DataFrame]:
    """Compute the spectrogram and the tracks of one panel.

    Args:
        layer: the layer.
        row: row number of the token.
        settings: of F0 and formants.
        shown_s: length of the panel in seconds.

    Returns:
        spectrogram: times_s [frames], frequencies_hz [bins] up to the Nyquist frequency, levels_db [bins, frames]
            relative to the loudest point, from windows of 25 ms or 16 steps; None for a layer so slow that a window
            takes more than a fifth of the panel.
        tracks: layer, measure (f0, f1, ...), time_s, value in hertz; only what the layer can carry.
    """
    series, rate, settings = np.asarray(layer.values[row]), layer.rate_hz, layer.settings(settings)
    window_s = max(_WINDOW_S, _FEWEST_STEPS / rate)
    spectrogram = None
    if min(len(series) / rate, shown_s) >= _FEWEST_WINDOWS * window_s:
        times, frequencies, power = power_spectrogram(centred(series), rate, window_s, window_s / 8)
        floor = max(power.max(), np.finfo(float).tiny) * 10 ** (-RANGE_DB / 10)
        spectrogram = times, frequencies, 10 * np.log10(np.maximum(power, floor) / (floor * 10 ** (RANGE_DB / 10)))
    parts = []
    for name in ("f0", "formants"):
        if refusal(name, rate, settings) is None:
            try:
                found = measure(name, series, rate, settings)
            except UserError:  # too short for it
                continue
            parts += [pd.DataFrame({"layer": layer.name, "measure": column, "time_s": found.times_s,
                                    "value": found.of(column)}) for column in found.columns]
    columns = ["layer", "measure", "time_s", "value"]
    return spectrogram, pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def spectrogram_figure(store: LayerStore, rows: Sequence[int], layers: Sequence[str] = (),
                       settings: AcousticSettings | None = None) -> Figure:
    """Draw spectrograms of layers with F0 and formant tracks: a column per token, a panel per layer.

    Each panel reaches up to the layer's own Nyquist frequency. Layers too slow for a spectrogram are drawn as series.

    Args:
        store: the layers, see `snap_tf.series.open_layers`.
        rows: row numbers of the tokens, at most four; see `choose_columns`.
        layers: names; all with time, and the stimulus, when empty.
        settings: of F0 and formants.

    Raises:
        ConfigError: no such layer, or too many tokens.

    Example:
        >>> from snap_tf.plots import spectrogram_figure
        >>> from snap_tf.series import latent_inputs, open_generator, write_layers
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1", "Conv4"])
        >>> store = write_layers(generator, latent_inputs(generator), "layers").layers
        >>> [axes.get_ylabel() for axes in spectrogram_figure(store, rows=[0]).axes]
        ['Conv1, 62.5 Hz\\nvalue', 'Conv4, 4 kHz\\nfrequency (Hz)']
    """
    return _draw(store, rows, layers, settings or AcousticSettings())[0]


def write_spectrograms(store: LayerStore, path: str | Path, rows: Sequence[int], layers: Sequence[str] = (),
                       settings: AcousticSettings | None = None) -> list[Path]:
    """Draw spectrograms of layers (`spectrogram_figure`), write them as PNG and PDF, tracks as CSV, levels as NPZ.

    Args:
        store: the layers.
        path: name of the files, without suffix.
        rows: row numbers of the tokens, at most four; see `choose_columns`.
        layers: names; all with time, and the stimulus, when empty.
        settings: of F0 and formants.

    Returns:
        The files. The arrays of the NPZ are named by layer, column of the figure and array: `Conv4/0/times_s`,
        `Conv4/0/frequencies_hz`, `Conv4/0/levels_db`.

    Raises:
        ConfigError: no such layer, or too many tokens.
        OSError: a file cannot be written.

    Example:
        >>> from snap_tf.plots import write_spectrograms
        >>> from snap_tf.series import latent_inputs, open_generator, write_layers
        >>> generator = open_generator("saved_models/fiwgan", ["Conv4"])
        >>> store = write_layers(generator, latent_inputs(generator), "layers").layers
        >>> [path.name for path in write_spectrograms(store, "spectrograms", rows=[0])]
        ['spectrograms.png', 'spectrograms.pdf', 'spectrograms.csv', 'spectrograms.npz']
    """
    figure, tracks, arrays = _draw(store, rows, layers, settings or AcousticSettings())
    return write_figure(figure, path, numbers=tracks, arrays=arrays)


def _draw(store: LayerStore, rows: Sequence[int], names: Sequence[str], settings: AcousticSettings
          ) -> tuple[Figure, pd.DataFrame, dict[str, np.ndarray]]:
    layers = measured_layers(store, names, rows)
    if not 1 <= len(rows) <= MOST_COLUMNS:
        raise ConfigError(f"tokens (={len(rows)}) must be 1 to {MOST_COLUMNS} in one figure; name fewer")
    end_s = store.longest_s(rows)
    width = 1.0 + len(rows) * max(1.9, 6.2 / len(rows))
    figure = PlainFigure(figsize=(width, 0.7 + 1.25 * len(layers)),
                    layout=ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.02, hspace=0.03, wspace=0.02))
    panels = figure.subplots(len(layers), len(rows), squeeze=False, sharex=True, sharey="row")
    tables: list[pd.DataFrame] = []
    arrays: dict[str, np.ndarray] = {}
    seen: set[str] = set()
    for column, row in enumerate(rows):
        token = store.tokens.iloc[row]
        title = f"code {token['label']}" if token["label"] and store.z is not None else token["label"]
        panels[0, column].set_title(str(title or token["token"]), fontsize=TEXT)
        for i, layer in enumerate(layers):
            spectrogram, tracks = spectrogram_numbers(layer, row, settings, end_s)
            axes = panels[i, column]
            if spectrogram is None:
                _draw_series(axes, layer, row)
            else:
                _draw_spectrogram(axes, spectrogram, tracks, layer.rate_hz)
                seen |= set(tracks["measure"])
                keys = ("times_s", "frequencies_hz", "levels_db")
                arrays |= {f"{layer.name}/{column}/{key}": x for key, x in zip(keys, spectrogram, strict=True)}
            tables.append(tracks.assign(token=token["token"], label=token["label"]))
            axes.tick_params(labelsize=SMALL, length=2, pad=1.5)
            axes.set_xlim(0, end_s)
            if column == 0:
                axes.set_ylabel(_row_label(layer, spectrogram is not None), fontsize=SMALL)
        draw_phones(list(panels[:, column]), token, store.rate_hz, end_s, width / len(rows))
        panels[-1, column].set_xlabel("time (s)", fontsize=SMALL)
    figure.align_ylabels(panels[:, 0])
    handles = [Line2D([], [], marker="o", ls="", ms=3, color=colour, label=name.upper())
               for name, colour in _TRACKS.items() if name in seen]
    if handles:
        figure.legend(handles=handles, loc="outside lower right", ncols=len(handles), fontsize=SMALL,
                      frameon=False, handletextpad=0, columnspacing=1)
    return figure, pd.concat(tables, ignore_index=True), arrays


def _draw_spectrogram(axes: Axes, spectrogram: tuple[np.ndarray, np.ndarray, np.ndarray], tracks: pd.DataFrame,
                      rate_hz: float) -> None:
    times, frequencies, levels = spectrogram
    axes.pcolormesh(times, frequencies, levels, cmap="Greys", vmin=-RANGE_DB, vmax=0, shading="nearest",
                    rasterized=True)
    for name, part in tracks.groupby("measure", sort=False):
        axes.plot(part["time_s"], part["value"], ls="", marker="o", ms=2.2 if name == "f0" else 1.3,
                  mew=0, color=_TRACKS.get(str(name), "#4D4D4D"))
    axes.set_ylim(0, rate_hz / 2)


def _draw_series(axes: Axes, layer: MeasuredLayer, row: int) -> None:
    """Draw a layer whose windows would be longer than its events."""
    values = np.asarray(layer.values[row])
    axes.plot((np.arange(len(values)) + 0.5) / layer.rate_hz, values, color=LAYER_COLOUR, lw=0.8, marker=".", ms=3)
    axes.locator_params(axis="y", nbins=3)


def _row_label(layer: MeasuredLayer, is_spectrogram: bool) -> str:
    rate = f"{layer.rate_hz / 1000:g} kHz" if layer.rate_hz >= 1000 else f"{layer.rate_hz:g} Hz"
    what = "frequency (Hz)" if is_spectrogram else "value"
    return f"{layer.name}, {rate}\n{what}"
