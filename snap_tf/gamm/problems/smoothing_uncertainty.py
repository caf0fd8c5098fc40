"""What the uncertainty of the smoothing parameters adds to the effective degrees of freedom."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.linalg

from snap_tf.gamm.problems.problem import Optimum, Problem
from snap_tf.gamm.solver.elimination import solve
from snap_tf.gamm.solver.reml import penalised_vectors, second_derivatives

__all__ = ["LARGEST_DENSE", "added_degrees", "smoothing_hessian"]

LARGEST_DENSE = 1000
"""Coefficients up to which the Cholesky factor of the whole system is differentiated."""
_FLAT = 1e-7  # eigenvalues of the Hessian below this part of the largest belong to flat directions
_PRIOR = 0.1  # precision of a prior on the log smoothing parameters, in the second part only, as mgcv has it


def added_degrees(problem: Problem, optimum: Optimum, scale: float, second: bool = True) -> float:
    """Compute by how much the uncertainty of the smoothing parameters raises the effective degrees of freedom.

    The covariance of the coefficients b is V + V' + V'', with V = scale * H^-1 (whose part is the edf),
    V' = J V_rho J', J = db / d(log sp) = -H^-1 S_j b, V_rho the inverse Hessian of REML or ML, and V'' from the
    derivatives of the Cholesky factor of V. The result is the trace of X'X (V' + V'') / scale.

    V'' depends on the order of the coefficients; here it is mgcv's: fixed part, then one random term after the other,
    levels sorted.

    Args:
        problem: the model and its table.
        optimum: its solution.
        scale: the residual variance, on the scale that the problem is solved on.
        second: whether V'' is added; it needs matrices of all coefficients.

    Source: Wood, Pya & Saefken 2016, JASA 111:1548, section 4.
    """
    system, solution, weights = optimum.system, optimum.solution, np.exp(optimum.log_sp)
    if not len(weights):
        return 0.0
    values, vectors = np.linalg.eigh(smoothing_hessian(optimum))
    inverse = np.where(values > _FLAT * values.max(), 1 / np.maximum(values, 1e-300), 0.0)
    pulls = penalised_vectors(system, solution, weights)
    slopes = solve(solution.factor, [np.concatenate([pull[part] for pull in pulls], axis=2)
                                     for part in range(len(system.parts))])
    moves = ([slope[:, :, j : j + 1] for slope in slopes] for j in range(len(weights)))
    rows = np.array([np.concatenate([own.ravel() for own in system.fitted(move)]) for move in moves])
    found = float(np.sum((vectors * inverse) @ vectors.T * (rows @ rows.T)) / scale)
    if second:
        by_prior = (vectors / (np.maximum(values, 0.0) + _PRIOR)) @ vectors.T
        found += float(np.sum(by_prior * _root_slopes(problem, optimum)))
    return found


def smoothing_hessian(optimum: Optimum) -> np.ndarray:
    """Second derivatives of REML or ML at the optimum, by log smoothing parameter; float [n_sp, n_sp]."""
    return second_derivatives(optimum.likelihood, optimum.log_sp, optimum.criterion, central=True)


def _root_slopes(problem: Problem, optimum: Optimum) -> np.ndarray:
    """tr(X'X dR_j dR_k') with R R' = H^-1, dR_j its derivative; float [n_sp, n_sp]."""
    system, weights = optimum.system, np.exp(optimum.log_sp)
    sizes = np.cumsum([0, *(part.n_units * part.width for part in system.parts)])
    grams = np.zeros((sizes[-1], sizes[-1]))
    for cell, pattern in enumerate(system.structure.patterns):
        places = np.concatenate([first + part.units[cell] * part.width + np.arange(part.width)
                                 for first, part in zip(sizes, system.parts, strict=False)])
        grams[np.ix_(places, places)] += system.products[pattern]
    order = np.concatenate([np.arange(sizes[-2], sizes[-1]), *_random_order(problem, sizes)])
    grams = grams[np.ix_(order, order)]
    penalties = []
    for matrix in system.penalties.fixed_matrices(weights):
        penalties.append(np.zeros_like(grams))
        penalties[-1][: system.p, : system.p] = matrix
    for weight, item in zip(weights[len(penalties) :], system.penalties.random, strict=True):
        diagonal = np.zeros(len(grams))
        diagonal[sizes[item.part] : sizes[item.part + 1]] = weight * np.tile(item.diagonal, item.n_units)
        penalties.append(np.diag(diagonal[order]))
    upper = scipy.linalg.cholesky(grams + np.sum(penalties, axis=0))
    root = scipy.linalg.solve_triangular(upper, np.eye(len(upper)))
    seen = root.T @ grams @ root
    moves = []
    for penalty in penalties:
        inner = root.T @ penalty @ root
        moves.append(np.triu(inner) - np.diag(np.diagonal(inner)) / 2)  # dR = -R times this
    turned = [seen @ move for move in moves]
    return np.array([[np.sum(a * b) for b in moves] for a in turned])


def _random_order(problem: Problem, sizes: np.ndarray) -> list[np.ndarray]:
    """Places of the random coefficients, term by term: `fs` level by level, `re` column by column."""
    layout, found = problem.rows.layout, {}
    for number, factor in enumerate(problem.design.random):
        part = layout.order.index(number)
        places = sizes[part] + np.arange(sizes[part + 1] - sizes[part]).reshape(-1, factor.width)
        places = places[_sorted(problem.table.random[number].levels)]
        for term in factor.terms:
            own = places[:, term.columns]
            found[problem.model.random.index(term.term), str(term.label)] = (
                own.T if term.basis is None else own).ravel()
    return [found[key] for key in sorted(found, key=lambda key: key[0])]


def _sorted(levels: Sequence[object]) -> list[int]:
    """Places of the levels in the order that R gives them: numbers by size, other levels as text."""
    numbers = all(isinstance(level, int | float | np.number) for level in levels)
    return sorted(range(len(levels)), key=lambda i: levels[i] if numbers else str(levels[i]))  # type: ignore[arg-type, return-value]
