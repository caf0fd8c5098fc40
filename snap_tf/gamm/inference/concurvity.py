"""Concurvity: how far the columns of a term are explained by the columns of all others."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import scipy.linalg

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.inference.fitted_model import FittedModel

__all__ = ["concurvity"]

_LARGEST = 3000  # columns up to which the whole model matrix is formed
_ALIKE = 1e-7  # directions below this part of the largest do not count


def concurvity(fit: FittedModel, *, random: bool = True) -> pd.DataFrame:
    """Measure concurvity: the share of each term that the other terms of the model could take over (0 none, 1 all).

    With g the projection of a term f onto the columns of all other terms, `worst` is the largest |g|^2 / |f|^2 that any
    coefficients can give, `observed` is that of the estimated ones, `estimate` is the ratio for the columns themselves
    (squared Frobenius norms).

    Args:
        fit: the fit.
        random: whether random terms are among the terms; without them large models can be measured too.

    Returns:
        Table with term (`para` is the parametric part), worst, observed, estimate.

    Raises:
        GammError: the model has more than 3,000 columns.
    Source: Wood 2017, section 5.6 (after Ramsay, Burnett & Krewski 2003); the page on concurvity of mgcv's manual.

    Example:
        >>> from snap_tf.gamm import concurvity, gamm_words, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> found = concurvity(gamm_words(table, reference="ask", random="intercept")).set_index("term")
        >>> found["worst"].round(2).to_dict()["s(time_s):labelwash"] < 0.6
        True
    """
    blocks = _blocks(fit, random)
    n_columns = sum(block.shape[1] for _, block, _ in blocks)
    if n_columns > _LARGEST:
        raise GammError(f"the model (={n_columns} columns) must have no more than {_LARGEST} for its concurvity; leave "
                        "random terms out of it with random=False")
    # every block turned by the same rotation, which leaves as many rows as columns
    triangle = np.asarray(np.linalg.qr(np.hstack([block for _, block, _ in blocks]), mode="r"))
    bounds = np.cumsum([0, *(block.shape[1] for _, block, _ in blocks)])
    blocks = [(label, triangle[:, first:last], beta)
              for (label, _, beta), (first, last) in zip(blocks, pairwise(bounds), strict=True)]
    rows = []
    for number, (label, block, beta) in enumerate(blocks):
        others = [other for i, (_, other, _) in enumerate(blocks) if i != number]
        space = _space(np.hstack(others)) if others else np.zeros((len(block), 0))
        seen = space.T @ block
        own = _space(block)
        worst = np.linalg.norm(space.T @ own, ord=2) ** 2 if space.size else 0.0
        observed = np.sum((seen @ beta) ** 2) / max(float(np.sum((block @ beta) ** 2)), 1e-300)
        rows.append((label, min(float(worst), 1.0), float(observed), float(np.sum(seen**2) / np.sum(block**2))))
    return pd.DataFrame(rows, columns=["term", "worst", "observed", "estimate"])


def _space(columns: np.ndarray) -> np.ndarray:
    """Orthonormal basis of what columns span."""
    size = np.sqrt(np.sum(columns**2, axis=0))
    vectors, triangle, _ = scipy.linalg.qr(columns / np.where(size > 0, size, 1.0), mode="economic", pivoting=True)
    values = np.abs(np.diagonal(triangle))
    return vectors[:, : int(np.sum(values > _ALIKE * values[0]))]


def _blocks(fit: FittedModel, random: bool) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Columns and coefficients of the parametric part and of every term."""
    fixed, n = fit.design.fixed_rows(fit.frame), fit.design.n_parametric
    found = [("para", fixed[:, :n], fit.beta[:n])] if n else []
    found += [(smooth.label, fixed[:, smooth.columns], fit.beta[smooth.columns]) for smooth in fit.design.smooths]
    for number, item in enumerate(fit.random if random else ()):
        rows, codes = fit.design.random_rows(fit.frame, number), fit.problem.table.random[number].codes
        for term in fit.design.random[number].terms:
            width = term.columns.stop - term.columns.start
            spread = np.zeros((len(rows), len(item.levels), width))
            spread[np.arange(len(rows)), codes] = rows[:, term.columns]
            found.append((term.label, spread.reshape(len(rows), -1), item.values[:, term.columns].ravel()))
    return found
