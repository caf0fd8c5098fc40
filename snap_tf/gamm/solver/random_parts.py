"""Random terms: the columns that every level of a random factor has of its own, and their penalties."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from snap_tf.gamm.bases.random_basis import SmoothBasis, factor_smooth
from snap_tf.gamm.model.terms import Model, RandomTerm
from snap_tf.gamm.solver.smooths import Knots, by_levels, evaluate, multiplier, places_of

__all__ = ["RandomColumns", "RandomPart", "random_parts"]


@dataclass(frozen=True, eq=False)
class RandomColumns:
    """One random term's place among the columns of its factor.

    Attributes:
        label: the term's name in tables.
        term: the term of the formula.
        level: the level of a factor `by` that it is for, or None.
        basis: the basis of a random smooth, or None.
        codings: for `re`, the levels of every further factor, or None for a number, in the order of `term.further`.
        columns: its columns among those of a level of the factor.
        penalties: float [k] each, the diagonals of its penalties.
    """

    label: str
    term: RandomTerm
    level: object
    basis: SmoothBasis | None
    codings: tuple[tuple[object, ...] | None, ...]
    columns: slice
    penalties: tuple[np.ndarray, ...]

    @property
    def sp_names(self) -> list[str]:
        """Names of its smoothing parameters, as mgcv writes them."""
        count = len(self.penalties)
        return [self.label] if count == 1 else [f"{self.label}{i + 1}" for i in range(count)]

    def rows(self, frame: pd.DataFrame) -> np.ndarray:
        """Evaluate the columns that the rows' level has of its own; float [n, k]."""
        weight = multiplier(frame, self.term.by, self.level)[:, None]
        if self.basis is not None:
            return weight * evaluate(self.basis, frame, (self.term.variable or "",))
        for name, levels in zip(self.term.further, self.codings, strict=True):
            own = (frame[name].to_numpy(float)[:, None] if levels is None
                   else (frame[name].to_numpy(object)[:, None] == np.array(levels, object)).astype(float))
            weight = (weight[:, :, None] * own[:, None, :]).reshape(len(frame), -1)
        return weight


@dataclass(frozen=True, eq=False)
class RandomPart:
    """All random terms of one factor: its levels are eliminated as one block each.

    Attributes:
        factor: the column.
        terms: the terms.
    """

    factor: str
    terms: tuple[RandomColumns, ...]

    @property
    def width(self) -> int:
        """Columns of one level."""
        return self.terms[-1].columns.stop

    def rows(self, frame: pd.DataFrame) -> np.ndarray:
        """Evaluate the columns that the rows' level has of its own; float [n, width]."""
        return np.hstack([term.rows(frame) for term in self.terms])

    def diagonals(self) -> list[np.ndarray]:
        """The penalties of all terms on one level's columns; float [width] each."""
        found = []
        for term in self.terms:
            for penalty in term.penalties:
                full = np.zeros(self.width)
                full[term.columns] = penalty
                found.append(full)
        return found


def random_parts(model: Model, frame: pd.DataFrame, knots: Knots) -> list[RandomPart]:
    """Make the columns of all random terms, put together by their factors.

    Raises:
        GammError: too few different values for k.
    """
    found = []
    bases: dict[tuple, SmoothBasis] = {}
    for factor in model.random_factors:
        terms: list[RandomColumns] = []
        for term in model.random:
            for level in by_levels(term, frame) if term.factor == factor else ():
                basis = _basis(term, frame, knots, bases)
                codings = tuple(tuple(frame[name].cat.categories) if isinstance(frame[name].dtype, pd.CategoricalDtype)
                                else None for name in term.further)
                width = (basis.coordinates.shape[1] if basis is not None
                         else int(np.prod([1 if levels is None else len(levels) for levels in codings])))
                first = terms[-1].columns.stop if terms else 0
                penalties = tuple(basis.penalties) if basis is not None else (np.ones(width),)
                terms.append(RandomColumns(term.label(level), term, level, basis, codings,
                                           slice(first, first + width), penalties))
        found.append(RandomPart(factor, tuple(terms)))
    return found


def _basis(term: RandomTerm, frame: pd.DataFrame, knots: Knots, bases: dict[tuple, SmoothBasis]) -> SmoothBasis | None:
    if term.variable is None:
        return None
    key = (term.variable, term.k, term.m)
    if key not in bases:
        values, counts = np.unique(frame[term.variable].to_numpy(), return_counts=True)
        bases[key] = factor_smooth(values, counts, order=term.m or 2, k=term.k or 10,
                                   knots=places_of(term.variable, knots, values),
                                   name=f"{term.variable}, {term.factor}")
    return bases[key]
