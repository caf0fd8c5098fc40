"""Columns of a table that determine each other, such as `Word` and its ordered copy `WordO`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

__all__ = ["copies_of", "determines"]


def copies_of(frame: pd.DataFrame, name: str) -> list[str]:
    """Find the factors that a column is a copy of: one level of one always with one value of the other."""
    return [other for other in frame.columns if other != name
            and isinstance(frame[other].dtype, pd.CategoricalDtype)
            and determines(frame, [other], name) and determines(frame, [name], other)]


def determines(frame: pd.DataFrame, names: Iterable[str], target: str) -> bool:
    """Tell whether every combination of values of some columns occurs with one value of another column only."""
    codes = np.column_stack([_numbers(frame[name]) for name in names])
    groups = np.unique(codes, axis=0, return_inverse=True)[1].reshape(-1)
    pairs = np.unique(np.column_stack([groups, _numbers(frame[target])]), axis=0)
    return len(pairs) == int(groups.max()) + 1


def _numbers(column: pd.Series) -> np.ndarray:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(int)
    return np.unique(column.to_numpy(), return_inverse=True)[1].reshape(-1)
