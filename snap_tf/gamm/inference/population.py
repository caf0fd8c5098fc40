"""Population curves, differences of curves with pointwise and simultaneous intervals, and where they differ."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from scipy import optimize, stats

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.inference.fitted_model import FittedModel

__all__ = ["N_POINTS", "critical_value", "curves", "difference_tests", "differences", "path_length", "stretches"]

N_POINTS = 101
"""Points of a curve: the table's range of time in hundredths."""
POINTWISE = 1.96
"""Half width of the pointwise 95 % interval in standard errors, as the papers draw it."""
_RISE = 1e-9  # a standard error below this part of the largest counts as zero


def curves(fit: FittedModel, *, n_points: int = N_POINTS, group: str | None = None,
           at: Mapping[str, object] | None = None) -> pd.DataFrame:
    """Compute the population curve of every word with its 95 % interval: all terms but the random one.

    Args:
        fit: the fit.
        n_points: points, equally spaced over the range of the time variable.
        group: the factor whose levels get a curve each; by default that of the by-smooths, else the first factor of
            the parametric part.
        at: values of other columns; by default the mean of a number and the first level of a factor.

    Returns:
        Table with group, time, fit, se, lower, upper (95 %, pointwise).
    Source: Wood 2017, section 6.10.

    Example:
        >>> from snap_tf.gamm import curves, gamm_words, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> curves(fit, n_points=3)[["group", "time", "fit"]].round(1).to_numpy().tolist()
        [['ask', 0.0, -0.0], ['ask', 0.5, 0.9], ['ask', 1.0, 0.0],
         ['wash', 0.0, 1.3], ['wash', 0.5, 1.2], ['wash', 1.0, -0.8]]
    """
    levels, time, rows = _population_rows(fit, n_points, group, at)
    tables = []
    for level, design in zip(levels, rows, strict=True):
        value, se = design @ fit.beta, _standard_errors(fit, design)
        tables.append(pd.DataFrame({"group": level, "time": time, "fit": value, "se": se,
                                    "lower": value - POINTWISE * se, "upper": value + POINTWISE * se}))
    return pd.concat(tables, ignore_index=True)


def differences(fit: FittedModel, pairs: Iterable[tuple[object, object]] | None = None, *, n_points: int = N_POINTS,
                group: str | None = None, at: Mapping[str, object] | None = None, level: float = 0.95) -> pd.DataFrame:
    """Compute difference curves b - a of pairs of words with pointwise and simultaneous confidence intervals.

    The parametric difference is included; the random term is left out.

    Args:
        fit: the fit.
        pairs: (a, b) each; by default every pair, the earlier level first.
        n_points: points, equally spaced over the range of the time variable.
        group: as for `curves`.
        at: as for `curves`.
        level: probability with which the simultaneous interval holds the whole true difference; it allows for the
            number of tokens (`fit.between_df`), as the pointwise one does not.

    Returns:
        Table with a, b, time, difference, se, lower, upper (pointwise 95 %, 1.96 se), lower_simultaneous,
        upper_simultaneous.

    Raises:
        GammError: the model has no factor, or a pair names a level that does not exist.
    Source: van Rij et al., itsadug (plot_diff); Sun & Loader 1994 for the simultaneous interval.

    Example:
        >>> from snap_tf.gamm import differences, gamm_words, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> table = differences(fit, [("ask", "wash")], n_points=3)
        >>> table["difference"].round(1).tolist()
        [1.3, 0.3, -0.9]
        >>> bool((table["lower_simultaneous"] < table["lower"]).all())
        True
    """
    tables = []
    for a, b, time, design in _difference_rows(fit, pairs, n_points, group, at):
        value, se = design @ fit.beta, _standard_errors(fit, design)
        wide = critical_value(path_length(design, fit.covariance), level, fit.between_df)
        tables.append(pd.DataFrame({"a": a, "b": b, "time": time, "difference": value, "se": se,
                                    "lower": value - POINTWISE * se, "upper": value + POINTWISE * se,
                                    "lower_simultaneous": value - wide * se, "upper_simultaneous": value + wide * se}))
    return pd.concat(tables, ignore_index=True)


def difference_tests(fit: FittedModel, pairs: Iterable[tuple[object, object]] | None = None, *,
                     n_points: int = N_POINTS, group: str | None = None,
                     at: Mapping[str, object] | None = None) -> pd.DataFrame:
    """Test for pairs of words whether their curves differ at any time.

    The statistic is the largest |difference| / se along the curve; its p value allows for the whole curve having
    been searched, so it agrees with the simultaneous interval of `differences`. It is not corrected for the pairs.

    Returns:
        Table with a, b, time (of the largest ratio), difference (there), z, p.

    Raises:
        GammError: as `differences`.
    Source: Sun & Loader 1994, Annals of Statistics 22:1328, eq. 2.1 (tube formula for a curve).

    Example:
        >>> from snap_tf.gamm import difference_tests, gamm_words, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> test = difference_tests(fit).iloc[0]
        >>> test["a"], test["b"], bool(test["p"] < 0.001)
        ('ask', 'wash', True)
    """
    rows = []
    for a, b, time, design in _difference_rows(fit, pairs, n_points, group, at):
        value, se = design @ fit.beta, _standard_errors(fit, design)
        z = np.divide(value, se, out=np.zeros_like(value), where=se > _RISE * se.max())
        top = int(np.argmax(np.abs(z)))
        p = _tube_p(abs(float(z[top])), path_length(design, fit.covariance), fit.between_df)
        rows.append((a, b, time[top], value[top], z[top], p))
    return pd.DataFrame(rows, columns=["a", "b", "time", "difference", "z", "p"])


def stretches(table: pd.DataFrame, interval: str = "simultaneous") -> pd.DataFrame:
    """Find the stretches of time in which a difference is significant: its interval does not include zero.

    Args:
        table: from `differences`.
        interval: `simultaneous` or `pointwise`.

    Returns:
        Table with a, b, interval, start, end, sign (+1 where b is above a); ends are crossings of zero, interpolated
        between points.

    Example:
        >>> from snap_tf.gamm import gamm_words, simulate_words, stretches
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> stretches(fit.differences())[["a", "b", "start", "end", "sign"]].round(1).to_numpy().tolist()
        [['ask', 'wash', 0.0, 0.5, 1], ['ask', 'wash', 0.7, 1.0, -1]]
    """
    if interval not in ("simultaneous", "pointwise"):
        raise GammError(f"interval (={interval}) must be `simultaneous` or `pointwise`")
    tail = "" if interval == "pointwise" else "_simultaneous"
    rows = []
    for (a, b), part in table.groupby(["a", "b"], sort=False, observed=True):
        time, below, above = (part[name].to_numpy() for name in ("time", "lower" + tail, "upper" + tail))
        runs = [(*run, 1) for run in _positive_runs(time, below)] + [(*run, -1) for run in _positive_runs(time, -above)]
        rows += [(a, b, interval, *run) for run in sorted(runs)]
    return pd.DataFrame(rows, columns=["a", "b", "interval", "start", "end", "sign"])


def critical_value(length: float, level: float = 0.95, df: float = np.inf) -> float:
    """Find the half width in standard errors of an interval that holds a whole curve with probability `level`.

    Args:
        length: from `path_length`; 0 gives the pointwise value.
        level: the probability.
        df: degrees of freedom behind the standard errors.

    Source: Sun & Loader 1994, eq. 2.1: P(max |t| > c) = length / pi (1 + c^2 / df)^(-df / 2) + P(|t_df| > c).
    """
    high = 2.0
    while _tube_p(high, length, df) > 1 - level:
        high *= 2
    return float(optimize.brentq(lambda c: _tube_p(c, length, df) - (1 - level), 0.0, high))


def path_length(design: np.ndarray, covariance: np.ndarray) -> float:
    """Measure the path of a curve's standardised value over its points: angles between neighbours, added up.

    Args:
        design: float [n_points, p].
        covariance: float [p, p].

    Source: Sun & Loader 1994, section 2.
    """
    joint = design @ covariance @ design.T
    se = np.sqrt(np.maximum(np.diagonal(joint), 0))
    keep = se > _RISE * se.max()
    joint, se = joint[np.ix_(keep, keep)], se[keep]
    # angle from the chord: accurate where neighbours are almost parallel
    chord = 2 - 2 * np.diagonal(joint, 1) / (se[1:] * se[:-1])
    return float(np.sum(2 * np.arcsin(np.sqrt(np.clip(chord, 0, 4)) / 2)))


def _tube_p(c: float, length: float, df: float) -> float:
    if np.isinf(df):
        return min(1.0, float(length / np.pi * np.exp(-(c**2) / 2) + 2 * stats.norm.sf(c)))
    fall = np.exp(-df / 2 * np.log1p(c**2 / df))
    return min(1.0, float(length / np.pi * fall + 2 * stats.t.sf(c, df)))


def _positive_runs(time: np.ndarray, edge: np.ndarray) -> list[tuple[float, float]]:
    outside = np.append(np.append(False, edge > 0), False)
    firsts, lasts = np.flatnonzero(~outside[:-1] & outside[1:]), np.flatnonzero(outside[:-1] & ~outside[1:]) - 1
    runs = []
    for first, last in zip(firsts, lasts, strict=True):
        start, end = time[first], time[last]
        if first > 0:
            start -= (time[first] - time[first - 1]) * edge[first] / (edge[first] - edge[first - 1])
        if last < len(time) - 1:
            end += (time[last + 1] - time[last]) * edge[last] / (edge[last] - edge[last + 1])
        runs.append((float(start), float(end)))
    return runs


def _standard_errors(fit: FittedModel, design: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(np.sum((design @ fit.covariance) * design, axis=1), 0))


def _population_rows(fit: FittedModel, n_points: int, group: str | None,
                     at: Mapping[str, object] | None) -> tuple[list[object], np.ndarray, list[np.ndarray]]:
    """Levels, times, and the rows of the model matrix for each level."""
    time_name = fit.model.time
    if time_name is None:
        raise GammError(f"the model (={fit.formula}) must have a smooth to draw curves along")
    group = fit.group if group is None else group
    values = fit.frame[time_name]
    time = np.linspace(values.min(), values.max(), n_points)
    fixed = _typical(fit.frame, {**(at or {})}, skip=(fit.model.response,))
    levels = ["all"] if group is None else list(_factor(fit, group).cat.categories)
    rows = []
    for level in levels:
        frame = pd.DataFrame({name: _repeat(fit.frame[name], value, n_points) for name, value in fixed.items()})
        frame[time_name] = time
        if group is not None:
            frame[group] = _repeat(fit.frame[group], level, n_points)
        rows.append(fit.design.fixed_rows(frame))
    return levels, time, rows


def _difference_rows(fit: FittedModel, pairs: Iterable[tuple[object, object]] | None, n_points: int, group: str | None,
                     at: Mapping[str, object] | None) -> list[tuple[object, object, np.ndarray, np.ndarray]]:
    if group is None and fit.group is None:
        raise GammError(f"the model (={fit.formula}) must have a factor to compare words")
    levels, time, rows = _population_rows(fit, n_points, group, at)
    chosen = list(itertools.combinations(levels, 2)) if pairs is None else [
        (_level(a, levels), _level(b, levels)) for a, b in pairs]
    return [(a, b, time, rows[levels.index(b)] - rows[levels.index(a)]) for a, b in chosen]


def _typical(frame: pd.DataFrame, at: dict[str, object], skip: tuple[str, ...]) -> dict[str, object]:
    unknown = [name for name in at if name not in frame.columns]
    if unknown:
        raise GammError(f"column (={name_some(unknown)}) must be one of the model; there are "
                        f"{', '.join(map(str, frame.columns))}")
    values: dict[str, object] = {}
    for name in frame.columns:
        if name in skip:
            continue
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            levels = list(column.cat.categories)
            values[name] = _level(at[name], levels) if name in at else levels[0]
        else:
            values[name] = at.get(name, float(column.mean()))
    return values


def _repeat(column: pd.Series, value: object, n: int) -> object:
    if isinstance(column.dtype, pd.CategoricalDtype):
        code = list(column.cat.categories).index(value)
        return pd.Categorical.from_codes(np.full(n, code), dtype=column.dtype)
    return np.full(n, float(value))  # type: ignore[arg-type]


def _level(name: object, levels: list[object]) -> object:
    found = [level for level in levels if level == name or str(level) == str(name)]
    if not found:
        raise GammError(f"word (={name}) must be one of the fitted ones; there are {name_some(levels, 20)}")
    return found[0]


def _factor(fit: FittedModel, name: str) -> pd.Series:
    if name not in fit.frame.columns or not isinstance(fit.frame[name].dtype, pd.CategoricalDtype):
        factors = [column for column in fit.frame.columns
                   if isinstance(fit.frame[column].dtype, pd.CategoricalDtype)]
        raise GammError(f"group (={name}) must be a factor of the model; there are {name_some(factors) or 'none'}")
    return fit.frame[name]
