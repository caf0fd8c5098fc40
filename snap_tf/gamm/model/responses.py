"""What the response and the weights of each family may be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.model.columns import name_rows
from snap_tf.gamm.model.terms import Model

__all__ = ["check_response"]


def check_response(model: Model, frame: pd.DataFrame, rows: np.ndarray) -> None:
    """Refuse a response that the family cannot have, and weights that are not positive.

    Args:
        model: what is to be fitted.
        frame: its columns, without missing cells.
        rows: int [n], where every row stood in the table given.

    Raises:
        GammError: naming the first rows that are wrong.
    """
    if model.weights is not None:
        _require(frame, model.weights, frame[model.weights].to_numpy() > 0, rows,
                 "hold weights above 0", "leave these rows out")
    response = frame[model.response].to_numpy()
    if model.family == "poisson":
        _require(frame, model.response, (response >= 0) & (response == np.round(response)), rows,
                 "hold counts (whole numbers from 0) for family poisson", "correct them, or choose another family")
    if model.family != "binomial":
        return
    if model.weights is None:
        _require(frame, model.response, np.isin(response, (0, 1)), rows, "hold 0 and 1 for family binomial",
                 "for proportions, name the column of trials as weights")
    else:
        _require(frame, model.response, (response >= 0) & (response <= 1), rows,
                 "hold proportions from 0 to 1 for family binomial", "divide successes by trials")


def _require(frame: pd.DataFrame, name: str, good: np.ndarray, rows: np.ndarray, what: str, advice: str) -> None:
    bad = np.flatnonzero(~good)
    if len(bad):
        raise GammError(f"`{name}` must {what}; {name_rows(rows[bad])} {'does' if len(bad) == 1 else 'do'} not "
                        f"(={name_some(frame[name].iloc[bad[:3]])}); {advice}")
