"""The long table of a folder of layers: one CSV, a row per token and step, written in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from snap_tf.series.extraction.layer_series import CutSeries, LayerSeries
from wavegan_tf.formats import tables

__all__ = ["write_table"]

_ROWS_AT_ONCE = 200_000


def write_table(series: Iterator[LayerSeries | CutSeries], path: Path) -> int:
    """Write series of one or several layers below each other.

    Args:
        series: the layers; see `long_table` for the columns.
        path: CSV to write; `float32` values keep all their digits.

    Returns:
        Number of rows.
    """
    n_rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for layer in series:
            for part in _parts(layer):
                tables.write_table(part, file, header=n_rows == 0, float_format="%.9g")
                n_rows += len(part)
    return n_rows


def _parts(series: LayerSeries | CutSeries) -> Iterator[pd.DataFrame]:
    """Make the table of a layer in pieces of bounded size."""
    if isinstance(series, CutSeries):
        yield series.table()
        return
    n_tokens = max(1, _ROWS_AT_ONCE // series.n_steps)
    for first in range(0, len(series.tokens), n_tokens):
        yield LayerSeries(series.values[first:first + n_tokens], series.layer, series.n_samples,
                          series.tokens.iloc[first:first + n_tokens]).table()
