"""Tests of parametric terms, of smooths, and of the random term."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy import stats

from snap_tf.gamm.inference.quadratic_forms import mixture_f_sf, smooth_test_sf
from snap_tf.gamm.solver.blocks import BlockSystem, Solution

__all__ = ["SmoothTest", "parametric_p", "penalised_smooth_test", "random_reference_df", "random_test", "smooth_test"]

_SMALL_ENOUGH = 1e-6  # an upper bound below this is as good as the exact p value
_LARGEST_DENSE = 1200  # coefficients of the random term up to which its spectrum is computed exactly
_RANK_TOLERANCE = 1e-8


@dataclass(frozen=True)
class SmoothTest:
    """An F test of one smooth term.

    Attributes:
        statistic: F with the sign convention of mgcv.
        other: F with the other sign; the p value belongs to both.
        reference_df: the reference degrees of freedom.
        p: the p value.
    """

    statistic: float
    other: float
    reference_df: float
    p: float


def parametric_p(t: np.ndarray, residual_df: float) -> np.ndarray:
    """Compute two-sided p values of t statistics."""
    return 2 * stats.t.sf(np.abs(t), residual_df)


def smooth_test(beta: np.ndarray, covariance: np.ndarray, gram: np.ndarray, reference_df: float,
                residual_df: float) -> SmoothTest:
    """Test whether a smooth is zero everywhere.

    The statistic is a quadratic form of the smooth at the data with a pseudo-inverse of fractional rank; the last
    two directions enter with a cross term whose sign depends on the arbitrary signs of two eigenvectors. The p value
    is the mean over both signs; F is reported with the first components of the eigenvectors positive, as mgcv does.

    Args:
        beta: float [k], the smooth's coefficients.
        covariance: float [k, k], their Bayesian covariance.
        gram: float [k, k], X'X of the smooth's (whitened) columns.
        reference_df: edf1 of the smooth.
        residual_df: n minus the model's effective degrees of freedom.

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
    denominator = max(float(round(residual_df)), 1.0)
    if whole == 0:
        statistic = float(scores[0] ** 2)
        return SmoothTest(statistic, statistic, reference_df, float(stats.f.sf(statistic, 1, denominator)))
    first = float(np.sum(scores[:whole] ** 2))
    if part == 0:
        return SmoothTest(first / whole, first / whole, reference_df,
                          smooth_test_sf(first, float(whole), denominator))
    middle = first + part * scores[whole] ** 2
    cross = 2 * np.sqrt(part * (1 - part) / 2) * scores[whole - 1] * scores[whole]
    totals = (float(middle + cross), float(middle - cross))
    p = float(np.mean([smooth_test_sf(total, reference_df, denominator) for total in totals]))
    return SmoothTest(totals[0] / reference_df, totals[1] / reference_df, reference_df, p)


def penalised_smooth_test(system: BlockSystem, solution: Solution, unpenalised: np.ndarray, columns: slice,
                          scale: float, residual_df: float) -> SmoothTest:
    """Test whether a smooth whose penalty holds every column (m = 1) is zero everywhere.

    Such a smooth is a random effect, and is tested like one.

    Args:
        system: the block system.
        solution: its solution.
        unpenalised: float [p, M_p], the directions of the fixed part that no penalty holds.
        columns: the smooth's columns in the fixed part.
        scale: the residual variance.
        residual_df: n minus the model's effective degrees of freedom.

    Source: Wood 2013, Biometrika 100:1005, eq. 4 and section 3.
    """
    beta, inverse = solution.beta[columns], solution.schur_inverse
    across = system.gram(solution.token_fixed, solution.random_penalty[:, None] * solution.token_fixed)
    seen = inverse[:, columns]
    lost = seen.T @ (solution.fixed_penalty + across) @ seen
    statistic = float(beta @ np.linalg.solve(inverse[columns, columns], beta)) / scale
    weights = 1 - scipy.linalg.eigh((lost + lost.T) / 2, inverse[columns, columns], eigvals_only=True)
    own = np.hstack([unpenalised, np.eye(system.p)[:, columns]])
    gram = own.T @ system.fixed_products @ own
    size = np.sqrt(np.diagonal(gram))
    rank = int(np.sum(np.linalg.eigvalsh(gram / np.outer(size, size)) > _RANK_TOLERANCE**1.5))
    reference_df = rank - unpenalised.shape[1]
    if reference_df < 1:
        return SmoothTest(0.0, 0.0, 0.0, 1.0)
    denominator = max(float(round(residual_df)), 1.0)
    value = statistic / reference_df
    p = float(stats.f.sf(value, reference_df, denominator))
    if p > _SMALL_ENOUGH:
        kept = np.sort(np.maximum(weights, 0.0))[::-1][:reference_df]
        p = mixture_f_sf(statistic, kept, np.ones(len(kept)), denominator)
    return SmoothTest(value, value, float(reference_df), p)


def random_reference_df(system: BlockSystem, unpenalised: np.ndarray) -> int:
    """Count the dimensions in which tokens can differ beyond what the unpenalised fixed part explains.

    This is the rank of the random coefficients' frequentist covariance: the rank of [X_0 Z] less the columns of X_0,
    X_0 being the unpenalised directions of the fixed part. For the published model, q * tokens - words.

    Source: Wood 2013, Biometrika 100:1005, section 2.
    """
    rank, rest = 0, []
    for block in system.blocks:
        vectors, sizes, _ = np.linalg.svd(block.random, full_matrices=False)
        kept = vectors[:, sizes > _RANK_TOLERANCE * sizes[0]]
        seen = block.fixed @ unpenalised
        rank += block.response.shape[1] * kept.shape[1]
        rest.append(np.sqrt(block.response.shape[1]) * np.linalg.qr(
            np.vstack([seen - kept @ (kept.T @ seen), np.zeros((1, seen.shape[1]))]), mode="r"))
    sizes = np.sqrt(np.diagonal(unpenalised.T @ system.fixed_products @ unpenalised))
    left = np.linalg.svd(np.vstack(rest) / sizes, compute_uv=False)
    return rank + int(np.sum(left > _RANK_TOLERANCE)) - unpenalised.shape[1]


def random_test(system: BlockSystem, solution: Solution, scale: float, reference_df: int,
                residual_df: float) -> SmoothTest:
    """Test whether the tokens differ at all.

    The statistic is b' V_b^-1 b; under no effect it is a mixture of chi-squares with weights between 0 and 1, so an
    F distribution gives an upper bound of p. Where the bound is not tiny the weights are computed.

    Args:
        system: the block system.
        solution: its solution.
        scale: the residual variance.
        reference_df: from `random_reference_df`.
        residual_df: n minus the model's effective degrees of freedom.

    Source: Wood 2013, Biometrika 100:1005, eq. 4 and section 3.
    """
    total, pull = 0.0, np.zeros(system.p)
    for products, mixed, effects in zip(system.random_products, system.mixed_products, solution.effects, strict=True):
        matrix = products + np.diag(solution.random_penalty)
        total += float(np.sum(effects * (matrix @ effects)))
        pull += mixed.T @ effects.sum(1)
    own = system.fixed_products + solution.fixed_penalty
    statistic = max((total - float(pull @ np.linalg.solve(own, pull))) / scale, 0.0)
    denominator = max(float(round(residual_df)), 1.0)
    p = float(stats.f.sf(statistic / reference_df, reference_df, denominator)) if reference_df else 1.0
    if p > _SMALL_ENOUGH:
        weights, counts = _spectrum(system, solution, own, reference_df)
        p = mixture_f_sf(statistic, weights, counts, denominator)
    value = statistic / reference_df if reference_df else 0.0
    return SmoothTest(value, value, float(reference_df), p)


def _spectrum(system: BlockSystem, solution: Solution, own: np.ndarray,
              reference_df: int) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of V_b^-1 times the frequentist covariance, and how often each occurs.

    Tokens of one block differ among themselves by M^-1 Z'Z, n_tokens - 1 times; what is left is one mean for each
    block, tied together by the fixed part. When even that is large, every token's own M^-1 Z'Z stands for it.
    """
    shrink = solution.random_penalty
    root = np.sqrt(shrink)
    local = 1 - np.linalg.eigvalsh(root[:, None] * solution.token_inverse * root)  # [n_blocks, q]
    n_blocks, q = local.shape
    if n_blocks * q > _LARGEST_DENSE:
        weights = np.sort(np.repeat(local.reshape(-1), np.repeat(system.tokens, q).astype(int)))[::-1][:reference_df]
        return _merge(weights, np.ones(len(weights)))
    across = (np.sqrt(system.tokens)[:, None, None] * system.mixed_products).reshape(n_blocks * q, system.p)
    inner = np.linalg.inv(own)
    lost = np.diag(np.tile(shrink, n_blocks)) + across @ inner @ solution.fixed_penalty @ inner @ across.T
    whole = scipy.linalg.block_diag(*(system.random_products + np.diag(shrink))) - across @ inner @ across.T
    means = 1 - scipy.linalg.eigh((lost + lost.T) / 2, (whole + whole.T) / 2, eigvals_only=True)
    return _merge(np.append(local.reshape(-1), means),
                  np.append(np.repeat(system.tokens - 1, q), np.ones(len(means))))


def _merge(weights: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop weights that are zero, and put equal ones together."""
    keep = (weights > 1e-10) & (counts > 0)
    different, index = np.unique(np.round(np.minimum(weights[keep], 1.0), 9), return_inverse=True)
    return different, np.bincount(index.reshape(-1), counts[keep], minlength=len(different))


def _upper_root(gram: np.ndarray) -> np.ndarray:
    """Upper triangular R with R'R = gram, also where gram is singular."""
    eigenvalues, vectors = np.linalg.eigh(gram)
    return np.asarray(np.linalg.qr(np.sqrt(np.maximum(eigenvalues, 0))[:, None] * vectors.T, mode="r"))
