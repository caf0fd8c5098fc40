"""Which curves are computed: along a variable, for combinations of levels of factors and values of covariates."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.inference.grids.copies import determines
from snap_tf.gamm.inference.grids.new_rows import ModelRows, model_rows, term_labels

__all__ = ["Grid", "Values"]

Values = Mapping[str, object]


class Grid:
    """Population curves of a fit: all random terms are left out.

    A column that is not given is at its mean (numbers) or at its first level (factors). But where the given columns
    determine it in the table, it goes with them: as `Word` determines its ordered copy `WordO`, or a column of 0 and 1
    that is made from it.

    Attributes:
        along: the variable that curves are drawn along.
        points: float [n_points], its values.
        names: the columns whose levels or values have a curve each.
        groups: the values of `names` for every curve.
        conditions: the values of `at` for which all these curves are computed: one, unless it holds lists.
    """

    def __init__(self, fit: FittedModel, n_points: int, group: str | Sequence[str] | None, at: Values | None,
                 along: str | None) -> None:
        """Read what is asked.

        Raises:
            GammError: a column or level does not exist.
        """
        self._fit, given = fit, {name: _listed(value) for name, value in (at or {}).items()}
        self.along = self._read_along(along)
        self._check_columns(given)
        self.names = self._read_names(group)
        values = [self._values(name, given) for name in self.names]
        self.groups: list[tuple[object, ...]] = list(itertools.product(*values))
        others = {name: self._values(name, given) for name in given if name not in self.names}
        self._lists = tuple(name for name in others if _is_list((at or {})[name]))
        self.conditions: list[dict[str, object]] = [dict(zip(others, combination, strict=True))
                                                    for combination in itertools.product(*others.values())]
        column = fit.frame[self.along]
        self.points = np.linspace(column.min(), column.max(), n_points)
        self._discrete = [name for name in fit.frame.columns if _is_factor(fit.frame[name])
                          or any(smooth.term.by == name for smooth in fit.design.smooths)]
        self._combinations = fit.frame.drop(columns=[self.along, fit.model.response]).drop_duplicates()
        self._known: dict[tuple, bool] = {}

    def label(self, group: tuple[object, ...]) -> object:
        """Name a curve: the level itself, several joined by commas, or `all`."""
        if len(group) == 1:
            return group[0]
        return ", ".join(map(str, group)) or "all"

    def columns(self, condition: Values, group: tuple[object, ...] = ()) -> dict[str, object]:
        """What tells curves apart beside their name: several groups one by one, and values of `at` given as lists."""
        own = dict(zip(self.names, group, strict=True)) if len(group) > 1 else {}
        return own | {name: condition[name] for name in self._lists}

    def find(self, name: object) -> tuple[object, ...]:
        """Find a group by its level, its levels or its label.

        Raises:
            GammError: there is none.
        """
        parts = tuple(name) if isinstance(name, tuple | list) else (name,)
        for group in self.groups:
            if [str(part) for part in parts] == [str(level) for level in group] or str(self.label(group)) == str(name):
                return group
        raise GammError(f"word (={name}) must be one of the fitted ones; there are "
                        f"{name_some(map(self.label, self.groups), 20)}")

    def pairs(self, pairs: Iterable[tuple[object, object]] | None) -> list[tuple[tuple, tuple]]:
        """Find the two groups of every pair; by default all pairs.

        Raises:
            GammError: there is no group, or none of that name.
        """
        if not self.names:
            raise GammError(f"the model (={self._fit.formula}) must have a factor to compare words")
        if pairs is None:
            return list(itertools.combinations(self.groups, 2))
        return [(self.find(a), self.find(b)) for a, b in pairs]

    def rows(self, condition: Values, group: tuple[object, ...], points: np.ndarray | None = None) -> ModelRows:
        """Rows of the model matrix of one curve, by default at all `points`."""
        points = self.points if points is None else points
        values = self._complete({**condition, **dict(zip(self.names, group, strict=True))})
        frame = {name: _repeat(self._fit.frame[name], value, len(points)) for name, value in values.items()}
        return model_rows(self._fit, pd.DataFrame({**frame, self.along: points}), term_labels(self._fit, "random"))

    def _read_along(self, along: str | None) -> str:
        name = self._fit.model.time if along is None else along
        if name is None:
            raise GammError(f"the model (={self._fit.formula}) must have a smooth to draw curves along")
        if name not in self._fit.frame.columns or _is_factor(self._fit.frame[name]) or name == self._fit.model.response:
            numbers = [column for column in self._fit.frame.columns
                       if not _is_factor(self._fit.frame[column]) and column != self._fit.model.response]
            raise GammError(f"along (={name}) must be a column of numbers of the model; there are "
                            f"{name_some(numbers) or 'none'}")
        return name

    def _check_columns(self, given: Iterable[str]) -> None:
        columns = [name for name in self._fit.frame.columns if name != self._fit.model.response]
        unknown = [name for name in given if name not in columns]
        if unknown:
            raise GammError(f"column (={name_some(unknown)}) must be one of the model; there are {', '.join(columns)}")
        if self.along in given:
            raise GammError(f"column (={self.along}) must not be in `at`: the curves are drawn along it")

    def _read_names(self, group: str | Sequence[str] | None) -> tuple[str, ...]:
        if group is None:
            return () if self._fit.group is None else (self._fit.group,)
        return (group,) if isinstance(group, str) else tuple(group)

    def _values(self, name: str, given: Mapping[str, list]) -> list[object]:
        frame = self._fit.frame
        if name not in frame.columns or (name not in given and not _is_factor(frame[name])) or name == self.along:
            factors = [column for column in frame.columns if _is_factor(frame[column])]
            raise GammError(f"group (={name}) must be a factor of the model; there are {name_some(factors) or 'none'}; "
                            "or give its values in `at`")
        if not _is_factor(frame[name]):
            return [_number(name, value) for value in given[name]]
        levels = list(frame[name].cat.categories)
        return [_level(value, levels) for value in given[name]] if name in given else levels

    def _complete(self, given: dict[str, object]) -> dict[str, object]:
        """Add all other columns that the fixed part may need."""
        fit, values = self._fit, dict(given)
        keys = [name for name in given if name in self._discrete]
        single = [(name,) for name in keys]
        for name in self._combinations.columns:
            if name in values:
                continue
            column = fit.frame[name]
            sources = [*single, *([tuple(keys)] if len(keys) > 1 else [])]
            found = next((self._value(source, name, values) for source in sources
                          if self._determines(source, name)), None)
            if found is not None:
                values[name] = found
            elif not _is_factor(column):
                values[name] = float(column.mean())
            elif name not in fit.model.random_factors:
                values[name] = column.cat.categories[0]
                single.append((name,))
        return values

    def _determines(self, source: tuple[str, ...], name: str) -> bool:
        key = (source, name)
        if key not in self._known:
            frame = self._combinations
            found = determines(frame, source, name)
            if name not in self._discrete:  # a covariate goes with a factor only where it is another name for it
                found = found and len(source) == 1 and determines(frame, [name], source[0])
            self._known[key] = found
        return self._known[key]

    def _value(self, source: tuple[str, ...], name: str, values: Values) -> object | None:
        frame = self._combinations
        same = np.logical_and.reduce([(frame[key] == values[key]).to_numpy(bool) for key in source])
        return frame[name].iloc[int(np.argmax(same))] if same.any() else None


def _is_factor(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | np.ndarray | pd.Index | pd.Series | range)


def _listed(value: object) -> list:
    return list(value) if _is_list(value) else [value]  # type: ignore[call-overload]


def _number(name: str, value: object) -> float:
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        found = np.nan
    if not np.isfinite(found):
        raise GammError(f"value (={value}) of `{name}` must be a finite number")
    return found


def _level(name: object, levels: list[object]) -> object:
    found = [level for level in levels if level == name or str(level) == str(name)]
    if not found:
        raise GammError(f"word (={name}) must be one of the fitted ones; there are {name_some(levels, 20)}")
    return found[0]


def _repeat(column: pd.Series, value: object, n: int) -> object:
    if _is_factor(column):
        code = list(column.cat.categories).index(value)
        return pd.Categorical.from_codes(np.full(n, code), dtype=column.dtype)
    return np.full(n, float(value))  # type: ignore[arg-type]
