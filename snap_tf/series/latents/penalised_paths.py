"""Regularisation paths of lasso and ridge, logistic or linear, computed with scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

__all__ = ["coefficient_path", "held_out_loss", "largest_penalty", "predictions"]


def largest_penalty(x: np.ndarray, y: np.ndarray) -> float:
    """Return the smallest lambda at which the lasso keeps no variable: max |x'(y - mean y)| / n.

    Args:
        x: float [n, variables], standardised.
        y: float [n], 0 and 1 for the logistic model.

    Source: Friedman, Hastie & Tibshirani 2010, J. Stat. Softw. 33(1), section 2.5.
    """
    return float(np.abs(x.T @ (y - y.mean())).max() / len(y))


def coefficient_path(x: np.ndarray, y: np.ndarray, lambdas: np.ndarray, *, logistic: bool, lasso: bool, seed: int
                     ) -> np.ndarray:
    """Fit at every penalty: mean loss + lambda |b|_1 (lasso) or + lambda/2 |b|^2 (ridge), intercept free.

    Args:
        x: float [n, variables].
        y: float [n].
        lambdas: falling, so that each fit starts where the last one ended.
        logistic: log loss for y in 0 and 1; else half the squared error.
        lasso: L1, else L2.
        seed: of the solver's order of examples.

    Returns:
        float64 [lambdas, variables + 1], the intercept last.
    """
    model: Any = None
    path = []
    for value in lambdas:
        if logistic:
            model = model or _logistic(lasso, seed)
            model.set_params(C=1.0 / (len(y) * value))
        else:
            model = model or _linear(lasso)
            model.set_params(alpha=value if lasso else value * len(y))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the last digits of a fit on the way do not matter
            model.fit(x, y)
        path.append([*np.ravel(model.coef_), np.ravel(model.intercept_)[0]])
    return np.array(path)


def predictions(x: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Return linear predictors: float64 [n, lambdas] for x [n, variables] and path [lambdas, variables + 1]."""
    return x @ path[:, :-1].T + path[:, -1]


def held_out_loss(y: np.ndarray, predicted: np.ndarray, logistic: bool) -> np.ndarray:
    """Return the mean log loss, or mean squared error, at every penalty.

    Args:
        y: float [n].
        predicted: float [n, lambdas], linear predictors.
        logistic: which of the two.

    Returns:
        float64 [lambdas].
    """
    if logistic:
        return np.mean(np.logaddexp(0.0, predicted) - y[:, None] * predicted, axis=0)
    return np.mean((y[:, None] - predicted) ** 2, axis=0)


def _logistic(lasso: bool, seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    # scikit-learn 1.8 renamed the choice of penalty; older ones do not know the new name
    renamed = LogisticRegression().penalty == "deprecated"
    penalty: dict[str, Any] = {"l1_ratio": float(lasso)} if renamed else {"penalty": "l1" if lasso else "l2"}
    if not lasso:
        return LogisticRegression(tol=1e-6, max_iter=1000, warm_start=True, **penalty)
    # liblinear is twenty times faster than saga here; it penalises the intercept, 1/30 as strongly when scaled so
    return LogisticRegression(solver="liblinear", intercept_scaling=30.0, random_state=seed, **penalty)


def _linear(lasso: bool) -> Any:
    from sklearn.linear_model import Lasso, Ridge

    return Lasso(warm_start=True, max_iter=10_000) if lasso else Ridge()
