"""GAMMs over several layers: tests of words in every layer, and the layer at which a contrast is lost."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, GammWarning, MissingRowsError, name_some
from snap_tf.gamm.fit import gamm
from snap_tf.gamm.inference.population import difference_tests
from snap_tf.gamm.inference.result import GammFit
from snap_tf.gamm.model.columns import read_numbers, require_columns
from snap_tf.gamm.model.missing import MISSING, no_word
from snap_tf.gamm.questions.words import gamm_words

__all__ = ["CORRECTIONS", "ContrastLayers", "adjust", "fit_layers", "layer_tests", "lost_contrasts", "normalise_time"]

CORRECTIONS = ("holm", "fdr_bh", "fdr_by", "bonferroni", "none")


def normalise_time(data: pd.DataFrame, *, time: str = "time_s", token: str | Sequence[str] = "token") -> pd.DataFrame:
    """Normalise time within each token to 0 .. 1, so that sounds of different duration can be compared.

    Args:
        data: long table.
        time: column of time.
        token: column of tokens, or columns (token and layer).

    Returns:
        The table with the time column replaced; it is NaN where the time or the token is missing.

    Raises:
        GammError: a column is missing, a time is not a number, or a token has one time only.
    Source: Beguš & Zhou, ICASSP 2022, section 4.2 (time-normalised frication intervals).

    Example:
        >>> import pandas as pd
        >>> from snap_tf.gamm import normalise_time
        >>> table = pd.DataFrame({"token": ["a", "a", "a", "b", "b"], "time_s": [0.1, 0.2, 0.3, 0.5, 0.9]})
        >>> normalise_time(table)["time_s"].round(2).tolist()
        [0.0, 0.5, 1.0, 0.0, 1.0]
    """
    keys = [token] if isinstance(token, str) else list(token)
    require_columns([time, *keys], data)
    data = data.assign(**{time: read_numbers(data[time])}, **{key: _words(data[key]) for key in keys})
    groups = data.groupby(keys, sort=False, observed=True)[time]
    first, last = groups.transform("min"), groups.transform("max")
    flat = data.loc[last <= first, keys[0]].unique()
    if len(flat):
        raise GammError(f"every token must have two different times or more; {name_some(flat)} "
                        f"{'has' if len(flat) == 1 else 'have'} one; take them out")
    return data.assign(**{time: (data[time] - first) / (last - first)})


def fit_layers(data: pd.DataFrame, *, layer: str = "layer", layers: Iterable[object] | None = None,
               formula: str | None = None, **options: Any) -> dict[object, GammFit]:
    """Fit the same GAMM to every layer of a long table.

    Args:
        data: long table with a column of layers.
        layer: that column.
        layers: which layers and in which order; by default all, in order of appearance.
        formula: the model in mgcv's words, if it is not that of `gamm_words`.
        **options: as for `gamm_words`, or with a formula as for `gamm`.

    Rows without a layer, and layers that have no row without NA, are left out; a warning counts them.

    Raises:
        GammError: a layer does not exist, its rows cannot be fitted (the message names the layer), or nothing is left.

    Example:
        >>> from snap_tf.gamm import fit_layers, simulate_words
        >>> table = simulate_words(layers={"Conv4": 1.0, "Conv5": 0.0}, seed=1)  # the words differ in Conv4 only
        >>> fits = fit_layers(table, reference="ask", random="intercept")
        >>> {layer: round(float(fit.parametric["estimate"][1]), 1) for layer, fit in fits.items()}
        {'Conv4': 0.3, 'Conv5': 0.1}
    """
    require_columns([layer], data)
    fits: dict[object, GammFit] = {}
    empty: dict[object, str] = {}
    for name, part in _parts(data, layer, layers):
        try:
            fits[name] = _fit_named(f"layer {name}", part, formula, **options)
        except MissingRowsError as error:
            empty[name] = str(error)
        except GammError as error:
            raise GammError(f"layer {name}: {error}") from error
    if empty and not fits:
        raise MissingRowsError(f"layer {next(iter(empty))}: {next(iter(empty.values()))} (none of {len(empty)} layers "
                               "has such rows)")
    if empty:
        warnings.warn(f"{len(empty)} of {len(empty) + len(fits)} layers left out, for they have no row without "
                      f"{MISSING} in the model's columns: {name_some(empty)}", GammWarning, stacklevel=2)
    return fits


def layer_tests(fits: Mapping[object, GammFit], *, correction: str = "holm") -> pd.DataFrame:
    """List the tests of words in every layer, with p values corrected for multiple testing (layers and pairs).

    Three kinds of test, each corrected over all layers and pairs by itself: `level`, the parametric difference to
    the reference; `shape`, the difference smooth to the reference; `curve`, whether two curves differ anywhere, for
    every pair. In simulations without any difference `curve` falls below .05 in 5 to 6 % of tables, `shape` (mgcv's
    test) in 6 to 13 %. To find out whether words differ at all, use `curve`.

    Args:
        fits: by layer.
        correction: how p is corrected (statsmodels `multipletests`), or `none`.

    Returns:
        Table with layer, test, a, b, estimate (level difference, edf, or largest difference), statistic (t, F, z), p,
        p_adjusted.

    Example:
        >>> from snap_tf.gamm import fit_layers, layer_tests, simulate_words
        >>> table = simulate_words(layers={"Conv4": 1.0, "Conv5": 0.0}, seed=1)  # the words differ in Conv4 only
        >>> tests = layer_tests(fit_layers(table, reference="ask", random="intercept"))
        >>> tests.loc[tests["p_adjusted"] < 0.05, ["layer", "test"]].to_numpy().tolist()
        [['Conv4', 'level'], ['Conv4', 'shape'], ['Conv4', 'curve']]
    """
    rows = []
    for name, fit in fits.items():
        reference, (t, test) = fit.levels[0] if fit.levels else None, fit.statistics
        terms = fit.parametric.set_index("term")
        for level in fit.levels[1:]:
            if f"{fit.group}{level}" in terms.index:
                row = terms.loc[f"{fit.group}{level}"]
                rows.append((name, "level", reference, level, row["estimate"], row[t], row["p"]))
        smooths = fit.smooths.set_index("term")
        for smooth in fit.design.smooths if _is_difference(fit) else ():
            if smooth.factor == fit.group:
                row = smooths.loc[smooth.label]
                rows.append((name, "shape", reference, smooth.level, row["edf"], row[test], row["p"]))
        if fit.levels:
            tests = difference_tests(fit)
            rows += [(name, "curve", row.a, row.b, row.difference, row.z, row.p) for row in tests.itertuples()]
    table = pd.DataFrame(rows, columns=["layer", "test", "a", "b", "estimate", "statistic", "p"])
    table["p_adjusted"] = table.groupby("test", sort=False)["p"].transform(lambda p: adjust(p.to_numpy(), correction))
    return table


@dataclass(frozen=True, eq=False)
class ContrastLayers:
    """Results of `lost_contrasts`: tests of every phone contrast in every layer.

    Attributes:
        tests: table with a, b, layer, level (difference b - a), level_t, level_p, shape_edf, shape_F, shape_p, curve_z,
            curve_p, the three p values corrected (`_adjusted`), encoded, rho, speakers (what was done about them),
            and note (why a pair could not be tested in a layer, or what to mind about its fit).
        contrasts: table with a, b, last_encoded, stops_at (the first layer from which on the contrast is not encoded;
            empty if the last layer has it still), last_shape and last_level (the last layers with a difference of
            shape and of level).
        fits: by (a, b, layer).
    """

    tests: pd.DataFrame
    contrasts: pd.DataFrame
    fits: Mapping[tuple[object, object, object], GammFit]


def lost_contrasts(data: pd.DataFrame, *, pairs: Iterable[tuple[object, object]] | None = None, group: str = "label",
                   layer: str = "layer", layers: Iterable[object] | None = None, time: str = "time_s",
                   token: str = "token", normalise: bool = True, correction: str = "fdr_bh", alpha: float = 0.05,
                   **options: Any) -> ContrastLayers:
    """For every phone contrast, find the layer at which it stops being encoded.

    Each pair is fitted in each layer by itself, with time normalised within the token. A contrast counts as encoded
    in a layer if the two curves differ anywhere, p corrected over all pairs and layers. Layers in which a pair
    cannot be fitted (Conv5 has too few steps within a phone) are noted and left out.

    Args:
        data: long table, a row per token, layer and time.
        pairs: (a, b) each; by default all pairs of labels, in order of appearance.
        group: column of phones.
        layer: column of layers.
        layers: which layers, from the first to the deepest; by default in order of appearance.
        time: column of time.
        token: column of tokens.
        normalise: whether every token's time is stretched to 0 .. 1.
        correction: how p is corrected (statsmodels `multipletests`).
        alpha: level of the corrected tests.
        **options: as for `gamm_words`.

    Raises:
        GammError: a column, phone or layer does not exist, a pair is not of two phones, or no pair can be fitted in any
            layer (the message says why for the first).
    Source: Beguš & Zhou, ICASSP 2022, section 4.2 and Figure 4 ([s] and [ʃ]); over all contrasts as proposed there.

    Example:
        >>> from snap_tf.gamm import lost_contrasts, simulate_words
        >>> table = simulate_words(layers={"Conv4": 1.0, "Conv5": 0.0}, seed=1)  # the words differ in Conv4 only
        >>> result = lost_contrasts(table, random="intercept")
        >>> result.contrasts[["a", "b", "last_encoded", "stops_at"]].to_numpy().tolist()
        [['ask', 'wash', 'Conv4', 'Conv5']]
    """
    require_columns([group, layer, time, token], data)
    data = _told_missing(data, group)
    present = list(pd.unique(data[group].dropna()))
    chosen: list[tuple[object, object]] = list(itertools.combinations(present, 2) if pairs is None else pairs)
    missing = sorted({str(phone) for pair in chosen for phone in pair if phone not in present})
    if missing:
        raise GammError(f"phone (={name_some(missing)}) must be in `{group}`; there are {name_some(present, 40)}")
    if same := [a for a, b in chosen if a == b]:
        raise GammError(f"pair (={same[0]}:{same[0]}) must be of two phones; there are {name_some(present, 40)}")
    if not chosen:
        raise GammError(f"`{group}` must hold two phones or more; there is {name_some(present) or 'none'}")
    parts = _parts(data, layer, layers)
    fits, rows = {}, []
    for a, b in chosen:
        for name, part in parts:
            two = part[part[group].isin((a, b))]
            fit, note = _fit_pair(two, a, f"{a} and {b} in {name}", time=time, token=token, group=group,
                                  normalise=normalise, **options)
            if fit is not None:
                fits[a, b, name] = fit
            rows.append({"a": a, "b": b, "layer": name, **_pair_row(fit, a, b),
                         "speakers": "" if fit is None else fit.about_speakers, "note": note})
    if not fits:
        raise GammError(f"{rows[0]['a']} and {rows[0]['b']} in {rows[0]['layer']}: {rows[0]['note']}"
                        + (f" (none of {len(rows)} fits was possible)" if len(rows) > 1 else ""))
    tests = pd.DataFrame(rows)
    for kind in ("level", "shape", "curve"):
        tests[f"{kind}_p_adjusted"] = adjust(tests[f"{kind}_p"].to_numpy(float), correction)
    tests["encoded"] = tests["curve_p_adjusted"] < alpha
    order = [name for name, _ in parts]
    return ContrastLayers(tests, _losses(tests, chosen, order, alpha), fits)


def adjust(p: np.ndarray, correction: str = "holm") -> np.ndarray:
    """Correct p values for multiple testing; missing ones stay missing and do not count.

    Raises:
        GammError: the correction is not one of `CORRECTIONS`.

    Example:
        >>> import numpy as np
        >>> from snap_tf.gamm import adjust
        >>> adjust(np.array([0.01, 0.04, np.nan]), "holm").round(3).tolist()
        [0.02, 0.04, nan]
    """
    if correction not in CORRECTIONS:
        raise GammError(f"correction (={correction}) must be one of {', '.join(CORRECTIONS)}")
    adjusted = np.array(p, float)
    known = np.isfinite(adjusted)
    if correction != "none" and known.any():
        from statsmodels.stats.multitest import multipletests  # slow to import, and rarely needed

        adjusted[known] = multipletests(adjusted[known], method=correction)[1]
    return adjusted


def _fit_named(name: str, data: pd.DataFrame, formula: str | None = None, **options: Any) -> GammFit:
    """Fit a model, by keywords without a formula, and say in its warnings which of many fits they are of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GammWarning)
        fit = gamm(formula, data, **options) if formula else gamm_words(data, **options)
    for notice in fit.notices:
        warnings.warn(f"{name}: {notice}", GammWarning, stacklevel=3)
    return fit


def _fit_pair(data: pd.DataFrame, a: object, name: str, *, time: str, token: str, group: str, normalise: bool,
              **options: Any) -> tuple[GammFit | None, str]:
    try:
        table = normalise_time(data, time=time, token=token) if normalise else data
        fit = _fit_named(name, table, time=time, token=token, group=group, reference=a, **options)
        return fit, "; ".join(fit.notices)
    except GammError as error:
        return None, str(error)


def _pair_row(fit: GammFit | None, a: object, b: object) -> dict[str, float]:
    names = ("level", "level_t", "level_p", "shape_edf", "shape_F", "shape_p", "curve_z", "curve_p", "rho")
    if fit is None:
        return dict.fromkeys(names, np.nan)
    level, (t, test) = fit.parametric.iloc[1], fit.statistics
    curve = difference_tests(fit, [(a, b)]).iloc[0]
    shape = fit.smooths.iloc[1] if _is_difference(fit) else pd.Series({"edf": np.nan, test: np.nan, "p": np.nan})
    return dict(zip(names, (level["estimate"], level[t], level["p"], shape["edf"], shape[test], shape["p"], curve["z"],
                            curve["p"], fit.rho), strict=True))


def _is_difference(fit: GammFit) -> bool:
    return any(term.by_kind == "ordered" for term in fit.model.smooths)


def _losses(tests: pd.DataFrame, pairs: Sequence[tuple[object, object]], order: list[object],
            alpha: float) -> pd.DataFrame:
    rows = []
    for a, b in pairs:
        part = tests[(tests["a"] == a) & (tests["b"] == b)].set_index("layer")
        tested = [name for name in order if np.isfinite(part.loc[name, "curve_p"])]
        last = _last(part["encoded"], tested)
        after = tested[tested.index(last) + 1 :] if last is not None else tested
        rows.append((a, b, last, after[0] if after else None, _last(part["shape_p_adjusted"] < alpha, tested),
                     _last(part["level_p_adjusted"] < alpha, tested)))
    return pd.DataFrame(rows, columns=["a", "b", "last_encoded", "stops_at", "last_shape", "last_level"])


def _last(flags: pd.Series, order: list[object]) -> object | None:
    found = [name for name in order if bool(flags[name])]
    return found[-1] if found else None


def _parts(data: pd.DataFrame, layer: str, layers: Iterable[object] | None) -> list[tuple[object, pd.DataFrame]]:
    data = _told_missing(data, layer)
    present = list(pd.unique(data[layer].dropna()))
    if not present:
        raise GammError(f"`{layer}` must hold a layer; all {len(data)} rows are {MISSING}")
    chosen = present if layers is None else list(layers)
    unknown = [name for name in chosen if name not in present]
    if unknown:
        raise GammError(f"layer (={name_some(unknown)}) must be in `{layer}`; there are {name_some(present, 40)}")
    return [(name, data[data[layer] == name]) for name in chosen]


def _words(column: pd.Series) -> pd.Series:
    return column.where(~no_word(column))


def _told_missing(data: pd.DataFrame, column: str) -> pd.DataFrame:
    """Take what is missing in a column of words as missing, and say how often that is."""
    data = data.assign(**{column: _words(data[column])})
    n_missing = int(data[column].isna().sum())
    if n_missing:
        warnings.warn(f"{n_missing} of {len(data)} rows left out: `{column}` is {MISSING} there", GammWarning,
                      stacklevel=4)
    return data
