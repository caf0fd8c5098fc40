"""Check a long table against a model, and sort its rows by token and time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.model.columns import read_columns, read_starts, require_columns
from snap_tf.gamm.model.missing import complete_rows, levels_lost, starts_moved_on
from snap_tf.gamm.model.responses import check_response
from snap_tf.gamm.model.terms import Model

__all__ = ["PreparedTable", "RandomFactor", "prepare_table"]


@dataclass(frozen=True, eq=False)
class RandomFactor:
    """A factor whose levels have random effects.

    Attributes:
        name: its column.
        codes: int [n], the level of every row, counted from 0.
        levels: the names of the levels.
    """

    name: str
    codes: np.ndarray
    levels: tuple[object, ...]

    def nests_in(self, other: RandomFactor) -> bool:
        """Whether every level belongs to one level of another factor, as tokens belong to one speaker."""
        return np.unique(np.stack([self.codes, other.codes]), axis=1).shape[1] == len(np.unique(self.codes))


@dataclass(frozen=True, eq=False)
class PreparedTable:
    """A table that a model can be fitted to.

    Attributes:
        frame: the model's columns, rows sorted; factors are categorical, numbers are floats.
        rows: int [n], where every sorted row stood in the table given; rows that were left out are not among them.
        n_left_out: how many these are.
        starts: bool [n], whether a series begins in the row; only in the first row where no series are known.
        random: the random factors, in the order of the formula.
        weights: float [n], prior weights, 1 without a column of weights.
        offset: float [n], what is added to the linear predictor, 0 without such a column.
        blocks: int [n], which level of the random factor (else which series) a row belongs to, ascending from 0;
            all 0 when the model has neither. With several random factors: which series.
        block_names: the label of every block.
        series_known: whether something told series apart: a token or start column, or a random factor.
        notices: what was decided for the user, in sentences.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    n_left_out: int
    starts: np.ndarray
    random: tuple[RandomFactor, ...]
    weights: np.ndarray
    offset: np.ndarray
    blocks: np.ndarray
    block_names: tuple[object, ...]
    series_known: bool
    notices: tuple[str, ...]


def prepare_table(model: Model, data: pd.DataFrame, *, token: str | None = None, start: str | None = None,
                  reference: Mapping[str, object] | None = None, factors: Iterable[str] = (),
                  autocorrelated: bool = True) -> PreparedTable:
    """Check and sort a table.

    Rows in which a column of the model is missing are left out, as mgcv leaves them out, and counted in a notice.
    The rows before and after such a row become neighbours, also for the AR(1) errors; where it was the first of its
    series, the next one becomes the first.
    The levels of a factor keep the order of an (ordered or plain) categorical column; in any other column they
    come in the order in which they first appear in the table, so that the first row's word is the reference
    unless `reference` names another. Rows stay as they are if every token stands together with its time
    ascending; otherwise they are sorted by token and time, which a notice says.

    Series are told apart by `token` or `start`, whatever the random terms are. Without both, the innermost random
    factor does it: the one each level of which belongs to one level of every other. Where most of its levels have
    two words or a time twice (as speakers have), it does not hold series, and there are none.

    Args:
        model: what is to be fitted.
        data: the long table, one row per token and time.
        token: column of series (sounds); by default the innermost random factor.
        start: column that is 1 (or true) in the first row of every series.
        reference: by column, the level that the others are compared with.
        factors: columns that are factors even when they hold numbers.
        autocorrelated: whether the errors within a series are (rho is not 0), so that series are needed.

    Raises:
        GammError: a column is missing or empty, a value is not finite, a factor has one level only, a token has two
            words, a time occurs twice in a token, starts and tokens disagree, or the family has no such response.
    """
    frame = read_columns(model, data, labels=(token, *factors), reference=reference)
    if start is not None:
        require_columns([start], data)
    starts = None if start is None else read_starts(data[start])
    assumed = token is None
    if token is None:
        innermost = _innermost(model, frame)
        if starts is None or (innermost and starts.sum() == len(frame[innermost].cat.categories)):
            token = innermost
    series = _series(frame, token, starts)
    keep, notices = complete_rows(frame)
    kept, n_left_out, everything = np.flatnonzero(keep), int(np.count_nonzero(~keep)), frame
    frame = _rows_of(frame, kept)
    notices += levels_lost(everything, frame)
    _check_references(frame, reference or {})
    words = _words(frame, (*model.random_factors, token))
    check_response(model, frame, kept)
    if assumed and starts is None and token is not None and not autocorrelated:
        time = _times(model, frame, frame[token].cat.codes)
        smooth = any(term.kind == "fs" and term.factor == token and term.variable == time for term in model.random)
        if not _holds_series(frame, token, words, time, mostly=smooth):
            series = None
    if series is None:
        order = _order_of_levels(model, frame)
        return _assemble(model, _rows_of(frame, order), kept[order], n_left_out, None, None, notices)
    series = frame[token].cat.codes.to_numpy() if token is not None else series[kept]
    time = _times(model, frame, series)
    order = _order(frame, time, token, series, model.random_factors, autocorrelated)
    moved = int(np.count_nonzero(order != np.arange(len(order))))
    if moved:
        by = " and ".join(name for name in (token or model.random_factors[0], time) if name is not None)
        notices += (f"{moved} of {len(order)} rows were not in order and were sorted by {by}",)
    frame, series, kept = frame.iloc[order].reset_index(drop=True), series[order], kept[order]
    first = np.append(True, series[1:] != series[:-1])
    label = frame[token] if token is not None else pd.Series(series + 1)
    _check_words(frame, label, first, words if token is not None else [])
    _check_times(frame, label, first, time)
    if starts is not None and token is not None:
        lost = everything[token][starts & ~keep]
        _check_starts(label, first, starts_moved_on(first, label, starts[kept], lost))
    return _assemble(model, frame, kept, n_left_out, series, label, notices)


def _assemble(model: Model, frame: pd.DataFrame, kept: np.ndarray, n_left_out: int, series: np.ndarray | None,
              label: pd.Series | None, notices: tuple[str, ...]) -> PreparedTable:
    """Put the sorted rows and what is known of them together."""
    n = len(frame)
    random = tuple(RandomFactor(name, frame[name].cat.codes.to_numpy(int), tuple(frame[name].cat.categories))
                   for name in model.random_factors)
    first = np.arange(n) == 0 if series is None else np.append(True, series[1:] != series[:-1])
    if len(random) == 1:
        own, label = random[0].codes, frame[random[0].name]
    else:
        own = np.zeros(n, int) if series is None else series
    blocks = np.cumsum(np.append(False, own[1:] != own[:-1]))
    names = ("all rows",) if label is None else tuple(label[np.append(True, np.diff(blocks) > 0)])
    weights = np.ones(n) if model.weights is None else frame[model.weights].to_numpy(float)
    offset = np.zeros(n) if model.offset is None else frame[model.offset].to_numpy(float)
    return PreparedTable(frame, kept, n_left_out, first, random, weights, offset, blocks, names, series is not None,
                         notices)


def _innermost(model: Model, frame: pd.DataFrame) -> str | None:
    """The random factor each level of which belongs to one level of every other; None where they are crossed."""
    names = model.random_factors
    whole = frame[list(names)].dropna() if names else frame
    for name in names:
        groups = whole.groupby(name, observed=True)
        if all((groups[other].nunique() <= 1).all() for other in names if other != name):
            return name
    return None


def _holds_series(frame: pd.DataFrame, factor: str, words: Iterable[str], time: str | None, mostly: bool) -> bool:
    """Whether the levels of a random factor are series: words are constant and no time occurs twice.

    Args:
        frame: the columns of the model.
        factor: the random factor.
        words: the factors of the fixed part.
        time: the variable that varies within a level.
        mostly: whether it is enough that most levels are, so that the others are found and refused as wrong cells.
    """
    groups = frame.groupby(factor, observed=True)
    bad = np.zeros(groups.ngroups, bool)
    for name in words:
        bad |= groups[name].nunique().to_numpy() > 1
    if time is not None:
        bad |= groups[time].nunique().to_numpy() < groups.size().to_numpy()
    return 2 * int(bad.sum()) < len(bad) if mostly else not bad.any()


def _times(model: Model, frame: pd.DataFrame, series: np.ndarray | pd.Series) -> str | None:
    """Find the variable of a smooth that is the time of the series: it varies within them, ascending if one does."""
    series = np.asarray(series)
    further = [name for term in model.random for name in term.further
               if not isinstance(frame[name].dtype, pd.CategoricalDtype)]
    names = list(dict.fromkeys((*model.variables, *further)))
    inside = series[1:] == series[:-1]
    steps = {name: np.diff(frame[name].to_numpy())[inside] for name in names}
    groups = frame.groupby(series)
    varying = [name for name in names if (groups[name].nunique() > 1).any()]
    return next((name for name in varying if len(steps[name]) and np.all(steps[name] > 0)), next(iter(varying), None))


def _order_of_levels(model: Model, frame: pd.DataFrame) -> np.ndarray:
    """Where no series are known: the rows of every level of a single random factor together."""
    names = model.random_factors
    codes = frame[names[0]].cat.codes.to_numpy() if len(names) == 1 else np.zeros(len(frame), int)
    return np.arange(len(frame)) if _stand_together(codes) else np.argsort(codes, kind="stable")


def _rows_of(frame: pd.DataFrame, kept: np.ndarray) -> pd.DataFrame:
    """Take rows, and the levels that are left in them."""
    part = frame.iloc[kept].reset_index(drop=True)
    for name in part.columns:
        if isinstance(part[name].dtype, pd.CategoricalDtype):
            part[name] = part[name].cat.remove_unused_categories()
    return part


def _check_references(frame: pd.DataFrame, reference: Mapping[str, object]) -> None:
    """A reference may be gone with the rows that were left out."""
    for name, level in reference.items():
        levels = frame[name].cat.categories
        if not len(levels) or str(levels[0]) != str(level):
            raise GammError(f"reference (={level}) must be a level of `{name}` in a row without NA; there are "
                            f"{name_some(levels, 20)}")


def _words(frame: pd.DataFrame, labels: Iterable[str | None]) -> list[str]:
    """The factors whose levels are compared with each other; there must be two levels at least."""
    words = [name for name in frame.columns
             if isinstance(frame[name].dtype, pd.CategoricalDtype) and name not in labels]
    for name in words:
        levels = frame[name].cat.categories
        if len(levels) < 2:
            raise GammError(f"`{name}` must hold two words or more; there is only {levels[0]}; leave it out of the "
                            "model to fit one curve")
    return words


def _series(frame: pd.DataFrame, token: str | None, starts: np.ndarray | None) -> np.ndarray | None:
    """Number the series of every row, by token or else by the starts as they stand in the table."""
    if token is not None:
        return frame[token].cat.codes.to_numpy()
    if starts is None:
        return None
    if not starts[0]:
        raise GammError("the start column must be 1 in the first row; it is 0 there; name the column of tokens instead")
    return np.cumsum(starts) - 1


def _order(frame: pd.DataFrame, time: str | None, token: str | None, series: np.ndarray, factors: tuple[str, ...],
           autocorrelated: bool) -> np.ndarray:
    """Find the order in which a single random factor's levels and all series stand together, time ascending."""
    if autocorrelated:
        _check_one_level(frame, token, series, factors)
    outer = factors[0] if len(factors) == 1 and factors[0] != token else None
    together = series if outer is None else frame[outer].cat.codes.to_numpy()
    times = frame[time].to_numpy() if time is not None else np.zeros(len(frame))
    outside = [] if outer is None else [_label_rank(frame[outer])]
    if token is None:
        if np.any(np.lexsort([times, series]) != np.arange(len(series))):
            raise GammError(f"`{time}` must ascend within every series, and series must stand together; they do not; "
                            "name the column of tokens, so that the rows can be sorted")
        return np.arange(len(series)) if _stand_together(together) else np.lexsort([series, *outside])
    if _stand_together(together) and _stand_together(series):
        return np.lexsort([times, np.cumsum(np.append(False, series[1:] != series[:-1]))])  # tokens keep their order
    return np.lexsort([times, _label_rank(frame[token]), *outside])


def _check_one_level(frame: pd.DataFrame, token: str | None, series: np.ndarray, factors: tuple[str, ...]) -> None:
    """Refuse series that belong to several levels of a random factor."""
    for name in factors:
        if name == token:
            continue
        split = frame[name].cat.codes.groupby(series).nunique()
        several = split.index[split > 1]
        if len(several):
            names = several + 1 if token is None else frame[token].cat.categories[several]
            raise GammError(f"every series must belong to one `{name}`; {name_some(names)} belong to several")


def _stand_together(codes: np.ndarray) -> bool:
    runs = codes[np.append(True, codes[1:] != codes[:-1])]
    return len(np.unique(runs)) == len(runs)


def _label_rank(column: pd.Series) -> np.ndarray:
    """Rank of every row's label, numbers by size and anything else as text, whatever order the rows are in."""
    levels = column.cat.categories
    try:
        ranks = np.argsort(np.argsort(np.array(levels, float)))
    except (TypeError, ValueError):
        ranks = np.argsort(np.argsort(np.array([str(level) for level in levels])))
    return ranks[column.cat.codes.to_numpy()]


def _check_words(frame: pd.DataFrame, label: pd.Series, first: np.ndarray, words: list[str]) -> None:
    for name in words:
        codes = frame[name].cat.codes.to_numpy()
        mixed = pd.unique(label[~first & (codes != np.append(codes[0], codes[:-1]))])
        if len(mixed):
            raise GammError(f"every `{label.name}` must have one `{name}`; {name_some(mixed)} "
                            f"{'has' if len(mixed) == 1 else 'have'} two or more; correct them, or name the column "
                            "that tells single series apart as token")


def _check_times(frame: pd.DataFrame, label: pd.Series, first: np.ndarray, time: str | None) -> None:
    if time is None:
        return
    times = frame[time].to_numpy()
    twice = pd.unique(label[~first & (times == np.append(np.nan, times[:-1]))])
    if len(twice):
        raise GammError(f"`{time}` must be different in all rows of one `{label.name or 'series'}`; {name_some(twice)} "
                        f"{'has' if len(twice) == 1 else 'have'} a value twice; take the copies out, or name the "
                        "column that tells single series apart as token")


def _check_starts(label: pd.Series, first: np.ndarray, starts: np.ndarray) -> None:
    wrong = pd.unique(label[starts != first])
    if len(wrong):
        raise GammError(f"the start column must be 1 in the first row of every `{label.name or 'series'}` and 0 "
                        f"elsewhere; {name_some(wrong)} {'has' if len(wrong) == 1 else 'have'} it otherwise; correct "
                        "it or leave it out")
