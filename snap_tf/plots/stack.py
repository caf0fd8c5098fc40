"""Stack of layers: stimulus, averaged feature maps of every layer, and outputs, a column per token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from snap_tf.plots.phones import draw_phones
from snap_tf.plots.style import (
    LAYER_COLOUR,
    LINE,
    OUTPUT_COLOUR,
    SMALL,
    STIMULUS_COLOUR,
    TEXT,
    PlainFigure,
    write_figure,
)
from snap_tf.series.extraction.store import LayerStore
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["choose_tokens", "stack_figure", "stack_numbers", "write_stack"]

MOST_COLUMNS = 12
STIMULUS = "stimulus"


def choose_tokens(store: LayerStore, labels: Sequence[str] = (), tokens: Sequence[str] = ()) -> list[int]:
    """Choose the tokens of `stack_figure`: those named, else the first token of each label, of up to eight labels.

    Args:
        store: the layers.
        labels: one token of each of these labels.
        tokens: these tokens instead.

    Returns:
        Row numbers of `store.tokens`.

    Raises:
        ConfigError: more than fit into a figure.
        DataError: no such label or token.

    Example:
        >>> from snap_tf.plots import choose_tokens
        >>> from snap_tf.series import latent_inputs, open_generator, write_layers
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1"])
        >>> store = write_layers(generator, latent_inputs(generator), "layers").layers
        >>> choose_tokens(store, tokens=list(store.tokens["token"][[3, 1]]))
        [3, 1]
    """
    table = store.tokens
    if tokens:
        place = {token: row for row, token in enumerate(table["token"])}
        unknown = [token for token in tokens if token not in place]
        if unknown:
            raise DataError(f"token (={unknown[0]}) must be one of the {len(table)} in {store.folder}/tokens.csv; the "
                            f"first is {table['token'].iloc[0]}")
        rows = [place[token] for token in tokens]
    else:
        first = {str(label): int(rows[0]) for label, rows in table.groupby("label", sort=False).indices.items()}
        unknown = [label for label in labels if label not in first]
        if unknown:
            raise DataError(f"label (={unknown[0]}) must be one of {', '.join(list(first)[:20])}")
        rows = [first[label] for label in labels] if labels else list(first.values())[:8]
        if not labels and len(first) == 1:  # nothing tells the tokens apart but themselves
            rows = list(range(min(4, len(table))))
    if len(rows) > MOST_COLUMNS:
        raise ConfigError(f"tokens (={len(rows)}) must be at most {MOST_COLUMNS} in one figure; name fewer")
    return rows


def stack_numbers(store: LayerStore, rows: Sequence[int], seconds: float | None = None) -> pd.DataFrame:
    """Return the numbers of `stack_figure`, point by point.

    Series are stretched to the length of the audio as in the papers, by linear interpolation with equal end points.
    A line through the stretched points is the line through the original ones at their new places, so that only these
    are kept.

    Args:
        store: the layers.
        rows: which tokens.
        seconds: how much of the audio; by default to the end of the longest clip.

    Returns:
        token, label, layer (`stimulus`, the papers' names, `logits`), x (seconds; the number of the value for outputs
        without time), value.

    Raises:
        ConfigError: `seconds` is not positive.
    """
    if seconds is not None and not seconds > 0:
        raise ConfigError(f"`seconds` (={seconds}) must be positive")
    end_s = store.longest_s(rows) if seconds is None else seconds
    last_s = (store.n_samples - 1) / store.rate_hz
    lines: list[tuple[str, np.ndarray]] = []
    if store.stimuli is not None:
        lines.append((STIMULUS, store.stimuli[:, :, 0]))
    lines += [(name, store[name].values) for name in store]
    parts = []
    for row in rows:
        token = store.tokens.iloc[row]
        for name, values in lines:
            x = np.linspace(0.0, last_s, values.shape[1])
            # one point beyond the edge, so that the line reaches it
            keep = slice(0, int(np.searchsorted(x, end_s, side="right")) + 1)
            parts.append({"token": token["token"], "label": token["label"], "layer": name, "x": x[keep],
                          "value": np.asarray(values[row])[keep]})
        parts += [{"token": token["token"], "label": token["label"], "layer": name,
                   "x": np.arange(values.shape[1], dtype=float), "value": np.asarray(values[row])}
                  for name, values in store.outputs.items()]
    return pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)


def stack_figure(store: LayerStore, rows: Sequence[int], seconds: float | None = None) -> Figure:
    """Draw the stack of layers, a column per token: stimulus, averaged layers stretched to its length, logits.

    The panels of a row share their scale, so that words can be compared.

    Args:
        store: the layers, see `snap_tf.series.open_layers`.
        rows: row numbers of the tokens, see `choose_tokens`.
        seconds: length of the time axis; by default to the end of the longest clip.

    Raises:
        ConfigError: `seconds` is not positive.

    Example:
        >>> from snap_tf.plots import stack_figure
        >>> from snap_tf.series import latent_inputs, open_generator, write_layers
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1", "Conv2"])
        >>> store = write_layers(generator, latent_inputs(generator), "layers").layers
        >>> figure = stack_figure(store, rows=[0, 1, 2])
        >>> len(figure.axes)  # two layers of three tokens
        6

    Source: Beguš & Zhou, ICASSP 2022, Figure 2.
    """
    numbers = stack_numbers(store, rows, seconds)
    names = list(dict.fromkeys(numbers["layer"]))
    outputs = set(store.outputs)
    end_s = store.longest_s(rows) if seconds is None else seconds
    width = 0.75 + len(rows) * max(1.05, min(2.2, 6.4 / len(rows)))
    layout = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.015, hspace=0.02, wspace=0.02)
    figure = PlainFigure(figsize=(width, 0.55 + 0.78 * len(names)), layout=layout)
    panels = figure.subplots(len(names), len(rows), squeeze=False, sharey="row")
    of_panel = dict(list(numbers.groupby(["token", "layer"], sort=False)))
    last_with_time = max(i for i, name in enumerate(names) if name not in outputs)
    for column, row in enumerate(rows):
        token = store.tokens.iloc[row]
        title = f"code {token['label']}" if token["label"] and store.z is not None else token["label"]
        panels[0, column].set_title(title or token["token"], fontsize=TEXT)
        for i, name in enumerate(names):
            axes, part = panels[i, column], of_panel[token["token"], name]
            axes.spines[["top", "right"]].set_visible(False)
            axes.tick_params(labelsize=SMALL, length=2, pad=1.5)
            if name in outputs:
                _draw_output(axes, part)
                continue
            axes.plot(part["x"], part["value"], lw=0.4 if len(part) > 2000 else LINE,
                      color=STIMULUS_COLOUR if name == STIMULUS or _is_sound(store, name) else LAYER_COLOUR)
            axes.set_xlim(0, end_s)
            if i != last_with_time:
                axes.tick_params(labelbottom=False)
            else:
                axes.set_xlabel("time (s)", fontsize=SMALL)
        draw_phones([panels[i, column] for i, name in enumerate(names) if name not in outputs], token, store.rate_hz,
                    end_s, width / len(rows))
    for i, name in enumerate(names):
        panels[i, 0].set_ylabel(_row_label(store, name), fontsize=SMALL)
        panels[i, 0].locator_params(axis="y", nbins=3)
    figure.align_ylabels(panels[:, 0])
    return figure


def write_stack(store: LayerStore, path: str | Path, labels: Sequence[str] = (), tokens: Sequence[str] = (),
                seconds: float | None = None) -> list[Path]:
    """Draw the stack of layers (`stack_figure`) and write it as PNG and PDF, with its numbers as CSV.

    Args:
        store: the layers.
        path: name of the files, without suffix.
        labels: one token of each; see `choose_tokens`.
        tokens: these instead.
        seconds: how much of the audio; by default to the end of the longest clip.

    Returns:
        The files.

    Raises:
        ConfigError: more tokens than fit into a figure, or `seconds` is not positive.
        DataError: no such label or token.
        OSError: a file cannot be written.

    Example:
        >>> from snap_tf.plots import write_stack
        >>> from snap_tf.series import latent_inputs, open_generator, write_layers
        >>> generator = open_generator("saved_models/fiwgan", ["Conv1"])
        >>> store = write_layers(generator, latent_inputs(generator), "layers").layers
        >>> [path.name for path in write_stack(store, "stack")]
        ['stack.png', 'stack.pdf', 'stack.csv']
    """
    rows = choose_tokens(store, labels, tokens)
    return write_figure(stack_figure(store, rows, seconds), path, numbers=stack_numbers(store, rows, seconds))


def _draw_output(axes: Axes, part: pd.DataFrame) -> None:
    """Draw values without time, such as logits: one bar each."""
    axes.bar(part["x"], part["value"], width=0.7, color=OUTPUT_COLOUR)
    axes.axhline(0, color="#777777", lw=0.5)
    n = len(part)
    axes.set_xlim(-0.6, n - 0.4)
    axes.set_xticks(range(0, n, max(1, -(-n // 8))))
    axes.set_xlabel("code", fontsize=SMALL)


def _row_label(store: LayerStore, name: str) -> str:
    if name == STIMULUS:
        return f"stimulus\n{store.rate_hz / 1000:g} kHz"
    if name in store.outputs:
        return name
    rate, what = store[name].rate_hz, " (output)" if _is_sound(store, name) else ""
    return f"{name}{what}\n{rate / 1000:g} kHz" if rate >= 1000 else f"{name}\n{rate:g} Hz"


def _is_sound(store: LayerStore, name: str) -> bool:
    """Tell whether a layer of a generator is its audio."""
    return store.z is not None and store[name].rate_hz == store.rate_hz
