"""Predictions for any table, random terms included, with standard errors; draws from the posterior."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, GammWarning
from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.inference.grids.new_rows import ModelRows, model_rows, read_new_rows, term_labels
from snap_tf.gamm.model.families import family_of

__all__ = ["POINTWISE", "expected", "posterior", "predict"]

POINTWISE = 1.96
"""Half width of the pointwise 95 % interval in standard errors, as the papers draw it."""
SCALES = ("link", "response")


def expected(fit: FittedModel, predictor: np.ndarray) -> np.ndarray:
    """Turn the linear predictor into the expected response, by the inverse of the family's link."""
    return family_of(fit.family).mean(predictor)


def predict(fit: FittedModel, table: pd.DataFrame, *, exclude: str | Iterable[str] = (),
            se: bool = True) -> pd.DataFrame:
    """Predict the response for the rows of any table that has the model's columns, with standard errors.

    Random terms are included for the levels that were fitted, unless they are left out. Rows whose level of a random
    factor is new (or missing) get 0 from its terms; a warning counts them. Where another cell is missing, the
    prediction is NaN.

    Args:
        fit: the fit.
        table: the columns of the terms that are included. A copy of another column, as `WordO` of `Word`, may be left
            out.
        exclude: labels of smooths or random terms that are left out, such as `s(Time,Speaker)`; `random` for all
            random terms (the population).
        se: whether standard errors and intervals are computed.

    Returns:
        Table with the index of the table given: fit (linear predictor, the offset included), se, lower, upper
        (pointwise 95 %), response (expected response), response_lower, response_upper.

    Raises:
        GammError: a column is missing, a level of a factor was not fitted, or there is no such term.
    Source: Wood 2017, section 6.10; mgcv, predict.gam.

    Example:
        >>> from snap_tf.gamm import gamm_words, predict, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> new = table.iloc[[7, 97]]  # a token of each word at 0.5 s
        >>> predict(fit, new)["fit"].round(1).tolist(), predict(fit, new, exclude="random")["fit"].round(1).tolist()
        ([1.0, 1.2], [0.9, 1.2])
    """
    rows, missing, unknown = _rows(fit, table, exclude)
    for name, count in unknown.items():
        warnings.warn(f"{count} of {len(table)} rows have no fitted level of `{name}`; its random terms are 0 there",
                      GammWarning, stacklevel=2)
    found = {"fit": rows.value(fit)}
    if se:
        found["se"] = rows.se(fit)
        found |= {"lower": found["fit"] - POINTWISE * found["se"], "upper": found["fit"] + POINTWISE * found["se"]}
    tails = {"fit": "response", "lower": "response_lower", "upper": "response_upper"}
    found |= {new: expected(fit, found[old]) for old, new in tails.items() if old in found}
    result = pd.DataFrame(found, index=table.index)
    result[missing] = np.nan
    return result


def posterior(fit: FittedModel, table: pd.DataFrame, n: int = 1000, *, seed: int = 0, exclude: str | Iterable[str] = (),
              scale: str = "link") -> np.ndarray:
    """Draw curves from the posterior distribution of a fit, at the rows of a table.

    All coefficients are drawn together, at the estimated smoothing parameters, so that rows of one draw belong
    together: any quantity of a curve, such as the time of its maximum, has the distribution of its values over the
    draws.

    Args:
        fit: the fit.
        table: as for `predict`.
        n: number of draws.
        seed: seed of the draws.
        exclude: as for `predict`.
        scale: `link` for the linear predictor, `response` for the expected response.

    Returns:
        float [n, n_rows].

    Raises:
        GammError: as `predict`, or n is not positive.
    Source: Wood 2017, section 6.10 and 7.2.7.

    Example:
        >>> import numpy as np
        >>> from snap_tf.gamm import gamm_words, posterior, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> one_word = table[table["token"] == table["token"].iloc[0]]
        >>> curves = posterior(fit, one_word, n=500, exclude="random")
        >>> peak = one_word["time_s"].to_numpy()[np.argmax(curves, axis=1)]  # when is the curve highest?
        >>> curves.shape, bool(np.std(peak) < 0.1)
        ((500, 15), True)
    """
    if scale not in SCALES:
        raise GammError(f"scale (={scale}) must be one of {', '.join(SCALES)}")
    if n < 1:
        raise GammError(f"n (={n}) must be 1 or more")
    rows, missing, _ = _rows(fit, table, exclude)
    fixed, random = fit.coefficients.draws(n, np.random.default_rng(seed))
    found = rows.value(fit)[:, None] + rows.fixed @ fixed
    for item in rows.random:
        found += item.times(random[item.factor])
    found = (found if scale == "link" else expected(fit, found)).T
    found[:, missing] = np.nan
    return found


def _rows(fit: FittedModel, table: pd.DataFrame,
          exclude: str | Iterable[str]) -> tuple[ModelRows, np.ndarray, dict[str, int]]:
    """Rows of the model matrix, where a cell is missing (bool [n]), and rows without a level by random factor."""
    without = term_labels(fit, exclude)
    frame, unknown = read_new_rows(fit, table, without)
    only_random = [name for name in frame.columns if name in unknown]
    missing = frame.drop(columns=only_random).isna().any(axis=1).to_numpy(bool)
    filled = frame.copy()  # any value will do: the row's prediction becomes NaN
    for name in frame.columns:
        if missing.any() and name not in only_random:
            filled.loc[missing, name] = fit.frame[name].iloc[0]
    return model_rows(fit, filled, without), missing, unknown
