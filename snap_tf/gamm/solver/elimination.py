"""Factorise H = [X Z]'[X Z] + S by eliminating random factors level by level, innermost first.

With M_i the block of one level of a factor, C_i what stands beside it (the levels that it lies in, the border, the
fixed part) and W_i = M_i^-1 C_i, eliminating it takes C_i'W_i from the rest. What is left at the end is the dense
matrix A of border and fixed part. Going back down gives solutions and those blocks of H^-1 that traces and variances
need.

Source: Wood 2017, section 5.4 (penalised least squares); Takahashi, Fagan & Chin 1973 (selected inverse).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse

from snap_tf.gamm.solver.assembly import Assembly, Part

__all__ = ["Factor", "Inverse", "Structure", "dense_sums", "factorise", "inverse_roots", "selected_inverse", "solve",
           "summed"]

Vectors = list[np.ndarray]
"""For every part, float [n_units, width, r]."""


class Structure:
    """Which parts there are and how cells and levels belong together; the same for all smoothing parameters.

    Attributes:
        parts: all parts: chain, innermost first, border, fixed.
        patterns: int [n_cells].
        inner: the innermost part, eliminated pattern by pattern, or None where a level of it has several cells.
        outer: sums over cells for the other parts.
        levels: the chain without `inner`.
        dense: border and fixed parts.
        paths: paths[i][j], int [n_units of level i], the level j that each lies in.
        size: columns of the dense part.
    """

    def __init__(self, parts: Sequence[Part], patterns: np.ndarray, n_patterns: int) -> None:
        """Sort out the parts."""
        self.parts, self.patterns = list(parts), patterns
        first = parts[0]
        is_local = first.kind == "chain" and first.n_units == len(patterns)
        self.inner = first if is_local else None
        rest = self.parts[1:] if is_local else self.parts
        self.outer = Assembly(rest, patterns, n_patterns)
        self.levels = [part for part in rest if part.kind == "chain"]
        self.dense = [part for part in rest if part.kind != "chain"]
        self.size = sum(part.n_units * part.width for part in self.dense)
        self.offset = rest[0].columns.start
        n = len(self.levels)
        self.paths = [[self._path(self.levels[i], self.levels[j]) for j in range(n)] for i in range(n)]
        self.sums = [[_summing(self.paths[i][j], self.levels[j].n_units) if j > i else None for j in range(n)]
                     for i in range(n)]
        self.widths = [part.width for part in self.levels]
        # the unit of the innermost part in every cell, so that vectors by unit and by cell can be exchanged
        self.inner_cells = np.argsort(first.units) if is_local else np.zeros(0, int)

    @staticmethod
    def _path(inner: Part, outer: Part) -> np.ndarray:
        found = np.zeros(inner.n_units, int)
        found[inner.units] = outer.units
        return found

    def beside(self, i: int, j: int) -> slice:
        """Columns of level j in what stands beside level i."""
        first = sum(self.widths[i + 1 : j])
        return slice(first, first + self.widths[j])

    def blocks(self) -> list[slice]:
        """Columns of every dense part in A."""
        found, first = [], 0
        for part in self.dense:
            found.append(slice(first, first + part.n_units * part.width))
            first += part.n_units * part.width
        return found


@dataclass(frozen=True, eq=False)
class Factor:
    """H, factorised.

    Attributes:
        structure: the parts.
        inner_inverse: float [n_patterns, q, q], M^-1 of the innermost part; q may be 0.
        inner_beside: float [n_patterns, q, v], W of the innermost part.
        inverses: by level, float [n_units, q, q], M^-1.
        besides: by level, float [n_units, q, widths of the levels it lies in + size of A], W.
        dense: float [P, P], A.
        dense_inverse: float [P, P].
        log_determinant_random: log|M| summed over all eliminated blocks; log|A| is not in it.
    """

    structure: Structure
    inner_inverse: np.ndarray
    inner_beside: np.ndarray
    inverses: list[np.ndarray]
    besides: list[np.ndarray]
    dense: np.ndarray
    dense_inverse: np.ndarray
    log_determinant_random: float


@dataclass(frozen=True, eq=False)
class Inverse:
    """Blocks of H^-1 (or of what takes its place in ML).

    Attributes:
        dense: float [P, P], the block of border and fixed part.
        to_dense: by level, float [n_units, q, P].
        to_levels: to_levels[i][j], float [n_units of i, q_i, q_j], with the level j that each lies in.
        own: by level, float [n_units, q, q].
        local: float [n_patterns, v, v], the block of a cell's outer coefficients, summed over the cells of a pattern.
        inner: float [n_patterns, q, q], the block of the innermost part, summed over the cells of a pattern.
    """

    dense: np.ndarray
    to_dense: list[np.ndarray]
    to_levels: list[list[np.ndarray]]
    own: list[np.ndarray]
    local: np.ndarray
    inner: np.ndarray


def factorise(structure: Structure, products: np.ndarray, diagonals: Sequence[np.ndarray],
              fixed_penalty: np.ndarray) -> Factor:
    """Eliminate everything but border and fixed part.

    Args:
        structure: the parts.
        products: float [n_patterns, u, u], cross products of every pattern's columns.
        diagonals: for every random part, float [width], the penalty of one level.
        fixed_penalty: float [p, p].

    Raises:
        numpy.linalg.LinAlgError: H is not positive definite in floating point.
    """
    diagonals, logs = list(diagonals), 0.0
    inner_inverse = np.zeros((len(products), 0, 0))
    inner_beside = np.zeros((len(products), 0, products.shape[1] - structure.offset))
    outer = products
    if structure.inner is not None:
        own, rest = structure.inner.columns, slice(structure.inner.columns.stop, None)
        root, log_m = inverse_roots(products[:, own, own] + np.diag(diagonals.pop(0)))
        half = root @ products[:, own, rest]
        outer = np.zeros_like(products)
        outer[:, rest, rest] = products[:, rest, rest] - half.transpose(0, 2, 1) @ half
        inner_inverse, inner_beside = root.transpose(0, 2, 1) @ root, root.transpose(0, 2, 1) @ half
        logs += float(structure.outer.counts @ log_m)
    n = len(structure.levels)
    own_blocks = [structure.outer.sums(outer, i, i) + np.diag(diagonals[i]) for i in range(n)]
    beside = [np.concatenate([structure.outer.sums(outer, i, j) for j in range(i + 1, len(structure.outer.parts))],
                             axis=2) for i in range(n)]
    dense = dense_sums(structure, outer)
    for part, own, diagonal in zip(structure.dense, structure.blocks(), diagonals[n:], strict=False):
        dense[own, own] += np.diag(np.tile(diagonal, part.n_units))
    dense[structure.blocks()[-1], structure.blocks()[-1]] += fixed_penalty
    inverses, besides = [], []
    for i in range(n):
        root, log_m = inverse_roots(own_blocks[i])
        logs += float(log_m.sum())
        half = root @ beside[i]
        for j in range(i + 1, n):
            columns = structure.beside(i, j)
            seen = half[:, :, columns].transpose(0, 2, 1)
            own_blocks[j] = own_blocks[j] - summed(structure.sums[i][j], seen @ half[:, :, columns])
            beside[j] = beside[j] - summed(structure.sums[i][j], seen @ half[:, :, columns.stop :])
        tail = half[:, :, half.shape[2] - structure.size :].reshape(-1, structure.size)
        dense -= tail.T @ tail
        inverses.append(root.transpose(0, 2, 1) @ root)
        besides.append(root.transpose(0, 2, 1) @ half)
    root, _ = inverse_roots(dense[None])
    return Factor(structure, inner_inverse, inner_beside, inverses, besides, dense, root[0].T @ root[0], logs)


def dense_sums(structure: Structure, outer: np.ndarray) -> np.ndarray:
    """Sum matrices of patterns (float [n_patterns, u, u] or of their last columns) over cells, for the dense part."""
    dense, blocks, n = np.zeros((structure.size, structure.size)), structure.blocks(), len(structure.levels)
    if outer.shape[1] != structure.parts[-1].columns.stop:  # without the innermost part's columns
        full = np.zeros((len(outer), structure.parts[-1].columns.stop, structure.parts[-1].columns.stop))
        full[:, structure.offset :, structure.offset :] = outer
        outer = full
    for a, left in enumerate(structure.dense):
        for b in range(a, len(structure.dense)):
            found = structure.outer.sums(outer, n + a, n + b)
            if a != b:
                dense[blocks[a], blocks[b]] = found.reshape(left.n_units * left.width, -1)
                dense[blocks[b], blocks[a]] = dense[blocks[a], blocks[b]].T
                continue
            for unit, block in enumerate(found):
                own = slice(blocks[a].start + unit * left.width, blocks[a].start + (unit + 1) * left.width)
                dense[own, own] = block
    return dense


def solve(factor: Factor, right: Vectors) -> Vectors:
    """Solve H x = right for any number of right-hand sides."""
    structure, right = factor.structure, [np.array(vector, float) for vector in right]
    inner = None
    if structure.inner is not None:
        inner = right.pop(0)
        pattern = structure.patterns[structure.inner_cells]
        inner_beside = factor.inner_beside[pattern]  # by unit
        local = np.empty((len(pattern), inner_beside.shape[2], inner.shape[2]))
        local[structure.inner_cells] = inner_beside.transpose(0, 2, 1) @ inner
        right = [vector - taken for vector, taken in zip(right, structure.outer.scatter(local), strict=True)]
    n, size = len(structure.levels), structure.size
    tail = np.concatenate([vector.reshape(-1, vector.shape[2]) for vector in right[n:]])
    for i in range(n):
        taken = factor.besides[i].transpose(0, 2, 1) @ right[i]
        for j in range(i + 1, n):
            right[j] -= summed(structure.sums[i][j], taken[:, structure.beside(i, j)])
        tail -= taken[:, taken.shape[1] - size :].sum(0)
    tail = factor.dense_inverse @ tail
    found: Vectors = [np.zeros(0)] * n
    for i in reversed(range(n)):
        beside = factor.besides[i]
        found[i] = factor.inverses[i] @ right[i] - beside[:, :, beside.shape[2] - size :] @ tail
        for j in range(i + 1, n):
            found[i] -= beside[:, :, structure.beside(i, j)] @ found[j][structure.paths[i][j]]
    found += [tail[own].reshape(part.n_units, part.width, -1)
              for part, own in zip(structure.dense, structure.blocks(), strict=True)]
    if inner is not None:
        local = structure.outer.gather(found)[structure.inner_cells]
        found.insert(0, factor.inner_inverse[pattern] @ inner - inner_beside @ local)
    return found


def selected_inverse(factor: Factor, dense: np.ndarray | None = None) -> Inverse:
    """Compute the blocks of H^-1 between levels that lie in each other.

    Args:
        factor: the factorised H.
        dense: what stands for A^-1, where ML sees the fixed part through its penalised directions only.
    """
    structure, dense = factor.structure, factor.dense_inverse if dense is None else dense
    n, size = len(structure.levels), structure.size
    to_dense: list[np.ndarray] = [np.zeros(0)] * n
    to_levels: list[list[np.ndarray]] = [[np.zeros(0)] * n for _ in range(n)]
    own: list[np.ndarray] = [np.zeros(0)] * n
    for i in reversed(range(n)):
        beside = factor.besides[i]
        tail = beside[:, :, beside.shape[2] - size :]
        above = range(i + 1, n)
        to_dense[i] = -(tail.reshape(-1, size) @ dense).reshape(tail.shape)
        for j in above:
            to_dense[i] -= beside[:, :, structure.beside(i, j)] @ to_dense[j][structure.paths[i][j]]
        for j in above:
            found = -tail @ to_dense[j][structure.paths[i][j]].transpose(0, 2, 1)
            for k in above:
                if k == j:
                    block = own[j][structure.paths[i][j]]
                elif k < j:
                    block = to_levels[k][j][structure.paths[i][k]]
                else:
                    block = to_levels[j][k][structure.paths[i][j]].transpose(0, 2, 1)
                found -= beside[:, :, structure.beside(i, k)] @ block
            to_levels[i][j] = found
        own[i] = factor.inverses[i] - to_dense[i] @ tail.transpose(0, 2, 1)
        for j in above:
            own[i] -= to_levels[i][j] @ beside[:, :, structure.beside(i, j)].transpose(0, 2, 1)
    local = _local_sums(structure, dense, to_dense, to_levels, own)
    counts = structure.outer.counts[:, None, None]
    inner = counts * factor.inner_inverse + factor.inner_beside @ local @ factor.inner_beside.transpose(0, 2, 1)
    return Inverse(dense, to_dense, to_levels, own, local, inner)


def _local_sums(structure: Structure, dense: np.ndarray, to_dense: list[np.ndarray],
                to_levels: list[list[np.ndarray]], own: list[np.ndarray]) -> np.ndarray:
    """The block of every cell's outer coefficients, summed over the cells of a pattern."""
    outer, n, first = structure.outer, len(structure.levels), structure.offset
    width = outer.parts[-1].columns.stop - first
    local = np.zeros((outer.n_patterns, width, width))

    def put(a: int, b: int, blocks: np.ndarray) -> None:
        rows, columns = outer.parts[a].columns, outer.parts[b].columns
        rows, columns = slice(rows.start - first, rows.stop - first), slice(columns.start - first, columns.stop - first)
        found = outer.spread(blocks, a, b)
        local[:, rows, columns] = found
        if a != b:
            local[:, columns, rows] = found.transpose(0, 2, 1)

    blocks = structure.blocks()
    for i in range(n):
        put(i, i, own[i])
        for j in range(i + 1, n):
            put(i, j, to_levels[i][j])
        for b, columns in enumerate(blocks):
            put(i, n + b, to_dense[i][:, :, columns])
    for a, part in enumerate(structure.dense):
        width = part.width
        square = dense[blocks[a], blocks[a]].reshape(part.n_units, width, part.n_units, width)
        put(n + a, n + a, np.stack([square[unit, :, unit] for unit in range(part.n_units)]))
        for b in range(a + 1, len(structure.dense)):
            put(n + a, n + b, dense[blocks[a], blocks[b]].reshape(part.n_units, width, -1))
    return local


def _summing(units: np.ndarray, n_units: int) -> scipy.sparse.csr_matrix:
    return scipy.sparse.csr_matrix((np.ones(len(units)), (units, np.arange(len(units)))), (n_units, len(units)))


def summed(summing: scipy.sparse.csr_matrix | None, arrays: np.ndarray) -> np.ndarray:
    """Sum arrays given by inner level over the levels that they lie in."""
    assert summing is not None
    return np.asarray(summing @ arrays.reshape(len(arrays), -1)).reshape(-1, *arrays.shape[1:])


def inverse_roots(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For every positive definite M of a stack (float [n, q, q]): R with R'R = M^-1, and log|M|.

    Raises:
        numpy.linalg.LinAlgError: one of them is not.
    """
    diagonal = np.diagonal(matrices, axis1=1, axis2=2)
    if not np.all(diagonal > 0):
        raise np.linalg.LinAlgError("a block is not positive definite")
    scale = np.sqrt(diagonal)
    factors = np.linalg.cholesky(matrices / (scale[:, :, None] * scale[:, None, :]))
    log_determinants = 2 * (np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(1) + np.log(scale).sum(1))
    return np.linalg.inv(factors) / scale[:, None, :], log_determinants
