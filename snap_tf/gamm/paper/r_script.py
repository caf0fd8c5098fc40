"""The model of a fit as a script for R: mgcv's call on the same table, with levels and contrasts set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from snap_tf.gamm.bases.thin_plate import MAX_OWN_KNOTS
from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.model.parametric import parametric_columns
from snap_tf.gamm.model.terms import RandomTerm, SmoothTerm, interaction_parts, logarithm_of, quoted

__all__ = ["r_script"]

_WIDTH = 110
_RESERVED = ("if", "else", "repeat", "while", "function", "for", "next", "break", "in", "TRUE", "FALSE", "NULL", "Inf",
             "NaN", "NA")


def r_script(fit: FittedModel, csv: str | Path, *, rows: Mapping[str, object] | None = None) -> str:
    """Write the model of a fit for R: a script that reads the same CSV and calls mgcv, to be pasted into R.

    `bam` with fREML stands where rho is above 0, else `gam`. Levels are in the order of the fit, difference smooths
    are by ordered factors with treatment contrasts, and rows with missing cells are left out as they were here.

    Args:
        fit: the fit.
        csv: the table that was fitted; tab-separated where its name ends in .tsv or .txt.
        rows: by column, the value that the fitted rows have in it, where a part of the table was fitted.

    Example:
        >>> from snap_tf.gamm import gamm_words, r_script, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> table.to_csv("words.csv", index=False)
        >>> print(r_script(gamm_words(table, reference="ask", random="intercept"), "words.csv"))
        # The model that snap_tf fitted, for R: mgcv gives the same numbers.
        library(mgcv)
        d <- read.csv("words.csv", colClasses = "character", na.strings = c("", "NA"), check.names = FALSE)
        d$value <- as.numeric(d$value)
        d$time_s <- as.numeric(d$time_s)
        d$token <- factor(d$token)
        d$label <- factor(d$label, levels = c("ask", "wash"))
        d$labelO <- as.ordered(d$label)
        contrasts(d$labelO) <- "contr.treatment"
        m <- gam(value ~ label + s(time_s, bs = "tp", k = 10) + s(time_s, by = labelO, bs = "tp", k = 10) +
            s(token, bs = "re"), data = d, method = "REML")
        print(summary(m))
    """
    script = _Script(fit)
    lines = ["# The model that snap_tf fitted, for R: mgcv gives the same numbers.", "library(mgcv)", _read(csv)]
    lines += [f"d <- d[which({_plain(_cells(name), [value])} == {_text(str(value))}), ]"
              for name, value in (rows or {}).items()]
    lines += script.columns()
    if fit.n_left_out:
        names = [_text(script.name(logarithm_of(str(name)) or name)) for name in fit.frame.columns]
        lines += ["# rows with missing cells are left out", _wrap("d <- d[complete.cases(d[c(", names, ")]), ]")]
    lines += script.order()
    return "\n".join([*lines, script.call(), "print(summary(m))"]) + "\n"


class _Script:
    """What a script needs to know of a fit: R's names of columns that are made, and which factors are ordered.

    Attributes:
        fit: the fit.
        copies: by factor, the name of its ordered column.
    """

    def __init__(self, fit: FittedModel) -> None:
        self.fit, self.model = fit, fit.model
        self._names: dict[str, str] = {}
        used = [part for name in map(str, fit.frame.columns)
                for part in (interaction_parts(name) or (logarithm_of(name) or name,))]
        self._names.update({name: name for name in used if _is_r_name(name)})
        for name in dict.fromkeys((*used, *filter(interaction_parts, map(str, fit.frame.columns)))):
            if name not in self._names:  # mgcv's formulas take plain names only
                self._names[name] = self._free(_r_name("".join(interaction_parts(name)) or name))
        ordered = dict.fromkeys(term.by for term in self.model.terms if term.by_kind == "ordered" and term.by)
        plain = {*parametric_columns(self.model.parametric, list(map(str, fit.frame.columns))),
                 *self.model.random_factors, *(name for term in self.model.random for name in term.further),
                 *(term.by for term in self.model.terms if term.by_kind == "separate")}
        self.copies = {name: self._free(self.name(name) + "O") if name in plain else self.name(name)
                       for name in ordered}

    def _free(self, name: str) -> str:
        """A name that no column of the model has."""
        while name in map(str, self.fit.frame.columns) or name in self._names.values():
            name += "."
        return name

    def name(self, column: object) -> str:
        """R's name of a column."""
        return self._names.get(str(column), str(column))

    def columns(self) -> list[str]:
        """Lines that make the columns: numbers, factors with their levels, ordered copies."""
        lines = []
        for name in map(str, self.fit.frame.columns):
            column = self.fit.frame[name]
            if isinstance(column.dtype, pd.CategoricalDtype):
                lines += self._factor(name, list(column.cat.categories))
                continue
            name = logarithm_of(name) or name
            cells = _cells(name)
            if name == self.model.response and set(column.unique()) <= {0, 1}:  # they may be TRUE and FALSE
                cells = f"type.convert(toupper({cells}), as.is = TRUE)"
            lines.append(f"{_column(self.name(name))} <- as.numeric({cells})")
        return lines

    def _factor(self, name: str, levels: Sequence[object]) -> list[str]:
        own, parts = _column(self.name(name)), interaction_parts(name)
        cells = f"paste({', '.join(map(_cells, parts))}, sep = \".\")" if parts else _plain(_cells(name), levels)
        if any(isinstance(level, bool | np.bool_) for level in levels):
            cells, levels = f"toupper({cells})", [str(level).upper() for level in levels]
        in_place = self.copies.get(name) == self.name(name)
        numbers = all(isinstance(level, int | float | np.number) for level in levels)
        if numbers:
            cells = f"as.numeric({cells})"
        if not self._is_compared(name) and not (parts and self.fit.n_left_out):  # the order of levels does not matter
            return [f"{own} <- factor({cells})"]
        given = [repr(level.item() if isinstance(level, np.generic) else level) if numbers else _text(str(level))
                 for level in levels]
        lines = [_wrap(f"{own} <- factor({cells}, levels = c(", given, "), ordered = TRUE)" if in_place else "))")]
        if name in self.copies:
            copy = _column(self.copies[name])
            lines += [] if in_place else [f"{copy} <- as.ordered({own})"]
            lines.append(f'contrasts({copy}) <- "contr.treatment"')
        return lines

    def _is_compared(self, name: str) -> bool:
        """Whether the levels of a factor have coefficients of their own, of which the first has none."""
        return name in parametric_columns(self.model.parametric, [name]) or any(
            term.by == name for term in self.model.terms)

    def order(self) -> list[str]:
        """Lines that sort the rows and mark where a series begins, where the errors are autocorrelated."""
        if not self.fit.rho:
            return []
        frame, starts, lines = self.fit.frame, self.fit.starts, []
        series = next((str(name) for name in frame.columns if _tells_apart(frame[name], starts)), None)
        if np.any(np.diff(self.fit.rows) < 0):
            time = next((str(name) for name in frame.columns if _ascends(frame[name], starts)), None)
            if series is not None and time is not None:
                lines.append(f"d <- d[order({_column(self.name(series))}, {_column(self.name(time))}), ]")
            else:
                lines.append(_wrap("d <- d[c(", map(str, self.fit.order + 1), "), ]"))
        start = _column(self._free("series_start"))
        if series is not None:
            return [*lines, f"{start} <- !duplicated({_column(self.name(series))})"]
        return [*lines, _wrap(f"{start} <- seq_len(nrow(d)) %in% c(", map(str, np.flatnonzero(starts) + 1), ")")]

    def call(self) -> str:
        """The call of gam or bam."""
        autocorrelated = self.fit.rho > 0
        method = "fREML" if autocorrelated and self.fit.method == "REML" else self.fit.method
        family = {"gaussian": [], "scat": ["family = scat()"]}.get(self.model.family,
                                                                    [f"family = {self.model.family}()"])
        options = ["data = d", *family, f'method = "{method}"']
        options += ["select = TRUE"] if self.model.select else []
        options += [f"weights = {self.name(self.model.weights)}"] if self.model.weights else []
        knots = self._knots()
        options += [f"knots = list({', '.join(knots)})"] if knots else []
        if autocorrelated:  # all rows in one chunk: smooths are centred over all of them
            options += [f"rho = {self.fit.rho!r}", f"AR.start = {self._free('series_start')}",
                        "chunk.size = nrow(d) + 1"]
        return _wrap(f"m <- {'bam' if autocorrelated else 'gam'}(", [" + ".join(self._terms()), *options], ")")

    def _terms(self) -> list[str]:
        model = self.model
        terms = ([] if model.intercept else ["0"]) + [
            self.name(term) if term in self._names else self._renamed(_parametric(term)) for term in model.parametric]
        if model.offset is not None:
            inside = logarithm_of(model.offset)
            terms.append(f"offset({self.name(model.offset) if inside is None else f'log({self.name(inside)})'})")
        terms += [self._term(term) for term in model.terms]
        return [f"{self.name(model.response)} ~ {terms[0] if terms else '1'}", *terms[1:]]

    def _term(self, term: SmoothTerm | RandomTerm) -> str:
        text = self._renamed(str(term))
        if term.by_kind == "ordered" and term.by is not None:
            text = text.replace(f"by = ordered({self.name(term.by)})", f"by = {self.copies[term.by]}")
        return text

    def _renamed(self, text: str) -> str:
        """Write R's names of columns for those of the table."""
        for name, own in self._names.items():
            if own != name:
                text = re.sub(rf"`{re.escape(name)}`|(?<![\w.`]){re.escape(name)}(?![\w.`])", own, text)
        return text

    def _knots(self) -> list[str]:
        """Knots of variables that have others than mgcv would choose."""
        found: dict[str, np.ndarray] = {}
        for smooth in self.fit.design.smooths:
            if len(smooth.variables) == 1:
                _add_knots(found, smooth.variable, smooth.basis, self.fit.frame)
        for part in self.fit.design.random:
            for term in part.terms:
                if term.term.variable is not None:
                    _add_knots(found, term.term.variable, term.basis, self.fit.frame)
        return [f"{self.name(name)} = {_places(places)}" for name, places in found.items()]


def _read(csv: str | Path) -> str:
    tabs = ', sep = "\\t"' if Path(csv).suffix.lower() in (".tsv", ".txt") else ""
    return (f'd <- read.csv({_text(str(csv))}{tabs}, colClasses = "character", na.strings = c("", "NA"), '
            'check.names = FALSE)')


def _column(name: str) -> str:
    return f"d${name}"


def _cells(name: str) -> str:
    """A column of the CSV by its own name."""
    return f"d${name}" if _is_r_name(name) else f"d[[{_text(name)}]]"


def _is_r_name(name: str) -> bool:
    """Whether R takes a name as it is, in every locale."""
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9._]*", name)) and name not in _RESERVED


def _r_name(name: str) -> str:
    """Make a name that R takes, as its make.names does."""
    plain = re.sub(r"[^A-Za-z0-9._]", ".", name)
    return plain if re.match(r"[A-Za-z]", plain) and plain not in _RESERVED else f"X{plain}"


def _plain(own: str, levels: Sequence[object]) -> str:
    """Cells without the apostrophe that tables of ours have before what a spreadsheet would take for a command."""
    marked = any(re.match(r"[=+\-@'\t]", level) for level in levels if isinstance(level, str))
    return f"sub(\"^'\", \"\", {own})" if marked else own


def _parametric(term: str) -> str:
    """Write a parametric term as R reads it: C(x) as factor(x), Q("x") as x, ** as ^."""
    term = re.sub(r"\bQ\((['\"])(.*?)\1\)", lambda found: quoted(found[2]), term)
    return re.sub(r"\bnp\.", "", re.sub(r"\bC\(", "factor(", term.replace("**", "^")))


def _text(text: str) -> str:
    """An R string of ASCII signs only, which every locale reads."""
    signs = []
    for letter in text:
        code = ord(letter)
        if letter in '"\\':
            signs.append("\\" + letter)
        elif 32 <= code < 127:
            signs.append(letter)
        else:
            signs.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return '"' + "".join(signs) + '"'


def _wrap(head: str, items: Iterable[str], tail: str) -> str:
    """Put items between commas, and break lines before they are too long, also after a plus."""
    pieces = [piece for item in _with_commas(list(items)) for piece in re.split(r"(?<= \+) ", item)]
    lines = [head + pieces[0]]
    for piece in pieces[1:]:
        if len(lines[-1]) + len(piece) < _WIDTH:
            lines[-1] += " " + piece
        else:
            lines.append("    " + piece)
    return "\n".join(lines) + tail


def _with_commas(items: list[str]) -> list[str]:
    return [item + ("," if i < len(items) - 1 else "") for i, item in enumerate(items)]


def _tells_apart(column: pd.Series, starts: np.ndarray) -> bool:
    """Whether the levels of a factor are the series."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return False
    codes = column.cat.codes.to_numpy()
    return bool(np.array_equal(np.append(True, codes[1:] != codes[:-1]), starts)
                and len(np.unique(codes)) == starts.sum())


def _ascends(column: pd.Series, starts: np.ndarray) -> bool:
    """Whether a number ascends within every series."""
    return not isinstance(column.dtype, pd.CategoricalDtype) and bool(
        np.all(np.diff(column.to_numpy(float))[~starts[1:]] > 0))


def _add_knots(found: dict[str, np.ndarray], name: str, basis: object, frame: pd.DataFrame) -> None:
    while not hasattr(basis, "knots"):
        if not hasattr(basis, "base"):
            return
        basis = basis.base
    values = np.unique(frame[name].to_numpy(float))
    places = np.asarray(basis.knots, float) + getattr(basis, "shift", 0.0)
    if hasattr(basis, "projection"):  # thin plate
        usual = values if len(values) <= MAX_OWN_KNOTS else np.zeros(0)
    else:
        usual = np.quantile(values, np.linspace(0, 1, len(places)))
    if len(usual) != len(places) or not np.allclose(usual, places, rtol=1e-9, atol=1e-12 * np.ptp(values)):
        found.setdefault(name, places)


def _places(places: np.ndarray) -> str:
    first, last = float(places[0]), float(places[-1])
    if np.allclose(places, np.linspace(first, last, len(places)), rtol=0, atol=1e-9 * (last - first)):
        return f"seq({first!r}, {last!r}, length.out = {len(places)})"
    return f"c({', '.join(repr(float(place)) for place in places)})"
