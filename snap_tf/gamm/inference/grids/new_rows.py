"""Rows of a new table as the fitted model needs them: numbers read, factors with the fitted levels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.inference.coefficients import RandomRows
from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.inference.grids.copies import copies_of
from snap_tf.gamm.model.columns import add_derived_columns, name_rows, read_numbers, require_columns
from snap_tf.gamm.model.missing import no_word
from snap_tf.gamm.model.parametric import parametric_columns
from snap_tf.gamm.model.terms import interaction_parts, logarithm_of

__all__ = ["ModelRows", "model_rows", "read_new_rows", "term_labels"]


@dataclass(frozen=True, eq=False)
class ModelRows:
    """Rows of the model matrix, terms that are left out at 0.

    Attributes:
        fixed: float [n, p].
        random: rows of the random factors that are included.
        offset: float [n], what is added to the linear predictor.
    """

    fixed: np.ndarray
    random: tuple[RandomRows, ...]
    offset: np.ndarray

    def value(self, fit: FittedModel) -> np.ndarray:
        """The linear predictor; float [n]."""
        return self.offset + self.fixed @ fit.beta + sum(
            (item.times(fit.random[item.factor].values) for item in self.random), np.zeros(len(self.fixed)))

    def se(self, fit: FittedModel) -> np.ndarray:
        """Its standard error; float [n]."""
        if self.random:
            return np.sqrt(fit.coefficients.variances(self.fixed, self.random))
        return np.sqrt(np.maximum(np.sum((self.fixed @ fit.covariance) * self.fixed, axis=1), 0))


def term_labels(fit: FittedModel, names: str | Iterable[str]) -> frozenset[str]:
    """Find smooths and random terms by their labels; `random` stands for all random terms.

    Raises:
        GammError: there is no such term.
    """
    smooths = [smooth.label for smooth in fit.design.smooths]
    random = [term.label for part in fit.design.random for term in part.terms]
    plain = {label.replace(" ", ""): label for label in (*smooths, *random)}
    found: set[str] = set()
    for name in (names,) if isinstance(names, str) else names:
        if str(name) == "random":
            found |= set(random)
        elif str(name).replace(" ", "") in plain:
            found.add(plain[str(name).replace(" ", "")])
        else:
            raise GammError(f"term (={name}) must be a smooth or random term of the model, or `random` for all random "
                            f"ones; there are {name_some((*smooths, *random), 20) or 'none'}")
    return frozenset(found)


def read_new_rows(fit: FittedModel, table: pd.DataFrame,
                  without: frozenset[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Read the columns of the terms that are included.

    A column that is missing is taken from one that it is a copy of, such as `WordO` of `Word`.

    Args:
        fit: the fit.
        table: any table.
        without: labels of the terms that are left out.

    Returns:
        The columns, numbers NaN where a cell is missing; factors with the fitted levels, without one where the cell is
        missing, or where only random terms are of the factor and it has no such level; and the number of such rows by
        random factor.

    Raises:
        GammError: a column is missing, or a factor that is not random has a level that was not fitted.
    """
    if not len(table):
        raise GammError("the table must have rows; it is empty")
    fixed, random = _needed(fit, without)
    names = [name for name in fit.frame.columns if name in fixed | random]
    table = _with_copies(fit, names, add_derived_columns(_derivable(names, table), table))
    require_columns(names, table)
    columns: dict[str, object] = {}
    unknown: dict[str, int] = {}
    for name in names:
        fitted = fit.frame[name].dtype
        if not isinstance(fitted, pd.CategoricalDtype):
            columns[name] = read_numbers(table[name])
            continue
        codes = _codes(table[name], fitted)
        absent = no_word(table[name])
        new = np.flatnonzero((codes < 0) & ~absent)
        if name in fixed and len(new):
            raise GammError(f"`{name}` must have the fitted levels only ({name_some(fitted.categories, 20)}); "
                            f"{name_rows(new)} {'has' if len(new) == 1 else 'have'} "
                            f"{name_some(pd.unique(table[name].iloc[new]))}; take these rows out")
        if name in random and name not in fixed and (codes < 0).any():
            unknown[name] = int(np.count_nonzero(codes < 0))
        columns[name] = pd.Categorical.from_codes(codes, dtype=fitted)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table))), unknown


def model_rows(fit: FittedModel, frame: pd.DataFrame, without: frozenset[str] = frozenset(),
               parametric: bool = True) -> ModelRows:
    """Evaluate the model matrix.

    Args:
        fit: the fit.
        frame: columns of the terms that are included, from `read_new_rows` or made like that.
        without: labels of the terms that are left out.
        parametric: whether parametric part and offset are included.

    Raises:
        GammError: the parametric part cannot be evaluated.
    """
    design = fit.design
    fixed = np.zeros((len(frame), design.p))
    evaluated: dict[int, np.ndarray] = {}
    if parametric:
        try:
            fixed[:, : design.n_parametric] = design.parametric(frame)
        except Exception as error:  # patsy evaluates the terms, so anything can be raised
            raise GammError(f"parametric part (={' + '.join(design.model.parametric)}) must be computable for the "
                            f"table; patsy says: {str(error).splitlines()[0]}") from error
    for smooth in design.smooths:
        if smooth.label not in without:
            fixed[:, smooth.columns] = smooth.rows(frame, evaluated)
    random = []
    for number, part in enumerate(design.random):
        columns = np.zeros((len(frame), part.width))
        for term in part.terms:
            if term.label not in without:
                columns[:, term.columns] = term.rows(frame)
        if any(term.label not in without for term in part.terms):
            random.append(RandomRows(number, frame[part.factor].cat.codes.to_numpy(int), columns))
    name = design.model.offset if parametric else None
    offset = np.zeros(len(frame)) if name is None else frame[name].to_numpy(float)
    return ModelRows(fixed, tuple(random), offset)


def _needed(fit: FittedModel, without: frozenset[str]) -> tuple[set[str], set[str]]:
    """The columns of parametric part, offset and smooths, and those of random terms."""
    model = fit.model
    fixed = set(parametric_columns(model.parametric, list(fit.frame.columns)))
    fixed |= {model.offset} if model.offset is not None else set()
    for smooth in fit.design.smooths:
        if smooth.label not in without:
            fixed |= {*smooth.variables, *([smooth.term.by] if smooth.term.by else [])}
    random: set[str] = set()
    for part in fit.design.random:
        for term in part.terms:
            if term.label not in without:
                random |= {*term.term.variables, *([term.term.by] if term.term.by else [])}
    return fixed, random


def _derivable(names: Iterable[str], table: pd.DataFrame) -> list[str]:
    """The columns that a formula makes from others; those others are asked for by name where they are missing."""
    return [name for name in names if name not in table.columns and (logarithm_of(name) or interaction_parts(name))]


def _with_copies(fit: FittedModel, names: Iterable[str], table: pd.DataFrame) -> pd.DataFrame:
    made = {}
    for name in names:
        if name in table.columns or name not in fit.frame.columns:
            continue
        for other in copies_of(fit.frame, name):
            if other not in table.columns:
                continue
            own, source = fit.frame[name], fit.frame[other]
            first = np.unique(source.cat.codes.to_numpy(), return_index=True)[1]
            values = own.iloc[first].astype(object).to_numpy()
            codes = _codes(table[other], source.dtype)
            missing = np.array([np.nan], object)
            made[name] = np.concatenate([values, missing])[codes]
            break
    return table.assign(**made) if made else table


def _codes(column: pd.Series, fitted: pd.CategoricalDtype) -> np.ndarray:
    """The fitted level of every cell, by value or else by its text; -1 for any other; int [n]."""
    numbers, different = pd.factorize(column.astype(object))  # -1 where a cell is missing
    places = {_text(level): i for i, level in enumerate(fitted.categories)}
    found = np.array([*(places.get(_text(cell), -1) for cell in different), -1], int)
    return found[numbers]


def _text(cell: object) -> str:
    """Codes such as 1 and 2 are read as 1.0 and 2.0 where a cell is missing."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
