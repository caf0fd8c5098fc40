"""Rows in which something of the model is missing: left out as R's na.omit does, counted column by column."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import MissingRowsError, name_some

__all__ = ["MISSING", "complete_rows", "levels_lost", "no_number", "no_word", "starts_moved_on"]

MISSING = "NA"  # what R writes for a missing cell, of numbers and of words alike


def no_number(column: pd.Series) -> np.ndarray:
    """Find the cells of a column of numbers that hold none: empty, NA, NaN; bool [n]."""
    return _missing(column, lambda cell: cell.lower() in ("", "na", "nan"))


def no_word(column: pd.Series) -> np.ndarray:
    """Find the cells of a column of words that hold none: empty or NA; bool [n]. `nan` is a word of Chinese."""
    return _missing(column, lambda cell: cell in ("", MISSING))


def _missing(column: pd.Series, is_mark: Callable[[str], bool]) -> np.ndarray:
    missing = column.isna().to_numpy(bool)
    if pd.api.types.is_numeric_dtype(column):
        return missing
    try:
        codes, different = pd.factorize(column)
    except TypeError:  # cells such as lists
        codes, different = np.arange(len(column)), list(column)
    marks = np.array([isinstance(cell, str) and is_mark(cell.strip()) for cell in different] + [False], bool)
    return missing | marks[codes]  # code -1, a missing cell, is the mark at the end


def complete_rows(frame: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]]:
    """Find the rows that have all columns.

    Args:
        frame: the columns of a model, missing numbers NaN, missing levels without a code.

    Returns:
        bool [n], and what to tell the user: a sentence that counts the others, or nothing.

    Raises:
        MissingRowsError: no row is complete.
    Source: mgcv, gam and bam: `na.action = na.omit` over all variables of the formula.
    """
    missing = frame.isna()
    keep = ~missing.any(axis=1).to_numpy()
    counts = {name: int(n) for name, n in missing.sum().items() if n}
    if not counts:
        return keep, ()
    listed = ", ".join(f"`{name}` is {MISSING} in {n}" for name, n in counts.items())
    if not keep.any():
        raise MissingRowsError(f"the table (={len(keep)} rows) must have rows without {MISSING} in any column of the "
                               f"model; {listed}; fill them in, or leave these columns out of the model")
    n_left_out = int(np.count_nonzero(~keep))
    return keep, (f"{n_left_out} of {len(keep)} rows {'was' if n_left_out == 1 else 'were'} left out, as R's na.omit "
                  f"does: {listed}",)


def levels_lost(before: pd.DataFrame, after: pd.DataFrame) -> tuple[str, ...]:
    """Name the words and tokens of which no row is left: a sentence, or nothing.

    Args:
        before: the columns of a model, of all rows.
        after: the same without the rows that were left out, and without levels that these alone had.
    """
    lost = {name: before[name].cat.categories.difference(after[name].cat.categories, sort=False)
            for name in before.columns if isinstance(before[name].dtype, pd.CategoricalDtype)}
    listed = ", ".join(f"`{name}` {name_some(levels, 5)}" for name, levels in lost.items() if len(levels))
    return (f"no row is left of {listed}; the model is without them",) if listed else ()


def starts_moved_on(first: np.ndarray, label: pd.Series, starts: np.ndarray, lost: pd.Series) -> np.ndarray:
    """Give the first row that is left of a series the mark of a first row that was left out.

    Args:
        first: bool [n], where a series begins among the rows that are left.
        label: the series of these rows.
        starts: bool [n], their marks as given.
        lost: the series of the marked rows that were left out.
    """
    return starts | (first & label.isin(lost).to_numpy())
