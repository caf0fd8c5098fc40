"""The parametric part: treatment-coded factors and covariates, read and coded by patsy, named as R names them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import patsy

from snap_tf.gamm.errors import GammError

__all__ = ["ParametricPart", "parametric_columns"]

_WORD = r"[^\W\d][\w.]*"
_PIECE = re.compile(rf"`([^`]+)`|('[^']*'|\"[^\"]*\")|({_WORD})|(\^)")
_FUNCTIONS = {"np": np, "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "exp": np.exp,
              "sqrt": np.sqrt}


def parametric_columns(terms: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Find the columns that terms name: alone, within an expression, or in `backticks`.

    Args:
        terms: terms as written, such as `Word`, `Word:Sex` or `log(Freq)`.
        columns: the columns there are.
    """
    named = set(terms)
    for term in terms:
        for quoted_name, _, word, _ in _PIECE.findall(term):
            named |= {quoted_name, word} if word in columns or not word else {quoted_name, *word.split(".")}
    return [name for name in columns if name in named]


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
        written = [f"Q({term!r})" if term in frame.columns else _for_patsy(term, list(frame.columns)) for term in terms]
        self._info = None
        if not intercept and not written:
            self.names: tuple[str, ...] = ()
            return
        text = " + ".join(["1" if intercept else "0", *written])
        try:
            functions = patsy.EvalEnvironment([{**_FUNCTIONS, "factor": _factor}])
            self._info = patsy.dmatrix(text, frame, eval_env=functions, NA_action="raise").design_info
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


def _for_patsy(term: str, columns: Sequence[str]) -> str:
    """Write R's expression as patsy reads it: `^` as `**`, names with dots or signs as Q(...), as.factor as factor."""
    def piece(found: re.Match[str]) -> str:
        quoted_name, text, word, power = found.groups()
        if quoted_name or (word in columns and "." in word):
            return f"Q({(quoted_name or word)!r})"
        if word == "as.factor":
            return "factor"
        return "**" if power else text or word

    return _PIECE.sub(piece, term)


def _factor(column: pd.Series) -> object:
    """R's factor(): whole numbers are named without a point."""
    values = pd.Series(column)
    if pd.api.types.is_float_dtype(values) and (values % 1 == 0).all():
        values = values.astype(int)
    return patsy.builtins.C(values)


def _name(column: str) -> str:
    """Turn patsy's name of a column into R's: Q('Word')[T.wash] -> Wordwash, I(Dur ** 2) -> I(Dur^2)."""
    if column == "Intercept":
        return "(Intercept)"
    plain = re.sub(r"Q\((['\"])(.*?)\1\)", r"\2", column).replace(" ** ", "^")
    return re.sub(r"\[(?:T\.)?(.*?)\](?=:|$)", r"\1", plain)
