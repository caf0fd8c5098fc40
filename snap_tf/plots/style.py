"""What all figures of layers share: colours, sizes, and files that are the same whenever they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axis import Axis
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
    """A figure whose words are words: labels with $ are no formulas, and control characters are not drawn."""

    def draw(self, renderer: Any) -> None:
        """Draw it; every way to write a figure goes through here."""
        with rc_context({"text.parse_math": False}):  # for ticks that are made while drawing
            for text in self.findobj(Text):
                text.set_parse_math(False)
                text.set_text(printable(text.get_text()))
            for axis in (axis for axes in self.axes for axis in (axes.xaxis, axes.yaxis)):
                _make_ticks_printable(axis)
            super().draw(renderer)


class _Printable:
    """What a function says, as `printable` has it."""

    def __init__(self, function: Callable[..., str]) -> None:
        self._function = function

    def __call__(self, *given: Any) -> str:
        return printable(self._function(*given))


def _make_ticks_printable(axis: Axis) -> None:
    """Let an axis, which writes its words anew whenever it is drawn, write them as `printable` has them."""
    for formatter in (axis.get_major_formatter(), axis.get_minor_formatter()):
        if isinstance(formatter, FixedFormatter):
            formatter.seq = [printable(str(word)) for word in formatter.seq]
        elif isinstance(formatter, FuncFormatter) and not isinstance(formatter.func, _Printable):
            formatter.func = _Printable(formatter.func)


def plain_axes(axes: Any) -> None:
    """Leave of a panel's frame what carries numbers."""
    axes.tick_params(labelsize=SMALL, length=2, pad=1.5)
    axes.spines[["top", "right"]].set_visible(False)


def write_figure(figure: Figure, path: str | Path, formats: tuple[str, ...] = ("png", "pdf"), dpi: int = 300,
                 numbers: pd.DataFrame | None = None, arrays: Mapping[str, np.ndarray] | None = None) -> list[Path]:
    """Write a figure in several formats, each beside the other, all or none; no dates are put into the files.

    Args:
        figure: the figure.
        path: name without suffix; one of `formats` at its end is left off.
        formats: png, pdf or svg.
        dpi: of bitmaps.
        numbers: what was drawn, written beside it as CSV.
        arrays: the same for what is no table, as NPZ.

    Returns:
        The files.

    Raises:
        OSError: a file cannot be written.
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
