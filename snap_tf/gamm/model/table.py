"""Check a long table against a model, and sort its rows by token and time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.model.columns import read_columns, read_starts, require_columns
from snap_tf.gamm.model.missing import complete_rows, levels_lost, starts_moved_on
from snap_tf.gamm.model.terms import Model

__all__ = ["PreparedTable", "prepare_table"]


@dataclass(frozen=True, eq=False)
class PreparedTable:
    """A table that a model can be fitted to.

    Attributes:
        frame: the model's columns, rows sorted; factors are categorical, numbers are floats.
        rows: int [n], where every sorted row stood in the table given; rows that were left out are not among them.
        n_left_out: how many these are.
        starts: bool [n], whether a series begins in the row.
        blocks: int [n], which level of the random factor (else which series) a row belongs to, ascending from 0;
            all 0 when the model has neither.
        block_names: the label of every block.
        series_known: whether a token or start column told series apart.
        notices: what was decided for the user, in sentences.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    n_left_out: int
    starts: np.ndarray
    blocks: np.ndarray
    block_names: tuple[object, ...]
    series_known: bool
    notices: tuple[str, ...]


def prepare_table(model: Model, data: pd.DataFrame, *, token: str | None = None, start: str | None = None,
                  reference: Mapping[str, object] | None = None, factors: Iterable[str] = ()) -> PreparedTable:
    """Check and sort a table.

    Rows in which a column of the model is missing are left out, as mgcv leaves them out, and counted in a notice.
    The rows before and after such a row become neighbours, also for the AR(1) errors; where it was the first of its
    series, the next one becomes the first.
    The levels of a factor keep the order of an (ordered or plain) categorical column; in any other column they
    come in the order in which they first appear in the table, so that the first row's word is the reference
    unless `reference` names another. Rows stay as they are if every token stands together with its time
    ascending; otherwise they are sorted by token and time, which a notice says.

    Args:
        model: what is to be fitted.
        data: the long table, one row per token and time.
        token: column of series (sounds); by default the factor of the random term.
        start: column that is 1 (or true) in the first row of every series.
        reference: by column, the level that the others are compared with.
        factors: columns that are factors even when they hold numbers.

    Raises:
        GammError: a column is missing or empty, a value is not finite, a factor has one level only, a token has two
            words, a time occurs twice in a token, or starts and tokens disagree.
    """
    frame = read_columns(model, data, labels=(token, *factors), reference=reference)
    random_factor = None if model.random is None else model.random.factor
    if start is not None:
        require_columns([start], data)
    starts = None if start is None else read_starts(data[start])
    if token is None and (starts is None or (random_factor
                                             and starts.sum() == len(frame[random_factor].cat.categories))):
        token = random_factor
    series = _series(frame, token, starts)
    keep, notices = complete_rows(frame)
    kept, n_left_out, everything = np.flatnonzero(keep), int(np.count_nonzero(~keep)), frame
    frame = _rows_of(frame, kept)
    notices += levels_lost(everything, frame)
    _check_references(frame, reference or {})
    words = _words(frame, (random_factor, token))
    if series is None:
        rows = np.arange(len(frame))
        return PreparedTable(frame, kept, n_left_out, rows == 0, np.zeros(len(frame), int), ("all rows",), False,
                             notices)
    series = frame[token].cat.codes.to_numpy() if token is not None else series[kept]
    order = _order(frame, model.time, token, series, random_factor)
    moved = int(np.count_nonzero(order != np.arange(len(order))))
    if moved:
        notices += (f"{moved} of {len(order)} rows were not in order and were sorted by {token} and {model.time}",)
    frame, series, kept = frame.iloc[order].reset_index(drop=True), series[order], kept[order]
    first = np.append(True, series[1:] != series[:-1])
    label = frame[token] if token is not None else pd.Series(series + 1)
    _check_words(frame, label, first, words if token is not None else [])
    _check_times(frame, label, first, model.time)
    if starts is not None and token is not None:
        lost = everything[token][starts & ~keep]
        _check_starts(label, first, starts_moved_on(first, label, starts[kept], lost))
    own = frame[random_factor].cat.codes.to_numpy() if random_factor else series
    blocks = np.cumsum(np.append(False, own[1:] != own[:-1]))
    names = (frame[random_factor] if random_factor else label)[np.append(True, np.diff(blocks) > 0)]
    return PreparedTable(frame, kept, n_left_out, first, blocks, tuple(names), True, notices)


def _rows_of(frame: pd.DataFrame, kept: np.ndarray) -> pd.DataFrame:
    """Take rows, and the levels that are left in them."""
    part = frame.iloc[kept].reset_index(drop=True)
    for name in part.columns:
        if isinstance(part[name].dtype, pd.CategoricalDtype):
            part[name] = part[name].cat.remove_unused_categories()
    return part


def _check_references(frame: pd.DataFrame, reference: Mapping[str, object]) -> None:
    """A reference may be gone with the rows that were left out."""
    for name, level in reference.items():
        levels = frame[name].cat.categories
        if not len(levels) or str(levels[0]) != str(level):
            raise GammError(f"reference (={level}) must be a level of `{name}` in a row without NA; there are "
                            f"{name_some(levels, 20)}")


def _words(frame: pd.DataFrame, labels: Iterable[str | None]) -> list[str]:
    """The factors whose levels are compared with each other; there must be two levels at least."""
    words = [name for name in frame.columns
             if isinstance(frame[name].dtype, pd.CategoricalDtype) and name not in labels]
    for name in words:
        levels = frame[name].cat.categories
        if len(levels) < 2:
            raise GammError(f"`{name}` must hold two words or more; there is only {levels[0]}; leave it out of the "
                            "model to fit one curve")
    return words


def _series(frame: pd.DataFrame, token: str | None, starts: np.ndarray | None) -> np.ndarray | None:
    """Number the series of every row, by token or else by the starts as they stand in the table."""
    if token is not None:
        return frame[token].cat.codes.to_numpy()
    if starts is None:
        return None
    if not starts[0]:
        raise GammError("the start column must be 1 in the first row; it is 0 there; name the column of tokens instead")
    return np.cumsum(starts) - 1


def _order(frame: pd.DataFrame, time: str | None, token: str | None, series: np.ndarray,
           random_factor: str | None) -> np.ndarray:
    """Find the order in which every level of the random factor and every series stands together, time ascending."""
    outer = series
    if random_factor and random_factor != token:
        outer = frame[random_factor].cat.codes.to_numpy()
        split = pd.Series(outer).groupby(series).nunique()
        several = split.index[split > 1]
        if len(several):
            names = several + 1 if token is None else frame[token].cat.categories[several]
            raise GammError(f"every series must belong to one `{random_factor}`; {name_some(names)} belong to several")
    times = frame[time].to_numpy() if time is not None else np.zeros(len(frame))
    if _stand_together(outer) and _stand_together(series):
        keys = [times, np.cumsum(np.append(False, series[1:] != series[:-1]))]  # tokens keep their order
    elif token is not None:
        keys = [times, _label_rank(frame[token]), _label_rank(frame[random_factor or token])]
    else:
        keys = [times, series, _label_rank(frame[random_factor])]
    order = np.lexsort(keys)
    if token is None and np.any(order != np.arange(len(order))):
        raise GammError(f"`{time}` must ascend within every series, and series must stand together; they do not; name "
                        "the column of tokens, so that the rows can be sorted")
    return order


def _stand_together(codes: np.ndarray) -> bool:
    runs = codes[np.append(True, codes[1:] != codes[:-1])]
    return len(np.unique(runs)) == len(runs)


def _label_rank(column: pd.Series) -> np.ndarray:
    """Rank of every row's label, numbers by size and anything else as text, whatever order the rows are in."""
    levels = column.cat.categories
    try:
        ranks = np.argsort(np.argsort(np.array(levels, float)))
    except (TypeError, ValueError):
        ranks = np.argsort(np.argsort(np.array([str(level) for level in levels])))
    return ranks[column.cat.codes.to_numpy()]


def _check_words(frame: pd.DataFrame, label: pd.Series, first: np.ndarray, words: list[str]) -> None:
    for name in words:
        codes = frame[name].cat.codes.to_numpy()
        mixed = pd.unique(label[~first & (codes != np.append(codes[0], codes[:-1]))])
        if len(mixed):
            raise GammError(f"every `{label.name}` must have one `{name}`; {name_some(mixed)} "
                            f"{'has' if len(mixed) == 1 else 'have'} two or more; correct them, or name the column "
                            "that tells single series apart as token")


def _check_times(frame: pd.DataFrame, label: pd.Series, first: np.ndarray, time: str | None) -> None:
    if time is None:
        return
    times = frame[time].to_numpy()
    twice = pd.unique(label[~first & (times == np.append(np.nan, times[:-1]))])
    if len(twice):
        raise GammError(f"`{time}` must be different in all rows of one `{label.name or 'series'}`; {name_some(twice)} "
                        f"{'has' if len(twice) == 1 else 'have'} a value twice; take the copies out, or name the "
                        "column that tells single series apart as token")


def _check_starts(label: pd.Series, first: np.ndarray, starts: np.ndarray) -> None:
    wrong = pd.unique(label[starts != first])
    if len(wrong):
        raise GammError(f"the start column must be 1 in the first row of every `{label.name or 'series'}` and 0 "
                        f"elsewhere; {name_some(wrong)} {'has' if len(wrong) == 1 else 'have'} it otherwise; correct "
                        "it or leave it out")
