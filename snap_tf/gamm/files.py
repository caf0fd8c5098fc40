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
from snap_tf.gamm.inference.population import curves, differences, stretches
from snap_tf.gamm.inference.result import GammFit
from snap_tf.gamm.inference.summary_text import summary
from snap_tf.gamm.paper.methods_text import methods_sentence
from snap_tf.gamm.paper.r_script import r_script
from snap_tf.gamm.paper.tables import latex_table, markdown_table
from snap_tf.gamm.paper.whole_fit import whole_fit

__all__ = ["fit_to_dict", "read_table", "versions", "write_fit"]


def read_table(path: str | Path, labels: Iterable[str | None] = ()) -> pd.DataFrame:
    """Read a CSV table (or tab-separated, if its name ends in .tsv or .txt).

    Only empty cells are read as missing, so that a word may be called `null`; models take the cell `NA` as missing too,
    as R does.

    Args:
        path: the file.
        labels: columns to be read as text, so that token 007 stays 007.

    Raises:
        GammError: the file is not such a table, or cannot be read.
        OSError: it is not there.

    Example:
        >>> import pandas as pd
        >>> from snap_tf.gamm import read_table
        >>> pd.DataFrame({"token": ["007", "007"], "value": [2.5, None]}).to_csv("long.csv", index=False)
        >>> read_table("long.csv", labels=["token"])["token"].tolist()
        ['007', '007']
    """
    # not at the top: the statistics load nothing of the networks
    from wavegan_tf.errors import DataError
    from wavegan_tf.formats import tables

    path = Path(path)
    path.stat()  # what is not there stays an OSError
    separator = "\t" if path.suffix.lower() in (".tsv", ".txt") else ","
    try:
        columns = tables.read_columns(path, separator=separator)
        for sign, name in ((";", ";"), ("\t", "tabs")):
            if len(columns) == 1 and sign in columns[0]:
                raise GammError(f"table (={path}) must have commas between its columns; it has {name}; save it with "
                                "commas, or with tabs and a name that ends in .tsv")
        return tables.read_table(path, text=[name for name in labels if name], missing=True, separator=separator)
    except DataError as error:
        raise GammError(str(error)) from error


def fit_to_dict(fit: GammFit) -> dict[str, Any]:
    """Convert a fit to plain values, ready for JSON: tables of terms, REML, smoothing parameters, rho, family, AIC.

    `random` has every random factor with its levels; `r_sq` is adjusted, as R prints it.

    Example:
        >>> from snap_tf.gamm import fit_to_dict, gamm_words, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> values = fit_to_dict(fit)
        >>> values["n"], [row["term"] for row in values["smooths"]]
        (180, ['s(time_s)', 's(time_s):labelwash', 's(token)'])
        >>> values["family"], values["link"], values["random"][0]["factor"], values["n_series"]
        ('gaussian', 'identity', 'token', 12)
    """
    random = [{"factor": item.factor, "levels": [_plain(level) for level in item.levels]} for item in fit.random]
    return {
        "parametric": _records(fit.parametric), "smooths": _records(fit.smooths), "reml": fit.score, "sig2": fit.sig2,
        "sp": fit.sp, "rho": fit.rho, "edf_total": fit.edf_total, "n": fit.n, "seconds": round(fit.seconds, 4),
        "formula": fit.formula, "method": fit.method, **whole_fit(fit),
        "random": random, "n_series": fit.n_series, "n_left_out": fit.n_left_out, "converged": fit.converged,
        "speakers": fit.about_speakers}


def write_fit(fit: GammFit, folder: str | Path, *, table: str | Path = "TABLE.csv",
              rows: Mapping[str, object] | None = None) -> None:
    """Write a fit into an existing folder: fit.json, tables (CSV, text, Markdown, LaTeX), a script for R, a sentence.

    The files are fit.json, curves.csv, differences.csv, stretches.csv, fitted.csv, table.txt, table.md, table.tex,
    model.R (see `r_script`) and methods.txt (see `methods_sentence`). `row` in fitted.csv counts the rows of the table
    given, the first below the header being 1; rows that were left out are not there.

    Args:
        fit: the fit.
        folder: where to write.
        table: the file that was fitted, for model.R.
        rows: as for `r_script`.

    Example:
        >>> import pandas as pd
        >>> from snap_tf.gamm import gamm_words, simulate_words, write_fit
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> write_fit(fit, ".")
        >>> list(pd.read_csv("curves.csv").columns)
        ['group', 'time', 'fit', 'se']
    """
    from wavegan_tf.formats.tables import write_table  # see `read_table`

    folder = Path(folder)
    (folder / "fit.json").write_text(json.dumps(fit_to_dict(fit), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    texts = {"table.txt": summary(fit), "table.md": markdown_table(fit), "table.tex": latex_table(fit),
             "model.R": r_script(fit, table, rows=rows), "methods.txt": methods_sentence(fit) + "\n"}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_table(pd.DataFrame({"row": fit.kept + 1, "fitted": fit.fitted, "resid": fit.resid}), folder / "fitted.csv")
    if fit.model.time is None:
        return
    write_table(curves(fit)[["group", "time", "fit", "se"]], folder / "curves.csv")
    if fit.group is not None:
        found = differences(fit)
        write_table(found[["a", "b", "time", "difference", "se"]], folder / "differences.csv")
        write_table(pd.concat([stretches(found, "simultaneous"), stretches(found, "pointwise")]),
                    folder / "stretches.csv")


def versions() -> Mapping[str, str]:
    """Give the versions of Python and of the libraries that a fit uses.

    Example:
        >>> from snap_tf.gamm import versions
        >>> list(versions())
        ['python', 'numpy', 'scipy', 'pandas', 'statsmodels', 'patsy']
    """
    names = ("numpy", "scipy", "pandas", "statsmodels", "patsy")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in row.items()}
            for row in table.to_dict(orient="records")]


def _plain(level: object) -> object:
    return level.item() if isinstance(level, np.generic) else level
