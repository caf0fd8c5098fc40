"""Check a long table against a model, make its factors, and put the rows of every token together in order of time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.model import Model

__all__ = ["PreparedTable", "prepare_table"]


@dataclass(frozen=True)
class PreparedTable:
    """A table that a model can be fitted to.

    Attributes:
        frame: the model's columns, rows sorted; factors are categorical, numbers are floats.
        rows: int [n], where every sorted row stood in the table given.
        starts: bool [n], whether a series begins in the row.
        blocks: int [n], which level of the random factor (else which series) a row belongs to, ascending from 0;
            all 0 when the model has neither.
        block_names: the label of every block.
        series_known: whether a token or start column told series apart.
        notices: what was decided for the user, in sentences.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    starts: np.ndarray
    blocks: np.ndarray
    block_names: tuple[object, ...]
    series_known: bool
    notices: tuple[str, ...]


def prepare_table(model: Model, data: pd.DataFrame, *, token: str | None = None, start: str | None = None,
                  reference: Mapping[str, object] | None = None, factors: Iterable[str] = ()) -> PreparedTable:
    """Check and sort a table.

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
    if not len(data):
        raise GammError("the table must have rows; it is empty")
    if not data.columns.is_unique:
        raise GammError(f"the table's columns must have different names; "
                        f"{name_some(data.columns[data.columns.duplicated()])} stand there twice")
    random_factor = None if model.random is None else model.random.factor
    covariates = _parametric_columns(model, data.columns)
    named = [model.response, *model.variables, *model.factors, *factors,
             *(name for name in (random_factor, token, start) if name is not None)]
    _require_columns([*named, *(term for term in model.parametric if re.fullmatch(r"[^\W\d][\w.]*", term))], data)
    numbers = (model.response, *model.variables)
    twice = [name for name in numbers if name in (*model.factors, random_factor, *factors)]
    if twice:
        raise GammError(f"column (={name_some(twice)}) must be either a number or a factor of the model, not both")
    names = {name: (name in (*model.factors, random_factor, token, *factors) or not _is_number(data[name]))
             for name in dict.fromkeys([*named, *covariates]) if name not in numbers and name != start}
    columns = {name: _numbers(data[name]) for name in numbers}
    columns |= {name: _factor(data[name], (reference or {}).get(name)) if is_factor else _numbers(data[name])
                for name, is_factor in names.items()}
    frame = pd.DataFrame(columns)
    unused = [name for name in reference or {} if not names.get(name)]
    if unused:
        raise GammError(f"reference column (={name_some(unused)}) must be a factor of the model; there are "
                        f"{name_some([name for name, is_factor in names.items() if is_factor])}")
    words = [name for name, is_factor in names.items() if is_factor and name not in (random_factor, token)]
    for name in words:
        if len(frame[name].cat.categories) < 2:
            raise GammError(f"`{name}` must hold two words or more; there is only {frame[name].cat.categories[0]}; "
                            "leave it out of the model to fit one curve")
    starts = None if start is None else _starts(data[start])
    if token is None and (starts is None or (random_factor and starts.sum() == data[random_factor].nunique())):
        token = random_factor
    series = _series(frame, token, starts)
    order, notices = _order(frame, model.time, token, series, random_factor)
    frame = frame.iloc[order].reset_index(drop=True)
    if series is None:
        everything = np.zeros(len(frame), int)
        return PreparedTable(frame, order, np.arange(len(frame)) == 0, everything, ("all rows",), False, ())
    series = series[order]
    first = np.append(True, series[1:] != series[:-1])
    _check_series(frame, model, token, series, first, words, None if starts is None else starts[order])
    own = frame[random_factor].cat.codes.to_numpy() if random_factor else series
    blocks = np.cumsum(np.append(False, own[1:] != own[:-1]))
    labels = frame[random_factor or token] if (random_factor or token) else pd.Series(series + 1)
    return PreparedTable(frame, order, first, blocks, tuple(labels[np.append(True, np.diff(blocks) > 0)]), True,
                         tuple(notices))


def _parametric_columns(model: Model, columns: Iterable[str]) -> list[str]:
    """Columns that the parametric terms name."""
    words = {word for term in model.parametric for word in re.findall(r"[^\W\d]\w*", term)}
    return [name for name in columns if name in words or name in model.parametric]


def _require_columns(names: Iterable[str], data: pd.DataFrame) -> None:
    missing = [name for name in dict.fromkeys(names) if name not in data.columns]
    if missing:
        raise GammError(f"column (={name_some(missing)}) must be in the table; it has "
                        f"{', '.join(map(str, data.columns))}; name one of these")


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _numbers(column: pd.Series) -> np.ndarray:
    values = pd.to_numeric(column.astype(object), errors="coerce").to_numpy(float, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise GammError(f"`{column.name}` must hold finite numbers; {_rows(bad)} {'does' if len(bad) == 1 else 'do'} "
                        f"not (={name_some(column.iloc[bad[:3]])}); correct them or take them out")
    return values


def _factor(column: pd.Series, reference: object | None) -> pd.Categorical:
    missing = np.flatnonzero(column.isna().to_numpy())
    if len(missing):
        raise GammError(f"`{column.name}` must have a value in every row; {_rows(missing)} "
                        f"{'has' if len(missing) == 1 else 'have'} none; fill them in or take them out")
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = list(column.cat.remove_unused_categories().cat.categories)
    else:
        levels = list(pd.unique(column))
    if reference is not None:
        chosen = [level for level in levels if level == reference or str(level) == str(reference)]
        if not chosen:
            raise GammError(f"reference (={reference}) must be a level of `{column.name}`; there are "
                            f"{name_some(levels, 20)}")
        levels = [chosen[0], *(level for level in levels if level != chosen[0])]
    return pd.Categorical(column, categories=levels)


def _starts(column: pd.Series) -> np.ndarray:
    words = {"1": True, "1.0": True, "true": True, "t": True, "0": False, "0.0": False, "false": False, "f": False}
    values = [words.get(str(value).strip().lower()) for value in column]
    bad = np.array([i for i, value in enumerate(values) if value is None], int)
    if len(bad):
        raise GammError(f"`{column.name}` must be 1 in the first row of every series and 0 elsewhere; {_rows(bad)} "
                        f"hold {name_some(column.iloc[bad[:3]])}")
    return np.array(values, bool)


def _series(frame: pd.DataFrame, token: str | None, starts: np.ndarray | None) -> np.ndarray | None:
    """Number the series of every row, by token or else by the starts as they stand in the table."""
    if token is not None:
        return frame[token].cat.codes.to_numpy()
    if starts is None:
        return None
    if not starts[0]:
        raise GammError("the start column must be 1 in the first row; it is 0 there; name the column of tokens instead")
    return np.cumsum(starts) - 1


def _order(frame: pd.DataFrame, time: str | None, token: str | None, series: np.ndarray | None,
           random_factor: str | None) -> tuple[np.ndarray, list[str]]:
    """Find the order in which every level of the random factor and every series stands together, time ascending."""
    n = len(frame)
    if series is None:
        return np.arange(n), []
    outer = frame[random_factor].cat.codes.to_numpy() if random_factor else series
    if random_factor and random_factor != token:
        split = pd.Series(outer).groupby(series).nunique()
        if (split > 1).any():
            raise GammError(f"every series must belong to one `{random_factor}`; "
                            f"{name_some(frame[token].cat.categories[split[split > 1].index] if token else [])} "
                            "belong to several")
    times = frame[time].to_numpy() if time is not None else np.zeros(n)
    if _stand_together(outer) and _stand_together(series):
        keys = [times, np.cumsum(np.append(False, series[1:] != series[:-1]))]  # tokens keep their order
    elif token is not None:
        keys = [times, _label_rank(frame[token]), _label_rank(frame[random_factor or token])]
    else:
        keys = [times, series, _label_rank(frame[random_factor])]
    order = np.lexsort(keys)
    moved = int(np.count_nonzero(order != np.arange(n)))
    if moved and token is None:
        raise GammError(f"`{time}` must ascend within every series, and series must stand together; they do not; name "
                        "the column of tokens, so that the rows can be sorted")
    return order, [f"{moved} of {n} rows were not in order and were sorted by {token} and {time}"] if moved else []


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


def _check_series(frame: pd.DataFrame, model: Model, token: str | None, series: np.ndarray, first: np.ndarray,
                  words: list[str], starts: np.ndarray | None) -> None:
    label = frame[token] if token is not None else pd.Series(series + 1)
    inner = ~first
    for name in words if token is not None else []:
        codes = frame[name].cat.codes.to_numpy()
        mixed = pd.unique(label[inner & (codes != np.append(codes[0], codes[:-1]))])
        if len(mixed):
            raise GammError(f"every `{token}` must have one `{name}`; {name_some(mixed)} "
                            f"{'has' if len(mixed) == 1 else 'have'} two or more; correct them, or name the column "
                            "that tells single series apart as token")
    if model.time is not None:
        times = frame[model.time].to_numpy()
        twice = pd.unique(label[inner & (times == np.append(np.nan, times[:-1]))])
        if len(twice):
            raise GammError(f"`{model.time}` must be different in all rows of one `{token or 'series'}`; "
                            f"{name_some(twice)} {'has' if len(twice) == 1 else 'have'} a value twice; take the copies "
                            "out, or name the column that tells single series apart as token")
    if starts is not None:
        wrong = pd.unique(label[starts != first])
        if len(wrong):
            raise GammError(f"the start column must be 1 in the first row of every `{token}` and 0 elsewhere; "
                            f"{name_some(wrong)} {'has' if len(wrong) == 1 else 'have'} it otherwise; correct it or "
                            "leave it out")


def _rows(positions: np.ndarray) -> str:
    """Name rows as a reader of the file counts them."""
    word = "row" if len(positions) == 1 else "rows"
    return f"{word} {name_some(positions + 1)} (the first row below the header is 1)"
