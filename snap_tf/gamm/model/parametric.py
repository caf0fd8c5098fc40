"""The parametric part: treatment-coded factors and covariates, read and coded by patsy, named as R names them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import patsy

from snap_tf.gamm.errors import GammError

__all__ = ["ParametricPart"]


class ParametricPart:
    """Columns of the parametric part for any table with the same columns.

    Attributes:
        names: one name for each column, such as `(Intercept)` and `Wordwash`.
    """

    def __init__(self, terms: Sequence[str], intercept: bool, frame: pd.DataFrame) -> None:
        """Read the terms against a table whose factors are categorical columns.

        Raises:
            GammError: patsy cannot read a term, or a term names no column.
        """
        written = [f"Q({term!r})" if term in frame.columns else term for term in terms]
        self._info = None
        if not intercept and not written:
            self.names: tuple[str, ...] = ()
            return
        text = " + ".join(["1" if intercept else "0", *written])
        try:
            self._info = patsy.dmatrix(text, frame, NA_action="raise").design_info
        except Exception as error:  # patsy evaluates the terms, so anything can be raised
            raise GammError(f"parametric part (={' + '.join(terms)}) must be readable by patsy; it says: "
                            f"{str(error).splitlines()[0]}; the columns are {', '.join(map(str, frame.columns))}"
                            ) from error
        self.names = tuple(_name(name) for name in self._info.column_names)

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        """Code a table; float [n_rows, n_columns]."""
        if self._info is None:
            return np.zeros((len(frame), 0))
        return np.asarray(patsy.build_design_matrices([self._info], frame, NA_action="raise")[0], float)


def _name(column: str) -> str:
    """Turn patsy's name of a column into R's: Q('Word')[T.wash] -> Wordwash."""
    if column == "Intercept":
        return "(Intercept)"
    plain = re.sub(r"Q\((['\"])(.*?)\1\)", r"\2", column)
    return re.sub(r"\[(?:T\.)?(.*?)\](?=:|$)", r"\1", plain)
