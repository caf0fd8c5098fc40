"""Compare fits of general GAMMs with mgcv's (tests/golden/mgcv_general); plain numbers and tables in, a message out.

The references are fits of `data_a.csv`; `README.md` beside them says what every file holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parents[1] / "golden" / "mgcv_general"
NAMES = sorted(path.stem.removeprefix("a_") for path in FOLDER.glob("a_*.json"))
"""Names of the models, such as `speaker_fs` or `te_by`."""


@dataclass(frozen=True)
class Tolerances:
    """How far a fit may be from the reference.

    Attributes:
        estimate: of a parametric estimate, in its standard errors.
        se: of a standard error, relative.
        edf: of the effective degrees of freedom of a smooth or of the model, absolute.
        ref_df: of the reference degrees of freedom of a smooth, absolute.
        statistic: of F or Chi.sq of a smooth, relative.
        p: of a p value, absolute.
        p_relative: of a p value beyond `p`, relative.
        score: of the REML, fREML or ML score, absolute.
        sig2: of the residual variance, relative.
        explained: of the proportion of deviance explained, absolute.
        log_likelihood: of the log likelihood at the estimates, absolute.
        aic: of the AIC, absolute. mgcv corrects it for the uncertainty of the smoothing parameters (Wood, Pya & Säfken
            2016); without this correction it was 0.5 to 1 smaller in three fits.
        curve: of a grid value, in its standard errors.
        curve_se: of the standard error of a grid value, relative.
    """

    estimate: float = 1e-3
    se: float = 1e-3
    edf: float = 1e-2
    ref_df: float = 1e-2
    statistic: float = 1e-2
    p: float = 1e-6
    p_relative: float = 1e-2
    score: float = 1e-3
    sig2: float = 1e-3
    explained: float = 1e-4
    log_likelihood: float = 1e-3
    aic: float = 0.05
    curve: float = 1e-3
    curve_se: float = 1e-3


@dataclass(frozen=True)
class Reference:
    """A fit of mgcv.

    Attributes:
        name: the model.
        values: the JSON file.
        grid: table with Time, Word, Sex, Dur, Freq, fit, se: population predictions on the scale of the linear
            predictor (every fs and re term excluded), factors as in `data`.
    """

    name: str
    values: Mapping[str, Any]
    grid: pd.DataFrame = field(repr=False)

    @property
    def formula(self) -> str:
        """The formula, as R reads it."""
        return self.values["formula"]

    @property
    def parametric(self) -> pd.DataFrame:
        """Table with term, estimate, se, t, p (z instead of t where the scale is known)."""
        return pd.DataFrame(self.values["parametric"])

    @property
    def smooths(self) -> pd.DataFrame:
        """Table with term, edf, ref_df, statistic (F, or Chi.sq where the scale is known), p."""
        return pd.DataFrame(self.values["smooths"]).rename(columns={"F": "statistic"})

    def as_fit(self) -> dict[str, Any]:
        """Give the reference as `check_fit` takes a fit."""
        values = self.values
        return {"parametric": self.parametric, "smooths": self.smooths, "grid": self.grid.copy(),
                "log_likelihood": values["logLik"],
                **{name: values[name] for name in ("score", "sig2", "edf_total", "dev_expl", "aic")}}


@cache
def _table() -> pd.DataFrame:
    data = pd.read_csv(FOLDER / "data_a.csv")
    words = list(data["Word"].unique())
    data["SpeakerWord"] = data["Speaker"] + "." + data["Word"]
    # R's interaction() lets the first factor vary fastest
    pairs = [f"{speaker}.{word}" for word in words for speaker in sorted(data["Speaker"].unique())]
    levels = {"Word": words, "Sex": ["M", "F"], "SpeakerWord": pairs,
              **{name: sorted(data[name].unique()) for name in ("Token", "Speaker", "Item")}}
    for name, own in levels.items():
        data[name] = pd.Categorical(data[name], categories=own)
    for name in ("Word", "Sex"):
        data[f"{name}O"] = pd.Categorical(data[name], categories=levels[name], ordered=True)
    data["Start"] = data["Start"] == 1
    return data


def data() -> pd.DataFrame:
    """Load the table with its factors as the R script makes them.

    Word has its levels in order of appearance, Sex is M before F, Token, Speaker and Item have theirs in alphabetical
    order; WordO and SexO are ordered copies; SpeakerWord is the interaction; Start is bool.
    """
    return _table().copy()


@cache
def reference(name: str) -> Reference:
    """Load the reference fit of a model.

    Raises:
        KeyError: there is no such model.
    """
    if name not in NAMES:
        raise KeyError(f"model (={name}) must be one of {', '.join(NAMES)}")
    values = json.loads((FOLDER / f"a_{name}.json").read_text(encoding="utf-8"))
    grid = pd.read_csv(FOLDER / f"a_{name}_grid.csv")
    table = _table()
    for own in ("Word", "Sex"):
        levels = list(table[own].cat.categories)
        grid[own] = pd.Categorical(grid[own], categories=levels)
    return Reference(name, values, grid)


def grid(name: str) -> pd.DataFrame:
    """Load the grid of a model with every column that a prediction needs: those of `data` but the responses.

    Token, Speaker, Item and SpeakerWord are at their first level, as in the R script; predictions leave their terms
    out.
    """
    own, table = reference(name).grid.drop(columns=["fit", "se"]), _table()
    own["IsF"] = (own["Sex"] == "F").astype(int)
    for factor in ("Word", "Sex"):
        own[f"{factor}O"] = pd.Categorical(own[factor], dtype=table[f"{factor}O"].dtype)
    for factor in ("Token", "Speaker", "Item", "SpeakerWord"):
        dtype = table[factor].dtype
        own[factor] = pd.Categorical([dtype.categories[0]] * len(own), dtype=dtype)
    return own


def differences_from_reference(fit: Mapping[str, Any], name: str, tolerances: Tolerances | None = None,
                               skip: tuple[str, ...] = ()) -> list[str]:
    """Compare a fit with the reference.

    Args:
        fit: what the fit gives; only what is there is compared.
            `parametric`: table with term, estimate, se, p; `smooths`: table with term, edf, ref_df, statistic (or F, or
            Chi.sq), p; rows may be in any order, terms are named as in R, spaces do not count. `grid`: table with fit
            and se, rows as in `grid(name)`. `score`, `sig2`, `edf_total`, `dev_expl`, `log_likelihood`, `aic`: numbers.
        name: the model.
        tolerances: how far each number may be off.
        skip: what not to compare: names of `fit`, or of columns such as `smooths.p`.

    Returns:
        A sentence for every number beyond its tolerance.

    Raises:
        KeyError: there is no such model, or the fit holds a name that is not compared.
    """
    allowed, ours = tolerances or Tolerances(), reference(name).as_fit()
    if unknown := [key for key in fit if key not in ours]:
        raise KeyError(f"fit (={', '.join(unknown)}) must hold only {', '.join(ours)}")
    found: list[str] = []

    def compare(what: str, value: float, right: float, tolerance: float) -> None:
        if not abs(value - right) <= tolerance:  # also where it is NaN
            found.append(f"{what} is {value:.8g}, in mgcv {right:.8g}; {tolerance:.3g} apart are allowed")

    for kind in ("parametric", "smooths"):
        if kind not in fit or kind in skip:
            continue
        table = fit[kind].rename(columns={"F": "statistic", "Chi.sq": "statistic"})
        rows = {_plain(row["term"]): row for row in table.to_dict(orient="records")}
        expected = {_plain(row["term"]): row for row in ours[kind].to_dict(orient="records")}
        if set(rows) != set(expected) or len(rows) != len(table):
            found.append(f"terms of {kind} are {', '.join(table['term'])}, in mgcv {', '.join(ours[kind]['term'])}")
            continue
        for term, right in expected.items():
            for column, tolerance in _row_tolerances(kind, right, allowed).items():
                if column in table.columns and f"{kind}.{column}" not in skip:
                    compare(f"{column} of {term}", rows[term][column], right[column], tolerance)
    single = {"score": allowed.score, "sig2": allowed.sig2 * ours["sig2"], "edf_total": allowed.edf,
              "dev_expl": allowed.explained, "log_likelihood": allowed.log_likelihood, "aic": allowed.aic}
    for key, tolerance in single.items():
        if key in fit and key not in skip:
            compare(key, fit[key], ours[key], tolerance)
    if "grid" in fit and "grid" not in skip:
        found += _grid_differences(fit["grid"], ours["grid"], allowed, skip)
    return found


def check_fit(fit: Mapping[str, Any], name: str, tolerances: Tolerances | None = None,
              skip: tuple[str, ...] = ()) -> None:
    """Compare a fit with the reference, see `differences_from_reference`.

    Raises:
        AssertionError: a number is beyond its tolerance; the message lists all that are.
        KeyError: there is no such model, or the fit holds a name that is not compared.
    """
    found = differences_from_reference(fit, name, tolerances, skip)
    assert not found, f"{name}: " + "\n".join(found)


def _plain(term: str) -> str:
    """R writes s(Time,Speaker), a formula s(Time, Speaker)."""
    return term.replace(" ", "")


def _row_tolerances(kind: str, right: Mapping[str, float], allowed: Tolerances) -> dict[str, float]:
    p = allowed.p + allowed.p_relative * max(right["p"], 0.0)
    if kind == "parametric":
        return {"estimate": allowed.estimate * right["se"], "se": allowed.se * right["se"], "p": p}
    return {"edf": allowed.edf, "ref_df": allowed.ref_df, "statistic": allowed.statistic * right["statistic"], "p": p}


def _grid_differences(grid: pd.DataFrame, right: pd.DataFrame, allowed: Tolerances, skip: tuple[str, ...]) -> list[str]:
    if len(grid) != len(right):
        return [f"the grid has {len(grid)} rows, in mgcv {len(right)}"]
    found = []
    se = right["se"].to_numpy()
    for column, tolerance in (("fit", allowed.curve), ("se", allowed.curve_se)):
        if column not in grid.columns or f"grid.{column}" in skip:
            continue
        apart = np.abs(grid[column].to_numpy(float) - right[column].to_numpy()) / se
        if not apart.max() <= tolerance:  # also where it is NaN
            worst = int(np.argmax(np.where(np.isnan(apart), np.inf, apart)))
            place = right.iloc[worst]
            found.append(f"{column} of the grid is {apart[worst]:.3g} standard errors off at Time {place['Time']:g}, "
                         f"{place['Word']}, {place['Sex']}; {tolerance:.3g} are allowed")
    return found
