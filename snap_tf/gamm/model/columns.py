"""Read the columns of a model out of a table: finite numbers or NA, factors with their levels in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.model.missing import no_number, no_word
from snap_tf.gamm.model.terms import Model

__all__ = ["name_rows", "ordered_columns", "read_columns", "read_numbers", "read_starts", "require_columns"]

_LARGEST = 1e50
_TRUE_OR_FALSE = {"1": True, "1.0": True, "true": True, "t": True, "0": False, "0.0": False, "false": False, "f": False}


def read_columns(model: Model, data: pd.DataFrame, *, labels: Iterable[str | None] = (),
                 reference: Mapping[str, object] | None = None) -> pd.DataFrame:
    """Take the model's columns out of a table.

    Args:
        model: what is to be fitted.
        data: the long table.
        labels: further columns that are factors, whatever they hold.
        reference: by column, the level that comes first.

    Returns:
        Table of all rows, with the response and the smooths' variables as floats, factors as categories, covariates
        as either; NaN where a cell is missing.

    Raises:
        GammError: a column is missing, a number is not finite, or a column is asked to be a number and a factor.
    """
    if not len(data):
        raise GammError("the table must have rows; it is empty")
    if not data.columns.is_unique:
        raise GammError("the table's columns must have different names; "
                        f"{name_some(data.columns[data.columns.duplicated()])} stand there twice")
    own = () if model.random is None else (model.random.factor,)
    given = [name for name in labels if name is not None]
    factors = {*model.factors, *own, *given}
    numbers = dict.fromkeys((model.response, *model.variables))
    plain_terms = [term for term in model.parametric if re.fullmatch(r"[^\W\d][\w.]*", term)]
    require_columns([*numbers, *model.factors, *own, *given, *plain_terms], data)
    both = [name for name in numbers if name in factors]
    if both:
        raise GammError(f"column (={name_some(both)}) must be either a number or a factor of the model, not both")
    factors |= {name for name in _parametric_columns(model, data.columns) if not _is_number(data[name])}
    others = [name for name in _parametric_columns(model, data.columns) if name not in (*numbers, *factors)]
    unused = [name for name in reference or {} if name not in factors]
    if unused:
        raise GammError(f"reference column (={name_some(unused)}) must be a factor of the model; there are "
                        f"{name_some(sorted(factors)) or 'none'}")
    columns: dict[str, object] = {name: read_numbers(data[name]) for name in (*numbers, *others)}
    columns |= {name: _factor(data[name], (reference or {}).get(name)) for name in data.columns if name in factors}
    return pd.DataFrame(columns)


def require_columns(names: Iterable[str], data: pd.DataFrame) -> None:
    """Refuse a table without some of the columns, and list those it has.

    Raises:
        GammError: naming both.
    """
    missing = [name for name in dict.fromkeys(names) if name not in data.columns]
    if missing:
        raise GammError(f"column (={name_some(missing)}) must be in the table; it has "
                        f"{', '.join(map(str, data.columns))}; name one of these")


def ordered_columns(model: Model, data: pd.DataFrame) -> frozenset[str]:
    """Find which factors of by-smooths are ordered categorical columns."""
    kinds = dict(zip(data.columns, data.dtypes, strict=True))
    return frozenset(name for name in model.factors if isinstance(kinds.get(name), pd.CategoricalDtype)
                     and kinds[name].ordered)


def read_starts(column: pd.Series) -> np.ndarray:
    """Read 1 and 0, or TRUE and FALSE; bool [n].

    Raises:
        GammError: anything else is in the column.
    """
    values = [_TRUE_OR_FALSE.get(str(value).strip().lower()) for value in column]
    bad = np.array([i for i, value in enumerate(values) if value is None], int)
    if len(bad):
        raise GammError(f"`{column.name}` must be 1 in the first row of every series and 0 elsewhere; {name_rows(bad)} "
                        f"hold {name_some(column.iloc[bad[:3]])}")
    return np.array(values, bool)


def name_rows(positions: np.ndarray) -> str:
    """Name rows as a reader of the file counts them."""
    word = "row" if len(positions) == 1 else "rows"
    return f"{word} {name_some(positions + 1)} (the first row below the header is 1)"


def read_numbers(column: pd.Series) -> np.ndarray:
    """Read finite numbers; float [n], NaN where the cell is empty, NA or NaN.

    Raises:
        GammError: anything else is in the column, or numbers so large or so close that their powers cannot be told.
    """
    values = pd.to_numeric(column.astype(object), errors="coerce").to_numpy(float, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(values) & ~no_number(column))
    if len(bad):
        does = "does" if len(bad) == 1 else "do"
        raise GammError(f"`{column.name}` must hold finite numbers; {name_rows(bad)} {does} not "
                        f"(={name_some(column.iloc[bad[:3]])}); correct them or take them out")
    _check_size(values, column)
    return values


def _check_size(values: np.ndarray, column: pd.Series) -> None:
    """Refuse numbers whose sixth powers, which smooths need, are no numbers."""
    bad = np.flatnonzero(np.abs(values) > _LARGEST)
    if len(bad):
        raise GammError(f"`{column.name}` must hold numbers up to {_LARGEST:g}; {name_rows(bad)} "
                        f"{'holds' if len(bad) == 1 else 'hold'} larger ones (={name_some(column.iloc[bad[:3]])}); "
                        "correct them, or choose another unit")
    there = values[~np.isnan(values)]
    if len(there) and 0 < np.ptp(there) < 1 / _LARGEST:
        raise GammError(f"`{column.name}` must have numbers that differ by {1 / _LARGEST:g} or more; they lie between "
                        f"{there.min():g} and {there.max():g}; choose another unit")


def _parametric_columns(model: Model, columns: Iterable[str]) -> list[str]:
    """Columns that the parametric terms name, alone or within an expression."""
    words = {word for term in model.parametric for word in re.findall(r"[^\W\d]\w*", term)}
    return [name for name in columns if name in words or name in model.parametric]


def _is_number(column: pd.Series) -> bool:
    """Whether a covariate is a number: also one that is read as text because some of its cells are NA."""
    if pd.api.types.is_numeric_dtype(column):
        return not pd.api.types.is_bool_dtype(column)
    missing = no_number(column)
    return bool(missing.any()) and bool(pd.to_numeric(column[~missing].astype(object), errors="coerce").notna().all())


def _factor(column: pd.Series, reference: object | None) -> pd.Categorical:
    column = _without_fractions(column.where(~no_word(column)))
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = list(column.cat.remove_unused_categories().cat.categories)
    else:
        levels = list(pd.unique(column.dropna()))
    if reference is not None:
        chosen = [level for level in levels if level == reference or str(level) == str(reference)]
        if not chosen:
            raise GammError(f"reference (={reference}) must be a level of `{column.name}`; there are "
                            f"{name_some(levels, 20)}")
        levels = [chosen[0], *(level for level in levels if level != chosen[0])]
    return pd.Categorical(column.astype(object), categories=levels)


def _without_fractions(column: pd.Series) -> pd.Series:
    """Codes such as 1 and 2 are read as 1.0 and 2.0 where a cell is missing: give them their names back."""
    if not (pd.api.types.is_float_dtype(column) and column.isna().any()):
        return column
    whole = column.dropna() % 1 == 0
    return column.astype("Int64") if whole.all() else column
