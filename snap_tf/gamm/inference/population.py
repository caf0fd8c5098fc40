"""Population curves, differences of curves with pointwise and simultaneous intervals, and where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import optimize, stats

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.inference.grids.grid import Grid
from snap_tf.gamm.inference.prediction import POINTWISE, expected

__all__ = ["N_POINTS", "critical_value", "curves", "difference_tests", "differences", "intervals", "path_length",
           "stretches"]

N_POINTS = 101
"""Points of a curve: the table's range of time in hundredths."""
_RISE = 1e-9  # a standard error below this part of the largest counts as zero


def curves(fit: FittedModel, *, n_points: int = N_POINTS, group: str | Sequence[str] | None = None,
           at: Mapping[str, object] | None = None, along: str | None = None) -> pd.DataFrame:
    """Compute the population curve of every word with its 95 % interval: all terms but the random ones.

    Args:
        fit: the fit.
        n_points: points, equally spaced over the range of the variable that curves are drawn along.
        group: the factor whose levels get a curve each, or several, every combination of whose levels gets one; by
            default the factor of the by-smooths, else the first factor of the parametric part. A column of numbers
            may be among them if `at` lists its values.
        at: values of other columns: one, or a list for each of which all curves are computed. By default the mean of a
            number and the first level of a factor; columns that the given ones determine, such as an ordered copy of a
            factor, go with them.
        along: the variable that curves are drawn along; by default that of the first smooth.

    Returns:
        Table with group, time (the values of `along`), fit (linear predictor, with the offset at its mean), se, lower,
        upper (95 %, pointwise), and response, response_lower, response_upper on the scale of the response. Between
        group and time, a column for every one of several groups, and for every list in `at`.

    Raises:
        GammError: a column or a level does not exist.
    Source: Wood 2017, section 6.10.

    Example:
        >>> from snap_tf.gamm import curves, gamm_words, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> curves(fit, n_points=3)[["group", "time", "fit"]].round(1).to_numpy().tolist()
        [['ask', 0.0, -0.0], ['ask', 0.5, 0.9], ['ask', 1.0, 0.0],
         ['wash', 0.0, 1.3], ['wash', 0.5, 1.2], ['wash', 1.0, -0.8]]
    """
    grid = Grid(fit, n_points, group, at, along)
    tables = []
    for condition in grid.conditions:
        for own in grid.groups:
            rows = grid.rows(condition, own)
            value, se = rows.value(fit), rows.se(fit)
            below, above = value - POINTWISE * se, value + POINTWISE * se
            tables.append(pd.DataFrame({
                "group": grid.label(own), **grid.columns(condition, own), "time": grid.points, "fit": value, "se": se,
                "lower": below, "upper": above, "response": expected(fit, value),
                "response_lower": expected(fit, below), "response_upper": expected(fit, above)}))
    return pd.concat(tables, ignore_index=True)


def differences(fit: FittedModel, pairs: Iterable[tuple[object, object]] | None = None, *, n_points: int = N_POINTS,
                group: str | Sequence[str] | None = None, at: Mapping[str, object] | None = None,
                along: str | None = None, level: float = 0.95) -> pd.DataFrame:
    """Compute difference curves b - a of pairs of words with pointwise and simultaneous confidence intervals.

    The parametric difference is included; the random terms are left out. Differences are those of the linear
    predictor: of log odds for `binomial`, of log counts for `poisson`.

    Args:
        fit: the fit.
        pairs: (a, b) each, levels of `group`, or tuples of levels of several; by default every pair, the earlier level
            first.
        n_points: as for `curves`.
        group: as for `curves`.
        at: as for `curves`.
        along: as for `curves`.
        level: probability with which the simultaneous interval holds the whole true difference; it allows for the
            number of tokens (`fit.between_df`), as the pointwise one does not.

    Returns:
        Table with a, b, time, difference, se, lower, upper (pointwise 95 %, 1.96 se), lower_simultaneous,
        upper_simultaneous. Between b and time, a column for every list in `at`.

    Raises:
        GammError: the model has no factor, or a column or level does not exist.
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
    grid = Grid(fit, n_points, group, at, along)
    tables = [pd.DataFrame({**named, "time": grid.points, "difference": design @ fit.beta,
                            **intervals(fit, design, design @ fit.beta, level)})
              for named, design in _difference_rows(grid, pairs)]
    return pd.concat(tables, ignore_index=True)


def intervals(fit: FittedModel, design: np.ndarray, value: np.ndarray, level: float) -> dict[str, np.ndarray]:
    """Columns se, lower, upper, lower_simultaneous, upper_simultaneous of a curve.

    Args:
        fit: the fit.
        design: float [n_points, p], what the fixed coefficients are multiplied with.
        value: float [n_points], the curve.
        level: as for `differences`.
    """
    se = _standard_errors(fit, design)
    wide = critical_value(path_length(design, fit.covariance), level, fit.between_df)
    return {"se": se, "lower": value - POINTWISE * se, "upper": value + POINTWISE * se,
            "lower_simultaneous": value - wide * se, "upper_simultaneous": value + wide * se}


def difference_tests(fit: FittedModel, pairs: Iterable[tuple[object, object]] | None = None, *,
                     n_points: int = N_POINTS, group: str | Sequence[str] | None = None,
                     at: Mapping[str, object] | None = None, along: str | None = None) -> pd.DataFrame:
    """Test for pairs of words whether their curves differ at any time.

    The statistic is the largest |difference| / se along the curve; its p value allows for the whole curve having
    been searched, so it agrees with the simultaneous interval of `differences`. It is not corrected for the pairs.
    Arguments are those of `differences`.

    Returns:
        Table with a, b, time (of the largest ratio), difference (there), z, p; between b and time, a column for every
        list in `at`.

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
    grid = Grid(fit, n_points, group, at, along)
    rows = []
    for named, design in _difference_rows(grid, pairs):
        value, se = design @ fit.beta, _standard_errors(fit, design)
        z = np.divide(value, se, out=np.zeros_like(value), where=se > _RISE * se.max())
        top = int(np.argmax(np.abs(z)))
        p = _tube_p(abs(float(z[top])), path_length(design, fit.covariance), fit.between_df)
        rows.append({**named, "time": grid.points[top], "difference": value[top], "z": z[top], "p": p})
    return pd.DataFrame(rows)


def stretches(table: pd.DataFrame, interval: str = "simultaneous") -> pd.DataFrame:
    """Find the stretches of time in which a difference is significant: its interval does not include zero.

    Args:
        table: from `differences`, or from `derivatives`: where a curve rises or falls.
        interval: `simultaneous` or `pointwise`.

    Returns:
        Table with a, b (or what else names the curves), interval, start, end, sign (+1 where b is above a); ends are
        crossings of zero, interpolated between points.

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
    names = list(table.columns[: table.columns.get_loc("time")])
    for key, part in table.groupby(names, sort=False, observed=True):
        time, below, above = (part[name].to_numpy() for name in ("time", "lower" + tail, "upper" + tail))
        runs = [(*run, 1) for run in _positive_runs(time, below)] + [(*run, -1) for run in _positive_runs(time, -above)]
        rows += [(*key, interval, *run) for run in sorted(runs)]
    return pd.DataFrame(rows, columns=[*names, "interval", "start", "end", "sign"])


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


def _difference_rows(grid: Grid, pairs: Iterable[tuple[object, object]] | None
                     ) -> Iterator[tuple[dict[str, object], np.ndarray]]:
    """What names every difference, and what the fixed coefficients are multiplied with to give it."""
    chosen = grid.pairs(pairs)
    for condition in grid.conditions:
        rows = {own: grid.rows(condition, own).fixed for pair in chosen for own in pair}
        for a, b in chosen:
            yield {"a": grid.label(a), "b": grid.label(b), **grid.columns(condition)}, rows[b] - rows[a]
