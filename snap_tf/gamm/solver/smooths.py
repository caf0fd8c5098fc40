"""Smooths of the fixed part: which basis each term gets, and its columns for any table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from snap_tf.gamm.bases.basis import Basis, by_keeps_constant, centre, double_penalty
from snap_tf.gamm.bases.one_variable import one_variable
from snap_tf.gamm.bases.tensor import tensor_product
from snap_tf.gamm.bases.thin_plate_surface import thin_plate_surface
from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.model.terms import TENSORS, Model, RandomTerm, SmoothTerm
from snap_tf.gamm.solver.penalties import FixedPenalty

__all__ = ["Knots", "SmoothColumns", "by_levels", "check_knot_names", "evaluate", "multiplier", "places_of",
           "smooth_columns"]

Knots = int | Sequence[float] | Mapping[str, int | Sequence[float]] | None
"""Number of equally spaced knots, or the knots themselves, or either of them by variable."""


@dataclass(frozen=True, eq=False)
class SmoothColumns:
    """One smooth's place in the fixed part.

    Attributes:
        label: the term's name in tables.
        term: the term of the formula.
        level: the level of a factor `by` that it is for, or None.
        basis: the basis, centred where it has to be.
        columns: its columns in the fixed part.
    """

    label: str
    term: SmoothTerm
    level: object
    basis: Basis
    columns: slice

    @property
    def variables(self) -> tuple[str, ...]:
        """The columns of the table that it is a smooth of."""
        return self.term.variables

    @property
    def variable(self) -> str:
        """The first of them."""
        return self.term.variables[0]

    @property
    def factor(self) -> str | None:
        """The factor of `by`, or None."""
        return None if self.level is None else self.term.by

    @property
    def penalty(self) -> FixedPenalty:
        """The smooth's penalties."""
        return FixedPenalty(self.columns, tuple(self.basis.penalties))

    @property
    def sp_names(self) -> list[str]:
        """Names of its smoothing parameters, as mgcv writes them."""
        count = len(self.basis.penalties)
        return [self.label] if count == 1 else [f"{self.label}{i + 1}" for i in range(count)]

    def rows(self, frame: pd.DataFrame, evaluated: dict[int, np.ndarray]) -> np.ndarray:
        """Evaluate the columns for a table; float [n, k].

        Args:
            frame: the table.
            evaluated: bases that have been evaluated for this table, by identity; added to.
        """
        if id(self.basis) not in evaluated:
            evaluated[id(self.basis)] = evaluate(self.basis, frame, self.variables)
        return multiplier(frame, self.term.by, self.level)[:, None] * evaluated[id(self.basis)]


def smooth_columns(model: Model, frame: pd.DataFrame, knots: Knots, first: int) -> list[SmoothColumns]:
    """Make the bases of all smooths for a table.

    Args:
        model: the model.
        frame: the table.
        knots: places of knots.
        first: the first column.

    Raises:
        GammError: too few different values for k.
    """
    found: list[SmoothColumns] = []
    bases: dict[tuple, Basis] = {}
    for term in model.smooths:
        centred = term.by_kind != "numeric" or by_keeps_constant(frame[term.by].to_numpy())
        key = (term.variables, term.bs, term.margins, term.k, term.m, centred)
        if key not in bases:
            bases[key] = _basis(term, frame, knots, centred, model.select)
        for level in by_levels(term, frame):
            columns = slice(first, first + bases[key].k)
            found.append(SmoothColumns(term.label(level), term, level, bases[key], columns))
            first = columns.stop
    return found


def by_levels(term: SmoothTerm | RandomTerm, frame: pd.DataFrame) -> list[object]:
    """Give the levels of a factor `by` that get columns of their own; one None without such a factor."""
    if term.by is None or term.by_kind == "numeric":
        return [None]
    levels = list(frame[term.by].cat.categories)
    return levels[1:] if term.by_kind == "ordered" else levels


def _basis(term: SmoothTerm, frame: pd.DataFrame, knots: Knots, centred: bool, select: bool) -> Basis:
    places = [places_of(name, knots, frame[name].to_numpy()) for name in term.variables]
    if len(term.variables) == 1:
        values, counts = np.unique(frame[term.variable].to_numpy(), return_counts=True)
        basis: Basis = one_variable(term.bs, values, counts, k=term.sizes[0], order=term.orders[0], knots=places[0],
                                    name=term.variable)
    else:
        values, counts = np.unique(frame[list(term.variables)].to_numpy(), axis=0, return_counts=True)
        if term.bs in TENSORS:
            basis = tensor_product(values, counts, k=term.sizes, bs=term.margins, m=term.orders, knots=places,
                                   interaction=term.bs == "ti", names=term.variables)
        else:
            basis = thin_plate_surface(values, counts, k=term.sizes[0], name=", ".join(term.variables))
    if centred and term.bs != "ti":
        basis = centre(basis, values, counts)
    return double_penalty(basis) if select else basis


def evaluate(basis: Callable[[np.ndarray], np.ndarray], frame: pd.DataFrame, variables: Sequence[str]) -> np.ndarray:
    """Evaluate a basis once for every different value (or row of values) of its variables; float [n, k]."""
    if len(variables) == 1:
        different, index = np.unique(frame[variables[0]].to_numpy(float), return_inverse=True)
    else:
        different, index = np.unique(frame[list(variables)].to_numpy(float), axis=0, return_inverse=True)
    return basis(different)[index.reshape(-1)]


def multiplier(frame: pd.DataFrame, by: str | None, level: object) -> np.ndarray:
    """What a term is multiplied with: 1, whether the row has the level of a factor, or a number; float [n]."""
    if by is None:
        return np.ones(len(frame))
    return (frame[by] == level).to_numpy(float) if level is not None else frame[by].to_numpy(float)


def places_of(name: str, knots: Knots, values: np.ndarray) -> np.ndarray | None:
    """Give the knots of a variable, or None where the basis chooses them.

    Raises:
        GammError: fewer than 2.
    """
    mine = knots.get(name) if isinstance(knots, Mapping) else knots
    if mine is None:
        return None
    if isinstance(mine, int | np.integer):
        if mine < 2:
            raise GammError(f"knots (={mine}) must be 2 or more, and at least k")
        return np.linspace(values.min(), values.max(), int(mine))
    return np.asarray(mine, float)


def check_knot_names(knots: Knots, model: Model) -> None:
    """Refuse knots for a variable of no smooth.

    Raises:
        GammError: naming it and those there are.
    """
    if isinstance(knots, Mapping):
        unknown = [name for name in knots if name not in model.variables]
        if unknown:
            raise GammError(f"knots for (={name_some(unknown)}) must be for a variable of a smooth; there are "
                            f"{', '.join(model.variables)}")
