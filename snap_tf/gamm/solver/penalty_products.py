"""Traces of products of penalties with H^-1: tr(H^-1 S_j H^-1 S_k), which exact second derivatives need.

With B the inverse of what is left after a factor has been eliminated, H^-1 = T' diag(M^-1, B) T with T = [I 0; -W' I].
So the trace for matrices G_j, G_k is that for T G T' with diag(M^-1, B): with P, Q, R the blocks of G and Q* = Q - P W,

    tr(P_j M^-1 P_k M^-1) + 2 tr(M^-1 Q*_j B Q*_k') + tr(R*_j B R*_k B),   R* = R - W'Q* - Q'W,

and the last term is the same question for the next factor. P and the rows of Q belong to one level each, so that only
those blocks of B are needed that `selected_inverse` gives.

Source: Wood 2011, JRSSB 73:3, section 3 and appendix B (the traces); Wood 2017, section 5.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snap_tf.gamm.solver.elimination import Factor, Inverse, Structure, dense_sums, summed
from snap_tf.gamm.solver.system import Solution, System

__all__ = ["lost_products", "penalty_products"]

_Columns = tuple[slice, np.ndarray]
"""Columns of the dense part, and A^-1 G there; float [P, number of columns]."""


@dataclass(frozen=True, eq=False)
class _Reduced:
    """One penalty, carried through the elimination.

    Attributes:
        inner: float [q], its diagonal on the innermost part; None where it is zero.
        inner_beside: float [n_patterns, q, v], Q* there.
        own: by level, float [n_units, q, q], P; None where it is zero.
        beside: by level, float [n_units, q, ...], Q*.
        dense: float [P, P], R* at the end; None where nothing has come from eliminated parts.
    """

    inner: np.ndarray | None
    inner_beside: np.ndarray | None
    own: list[np.ndarray | None]
    beside: list[np.ndarray | None]
    dense: np.ndarray | None


def penalty_products(system: System, solution: Solution, inverse: Inverse, weights: np.ndarray) -> np.ndarray:
    """Compute tr(H^-1 S_j H^-1 S_k) for all pairs, every S_j with its smoothing parameter.

    Args:
        system: the system.
        solution: its solution.
        inverse: blocks of H^-1, or of what takes its place in ML.
        weights: float [n_sp], smoothing parameters.

    Returns:
        float [n_sp, n_sp].
    """
    penalties, structure, factor = system.penalties, solution.factor.structure, solution.factor
    n_eliminated = len(system.parts) - len(structure.dense)
    seen: list[_Columns] = []
    first = structure.size - system.p
    number = 0
    for penalty in penalties.fixed:
        columns = slice(first + penalty.columns.start, first + penalty.columns.stop)
        for matrix in penalty.matrices:
            seen.append((columns, inverse.dense[:, columns] @ (weights[number] * matrix)))
            number += 1
    reduced: dict[int, _Reduced] = {}
    for j, item in enumerate(penalties.random, start=penalties.n_fixed):
        diagonal = weights[j] * item.diagonal
        if item.part >= n_eliminated:
            columns = structure.blocks()[item.part - n_eliminated]
            seen.append((columns, inverse.dense[:, columns] * np.tile(diagonal, item.n_units)))
            continue
        reduced[j] = _reduce(factor, {item.part: diagonal})
        dense = reduced[j].dense
        seen.append((slice(0, structure.size), inverse.dense @ dense if dense is not None else inverse.dense * 0))
    products = np.zeros((len(seen), len(seen)))
    for j, (left, own) in enumerate(seen):
        for k in range(j, len(seen)):
            right, other = seen[k]
            products[j, k] = np.vdot(own[right], other[left].T)
    _add_inner(products, factor, inverse, reduced)
    for i in range(len(structure.levels)):
        _add_level(products, factor, inverse, reduced, i)
    return np.triu(products) + np.triu(products, 1).T


def lost_products(system: System, solution: Solution) -> np.ndarray:
    """Compute the fixed part of H^-1 S H^-1; float [p, p]."""
    factor = solution.factor
    structure = factor.structure
    n_eliminated = len(system.parts) - len(structure.dense)
    reduced = _reduce(factor, dict(enumerate(solution.diagonals[:n_eliminated])))
    dense = reduced.dense if reduced.dense is not None else np.zeros((structure.size, structure.size))
    diagonals = solution.diagonals[n_eliminated:]
    for own, part, diagonal in zip(structure.blocks(), structure.dense, diagonals, strict=False):
        dense[own, own] += np.diag(np.tile(diagonal, part.n_units))
    fixed = slice(structure.size - system.p, None)
    dense[fixed, fixed] += solution.fixed_penalty
    columns = factor.dense_inverse[:, fixed]
    return columns.T @ dense @ columns


def _reduce(factor: Factor, diagonals: dict[int, np.ndarray]) -> _Reduced:
    """Carry a penalty of eliminated parts (by part, float [width], the same for all levels) through the elimination."""
    structure = factor.structure
    n, shift = len(structure.levels), int(structure.inner is not None)
    own: list[np.ndarray | None] = [None] * n
    beside: list[np.ndarray | None] = [None] * n
    dense, inner, inner_beside = None, None, None
    if shift and 0 in diagonals:
        inner = diagonals[0]
        inner_beside = -inner[:, None] * factor.inner_beside
        left = -factor.inner_beside.transpose(0, 2, 1) @ inner_beside
        outer = np.zeros((len(left), structure.parts[-1].columns.stop, structure.parts[-1].columns.stop))
        outer[:, structure.offset :, structure.offset :] = left
        own = [structure.outer.sums(outer, i, i) for i in range(n)]
        beside = [np.concatenate([structure.outer.sums(outer, i, j)
                                  for j in range(i + 1, len(structure.outer.parts))], axis=2) for i in range(n)]
        dense = dense_sums(structure, outer)
    for i in range(n):
        if i + shift in diagonals:
            added = np.broadcast_to(np.diag(diagonals[i + shift]), factor.inverses[i].shape)
            before = own[i]
            own[i] = added if before is None else before + added
        mine, right, solved = own[i], beside[i], factor.besides[i]
        if mine is None:
            continue
        lost = mine @ solved
        seen = -lost if right is None else right - lost
        beside[i] = seen
        # W'Q* + Q'W is a matrix and its transpose; rows without a penalty of their own are zero
        rows = np.flatnonzero(seen.any(axis=(0, 2)))
        half = -lost[:, rows] / 2 if right is None else (right - lost / 2)[:, rows]
        solved = solved[:, rows]
        for j in range(i + 1, n):
            columns = structure.beside(i, j)
            after = slice(columns.stop, None)
            back, turned = solved[:, :, columns].transpose(0, 2, 1), half[:, :, columns].transpose(0, 2, 1)
            taken = summed(structure.sums[i][j], back @ half[:, :, columns] + turned @ solved[:, :, columns])
            rest = summed(structure.sums[i][j], back @ half[:, :, after] + turned @ solved[:, :, after])
            before, aside = own[j], beside[j]
            own[j] = -taken if before is None else before - taken
            beside[j] = -rest if aside is None else aside - rest
        tail = slice(solved.shape[2] - structure.size, None)
        left, right = (np.ascontiguousarray(array[:, :, tail]).reshape(-1, structure.size) for array in (solved, half))
        taken = left.T @ right
        taken = taken + taken.T
        dense = -taken if dense is None else dense - taken
    return _Reduced(inner, inner_beside, own, beside, dense)


def _add_inner(products: np.ndarray, factor: Factor, inverse: Inverse, reduced: dict[int, _Reduced]) -> None:
    """Add what the innermost part gives: a penalty there has no Q of its own, so that Q* = -P W."""
    mine = {j: item.inner for j, item in reduced.items() if item.inner is not None}
    if not mine:
        return
    through = factor.inner_beside @ (inverse.local @ factor.inner_beside.transpose(0, 2, 1))
    counts = factor.structure.outer.counts[:, None, None]
    pairs = (factor.inner_inverse * (counts * factor.inner_inverse + 2 * through)).sum(0)
    for j, left in mine.items():
        for k, right in mine.items():
            if k >= j:
                products[j, k] += left @ pairs @ right


def _add_level(products: np.ndarray, factor: Factor, inverse: Inverse, reduced: dict[int, _Reduced], i: int) -> None:
    """Add what level i gives."""
    here = factor.inverses[i]
    own: dict[int, np.ndarray] = {}
    left: dict[int, np.ndarray] = {}
    right: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for j, item in reduced.items():
        mine, beside = item.own[i], item.beside[i]
        if mine is None or beside is None:
            continue
        own[j] = here @ mine
        left[j] = here @ beside
        rows = np.flatnonzero(beside.any(axis=(0, 2)))
        right[j] = rows, _times_inverse(factor.structure, inverse, i, beside[:, rows])
    for j in own:
        for k in own:
            if k >= j:
                rows, found = right[k]
                products[j, k] += np.sum(own[j] * own[k].transpose(0, 2, 1)) + 2 * np.sum(left[j][:, rows] * found)


def _times_inverse(structure: Structure, inverse: Inverse, i: int, beside: np.ndarray) -> np.ndarray:
    """Multiply rows of what stands beside level i with the block of H^-1 that belongs to it."""
    above: Sequence[int] = range(i + 1, len(structure.levels))
    size = structure.size
    tail = beside[:, :, beside.shape[2] - size :]
    found = np.empty_like(beside)
    last = (np.ascontiguousarray(tail).reshape(-1, size) @ inverse.dense).reshape(tail.shape)
    for j in above:
        path, columns = structure.paths[i][j], structure.beside(i, j)
        last = last + beside[:, :, columns] @ inverse.to_dense[j][path]
        seen = tail @ inverse.to_dense[j][path].transpose(0, 2, 1)
        for k in above:
            if k == j:
                block = inverse.own[j][path]
            elif k < j:
                block = inverse.to_levels[k][j][structure.paths[i][k]]
            else:
                block = inverse.to_levels[j][k][path].transpose(0, 2, 1)
            seen = seen + beside[:, :, structure.beside(i, k)] @ block
        found[:, :, columns] = seen
    found[:, :, beside.shape[2] - size :] = last
    return found
