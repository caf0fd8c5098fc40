"""Parse a model formula in the syntax of mgcv."""

from __future__ import annotations

import re

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.model.terms import Model, RandomTerm, SmoothTerm

__all__ = ["parse_formula"]

_ORDERED = re.compile(r"(?:as\.)?ordered\((.*)\)")
_KNOWN = 's(x), s(x, by=word), s(x, token, bs="fs", m=1) or fs(x, token), s(token, bs="re") or re(token)'


def parse_formula(text: str) -> Model:
    """Parse a model formula `response ~ terms` in the syntax of mgcv.

    Terms as in mgcv: `s(x, k=10, m=2)`, `s(x, by=word)`, `s(x, by=ordered(word))`,
    `s(x, token, bs="fs", k=9, m=1)`, `s(token, bs="re")`; and two short forms: `fs(x, token)` is the published
    model's term, m = 1 and k = 9, and `re(token)` is a random intercept. Where k is not given it is m + 8, where m
    is not given it is 2, as in mgcv. Everything else is the parametric part, read by patsy.

    Raises:
        GammError: the text is not such a formula.
    Source: the formula language of mgcv; Wood 2017, section 7.

    Example:
        >>> from snap_tf.gamm import parse_formula
        >>> model = parse_formula("Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)")
        >>> model.response, model.parametric, model.random
        ('Value', ('Word',), RandomTerm(factor='Token', variable='Sample', k=9, m=1))
    """
    response, tilde, right = text.partition("~")
    if not tilde or not response.strip() or not right.strip():
        raise GammError(f"formula (={text!r}) must read `response ~ terms`, such as Value ~ Word + s(Sample)")
    parametric: list[str] = []
    smooths: list[SmoothTerm] = []
    random: list[RandomTerm] = []
    intercept = True
    for sign, term in _summands(right):
        name, bracket, inside = term.partition("(")
        if term in ("0", "1"):
            intercept = (term == "1") == (sign == "+")
        elif sign == "-":
            raise GammError(f"term (=-{term}) of the formula must be added, not taken away; only -1 can be")
        elif bracket and name.strip() in ("te", "ti", "t2"):
            raise GammError(f"term (={term}) must be a smooth of one variable; there are {_KNOWN}")
        elif bracket and name.strip() in ("s", "fs", "re"):
            read = _smooth(name.strip(), inside.rstrip().removesuffix(")"), term)
            if isinstance(read, SmoothTerm):
                smooths.append(read)
            else:
                random.append(read)
        else:
            parametric.append(term)
    if len(random) > 1:
        raise GammError(f"the formula must have one random term at most; it has {' and '.join(map(str, random))}; "
                        "leave one out")
    return Model(_unquote(response), tuple(parametric), tuple(smooths), random[0] if random else None, intercept)


def _summands(text: str) -> list[tuple[str, str]]:
    """Cut at every + and - outside brackets and quotes; (sign, term) each."""
    pieces, signs = _cut(text, "+-")
    if not pieces[0] and signs and signs[0] == "-":  # a leading minus
        pieces, signs = pieces[1:], signs
    else:
        signs = ["+", *signs]
    if not all(pieces):
        raise GammError(f"formula (={text.strip()!r}) must have a term on both sides of every sign")
    return list(zip(signs, pieces, strict=True))


def _cut(text: str, separators: str) -> tuple[list[str], list[str]]:
    """Split at separators outside brackets and quotes; the pieces, stripped, and the separators between them."""
    pieces, found, closing, quote = [""], [], [], ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'`":
            quote = letter
        elif letter in "([{":
            closing.append({"(": ")", "[": "]", "{": "}"}[letter])
        elif letter in ")]}":
            if not closing or closing.pop() != letter:
                raise GammError(f"formula part (={text.strip()!r}) must open every bracket before it closes it")
        elif letter in separators and not closing:
            pieces.append("")
            found.append(letter)
            continue
        pieces[-1] += letter
    if closing or quote:
        raise GammError(f"formula part (={text.strip()!r}) must close every bracket and quote it opens")
    return [piece.strip() for piece in pieces], found


def _smooth(kind: str, inside: str, text: str) -> SmoothTerm | RandomTerm:
    names, options = [], {}
    for argument in _cut(inside, ",")[0]:
        option = re.match(r"(\w+)\s*=\s*(.*)", argument)
        if option:
            options[option[1]] = option[2].strip()
        elif argument:
            names.append(_column(argument, text))
    unknown = [key for key in options if key not in ("k", "m", "by", "bs")]
    if unknown:
        raise GammError(f"option (={', '.join(unknown)}) of {text} must be one of k, m, by, bs")
    bs = _unquote(options.get("bs", {"s": "tp"}.get(kind, kind)))
    if bs not in ("tp", "fs", "re") or (kind != "s" and bs != kind):
        raise GammError(f'bs (={bs}) of {text} must be "tp", "fs" or "re"')
    if bs != "tp" and "by" in options:
        raise GammError(f"by of {text} must be left out: only thin plate smooths have one")
    m = _whole(options["m"], "m", text) if "m" in options else (1 if kind == "fs" else 2)
    k = _whole(options["k"], "k", text) if "k" in options else m + 8
    if bs == "tp" and len(names) == 1:
        if "by" not in options:
            return SmoothTerm(names[0], k=k, m=m)
        ordered = _ORDERED.fullmatch(options["by"])
        by = _column(ordered[1] if ordered else options["by"], text)
        return SmoothTerm(names[0], by, "ordered" if ordered else None, k, m)
    if bs == "fs" and len(names) == 2:
        return RandomTerm(names[1], names[0], k, m)
    if bs == "re" and len(names) == 1:
        return RandomTerm(names[0])
    raise GammError(f"term (={text}) must be one of {_KNOWN}")


def _column(text: str, term: str) -> str:
    """Read a column's name: Word, Word.type, or anything in quotes."""
    name = _unquote(text)
    if name == text.strip() and not re.fullmatch(r"[^\W\d][\w.]*", name):
        raise GammError(f"argument (={name}) of {term} must be the name of a column; put a transformed column into "
                        "the table first, and a name with signs or spaces into `backticks`")
    return name


def _unquote(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" else text


def _whole(text: str, name: str, term: str) -> int:
    if not re.fullmatch(r"\d+L?", text):
        raise GammError(f"{name} (={text}) of {term} must be a whole number")
    return int(text.rstrip("L"))
