"""What all figures of layers share: colours, sizes, and files that are the same whenever they are written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from wavegan_tf.atomic import atomic_files

__all__ = ["LAYER_COLOUR", "LINE", "OUTPUT_COLOUR", "PHONE_COLOUR", "SMALL", "STIMULUS_COLOUR", "TEXT", "plain_axes",
           "write_figure"]

STIMULUS_COLOUR, LAYER_COLOUR, OUTPUT_COLOUR = "#333333", "#1B7837", "#762A83"
"""Sounds grey, layers green, logits purple, as in Beguš & Zhou, ICASSP 2022, Figure 2."""
PHONE_COLOUR = "#2166AC"
TEXT, SMALL, LINE = 8.5, 7.0, 0.8


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
    with atomic_files(stem.parent) as folder:
        for kind in formats:
            file = stem.with_name(f"{stem.name}.{kind}")
            metadata = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
            figure.savefig(folder / file.name, dpi=dpi, metadata=metadata)
            files.append(file)
        if numbers is not None:
            files.append(stem.with_name(f"{stem.name}.csv"))
            numbers.to_csv(folder / files[-1].name, index=False, float_format="%.9g", encoding="utf-8",
                           lineterminator="\n")
        if arrays is not None:
            files.append(stem.with_name(f"{stem.name}.npz"))
            np.savez_compressed(folder / files[-1].name, **arrays)
    return files
