"""Slow twin of the GAMM engine: whole matrices, textbook formulas, no blocks, no groups.

Written from Wood 2011 (JRSSB 73:3), Wood 2013 (Biometrika 100:221 and 100:1005) and Wood 2003 (JRSSB 65:95).
"""

from dataclasses import dataclass
from math import factorial, gamma, pi, sqrt

import numpy as np


def smoother_space(x: np.ndarray, knots: np.ndarray, order: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Thin plate regression spline of rank k by the book: columns at x, and the penalty; any rotation of the basis."""
    eta = np.empty((len(knots), len(knots)))
    constant = gamma(0.5 - order) / (2 ** (2 * order) * sqrt(pi) * factorial(order - 1))
    for i, a in enumerate(knots):
        for j, b in enumerate(knots):
            eta[i, j] = constant * abs(a - b) ** (2 * order - 1)
    values, vectors = np.linalg.eig(eta)
    keep = np.argsort(-np.abs(values.real))[:k]
    values, vectors = values.real[keep], vectors.real[:, keep]
    polynomials = np.array([[a**power for power in range(order)] for a in knots])
    null = np.linalg.svd(polynomials.T @ vectors)[2][order:].T  # what T'U_k sends to zero
    columns = np.empty((len(x), k))
    for i, a in enumerate(x):
        radial = np.array([constant * abs(a - b) ** (2 * order - 1) for b in knots])
        columns[i] = [*(radial @ vectors @ null), *(a**power for power in range(order))]
    penalty = np.zeros((k, k))
    penalty[: k - order, : k - order] = null.T @ np.diag(values) @ null
    return columns, penalty


def whitening(starts: np.ndarray, rho: float) -> np.ndarray:
    """Inverse Cholesky factor of the AR(1) correlation matrix, series independent of each other."""
    series = np.cumsum(starts)
    position = np.arange(len(starts))
    correlation = np.where(series[:, None] == series, float(rho) ** np.abs(position[:, None] - position), 0.0)
    return np.linalg.inv(np.linalg.cholesky(correlation))


@dataclass
class DenseFit:
    """Everything about one penalised fit, from whole matrices."""

    score: float
    beta: np.ndarray
    scale: float
    covariance: np.ndarray
    frequentist: np.ndarray
    influence: np.ndarray

    @property
    def edf(self) -> np.ndarray:
        """Effective degrees of freedom of every coefficient."""
        return np.diag(self.influence)

    @property
    def edf1(self) -> np.ndarray:
        """The alternative, 2 diag(F) - diag(FF)."""
        return 2 * np.diag(self.influence) - np.diag(self.influence @ self.influence)


def dense_fit(columns: np.ndarray, response: np.ndarray, penalties: list[np.ndarray], log_sp: np.ndarray,
              white: np.ndarray, method: str = "REML") -> DenseFit:
    """Fit at given smoothing parameters; penalties are whole matrices, one for each parameter."""
    x, y = white @ columns, white @ response
    penalty = sum(np.exp(r) * s for r, s in zip(log_sp, penalties, strict=True)) + np.zeros((x.shape[1],) * 2)
    eigenvalues, vectors = np.linalg.eigh(sum(penalties) if penalties else penalty)
    held = vectors[:, eigenvalues > 1e-9 * max(eigenvalues.max(), 1e-300)]
    n, n_free = len(y), x.shape[1] - held.shape[1]
    hessian = x.T @ x + penalty
    beta = np.linalg.solve(hessian, x.T @ y)
    deviance = np.sum((y - x @ beta) ** 2) + beta @ penalty @ beta
    log_penalty = np.linalg.slogdet(held.T @ penalty @ held)[1] if held.size else 0.0
    if method == "REML":
        dof, log_hessian = n - n_free, np.linalg.slogdet(hessian)[1]
    else:
        dof, log_hessian = n, np.linalg.slogdet(held.T @ hessian @ held)[1]
    scale = deviance / dof
    score = (dof / 2 * (1 + np.log(2 * np.pi * scale)) + (log_hessian - log_penalty) / 2
             - np.linalg.slogdet(white)[1])
    inverse = np.linalg.inv(hessian)
    influence = inverse @ x.T @ x
    return DenseFit(float(score), beta, float(scale), scale * inverse, scale * influence @ inverse, influence)


def smooth_statistics(beta: np.ndarray, covariance: np.ndarray, columns: np.ndarray, rank: float) -> set[float]:
    """Both values of Wood's T, with the pseudo-inverse of fractional rank written out as a matrix."""
    root = np.linalg.qr(columns, mode="r")
    values, vectors = np.linalg.eigh(root @ covariance @ root.T)
    values, vectors = values[::-1], vectors[:, ::-1]
    k = int(np.floor(rank))
    nu = rank - k
    rho = sqrt(nu * (1 - nu) / 2)
    totals = set()
    for sign in (1, -1):
        middle = np.diag(1 / values).copy()
        middle[k + 1 :, k + 1 :] = 0
        corner = np.array([[1.0, sign * rho], [sign * rho, nu]])
        half = np.diag(1 / np.sqrt(values[k - 1 : k + 1]))
        middle[k - 1 : k + 1, k - 1 : k + 1] = half @ corner @ half
        fitted = vectors.T @ root @ beta
        totals.add(float(fitted @ middle @ fitted))
    return totals
