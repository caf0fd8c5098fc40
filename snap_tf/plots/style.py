"""Style of all figures: colours, sizes, and files that have the same bytes whenever they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FuncFormatter

from wavegan_tf.atomic import atomic_files
from wavegan_tf.files.write_errors import named_errors
from wavegan_tf.formats.npz_writing import write_npz
from wavegan_tf.formats.tables import write_table
from wavegan_tf.printing import printable

__all__ = ["LAYER_COLOUR", "LINE", "OUTPUT_COLOUR", "PHONE_COLOUR", "SMALL", "STIMULUS_COLOUR", "TEXT", "PlainFigure",
           "plain_axes", "write_figure"]

STIMULUS_COLOUR, LAYER_COLOUR, OUTPUT_COLOUR = "#333333", "#1B7837", "#762A83"
"""Sounds grey, layers green, logits purple, as in Beguš & Zhou, ICASSP 2022, Figure 2."""
PHONE_COLOUR = "#2166AC"
TEXT, SMALL, LINE = 8.5, 7.0, 0.8


class PlainFigure(Figure):
    """A figure that draws text as it is: a $ starts no formula, and control characters are not drawn."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure; every output format calls this method."""
        with rc_context({"text.parse_math": False}):  # for ticks that are made while drawing
            for text in self.findobj(Text):
                text.set_parse_math(False)
                text.set_text(printable(text.get_text()))
            for axis in (axis for axes in self.axes for axis in (axes.xaxis, axes.yaxis)):
                _make_ticks_printable(axis)
            super().draw(renderer)


class _Printable:
    """A tick formatter whose text went through `printable`."""

    def __init__(self, function: Callable[..., str]) -> None:
        self._function = function

    def __call__(self, *given: Any) -> str:
        return printable(self._function(*given))


def _make_ticks_printable(axis: Axis) -> None:
    """Send the tick labels of an axis, which are made again at every drawing, through `printable`."""
    for formatter in (axis.get_major_formatter(), axis.get_minor_formatter()):
        if isinstance(formatter, FixedFormatter):
            formatter.seq = [printable(str(word)) for word in formatter.seq]
        elif isinstance(formatter, FuncFormatter) and not isinstance(formatter.func, _Printable):
            formatter.func = _Printable(formatter.func)


def plain_axes(axes: Axes) -> None:
    """Style a panel: small ticks, no frame at the top and on the right."""
    axes.tick_params(labelsize=SMALL, length=2, pad=1.5)
    axes.spines[["top", "right"]].set_visible(False)


def write_figure(figure: Figure, path: str | Path, formats: tuple[str, ...] = ("png", "pdf"), dpi: int = 300,
                 numbers: pd.DataFrame | None = None, arrays: Mapping[str, np.ndarray] | None = None) -> list[Path]:
    """Write a figure as PNG and PDF, with its numbers as CSV or NPZ; all files or none, and no dates in them.

    Args:
        figure: the figure.
        path: name of the files without suffix; one of `formats` at its end is removed.
        formats: png, pdf or svg.
        dpi: dots per inch of PNG files.
        numbers: the numbers of the figure as a table, written as CSV.
        arrays: numbers that are no table, written as NPZ.

    Returns:
        The files.

    Raises:
        OSError: a file cannot be written.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from snap_tf.plots import write_figure
        >>> figure = Figure(figsize=(2, 1))
        >>> line = figure.subplots().plot([0, 1, 4])
        >>> [path.name for path in write_figure(figure, "squares")]
        ['squares.png', 'squares.pdf']
    """
    path = Path(path)
    stem = path.with_suffix("") if path.suffix.lstrip(".").lower() in formats else path
    files = []
    with atomic_files(stem.parent, stem.name) as folder:
        for kind in formats:
            file = stem.with_name(f"{stem.name}.{kind}")
            metadata = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
            with named_errors(folder / file.name, file):  # a bitmap that fails is gone when one could look for it
                figure.savefig(folder / file.name, dpi=dpi, metadata=metadata)
            files.append(file)
        if numbers is not None:
            files.append(stem.with_name(f"{stem.name}.csv"))
            write_table(numbers, folder / files[-1].name, float_format="%.9g")
        if arrays is not None:
            files.append(stem.with_name(f"{stem.name}.npz"))
            write_npz(folder / files[-1].name, arrays.items(), compressed=True)
    return files
