"""Tests of parametric terms, of smooths, and of the random term.

Where the scale is estimated the tests are t and F; where it is known (`residual_df=None`, as for binomial counts)
they are z and chi-square.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import scipy.linalg
from scipy import stats

from snap_tf.gamm.inference.quadratic_forms import mixture_sf, smooth_test_sf, tail
from snap_tf.gamm.solver.assembly import Part
from snap_tf.gamm.solver.elimination import Structure, factorise, selected_inverse, solve
from snap_tf.gamm.solver.penalty_products import lost_products
from snap_tf.gamm.solver.system import Solution, System

__all__ = ["SmoothTest", "parametric_p", "penalised_smooth_test", "random_reference_df", "random_test", "smooth_test"]

_SMALL_ENOUGH = 1e-6  # an upper bound below this is as good as the exact p value
_LARGEST_DENSE = 1200  # coefficients of the random term up to which its spectrum is computed exactly
_RANK_TOLERANCE = 1e-8


@dataclass(frozen=True)
class SmoothTest:
    """A test of one smooth term.

    Attributes:
        statistic: F, or chi-square where the scale is known, with the sign convention of mgcv.
        other: the same with the other sign; the p value belongs to both.
        reference_df: the reference degrees of freedom.
        p: the p value.
    """

    statistic: float
    other: float
    reference_df: float
    p: float


def parametric_p(t: np.ndarray, residual_df: float | None) -> np.ndarray:
    """Compute two-sided p values of t statistics, or, without `residual_df`, of z statistics."""
    return np.asarray(2 * (stats.norm.sf(np.abs(t)) if residual_df is None else stats.t.sf(np.abs(t), residual_df)))


def smooth_test(beta: np.ndarray, covariance: np.ndarray, gram: np.ndarray, reference_df: float,
                residual_df: float | None) -> SmoothTest:
    """Test whether a smooth is zero everywhere.

    The statistic is a quadratic form of the smooth at the data with a pseudo-inverse of fractional rank; the last
    two directions enter with a cross term whose sign depends on the arbitrary signs of two eigenvectors. The p value
    is the mean over both signs; F is reported with the first components of the eigenvectors positive, as mgcv does.

    Args:
        beta: float [k], the smooth's coefficients.
        covariance: float [k, k], their Bayesian covariance.
        gram: float [k, k], X'X of the smooth's (whitened) columns.
        reference_df: edf1 of the smooth.
        residual_df: n minus the model's effective degrees of freedom; None where the scale is known.

    Source: Wood 2013, Biometrika 100:221, section 2.
    """
    root = _upper_root(gram)
    spread = root @ covariance @ root.T
    eigenvalues, vectors = np.linalg.eigh((spread + spread.T) / 2)
    eigenvalues, vectors = eigenvalues[::-1], vectors[:, ::-1]
    vectors = vectors * np.where(vectors[0] < 0, -1.0, 1.0)
    reference_df = min(max(reference_df, 0.0), float(len(beta)))
    n_real = int(np.sum(eigenvalues > eigenvalues[0] * np.finfo(float).eps ** 0.9))
    whole = int(np.floor(reference_df))
    part = reference_df - whole
    if whole + (part > 0) > n_real:
        whole, part, reference_df = n_real, 0.0, float(n_real)
    used = max(whole + (part > 0), 1)
    scores = vectors[:, :used].T @ (root @ beta) / np.sqrt(eigenvalues[:used])
    denominator = _denominator(residual_df)
    if whole == 0:
        statistic = float(scores[0] ** 2)
        return SmoothTest(statistic, statistic, reference_df, tail(statistic, 1, denominator))
    first = float(np.sum(scores[:whole] ** 2))
    if part == 0:
        value = first if denominator is None else first / whole
        return SmoothTest(value, value, reference_df, smooth_test_sf(first, float(whole), denominator))
    middle = first + part * scores[whole] ** 2
    cross = 2 * np.sqrt(part * (1 - part) / 2) * scores[whole - 1] * scores[whole]
    totals = (float(middle + cross), float(middle - cross))
    p = float(np.mean([smooth_test_sf(total, reference_df, denominator) for total in totals]))
    share = 1.0 if denominator is None else reference_df
    return SmoothTest(totals[0] / share, totals[1] / share, reference_df, p)


def penalised_smooth_test(system: System, solution: Solution, unpenalised: np.ndarray, columns: slice,
                          scale: float, residual_df: float | None) -> SmoothTest:
    """Test whether a smooth whose penalties hold every column (m = 1, `ts`, `cs`, `select`) is zero everywhere.

    Such a smooth is a random effect, and is tested like one.

    Args:
        system: the system.
        solution: its solution.
        unpenalised: float [p, M_p], the directions of the fixed part that no penalty holds.
        columns: the smooth's columns in the fixed part.
        scale: the residual variance.
        residual_df: n minus the model's effective degrees of freedom; None where the scale is known.

    Source: Wood 2013, Biometrika 100:1005, eq. 4 and section 3.
    """
    beta, own_inverse = solution.beta[columns], solution.fixed_inverse[columns, columns]
    lost = lost_products(system, solution)[columns, columns]
    statistic = float(beta @ np.linalg.solve(own_inverse, beta)) / scale
    weights = 1 - scipy.linalg.eigh((lost + lost.T) / 2, own_inverse, eigvals_only=True)
    own = np.hstack([unpenalised, np.eye(system.p)[:, columns]])
    gram = own.T @ system.fixed_products @ own
    size = np.sqrt(np.diagonal(gram))
    rank = int(np.sum(np.linalg.eigvalsh(gram / np.outer(size, size)) > _RANK_TOLERANCE**1.5))
    return _mixture_test(statistic, rank - unpenalised.shape[1], residual_df,
                         lambda: (weights, np.ones(len(weights))))


def random_reference_df(system: System, part: int, columns: slice, unpenalised: np.ndarray) -> int:
    """Count the dimensions in which levels can differ beyond what the unpenalised fixed part explains.

    This is the rank of the random coefficients' frequentist covariance: the rank of [X_0 Z] less the columns of X_0,
    X_0 being the unpenalised directions of the fixed part. For the published model, q * tokens - words.

    Args:
        system: the system.
        part: the random part.
        columns: the term's columns among those of the part.
        unpenalised: float [p, M_p].

    Source: Wood 2013, Biometrika 100:1005, section 2.
    """
    own, fixed = system.parts[part], system.parts[-1]
    seen = slice(own.columns.start + columns.start, own.columns.start + columns.stop)
    picked = np.zeros((system.products.shape[1], columns.stop - columns.start + unpenalised.shape[1]))
    width = columns.stop - columns.start
    picked[seen, :width] = np.eye(width)
    picked[fixed.columns, width:] = unpenalised
    gathered: dict[bytes, list] = {}  # levels made of the same patterns are alike
    order = np.argsort(own.units, kind="stable")
    bounds = np.searchsorted(own.units[order], np.arange(own.n_units + 1))
    patterns = system.groups[order]
    for first, last in pairwise(bounds):
        cells = np.sort(patterns[first:last])
        gathered.setdefault(cells.tobytes(), [cells, 0])[1] += 1
    rank, rest = 0, []
    for cells, n in gathered.values():
        rows = np.vstack([system.cells[pattern].columns @ picked * np.sqrt(count)
                          for pattern, count in zip(*np.unique(cells, return_counts=True), strict=True)])
        vectors, sizes, _ = np.linalg.svd(rows[:, :width], full_matrices=False)
        kept = vectors[:, sizes > _RANK_TOLERANCE * max(sizes[0], 1e-300)]
        free = rows[:, width:]
        rank += n * kept.shape[1]
        rest.append(np.sqrt(n) * np.linalg.qr(
            np.vstack([free - kept @ (kept.T @ free), np.zeros((1, free.shape[1]))]), mode="r"))
    sizes = np.sqrt(np.diagonal(unpenalised.T @ system.fixed_products @ unpenalised))
    left = np.linalg.svd(np.vstack(rest) / sizes, compute_uv=False)
    return rank + int(np.sum(left > _RANK_TOLERANCE)) - unpenalised.shape[1]


def random_test(system: System, solution: Solution, part: int, columns: slice, scale: float, reference_df: int,
                residual_df: float | None) -> SmoothTest:
    """Test whether the levels of a random term differ at all, the other random terms being random.

    The statistic is b' V_b^-1 b; under no effect it is a mixture of chi-squares with weights between 0 and 1, so an
    F distribution gives an upper bound of p. Where the bound is not tiny the weights are computed.

    Args:
        system: the system.
        solution: its solution.
        part: the random part.
        columns: the term's columns among those of the part.
        scale: the residual variance.
        reference_df: from `random_reference_df`.
        residual_df: n minus the model's effective degrees of freedom; None where the scale is known.

    Source: Wood 2013, Biometrika 100:1005, eq. 4 and section 3.
    """
    effects = np.zeros((system.parts[part].n_units, system.parts[part].width, 1))
    effects[:, columns, 0] = solution.effects(part)[:, columns]
    statistic = max(_precision_form(system, solution, part, columns, effects) / scale, 0.0)
    return _mixture_test(statistic, reference_df, residual_df,
                         lambda: _spectrum(system, solution, part, columns, reference_df))


def _mixture_test(statistic: float, reference_df: int, residual_df: float | None,
                  spectrum: Callable[[], tuple[np.ndarray, np.ndarray]]) -> SmoothTest:
    """F over `reference_df`; where its p, an upper bound, is not tiny, that of the mixture of chi-squares."""
    if reference_df < 1:
        return SmoothTest(0.0, 0.0, 0.0, 1.0)
    denominator = _denominator(residual_df)
    value = statistic if denominator is None else statistic / reference_df
    p = tail(statistic, reference_df, denominator)
    if p > _SMALL_ENOUGH:
        weights, counts = spectrum()
        order = np.argsort(-weights)
        kept = np.minimum(counts[order], np.maximum(reference_df - np.cumsum(counts[order]) + counts[order], 0))
        p = mixture_sf(statistic, *_merge(np.maximum(weights[order], 0.0), kept), denominator)
    return SmoothTest(value, value, float(reference_df), p)


def _denominator(residual_df: float | None) -> float | None:
    """Degrees of freedom of an F test's denominator, as mgcv rounds them."""
    return None if residual_df is None else max(float(round(residual_df)), 1.0)


def _precision_form(system: System, solution: Solution, part: int, columns: slice, effects: np.ndarray) -> float:
    """b' V^-1 b with V the term's block of H^-1: b'H b less what the other coefficients explain of it."""
    vectors = [np.zeros((item.n_units, item.width, 1)) for item in system.parts]
    vectors[part] = effects
    right = system.crossed(vectors)
    own = float(np.sum(effects * right[part])) + float(np.sum(solution.diagonals[part][:, None] * effects**2))
    structure, products = _without(system, part, columns)
    right[part] = np.delete(right[part], np.r_[columns], axis=1)
    if not right[part].shape[1]:
        del right[part]
    diagonals = [np.delete(diagonal, np.r_[columns]) if i == part else diagonal
                 for i, diagonal in enumerate(solution.diagonals)]
    factor = factorise(structure, products, [item for item in diagonals if len(item)], solution.fixed_penalty)
    found = solve(factor, right)
    return own - sum(float(np.sum(a * b)) for a, b in zip(right, found, strict=True))


def _without(system: System, part: int, columns: slice) -> tuple[Structure, np.ndarray]:
    """The parts and the cross products without some columns of a random part, or without the part."""
    own = system.parts[part]
    gone = np.r_[own.columns.start + columns.start : own.columns.start + columns.stop]
    parts: list[Part] = []
    first = 0
    for i, item in enumerate(system.parts):
        width = item.width - (len(gone) if i == part else 0)
        if width or item.kind == "fixed":
            parts.append(replace(item, columns=slice(first, first + width)))
            first += width
    products = np.delete(np.delete(system.products, gone, axis=1), gone, axis=2)
    return Structure(parts, system.structure.patterns, len(products)), products


def _spectrum(system: System, solution: Solution, part: int, columns: slice,
              reference_df: int) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of V_b^-1 times the covariance without an effect, and how often each occurs.

    With many levels, the blocks of the single levels stand for the whole.
    """
    own, shrink = system.parts[part], solution.diagonals[part][columns]
    n_units, width = own.n_units, len(shrink)
    if n_units * width <= _LARGEST_DENSE:
        right = [np.zeros((item.n_units, item.width, n_units * width)) for item in system.parts]
        right[part][:, columns] = np.eye(n_units * width).reshape(n_units, width, -1)
        found = solve(solution.factor, right)
        mine = found[part][:, columns].reshape(n_units * width, -1)
        fixed = found[-1][0]
        lost = mine.T @ (np.tile(shrink, n_units)[:, None] * mine) + fixed.T @ solution.fixed_penalty @ fixed
        weights = 1 - scipy.linalg.eigh((lost + lost.T) / 2, (mine + mine.T) / 2, eigvals_only=True)
        return weights, np.ones(len(weights))
    inverse = selected_inverse(solution.factor)
    structure, root = system.structure, np.sqrt(shrink)
    if structure.inner is not None and part == 0:
        counts = structure.outer.counts
        blocks = inverse.inner[:, columns, columns] / counts[:, None, None]
    else:
        first = 1 if structure.inner is not None else 0
        if part - first < len(structure.levels):
            blocks = inverse.own[part - first][:, columns, columns]
        else:
            square = inverse.dense[structure.blocks()[part - first - len(structure.levels)]]
            square = square[:, structure.blocks()[part - first - len(structure.levels)]]
            square = square.reshape(n_units, own.width, n_units, own.width)
            blocks = np.stack([square[unit, columns, unit, columns] for unit in range(n_units)])
        counts = np.ones(n_units)
    weights = 1 - np.linalg.eigvalsh(root[:, None] * blocks * root)
    return weights.reshape(-1), np.repeat(counts, width)


def _merge(weights: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop weights that are zero beside the largest, and put equal ones together."""
    largest = float(weights.max(initial=1e-300))
    shares = np.minimum(weights, 1.0) / largest
    keep = (shares > 1e-10) & (counts > 0)
    different, index = np.unique(np.round(shares[keep], 9), return_inverse=True)
    return different * largest, np.bincount(index.reshape(-1), counts[keep], minlength=len(different))


def _upper_root(gram: np.ndarray) -> np.ndarray:
    """Upper triangular R with R'R = gram, also where gram is singular."""
    eigenvalues, vectors = np.linalg.eigh(gram)
    return np.asarray(np.linalg.qr(np.sqrt(np.maximum(eigenvalues, 0))[:, None] * vectors.T, mode="r"))
