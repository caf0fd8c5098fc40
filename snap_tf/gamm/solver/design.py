"""Model matrix and penalties of the fixed part and of the random term, and groups of tokens with equal rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from snap_tf.gamm.bases.random_basis import InterceptBasis, RandomBasis, factor_smooth
from snap_tf.gamm.bases.thin_plate import CentredBasis, centre, thin_plate
from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.model.parametric import ParametricPart
from snap_tf.gamm.model.table import PreparedTable
from snap_tf.gamm.model.terms import Model
from snap_tf.gamm.solver.autoregression import whiten
from snap_tf.gamm.solver.blocks import Block, FixedPenalty, RandomPenalty
from snap_tf.gamm.solver.supported import check_supported

__all__ = ["Design", "Knots", "SmoothColumns", "TokenPattern", "check_identifiable", "token_patterns"]

Knots = int | Sequence[float] | Mapping[str, int | Sequence[float]] | None
"""Number of equally spaced knots, or the knots themselves, or either of them by variable."""


@dataclass(frozen=True, eq=False)
class SmoothColumns:
    """One smooth's place in the fixed part.

    Attributes:
        label: the term's name in tables.
        variable: the column it is a smooth of.
        factor: the column of words, or None.
        level: the word it is for, or None.
        basis: the centred basis.
        columns: its columns in the fixed part.
    """

    label: str
    variable: str
    factor: str | None
    level: object
    basis: CentredBasis
    columns: slice

    @property
    def penalty(self) -> FixedPenalty:
        """The smooth's penalty."""
        return FixedPenalty(self.columns, self.basis.penalty, self.basis.rank)


class Design:
    """The model matrix and its penalties, for any table with the model's columns.

    Attributes:
        parametric: the parametric part.
        smooths: the smooths, in the order of their columns.
        random: the basis that every token gets, or None.
        n_parametric: columns of the parametric part.
        p: columns of the fixed part.
        unpenalised: float [p, M_p], orthonormal directions of the fixed part that no penalty holds.
        penalised: float [p, p - M_p], the others.
    """

    def __init__(self, model: Model, table: PreparedTable, knots: Knots = None) -> None:
        """Make bases and columns for a table.

        Raises:
            GammError: too few different values for k, or columns that nothing tells apart.
        """
        check_supported(model)
        self.model = model
        frame = table.frame
        values = {name: np.unique(frame[name].to_numpy(), return_counts=True) for name in model.variables}
        places = {name: _knots(name, knots, values[name][0]) for name in model.variables}
        _check_knot_names(knots, model)
        self.parametric = ParametricPart(model.parametric, model.intercept, frame)
        self.n_parametric = len(self.parametric.names)
        self.smooths: list[SmoothColumns] = []
        bases: dict[tuple[str, int, int], CentredBasis] = {}
        first = self.n_parametric
        for term in model.smooths:
            k, m = term.sizes[0], term.orders[0]
            key = (term.variable, k, m)
            if key not in bases:
                plate = thin_plate(*values[term.variable], order=m, k=k, knots=places[term.variable],
                                   name=term.variable)
                bases[key] = centre(plate, *values[term.variable])
            levels = [None] if term.by is None else list(frame[term.by].cat.categories)
            for level in levels[1:] if term.by_kind == "ordered" else levels:
                self.smooths.append(SmoothColumns(term.label(level), term.variable, term.by, level, bases[key],
                                                  slice(first, first + k - 1)))
                first += k - 1
        self.p = first
        self.random: RandomBasis | None = None
        for random in model.random:
            if random.variable is None:
                self.random = InterceptBasis(np.ones((1, 1)))
                continue
            self.random = factor_smooth(*values[random.variable], order=random.m or 2, k=random.k or 10,
                                        knots=places[random.variable], name=f"{random.variable}, {random.factor}")
        self.unpenalised, self.penalised = self._directions()

    @property
    def sp_names(self) -> list[str]:
        """Names of the smoothing parameters, as mgcv writes them."""
        names = [smooth.label for smooth in self.smooths]
        if self.random is not None:
            label, count = self.model.random[0].label(), len(self.random.penalties)
            names += [label] if count == 1 else [f"{label}{i + 1}" for i in range(count)]
        return names

    @property
    def coefficient_names(self) -> list[str]:
        """One name for each column of the fixed part."""
        names = list(self.parametric.names)
        for smooth in self.smooths:
            names += [f"{smooth.label}.{i + 1}" for i in range(smooth.columns.stop - smooth.columns.start)]
        return names

    def fixed_rows(self, frame: pd.DataFrame, parametric: np.ndarray | None = None) -> np.ndarray:
        """Evaluate the fixed part for a table; float [n, p].

        Args:
            frame: columns of the model, factors categorical with the fitted levels.
            parametric: the parametric part, where it is known already.
        """
        rows = np.zeros((len(frame), self.p))
        rows[:, : self.n_parametric] = self.parametric(frame) if parametric is None else parametric
        evaluated: dict[int, np.ndarray] = {}
        for smooth in self.smooths:
            if id(smooth.basis) not in evaluated:
                evaluated[id(smooth.basis)] = _at(smooth.basis, frame[smooth.variable])
            mine = slice(None) if smooth.factor is None else (frame[smooth.factor] == smooth.level).to_numpy()
            rows[mine, smooth.columns] = evaluated[id(smooth.basis)][mine]
        return rows

    def random_rows(self, frame: pd.DataFrame) -> np.ndarray:
        """Evaluate the columns that the rows' token has of its own; float [n, q]."""
        if self.random is None:
            return np.zeros((len(frame), 0))
        variable = self.model.random[0].variable
        return np.ones((len(frame), 1)) if variable is None else _at(self.random, frame[variable])

    def fixed_penalties(self) -> list[FixedPenalty]:
        """Penalties of the fixed part, in the order of `sp_names`."""
        return [smooth.penalty for smooth in self.smooths]

    def random_penalties(self, n_tokens: int) -> list[RandomPenalty]:
        """Penalties of the random term, in the order of `sp_names`."""
        return [] if self.random is None else [RandomPenalty(row, n_tokens) for row in self.random.penalties]

    def _directions(self) -> tuple[np.ndarray, np.ndarray]:
        free, held = [np.eye(self.p)[:, : self.n_parametric]], [np.zeros((self.p, 0))]
        for smooth in self.smooths:
            vectors = np.zeros((self.p, smooth.columns.stop - smooth.columns.start))
            vectors[smooth.columns] = np.linalg.eigh(smooth.basis.penalty)[1]  # eigenvalues ascend
            free.append(vectors[:, : -smooth.basis.rank])
            held.append(vectors[:, -smooth.basis.rank :])
        return np.hstack(free), np.hstack(held)


@dataclass(frozen=True, eq=False)
class TokenPattern:
    """Tokens whose rows differ in the response only.

    Attributes:
        rows: int [n_steps, n_tokens], rows of the sorted table.
        fixed: float [n_steps, p], not whitened.
        random: float [n_steps, q], not whitened.
        starts: bool [n_steps].
    """

    rows: np.ndarray
    fixed: np.ndarray
    random: np.ndarray
    starts: np.ndarray

    def block(self, response: np.ndarray, rho: float) -> Block:
        """Whiten the pattern and its tokens' responses."""
        return Block(whiten(self.fixed, self.starts, rho), whiten(self.random, self.starts, rho),
                     whiten(response[self.rows], self.starts, rho))


def token_patterns(design: Design, table: PreparedTable) -> list[TokenPattern]:
    """Sort tokens into groups that share word, times and covariates.

    Raises:
        GammError: columns of the fixed part that no penalty holds cannot be told apart.
    """
    frame = table.frame
    parametric = design.parametric(frame)
    codes = [np.unique(frame[name].to_numpy(), return_inverse=True)[1].reshape(-1) for name in design.model.variables]
    codes += [frame[name].cat.codes.to_numpy(int) for name in design.model.factors]
    marks = np.column_stack([*codes, table.starts]).astype(np.int32)
    bounds = np.flatnonzero(np.append(True, np.diff(table.blocks) > 0))
    groups: dict[bytes, list[int]] = {}
    for first, last in zip(bounds, np.append(bounds[1:], len(frame)), strict=True):
        key = marks[first:last].tobytes() + parametric[first:last].tobytes()
        groups.setdefault(key, []).append(first)
    lengths = dict(zip(bounds, np.diff(np.append(bounds, len(frame))), strict=True))
    spans = [np.arange(firsts[0], firsts[0] + lengths[firsts[0]]) for firsts in groups.values()]
    distinct = np.concatenate(spans)  # rows of the first token of every group: all that has to be evaluated
    part = frame.iloc[distinct]
    fixed, random = design.fixed_rows(part, parametric[distinct]), design.random_rows(part)
    patterns, first = [], 0
    for firsts, span in zip(groups.values(), spans, strict=True):
        own = slice(first, first + len(span))
        rows = np.array(firsts) + np.arange(len(span))[:, None]
        patterns.append(TokenPattern(rows, fixed[own], random[own], table.starts[span]))
        first = own.stop
    return patterns


def check_identifiable(design: Design, patterns: Sequence[TokenPattern]) -> None:
    """Refuse a model in which unpenalised columns are combinations of each other.

    Raises:
        GammError: naming the columns.
    """
    gram = np.zeros((design.unpenalised.shape[1],) * 2)
    for pattern in patterns:
        seen = pattern.fixed @ design.unpenalised
        gram += pattern.rows.shape[1] * (seen.T @ seen)
    names = [*design.parametric.names,
             *(smooth.label for smooth in design.smooths for _ in range(smooth.basis.base.order - 1))]
    size = np.sqrt(np.diagonal(gram))
    empty = [name for name, value in zip(names, size, strict=True) if value == 0]
    if empty:
        raise GammError(f"column (={name_some(empty)}) of the model must not be zero in every row; leave the term out")
    eigenvalues, vectors = np.linalg.eigh(gram / np.outer(size, size))
    if len(names) and eigenvalues[0] < 1e-10:
        tied = [name for name, weight in zip(names, np.abs(vectors[:, 0]), strict=True) if weight > 0.05]
        raise GammError(f"terms (={name_some(tied)}) must be told apart by the table; one is a combination of the "
                        "others; leave one out")


def _at(basis: CentredBasis | RandomBasis, column: pd.Series) -> np.ndarray:
    """Evaluate a basis once for every different value of a column."""
    different, index = np.unique(column.to_numpy(float), return_inverse=True)
    return basis(different)[index.reshape(-1)]


def _knots(name: str, knots: Knots, values: np.ndarray) -> np.ndarray | None:
    mine = knots.get(name) if isinstance(knots, Mapping) else knots
    if mine is None:
        return None
    if isinstance(mine, int | np.integer):
        if mine < 2:
            raise GammError(f"knots (={mine}) must be 2 or more, and at least k")
        return np.linspace(values[0], values[-1], int(mine))
    return np.asarray(mine, float)


def _check_knot_names(knots: Knots, model: Model) -> None:
    if isinstance(knots, Mapping):
        unknown = [name for name in knots if name not in model.variables]
        if unknown:
            raise GammError(f"knots for (={name_some(unknown)}) must be for a variable of a smooth; there are "
                            f"{', '.join(model.variables)}")
