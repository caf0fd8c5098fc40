"""Draws of coefficients whose covariance is H^-1, from the factorised H: fixed part first, then level by level."""

from __future__ import annotations

import numpy as np

from snap_tf.gamm.solver.elimination import Factor, Vectors

__all__ = ["draw"]


def draw(factor: Factor, n: int, rng: np.random.Generator) -> Vectors:
    """Draw n vectors of coefficients around zero.

    Given the coefficients x of what stands beside a level, its own have the mean -W x and the covariance M^-1.

    Args:
        factor: the factorised H.
        n: draws.
        rng: source of random numbers.

    Returns:
        For every part, float [n_units, width, n].
    Source: Rue & Held 2005, Gaussian Markov Random Fields, section 2.4 (sampling from a factorised precision).
    """
    structure = factor.structure
    n_levels, size = len(structure.levels), structure.size
    tail = _root(factor.dense_inverse[None])[0] @ rng.standard_normal((size, n))
    found: Vectors = [np.zeros(0)] * n_levels
    for i in reversed(range(n_levels)):
        beside = factor.besides[i]
        own = _root(factor.inverses[i]) @ rng.standard_normal((*factor.inverses[i].shape[:2], n))
        own -= beside[:, :, beside.shape[2] - size :] @ tail
        for j in range(i + 1, n_levels):
            own -= beside[:, :, structure.beside(i, j)] @ found[j][structure.paths[i][j]]
        found[i] = own
    found += [tail[own].reshape(part.n_units, part.width, -1)
              for part, own in zip(structure.dense, structure.blocks(), strict=True)]
    if structure.inner is not None:
        pattern = structure.patterns[structure.inner_cells]
        own = _root(factor.inner_inverse)[pattern] @ rng.standard_normal((len(pattern), structure.inner.width, n))
        found.insert(0, own - factor.inner_beside[pattern] @ structure.outer.gather(found)[structure.inner_cells])
    return found


def _root(matrices: np.ndarray) -> np.ndarray:
    """For every matrix of a stack (float [n, q, q]) L with L L' = it, also where it is singular to rounding."""
    size = np.sqrt(np.diagonal(matrices, axis1=1, axis2=2))
    values, vectors = np.linalg.eigh(matrices / (size[:, :, None] * size[:, None, :]))
    return size[:, :, None] * vectors * np.sqrt(np.maximum(values, 0))[:, None, :]
