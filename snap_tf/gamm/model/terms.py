"""The parts of a model formula: response, parametric terms, smooths, random terms, family."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from snap_tf.gamm.errors import GammError

__all__ = ["BASES", "BY_KINDS", "FAMILIES", "TENSORS", "Model", "RandomTerm", "SmoothTerm", "interaction_parts",
           "logarithm_of", "quoted"]

BY_KINDS = ("ordered", "separate", "numeric")
FAMILIES = ("gaussian", "binomial", "poisson", "scat")
BASES = ("tp", "ts", "cr", "cs", "cc")
"""Bases of one variable: thin plate (with shrinkage), cubic regression (with shrinkage), cyclic cubic regression."""
TENSORS = ("te", "ti")
_NAME = r"[^\W\d][\w.]*"
_PLATES = ("tp", "ts")
_PLANE_K = 30  # mgcv's k for a thin plate smooth of two variables: its null space of 3 and 27 more
_SMALLEST_K = {"cr": 3, "cs": 3, "cc": 4}


@dataclass(frozen=True)
class SmoothTerm:
    """A smooth of one or more variables, or one for every level of a factor (`by`).

    What is not given has mgcv's default; after construction `k` and `m` are numbers, and for tensor products one
    number for every variable.

    Attributes:
        variables: the columns it is a smooth of; a single name may be given as text.
        by: the column that the smooth is multiplied with: a factor or a number; or None.
        by_kind: `ordered` for difference smooths to the factor's first level (beside a plain smooth), `separate` for
            one smooth for every level, `numeric` for a number; None while it depends on the table and on the other
            terms.
        k: number of basis functions before centring: of each variable for `te` and `ti`.
        m: order of the penalised derivative, 1 or 2, of thin plate bases.
        bs: `tp`, `ts`, `cr`, `cs`, `cc`, or the tensor products `te` and `ti` (interaction without main effects).
        margins: for `te` and `ti`, the basis of every variable; one may be given for all.
    """

    variables: tuple[str, ...]
    by: str | None = None
    by_kind: str | None = None
    k: int | tuple[int, ...] | None = None
    m: int | tuple[int, ...] | None = None
    bs: str = "tp"
    margins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = (self.variables,) if isinstance(self.variables, str) else tuple(self.variables)
        object.__setattr__(self, "variables", names)
        _check_variables(self.text, names)
        if self.bs in TENSORS:
            self._set_tensor()
        else:
            self._set_single()
        _check_by(self.by, self.by_kind)

    def _set_single(self) -> None:
        if self.bs not in BASES:
            raise GammError(f"bs (={self.bs}) of {self.text} must be one of {', '.join((*BASES, *TENSORS))}")
        if self.margins:
            raise GammError(f"margins (={', '.join(self.margins)}) of {self.text} must be left out: only te and ti "
                            "have them")
        size = len(self.variables)
        if size > 2 or (size == 2 and self.bs not in _PLATES):
            count = "two variables at most" if self.bs in _PLATES else "one variable"
            raise GammError(f'{self.text} must be a smooth of {count} with bs="{self.bs}"; take '
                            f"te({', '.join(map(quoted, self.variables))})")
        m = 2 if self.m is None else self.m
        if size == 2 and m != 2:
            raise GammError(f"m (={m}) of {self.text} must be 2: a thin plate of two variables has no other")
        k = self.k
        if k is None:
            k = _PLANE_K if size == 2 else _default_k(self.bs, m)
        object.__setattr__(self, "m", _order(self.text, m))
        object.__setattr__(self, "k", _size(self.text, k, self.bs, m, size))

    def _set_tensor(self) -> None:
        count = len(self.variables)
        margins = _for_each(self.text, "bs", self.margins or "cr", count)
        ks = _for_each(self.text, "k", 5 if self.k is None else self.k, count)
        ms = _for_each(self.text, "m", 2 if self.m is None else self.m, count)
        for basis in margins:
            if basis not in BASES:
                raise GammError(f"bs (={basis}) of a variable of {self.text} must be one of {', '.join(BASES)}")
        object.__setattr__(self, "margins", margins)
        object.__setattr__(self, "m", tuple(_order(self.text, m) for m in ms))
        object.__setattr__(self, "k", tuple(_size(self.text, k, basis, m, 1)
                                            for k, basis, m in zip(ks, margins, ms, strict=True)))

    @property
    def variable(self) -> str:
        """The first variable."""
        return self.variables[0]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Basis functions before centring: of the smooth, or of every variable of a tensor product."""
        return self.k if isinstance(self.k, tuple) else (int(self.k or 0),)

    @property
    def orders(self) -> tuple[int, ...]:
        """Orders of the penalised derivative, as many as `sizes`."""
        return self.m if isinstance(self.m, tuple) else (int(self.m or 0),)

    @property
    def bases(self) -> tuple[str, ...]:
        """The basis of the smooth, or of every variable of a tensor product; as many as `sizes`."""
        return self.margins if self.bs in TENSORS else (self.bs,)

    @property
    def text(self) -> str:
        """The term's name without `by`, as mgcv prints it: `s(Time)`, `te(Time,Dur)`."""
        return f"{self.bs if self.bs in TENSORS else 's'}({','.join(self.variables)})"

    def label(self, level: object | None = None) -> str:
        """Name the smooth, as mgcv prints it: `s(Time)`, `s(Time):Wordwash`, `s(Time):IsF`.

        Args:
            level: the level of a factor `by`.
        """
        return self.text + _by_label(self.by, level)

    def __str__(self) -> str:
        names = ", ".join(map(quoted, self.variables))
        vectors = [_vector(f'"{basis}"' for basis in self.bases), _vector(self.sizes), _vector(self.orders)]
        m = "" if set(self.orders) == {2} else f", m = {vectors[2]}"
        return f"{self.text.partition('(')[0]}({names}{_by_text(self)}, bs = {vectors[0]}, k = {vectors[1]}{m})"


@dataclass(frozen=True)
class RandomTerm:
    """A random effect of a factor: a random smooth of every level (`fs`), or a random intercept or slope (`re`).

    Attributes:
        factor: the column of tokens (or speakers, or items).
        variable: the column it is a smooth of; None for `re`.
        k: columns for each level, for a smooth; m + 8 if not given.
        m: order of the penalised derivative, 1 or 2, for a smooth; 2 if not given, as in mgcv.
        by: the column that it is multiplied with, a factor or a number; or None.
        by_kind: as for `SmoothTerm`.
        variables: all columns as they are written, the order of which is that of mgcv's label. For `re` the further
            ones multiply the intercept: a number gives a random slope, a factor an intercept for each of its levels.
    """

    factor: str
    variable: str | None = None
    k: int | None = None
    m: int | None = None
    by: str | None = None
    by_kind: str | None = None
    variables: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        own = (self.factor,) if self.variable is None else (self.variable, self.factor)
        object.__setattr__(self, "variables", tuple(self.variables) or own)
        _check_variables(self.text, self.variables)
        if not set(own) <= set(self.variables) or (self.kind == "fs" and len(self.variables) != 2):
            raise GammError(f"variables (={', '.join(self.variables)}) of {self.text} must be {' and '.join(own)}")
        _check_by(self.by, self.by_kind)
        if self.kind == "re":
            object.__setattr__(self, "k", None)
            object.__setattr__(self, "m", None)
            return
        m = _order(self.text, 2 if self.m is None else self.m)
        object.__setattr__(self, "m", m)
        object.__setattr__(self, "k", _size(self.text, m + 8 if self.k is None else self.k, "tp", m, 1))

    @property
    def kind(self) -> str:
        """`fs` for random smooths, `re` for random intercepts and slopes."""
        return "re" if self.variable is None else "fs"

    @property
    def further(self) -> tuple[str, ...]:
        """The columns that a random intercept is multiplied with, numbers or factors."""
        return () if self.kind == "fs" else tuple(name for name in self.variables if name != self.factor)

    @property
    def text(self) -> str:
        """The term's name without `by`, as mgcv prints it: `s(Time,Speaker)`."""
        return f"s({','.join(self.variables)})"

    def label(self, level: object | None = None) -> str:
        """Name the term, as mgcv prints it: `s(Speaker)`, `s(Time,Speaker):Wordwash`.

        Args:
            level: the level of a factor `by`.
        """
        return self.text + _by_label(self.by, level)

    def __str__(self) -> str:
        names = ", ".join(map(quoted, self.variables))
        sizes = "" if self.kind == "re" else f", k = {self.k}, m = {self.m}"
        return f's({names}{_by_text(self)}, bs = "{self.kind}"{sizes})'


@dataclass(frozen=True)
class Model:
    """A model: response, parametric terms, smooths, random terms and family.

    Attributes:
        response: the column to explain.
        parametric: terms of the parametric part as written, such as `Word`, `Word*Sex` or `C(Code)`.
        smooths: the smooths.
        random: the random terms.
        intercept: whether the parametric part has one.
        family: distribution of the response: `gaussian`, `binomial` (logit link), `poisson` (log link) or `scat`
            (scaled t, for heavy tails).
        select: whether every smooth gets a second penalty, so that it can be estimated as zero.
        weights: column of prior weights (for `binomial`, the number of trials), or None.
        offset: column that is added to the linear predictor, or `log(n)` of a column n, or None.
    """

    response: str
    parametric: tuple[str, ...] = ()
    smooths: tuple[SmoothTerm, ...] = ()
    random: tuple[RandomTerm, ...] = ()
    intercept: bool = True
    family: str = "gaussian"
    select: bool = False
    weights: str | None = None
    offset: str | None = None

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise GammError(f"family (={self.family}) must be one of {', '.join(FAMILIES)}")
        seen = set()
        for term in self.terms:
            key = (term.text, term.by, term.kind if isinstance(term, RandomTerm) else "")
            if key in seen:
                by = "" if term.by is None else f", by={term.by}"
                raise GammError(f"{term.text[:-1]}{by}) must stand once in the formula; it stands there twice; leave "
                                "one out")
            seen.add(key)
        for first, second in _pairs(self.smooths):
            if first.by == second.by and first.by_kind == second.by_kind:
                _check_apart(first, second)

    @property
    def terms(self) -> tuple[SmoothTerm | RandomTerm, ...]:
        """Smooths and random terms, in the order of their columns."""
        return (*self.smooths, *self.random)

    @property
    def time(self) -> str | None:
        """The variable of the first smooth, along which curves are drawn and rows are ordered."""
        return next(iter(self.variables), None)

    @property
    def factors(self) -> tuple[str, ...]:
        """The factors of `by`, in the order of the formula."""
        return tuple(dict.fromkeys(term.by for term in self.terms
                                   if term.by is not None and term.by_kind != "numeric"))

    @property
    def labels(self) -> tuple[str, ...]:
        """Columns that hold labels, whatever these look like: factors of random smooths and of `re` of one column."""
        names = [term.factor for term in self.random if term.kind == "fs" or len(term.variables) == 1]
        return tuple(dict.fromkeys(part for name in names for part in interaction_parts(name) or (name,)))

    @property
    def random_factors(self) -> tuple[str, ...]:
        """The factors whose levels have random effects, in the order of the formula."""
        return tuple(dict.fromkeys(term.factor for term in self.random))

    @property
    def variables(self) -> tuple[str, ...]:
        """The columns that smooths and random smooths are of, in the order of the formula."""
        names = [name for term in self.smooths for name in term.variables]
        return tuple(dict.fromkeys((*names, *(term.variable for term in self.random if term.variable is not None))))

    @property
    def numbers(self) -> tuple[str, ...]:
        """All columns that must hold numbers whatever the table has: `variables`, numeric `by`, weights, offset."""
        by = [term.by for term in self.terms if term.by_kind == "numeric"]
        return tuple(dict.fromkeys(name for name in (*self.variables, *by, self.weights, self.offset)
                                   if name is not None))

    def with_by_kinds(self, ordered_columns: frozenset[str], numeric_columns: frozenset[str] = frozenset()) -> Model:
        """Decide what `by` means where this was not written down.

        A number multiplies the smooth. A factor's smooths are differences to its first level when the column is an
        ordered categorical, or when a plain smooth of the same variables stands in the model (with one smooth for
        every level beside it nothing would tell the two apart).

        Args:
            ordered_columns: columns that are ordered categoricals.
            numeric_columns: columns that are numbers.

        Raises:
            GammError: a plain smooth stands beside one smooth for every level.
        """
        plain = {term.text for term in self.smooths if term.by is None}

        def kind(term: SmoothTerm | RandomTerm, beside: bool) -> str | None:
            if term.by is None or term.by_kind is not None:
                return term.by_kind
            if term.by in numeric_columns:
                return "numeric"
            return "ordered" if term.by in ordered_columns or beside else "separate"

        smooths = tuple(replace(term, by_kind=kind(term, term.text in plain)) for term in self.smooths)
        for term in smooths:
            if term.by_kind == "separate" and term.text in plain:
                raise GammError(f"{term.text[:-1]}, by={term.by}) must be difference smooths (ordered) beside "
                                f"{term.text}, or stand without it; leave one of the two out")
        for first, second in _pairs(smooths):
            if {first.by_kind, second.by_kind} == {None, "separate"}:
                _check_apart(first, second)
        # random terms are penalised: one for every level can stand beside a plain one, as in mgcv
        random = tuple(replace(term, by_kind=kind(term, False)) for term in self.random)
        return replace(self, smooths=smooths, random=random)

    def __str__(self) -> str:
        name = self.offset
        offset = [] if name is None else [f"offset({name if logarithm_of(name) else quoted(name)})"]
        parts = [*([] if self.intercept else ["0"]), *self.parametric, *offset, *map(str, self.smooths),
                 *map(str, self.random)]
        return f"{quoted(self.response)} ~ {' + '.join(parts) or '1'}"


def quoted(name: str) -> str:
    """Write a column's name as a formula needs it: in backticks when it holds signs or spaces."""
    return name if re.fullmatch(_NAME, name) or interaction_parts(name) else f"`{name}`"


def interaction_parts(name: str) -> tuple[str, ...]:
    """Read the factors of `interaction(Speaker, Word)`, a column that is made from others; else nothing."""
    found = re.fullmatch(rf"interaction\(({_NAME}(?:, {_NAME})+)\)", name)
    return tuple(found[1].split(", ")) if found else ()


def logarithm_of(name: str) -> str | None:
    """Read the column of `log(n)`, a column that is made from another as an offset; else None."""
    found = re.fullmatch(rf"log\(({_NAME})\)", name)
    return found[1] if found else None


def _pairs(terms: tuple[SmoothTerm, ...]) -> Iterator[tuple[SmoothTerm, SmoothTerm]]:
    return ((first, second) for i, first in enumerate(terms) for second in terms[i + 1 :])


def _check_apart(first: SmoothTerm, second: SmoothTerm) -> None:
    """Refuse a smooth whose functions another smooth of the same `by` holds too."""
    for outer, inner in ((first, second), (second, first)):
        if _holds(outer, inner):
            advice = (f"write ti({', '.join(map(quoted, outer.variables))}) for the interaction alone"
                      if len(inner.variables) < len(outer.variables) else "leave one of the two out")
            raise GammError(f"{outer.label()} must not stand beside {inner.label()}, whose functions it holds too; "
                            f"{advice}")


def _holds(outer: SmoothTerm, inner: SmoothTerm) -> bool:
    """Whether the functions of one smooth are among those of another, up to the penalty."""
    own, other = set(outer.variables), set(inner.variables)
    if outer.bs == "ti":  # the interaction alone
        return own == other and (inner.bs == "ti" or len(own) == 1)
    return other <= own


def _check_variables(text: str, names: tuple[str, ...]) -> None:
    if not names or len(set(names)) < len(names):
        raise GammError(f"variables (={', '.join(names)}) of {text} must be named, and each of them once")


def _check_by(by: str | None, kind: str | None) -> None:
    if kind not in (None, *BY_KINDS):
        raise GammError(f"by kind (={kind}) must be one of {', '.join(BY_KINDS)}")
    if by is None and kind is not None:
        raise GammError(f"by kind (={kind}) must be left out where there is no `by`")


def _default_k(basis: str, m: object) -> int:
    return m + 8 if basis in _PLATES and isinstance(m, int) else 10


def _for_each(text: str, name: str, given: object, count: int) -> tuple:
    """One value for every variable of a tensor product."""
    values = tuple(given) if isinstance(given, tuple | list) else (given,)
    if len(values) == 1:
        values *= count
    if len(values) != count:
        raise GammError(f"{name} (={', '.join(map(str, values))}) of {text} must be one value, or one for each of "
                        f"{count} variables")
    return values


def _order(text: str, m: object) -> int:
    if isinstance(m, bool) or not isinstance(m, int) or m not in (1, 2):
        raise GammError(f"m (={m}) of {text} must be 1 or 2")
    return m


def _size(text: str, k: object, basis: str, m: object, n_variables: int) -> int:
    whole = isinstance(k, int) and not isinstance(k, bool)
    if basis in _SMALLEST_K:
        if not whole or k < _SMALLEST_K[basis]:  # type: ignore[operator]
            raise GammError(f"k (={k}) of {text} must be a whole number, {_SMALLEST_K[basis]} or more for "
                            f'bs="{basis}"')
    elif n_variables == 2:
        if not whole or k <= 3:  # type: ignore[operator]
            raise GammError(f"k (={k}) of {text} must be a whole number above 3")
    elif not whole or k <= m:  # type: ignore[operator]
        raise GammError(f"k (={k}) of {text} must be a whole number above m (={m})")
    return int(k)  # type: ignore[call-overload]


def _by_label(by: str | None, level: object | None) -> str:
    return "" if by is None else f":{by}{'' if level is None else level}"


def _by_text(term: SmoothTerm | RandomTerm) -> str:
    if term.by is None:
        return ""
    return f", by = ordered({quoted(term.by)})" if term.by_kind == "ordered" else f", by = {quoted(term.by)}"


def _vector(values: Iterable[object]) -> str:
    texts = list(map(str, values))
    return texts[0] if len(texts) == 1 else f"c({', '.join(texts)})"
