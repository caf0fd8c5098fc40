"""Slow twin of the other families: whole matrices, log likelihoods of scipy, Newton steps by differences.

Written from Wood 2011 (JRSSB 73:3) and Wood, Pya & Saefken 2016 (JASA 111:1548).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats


def log_likelihoods(family: str, y: np.ndarray, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Log likelihood of every row."""
    if family == "binomial":
        return stats.binom.logpmf(np.round(weights * y), weights, 1 / (1 + np.exp(-eta)))
    if family == "poisson":
        return weights * stats.poisson.logpmf(y, np.exp(eta))
    return weights * stats.t.logpdf(y, np.exp(theta[0]) + 3, loc=eta, scale=np.exp(theta[1]))


def slope_and_bend(family: str, y: np.ndarray, eta: np.ndarray, theta: np.ndarray,
                   weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and second derivative of every row's log likelihood by eta, by the book."""
    if family == "binomial":
        mean = 1 / (1 + np.exp(-eta))
        return weights * (y - mean), -weights * mean * (1 - mean)
    if family == "poisson":
        return weights * (y - np.exp(eta)), -weights * np.exp(eta)
    df, sigma = np.exp(theta[0]) + 3, np.exp(theta[1])
    z = (y - eta) / sigma
    return (weights * (df + 1) * z / (sigma * (df + z**2)),
            -weights * (df + 1) * (df - z**2) / (sigma**2 * (df + z**2) ** 2))


@dataclass
class DenseLaplace:
    """Everything about one penalised fit, from whole matrices."""

    score: float
    coefficients: np.ndarray
    eta: np.ndarray
    hessian: np.ndarray
    leverage: np.ndarray


def dense_laplace(family: str, columns: np.ndarray, y: np.ndarray, penalties: list[np.ndarray], point: np.ndarray,
                  weights: np.ndarray, offset: np.ndarray, method: str = "REML") -> DenseLaplace:
    """Fit at given log smoothing parameters and theta; penalties are whole matrices, one for each parameter."""
    n_sp, size = len(penalties), columns.shape[1]
    theta = point[n_sp:]
    penalty = sum(np.exp(r) * s for r, s in zip(point[:n_sp], penalties, strict=True)) + np.zeros((size, size))

    def value(b: np.ndarray) -> float:
        return float(log_likelihoods(family, y, columns @ b + offset, theta, weights).sum() - b @ penalty @ b / 2)

    b = np.linalg.lstsq(columns, y - offset if family == "scat" else np.zeros(len(y)), rcond=None)[0]
    for _ in range(200):
        first, second = slope_and_bend(family, y, columns @ b + offset, theta, weights)
        hessian = columns.T @ (-second[:, None] * columns) + penalty
        values, vectors = np.linalg.eigh(hessian)
        slope = columns.T @ first - penalty @ b
        step = vectors @ (vectors.T @ slope / np.abs(values))
        share = 1.0
        while value(b + share * step) < value(b) - 1e-9 and share > 1e-9:
            share /= 2
        b = b + share * step
        if np.abs(step).max() < 1e-12:
            break
    eta = columns @ b + offset
    bends = -slope_and_bend(family, y, eta, theta, weights)[1]
    hessian = columns.T @ (bends[:, None] * columns) + penalty
    eigenvalues, vectors = np.linalg.eigh(sum(penalties) if penalties else penalty)
    held = vectors[:, eigenvalues > 1e-9 * max(eigenvalues.max(), 1e-300)]
    log_penalty = np.linalg.slogdet(held.T @ penalty @ held)[1] if held.size else 0.0
    if method == "REML":
        log_hessian, n_free = np.linalg.slogdet(hessian)[1], size - held.shape[1]
    else:
        log_hessian, n_free = np.linalg.slogdet(held.T @ hessian @ held)[1], 0
    score = -value(b) + (log_hessian - log_penalty - n_free * np.log(2 * np.pi)) / 2
    leverage = np.einsum("ij,jk,ik->i", columns, np.linalg.inv(hessian), columns)
    return DenseLaplace(float(score), b, eta, hessian, leverage)
