"""The model matrix: fixed columns and those of random factors for any table, and the groups of rows alike."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.model.parametric import ParametricPart
from snap_tf.gamm.model.table import PreparedTable
from snap_tf.gamm.model.terms import Model
from snap_tf.gamm.solver.autoregression import whiten
from snap_tf.gamm.solver.layout import Layout, make_layout
from snap_tf.gamm.solver.penalties import Penalties, RandomPenalty
from snap_tf.gamm.solver.random_parts import RandomPart, random_parts
from snap_tf.gamm.solver.smooths import Knots, SmoothColumns, check_knot_names, smooth_columns
from snap_tf.gamm.solver.system import Cells

__all__ = ["Design", "Pattern", "Rows", "check_identifiable", "group_rows"]


class Design:
    """Everything that turns rows of a table into rows of the model matrix.

    Attributes:
        model: the model.
        parametric: the parametric part.
        smooths: the smooths, in the order of their columns.
        random: the random factors, in the order of the formula.
        n_parametric: columns of the parametric part.
        p: columns of the fixed part.
        unpenalised: float [p, M_p], orthonormal directions of the fixed part that no penalty holds.
    """

    def __init__(self, model: Model, table: PreparedTable, knots: Knots = None) -> None:
        """Make bases and columns for a table.

        Raises:
            GammError: too few different values for k, or columns that nothing tells apart.
        """
        self.model = model
        check_knot_names(knots, model)
        self.parametric = ParametricPart(model.parametric, model.intercept, table.frame)
        self.n_parametric = len(self.parametric.names)
        self.smooths: list[SmoothColumns] = smooth_columns(model, table.frame, knots, self.n_parametric)
        self.p = self.smooths[-1].columns.stop if self.smooths else self.n_parametric
        self.random: list[RandomPart] = random_parts(model, table.frame, knots)
        self.unpenalised = self.penalties(Layout((), (), (), ())).free_directions()

    @property
    def coefficient_names(self) -> list[str]:
        """One name for each column of the fixed part."""
        names = list(self.parametric.names)
        for smooth in self.smooths:
            names += [f"{smooth.label}.{i + 1}" for i in range(smooth.columns.stop - smooth.columns.start)]
        return names

    def sp_names(self, layout: Layout) -> list[str]:
        """Names of the smoothing parameters, as mgcv writes them, in the order of `penalties`."""
        names = [name for smooth in self.smooths for name in smooth.sp_names]
        return names + [name for factor in layout.order for term in self.random[factor].terms for name in term.sp_names]

    def penalties(self, layout: Layout) -> Penalties:
        """All penalties: those of smooths, then those of random factors in the order of elimination."""
        random = [RandomPenalty(part, diagonal, layout.n_units[factor]) for part, factor in enumerate(layout.order)
                  for diagonal in self.random[factor].diagonals()]
        return Penalties([smooth.penalty for smooth in self.smooths if smooth.basis.penalties], random, self.p,
                         [self.random[factor].width for factor in layout.order])

    def fixed_rows(self, frame: pd.DataFrame) -> np.ndarray:
        """Evaluate the fixed part for a table; float [n, p].

        Args:
            frame: columns of the model, factors categorical with the fitted levels.
        """
        evaluated: dict[int, np.ndarray] = {}
        return np.hstack([self.parametric(frame), *(smooth.rows(frame, evaluated) for smooth in self.smooths)])

    def random_rows(self, frame: pd.DataFrame, factor: int = 0) -> np.ndarray:
        """Evaluate the columns that the rows' level of a random factor has of its own; float [n, width]."""
        return self.random[factor].rows(frame)


@dataclass(frozen=True, eq=False)
class Pattern:
    """Cells whose rows differ in the response only.

    Attributes:
        rows: int [n_steps, n_cells], rows of the sorted table.
        cells: int [n_cells], the numbers of the cells.
        columns: float [n_steps, u], random columns in order of elimination, then fixed ones; not whitened.
        starts: bool [n_steps], where a series begins.
        roots: float [n_steps], square roots of the prior weights.
    """

    rows: np.ndarray
    cells: np.ndarray
    columns: np.ndarray
    starts: np.ndarray
    roots: np.ndarray

    def white(self, rows: np.ndarray, rho: float) -> np.ndarray:
        """Give rows (float [n_steps, ...]) equal variances, and take their autocorrelation out."""
        return whiten(rows * self.roots.reshape(-1, *[1] * (rows.ndim - 1)), self.starts, rho)

    def block(self, response: np.ndarray, rho: float) -> Cells:
        """Whiten the pattern and its cells' responses."""
        return Cells(self.white(self.columns, rho), self.white(response[self.rows], rho), self.cells)


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a table sorted into cells and patterns.

    Attributes:
        patterns: the groups of cells alike.
        units: int [n_cells, n_factors], the level of every random factor, factors in the order of the formula.
        layout: in which order random factors are eliminated.
    """

    patterns: list[Pattern]
    units: np.ndarray
    layout: Layout

    @property
    def n_coefficients(self) -> int:
        """Random coefficients."""
        return sum(n * width for n, width in zip(self.layout.n_units, self.layout.widths, strict=True))


def group_rows(design: Design, table: PreparedTable) -> Rows:
    """Sort rows into cells, which share the level of every random factor, and cells into patterns alike.

    Without random factors every series is a cell.
    """
    codes = np.column_stack([factor.codes for factor in table.random] or [table.blocks]).astype(int)
    units, cells = np.unique(codes, axis=0, return_inverse=True)
    cells = cells.reshape(-1)
    if not design.random:
        units = np.zeros((len(units), 0), int)
    layout = make_layout(list(units.T), [part.width for part in design.random])
    columns = np.hstack([*(design.random_rows(table.frame, factor) for factor in layout.order),
                         design.fixed_rows(table.frame)])
    roots = np.sqrt(table.weights)
    order = np.argsort(cells, kind="stable")
    bounds = np.searchsorted(cells[order], np.arange(len(units) + 1))
    groups: dict[bytes, list[np.ndarray]] = {}
    for first, last in pairwise(bounds):
        rows = order[first:last]
        key = columns[rows].tobytes() + table.starts[rows].tobytes() + roots[rows].tobytes()
        groups.setdefault(key, []).append(rows)
    patterns = [Pattern(np.column_stack(alike), cells[[rows[0] for rows in alike]], columns[alike[0]],
                        table.starts[alike[0]], roots[alike[0]]) for alike in groups.values()]
    return Rows(patterns, units, layout)


def check_identifiable(design: Design, patterns: list[Pattern]) -> None:
    """Refuse a model in which unpenalised columns are combinations of each other.

    Raises:
        GammError: naming the columns.
    """
    gram = np.zeros((design.unpenalised.shape[1],) * 2)
    for pattern in patterns:
        seen = pattern.columns[:, pattern.columns.shape[1] - design.p :] @ design.unpenalised
        gram += pattern.rows.shape[1] * (seen.T @ seen)
    names = [*design.parametric.names, *(name for smooth in design.smooths for name in _free_names(smooth))]
    size = np.sqrt(np.diagonal(gram))
    empty = [name for name, value in zip(names, size, strict=True) if value == 0]
    if empty:
        raise GammError(f"column (={name_some(empty)}) of the model must not be zero in every row; leave the term out")
    eigenvalues, vectors = np.linalg.eigh(gram / np.outer(size, size))
    if len(names) and eigenvalues[0] < 1e-10:
        tied = [name for name, weight in zip(names, np.abs(vectors[:, 0]), strict=True) if weight > 0.05]
        raise GammError(f"terms (={name_some(tied)}) must be told apart by the table; one is a combination of the "
                        "others; leave one out")


def _free_names(smooth: SmoothColumns) -> list[str]:
    """The smooth's label for every direction that its penalties leave free."""
    if not smooth.basis.penalties:
        return [smooth.label] * smooth.basis.k
    return [smooth.label] * smooth.penalty.directions()[0].shape[1]
