"""The parts of a model formula: response, parametric terms, smooths, one random term."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from snap_tf.gamm.errors import GammError

__all__ = ["BY_KINDS", "Model", "RandomTerm", "SmoothTerm", "quoted"]

BY_KINDS = ("ordered", "separate")


@dataclass(frozen=True)
class SmoothTerm:
    """A thin plate smooth of one variable, or one for every level of a factor (`by`).

    Attributes:
        variable: the column it is a smooth of.
        by: the column of words, or None.
        by_kind: `ordered` for difference smooths to the first word (beside a plain smooth), `separate` for one
            smooth for every word; None while it depends on the table and on the other terms.
        k: number of basis functions before centring.
        m: order of the penalised derivative, 1 or 2.
    """

    variable: str
    by: str | None = None
    by_kind: str | None = None
    k: int = 10
    m: int = 2

    def __post_init__(self) -> None:
        _check_size(f"s({self.variable})", self.k, self.m)
        if self.by_kind not in (None, *BY_KINDS):
            raise GammError(f"by kind (={self.by_kind}) must be one of {', '.join(BY_KINDS)}")

    def __str__(self) -> str:
        by = ""
        if self.by is not None:
            by = f", by = ordered({quoted(self.by)})" if self.by_kind == "ordered" else f", by = {quoted(self.by)}"
        m = "" if self.m == 2 else f", m = {self.m}"
        return f's({quoted(self.variable)}{by}, bs = "tp", k = {self.k}{m})'


@dataclass(frozen=True)
class RandomTerm:
    """A random effect of a factor: a random smooth of every level (`fs`) or a random intercept (`re`).

    Attributes:
        factor: the column of tokens (or speakers).
        variable: the column it is a smooth of; None for a random intercept.
        k: columns for each level, for a smooth.
        m: order of the penalised derivative, 1 or 2, for a smooth.
    """

    factor: str
    variable: str | None = None
    k: int = 9
    m: int = 1

    def __post_init__(self) -> None:
        if self.variable is not None:
            _check_size(f"s({self.variable}, {self.factor})", self.k, self.m)

    @property
    def label(self) -> str:
        """The term's name in tables."""
        return f"s({self.factor})" if self.variable is None else f"s({self.variable},{self.factor})"

    def __str__(self) -> str:
        if self.variable is None:
            return f's({quoted(self.factor)}, bs = "re")'
        return f's({quoted(self.variable)}, {quoted(self.factor)}, bs = "fs", k = {self.k}, m = {self.m})'


@dataclass(frozen=True)
class Model:
    """A model: response, parametric terms, smooths and a random term.

    Attributes:
        response: the column to explain.
        parametric: terms of the parametric part as written, such as `Word`, `Word*Sex` or `C(Code)`.
        smooths: the thin plate smooths.
        random: the random term, if any.
        intercept: whether the parametric part has one.
    """

    response: str
    parametric: tuple[str, ...] = ()
    smooths: tuple[SmoothTerm, ...] = ()
    random: RandomTerm | None = None
    intercept: bool = True

    def __post_init__(self) -> None:
        seen = set()
        for term in self.smooths:
            key = (term.variable, term.by)
            if key in seen:
                raise GammError(f"s({term.variable}{'' if term.by is None else f', by={term.by}'}) must stand once in "
                                "the formula; it stands there twice; leave one out")
            seen.add(key)

    @property
    def time(self) -> str | None:
        """The variable of the first smooth, along which curves are drawn and rows are ordered."""
        if self.smooths:
            return self.smooths[0].variable
        return None if self.random is None else self.random.variable

    @property
    def factors(self) -> tuple[str, ...]:
        """The columns of by-smooths, in the order of the formula."""
        return tuple(dict.fromkeys(term.by for term in self.smooths if term.by is not None))

    @property
    def variables(self) -> tuple[str, ...]:
        """The numeric columns of smooths, in the order of the formula."""
        names = [term.variable for term in self.smooths]
        if self.random is not None and self.random.variable is not None:
            names.append(self.random.variable)
        return tuple(dict.fromkeys(names))

    def with_by_kinds(self, ordered_columns: frozenset[str]) -> Model:
        """Decide which by-smooths are differences where this was not written down.

        A factor's smooths are differences to its first level when the column is an ordered categorical, or when a
        plain smooth of the same variable stands in the model (with one smooth for every level beside it nothing
        would tell the two apart).

        Raises:
            GammError: a plain smooth stands beside one smooth for every level.
        """
        plain = {term.variable for term in self.smooths if term.by is None}
        terms = []
        for term in self.smooths:
            if term.by is not None and term.by_kind is None:
                ordered = term.by in ordered_columns or term.variable in plain
                term = replace(term, by_kind="ordered" if ordered else "separate")
            if term.by_kind == "separate" and term.variable in plain:
                raise GammError(f"s({term.variable}, by={term.by}) must be difference smooths (ordered) beside "
                                f"s({term.variable}), or stand without it; leave one of the two out")
            terms.append(term)
        return replace(self, smooths=tuple(terms))

    def __str__(self) -> str:
        parts = [*([] if self.intercept else ["0"]), *self.parametric, *map(str, self.smooths),
                 *([] if self.random is None else [str(self.random)])]
        return f"{quoted(self.response)} ~ {' + '.join(parts) or '1'}"


def quoted(name: str) -> str:
    """Write a column's name as a formula needs it: in backticks when it holds signs or spaces."""
    return name if re.fullmatch(r"[^\W\d][\w.]*", name) else f"`{name}`"


def _check_size(term: str, k: int, m: int) -> None:
    if m not in (1, 2):
        raise GammError(f"m (={m}) of {term} must be 1 or 2")
    if isinstance(k, bool) or not isinstance(k, int) or k <= m:
        raise GammError(f"k (={k}) of {term} must be a whole number above m (={m})")
