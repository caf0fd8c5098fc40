"""Read the columns of a model out of a table: finite numbers or NA, factors with their levels in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.model.missing import no_number, no_word
from snap_tf.gamm.model.parametric import parametric_columns
from snap_tf.gamm.model.terms import Model, RandomTerm, interaction_parts, logarithm_of, quoted

__all__ = ["add_derived_columns", "name_rows", "read_columns", "read_numbers", "read_starts", "require_columns",
           "resolve_model"]

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
        Table of all rows, with the response, the smooths' variables, weights and offset as floats, factors as
        categories, covariates as either; NaN where a cell is missing. Columns such as `interaction(Speaker, Word)`
        are made where the table does not have them.

    Raises:
        GammError: a column is missing, a number is not finite, or a column is asked to be a number and a factor.
    """
    _check_table(data)
    own = model.random_factors
    given = [name for name in labels if name is not None]
    plain_terms = [term for term in model.parametric if re.fullmatch(r"[^\W\d][\w.]*", term)]
    further = [name for term in model.random for name in term.further]
    data = add_derived_columns((*model.factors, *own, *further, *given, model.offset), data)
    factors = {*model.factors, *own, *given}
    numbers = dict.fromkeys((model.response, *model.numbers))
    require_columns([*numbers, *model.factors, *own, *further, *given, *plain_terms], data)
    if model.response in (*model.numbers, *factors, *further):
        raise GammError(f"`{model.response}` must be the response only; a term of the model is of it too; name another "
                        "column there")
    factors |= {name for name in further if name not in numbers and not _is_number(data[name])}
    numbers |= dict.fromkeys(name for name in further if name not in factors)
    both = [name for name in numbers if name in factors]
    if both:
        raise GammError(f"column (={name_some(both)}) must be either a number or a factor of the model, not both")
    parametric = parametric_columns(model.parametric, list(data.columns))
    factors |= {name for name in parametric if not _is_number(data[name])}
    others = [name for name in parametric if name not in (*numbers, *factors)]
    unused = [name for name in reference or {} if name not in factors]
    if unused:
        raise GammError(f"reference column (={name_some(unused)}) must be a factor of the model; there are "
                        f"{name_some(sorted(factors)) or 'none'}")
    if model.family == "binomial":
        data = data.assign(**{model.response: _logical(data[model.response])})
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
        copies = [name for name in missing if name.endswith("O") and name[:-1] in data.columns]
        hint = "".join(f"; for difference smooths of `{name[:-1]}` write by=ordered({quoted(name[:-1])})"
                       for name in copies[:1])
        raise GammError(f"column (={name_some(missing)}) must be in the table; it has "
                        f"{', '.join(map(str, data.columns))}; name one of these{hint}")


def resolve_model(model: Model, data: pd.DataFrame, factors: Iterable[str | None] = ()) -> Model:
    """Decide what only the table can tell: what `by` means, and which variable of a random term is its factor.

    A column of numbers as `by` multiplies a smooth with the number, unless the column is among `factors` or a random
    factor. The factor of a random term is the first of its variables that does not hold numbers.

    Args:
        model: what is to be fitted.
        data: the long table.
        factors: columns that are factors even when they hold numbers.

    Raises:
        GammError: the table is empty, a smooth of two variables is of a factor, or a plain smooth stands beside one
            for every level.
    """
    _check_table(data)
    named = frozenset(name for name in factors if name is not None)
    random = tuple(_with_factor(term, data, named) for term in model.random)
    labels = named | {term.factor for term in random}
    for term in model.smooths:
        words = [name for name in term.variables if name in data.columns and _is_words(data[name])]
        if words and len(term.variables) == 2:
            other = next(name for name in term.variables if name != words[0])
            raise GammError(f"{term.text} must be of numbers; `{words[0]}` is a factor; write "
                            f's({quoted(other)}, {quoted(words[0])}, bs="fs", m=1) for a random smooth of every level, '
                            f"or s({quoted(other)}, by={quoted(words[0])})")
    columns = {term.by for term in model.terms if term.by is not None and term.by in data.columns}
    ordered = frozenset(name for name in columns if isinstance(data[name].dtype, pd.CategoricalDtype)
                        and data[name].cat.ordered)
    numeric = frozenset(name for name in columns if name not in labels and _is_number(data[name]))
    return replace(model, random=random).with_by_kinds(ordered, numeric)


def _check_table(data: pd.DataFrame) -> None:
    if not len(data):
        raise GammError("the table must have rows; it is empty")
    if not data.columns.is_unique:
        raise GammError("the table's columns must have different names; "
                        f"{name_some(data.columns[data.columns.duplicated()])} stand there twice")


def _with_factor(term: RandomTerm, data: pd.DataFrame, factors: frozenset[str]) -> RandomTerm:
    """Find the factor among the variables of a random term, where the one that was taken for it holds numbers."""
    found = [name for name in term.variables
             if name in factors or name not in data.columns or not _is_number(data[name])]
    if not found or term.factor in found:
        return term
    if term.kind == "re":
        return replace(term, factor=found[0])
    return replace(term, factor=found[0], variable=next(name for name in term.variables if name != found[0]))


def add_derived_columns(names: Iterable[str | None], data: pd.DataFrame) -> pd.DataFrame:
    """Make the columns `interaction(a, b)` and `log(n)` that are named and that the table does not have.

    Args:
        names: columns; None among them is passed over.
        data: a table with the columns that they are made from.

    Returns:
        The table with the further columns. Levels of an interaction are `x.y`, those that occur, the first factor's
        changing fastest, as in R.

    Raises:
        GammError: a column is missing, or a logarithm is of 0 or less.
    """
    made: dict[str, object] = {}
    for name in dict.fromkeys(names):
        if name is None or name in data.columns:
            continue
        logarithm, parts = logarithm_of(name), interaction_parts(name)
        require_columns(parts if logarithm is None else [logarithm], data)
        if logarithm is not None:
            numbers = read_numbers(data[logarithm])
            bad = np.flatnonzero(numbers <= 0)
            if len(bad):
                raise GammError(f"`{logarithm}` must hold numbers above 0 for {name}; {name_rows(bad)} "
                                f"{'does' if len(bad) == 1 else 'do'} not (={name_some(numbers[bad[:3]])})")
            made[name] = np.log(numbers)
        elif parts:
            made[name] = _interaction([_factor(data[part], None) for part in parts])
    return data.assign(**made) if made else data


def _interaction(factors: list[pd.Categorical]) -> pd.Categorical:
    codes = np.column_stack([factor.codes for factor in factors])
    different, index = np.unique(codes[:, ::-1], axis=0, return_inverse=True)  # the last factor is the first to sort by
    names = [".".join(str(factor.categories[code]) for factor, code in zip(factors, row[::-1], strict=True))
             if row.min() >= 0 else None for row in different]
    texts = np.array(names, object)[index.reshape(-1)]
    return pd.Categorical(texts, categories=[name for name in dict.fromkeys(names) if name is not None])


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


def _is_number(column: pd.Series) -> bool:
    """Whether a covariate is a number: also one that is read as text because some of its cells are NA."""
    if pd.api.types.is_numeric_dtype(column):
        return not pd.api.types.is_bool_dtype(column)
    column = column.drop_duplicates()
    missing = no_number(column)
    return bool(missing.any()) and bool(pd.to_numeric(column[~missing].astype(object), errors="coerce").notna().all())


def _logical(column: pd.Series) -> pd.Series:
    """R's logical values as 1 and 0; any other column as it is."""
    texts = column.astype(str).str.strip().str.lower()
    logical = no_number(column) | texts.isin(["true", "false"])
    return texts.map({"true": 1.0, "false": 0.0}) if logical.all() else column


def _is_words(column: pd.Series) -> bool:
    """Whether a column has cells, and none of them holds a number."""
    if pd.api.types.is_numeric_dtype(column):
        return False
    column = column.drop_duplicates()
    cells = column[~no_number(column)]
    return len(cells) > 0 and not pd.to_numeric(cells.astype(object), errors="coerce").notna().any()


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
