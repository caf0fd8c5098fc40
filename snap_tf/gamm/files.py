"""Read a long table; write a fit as JSON, CSV and text."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.population import curves, differences, stretches
from snap_tf.gamm.printing import summary
from snap_tf.gamm.result import GammFit

__all__ = ["fit_to_dict", "read_table", "versions", "write_fit"]


def read_table(path: str | Path, labels: Iterable[str | None] = ()) -> pd.DataFrame:
    """Read a CSV table (or tab-separated, if its name ends in .tsv or .txt).

    Only empty cells are read as missing, so that a word may be called `null`; models take the cell `NA` as missing too,
    as R does.

    Args:
        path: the file.
        labels: columns to be read as text, so that token 007 stays 007.

    Raises:
        GammError: the file is not such a table.
        OSError: it cannot be opened.
    """
    path = Path(path)
    separator = "\t" if path.suffix.lower() in (".tsv", ".txt") else ","
    try:
        columns = pd.read_csv(path, sep=separator, nrows=0).columns
        for sign, name in ((";", ";"), ("\t", "tabs")):
            if len(columns) == 1 and sign in columns[0]:
                raise GammError(f"table (={path}) must have commas between its columns; it has {name}; save it with "
                                "commas, or with tabs and a name that ends in .tsv")
        return pd.read_csv(path, sep=separator, keep_default_na=False, na_values=[""], low_memory=False,
                           dtype={name: str for name in labels if name in columns})
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise GammError(f"table (={path}) must be a CSV file with a header line; {error}") from error


def fit_to_dict(fit: GammFit) -> dict[str, Any]:
    """Give what a fit says as plain values, ready for JSON."""
    return {
        "parametric": _records(fit.parametric), "smooths": _records(fit.smooths), "reml": fit.score, "sig2": fit.sig2,
        "sp": fit.sp, "rho": fit.rho, "edf_total": fit.edf_total, "n": fit.n, "seconds": round(fit.seconds, 4)}


def write_fit(fit: GammFit, folder: str | Path) -> None:
    """Write fit.json, curves.csv, differences.csv, stretches.csv, fitted.csv and table.txt into an existing folder.

    `row` in fitted.csv counts the rows of the table given, the first below the header being 1; rows that were left
    out are not there.
    """
    folder = Path(folder)
    (folder / "fit.json").write_text(json.dumps(fit_to_dict(fit), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    (folder / "table.txt").write_text(summary(fit), encoding="utf-8")
    pd.DataFrame({"row": fit.kept + 1, "fitted": fit.fitted, "resid": fit.resid}).to_csv(
        folder / "fitted.csv", index=False)
    if fit.model.time is None:
        return
    curves(fit)[["group", "time", "fit", "se"]].to_csv(folder / "curves.csv", index=False)
    if fit.group is not None:
        table = differences(fit)
        table[["a", "b", "time", "difference", "se"]].to_csv(folder / "differences.csv", index=False)
        pd.concat([stretches(table, "simultaneous"), stretches(table, "pointwise")]).to_csv(
            folder / "stretches.csv", index=False)


def versions() -> Mapping[str, str]:
    """Versions of everything that a fit rests on."""
    names = ("numpy", "scipy", "pandas", "statsmodels", "patsy")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in row.items()}
            for row in table.to_dict(orient="records")]
