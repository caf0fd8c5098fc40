"""Parse a model formula in the syntax of mgcv."""

from __future__ import annotations

import re

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.model.terms import BASES, TENSORS, Model, RandomTerm, SmoothTerm, interaction_parts, logarithm_of

__all__ = ["parse_formula"]

_CALL = re.compile(r"(?:as\.)?(ordered|factor|numeric)\((.*)\)")
_KNOWN = ('s(x), s(x, by=word), s(x, z), te(x, z), ti(x, z), s(x, token, bs="fs", m=1) or fs(x, token), '
          's(token, bs="re") or re(token), s(speaker, x, bs="re")')
_SMOOTHS = ("s", "fs", "re", *TENSORS)
_OPTIONS = ("k", "m", "by", "bs")
_INSTEAD = {
    "t2": "te(x, z), or s(x) + s(z) + ti(x, z)",
    "ad": 'bs="tp" with a larger k', "gp": 'bs="tp"', "ds": 'bs="tp"', "bs": 'bs="tp"',
    "ps": 'bs="cr"', "cp": 'bs="cc"',
    "mrf": 's(area, bs="re")', "so": "s(x, z)", "sw": "s(x, z)", "sf": "s(x, z)", "sos": "te(x, z)",
    "sz": "s(x, by=ordered(word))",
    "d": "te(x, z) of two variables, each with a basis of its own", "np": "the default",
    "xt": "thin plate smooths for every level (the default)", "sp": "an estimated smoothing parameter",
    "fx": "a smaller k", "id": "a smoothing parameter for every smooth", "pc": "the usual centring",
    "mc": "ti with all variables centred", "full": "te(x, z)", "ord": "te(x, z)",
}


def parse_formula(text: str, *, family: str = "gaussian", select: bool = False, weights: str | None = None) -> Model:
    """Parse a model formula `response ~ terms` in the syntax of mgcv.

    Terms as in mgcv: `s(x, k=10, m=2)`, `s(x, bs="cr")` (`tp`, `ts`, `cr`, `cs`, `cc`), `s(x, z)`,
    `te(x, z, k=c(6, 5), bs=c("cr", "tp"))`, `ti(x, z)`; each with `by=word`, `by=ordered(word)` or `by=number`;
    random smooths `s(x, token, bs="fs", k=9, m=1)`, random intercepts `s(token, bs="re")` and slopes
    `s(speaker, x, bs="re")`; `offset(x)` and `offset(log(x))`. Two short forms: `fs(x, token)` is the published
    model's term, m = 1 and k = 9, and `re(token)` is a random intercept. What is not given is as in mgcv: m is 2; k is
    m + 8 for thin plates and `fs`, 30 for a thin plate of two variables, 10 for cubic bases, 5 for each variable of
    te and ti.
    A column `interaction(speaker, word)` is made where it is needed. Everything else is the parametric part, read
    by patsy, which has `log`, `sqrt`, `exp` and `factor` of R and reads `^` as R does: `Word*Sex`, `I(x^2)`.

    Args:
        text: the formula.
        family: `gaussian`, `binomial`, `poisson` or `scat`.
        select: whether smooths can be estimated as zero (mgcv's `select = TRUE`).
        weights: column of prior weights.

    Raises:
        GammError: the text is not such a formula.
    Source: the formula language of mgcv; Wood 2017, section 7.

    Example:
        >>> from snap_tf.gamm import parse_formula
        >>> model = parse_formula("Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)")
        >>> model.response, model.parametric, [term.label() for term in model.terms]
        ('Value', ('Word',), ['s(Sample)', 's(Sample):Word', 's(Sample,Token)'])
    """
    response, *sides = _cut(text, "~")[0]
    right = sides[0] if len(sides) == 1 else ""
    if not response or not right:
        raise GammError(f"formula (={text!r}) must read `response ~ terms`, such as Value ~ Word + s(Sample)")
    if re.match(r"\s*cbind\s*\(", response):
        raise GammError(f"response (={response.strip()}) must be one column; put the proportion of successes into the "
                        "table, and name the column of trials as weights")
    parametric: list[str] = []
    smooths: list[SmoothTerm] = []
    random: list[RandomTerm] = []
    offsets: list[str] = []
    intercept = True
    for sign, term in _summands(right):
        name, bracket, inside = (part.strip() for part in term.partition("("))
        if term in ("0", "1"):
            intercept = (term == "1") == (sign == "+")
        elif sign == "-":
            raise GammError(f"term (=-{term}) of the formula must be added, not taken away; only -1 can be")
        elif bracket and name == "t2":
            raise _refusal(f"term (={term})", "t2")
        elif bracket and name in _SMOOTHS:
            read = _smooth(name, inside.removesuffix(")"), term)
            if isinstance(read, SmoothTerm):
                smooths.append(read)
            else:
                random.append(read)
        elif bracket and name == "offset":
            name = re.sub(r"\s", "", inside.removesuffix(")"))
            offsets.append(name if logarithm_of(name) else _column(inside.removesuffix(")"), term))
        elif not name and "|" in inside:
            raise GammError(f"term (={term}) must be written as mgcv writes it: s(speaker, bs=\"re\") for a random "
                            'intercept, s(speaker, x, bs="re") for a random slope')
        else:
            parametric.append(term)
    if len(offsets) > 1:
        raise GammError(f"the formula must have one offset at most; it has {' and '.join(offsets)}; put their sum into "
                        "the table")
    return Model(_unquote(response), tuple(parametric), tuple(smooths), tuple(random), intercept, family, select,
                 weights, offsets[0] if offsets else None)


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
        option = re.match(r"([\w.]+)\s*=(?!=)\s*(.*)", argument, re.DOTALL)
        if option:
            options[option[1]] = option[2].strip()
        elif argument:
            names.append(_column(argument, text))
    for key in options:
        if key not in _OPTIONS:
            raise _refusal(f"option (={key}) of {text}", key, f"must be one of {', '.join(_OPTIONS)}")
    bases = _bases(kind, options, text)
    m = _wholes(options["m"], "m", text) if "m" in options else (1 if kind == "fs" else None)
    k = _wholes(options["k"], "k", text) if "k" in options else None
    by, by_kind = _by(options["by"], text) if "by" in options else (None, None)
    if kind in TENSORS and names:
        return SmoothTerm(tuple(names), by, by_kind, k, m, kind, bases)
    (basis,) = bases or ("",)
    if basis in BASES and names:
        return SmoothTerm(tuple(names), by, by_kind, k, m, basis)
    if isinstance(k, tuple) or isinstance(m, tuple):
        raise GammError(f"k and m of {text} must be one whole number each")
    if basis == "fs" and len(names) == 2:
        return RandomTerm(names[1], names[0], k, m, by, by_kind)
    if basis == "re" and names:
        if k is not None or "m" in options:
            raise GammError(f"k and m of {text} must be left out: a random intercept has none")
        return RandomTerm(names[0], by=by, by_kind=by_kind, variables=tuple(names))
    if basis == "fs" and len(names) > 2:
        raise GammError(f"term (={text}) must be a random smooth of one variable and one factor; put two factors "
                        "together as interaction(speaker, word)")
    raise GammError(f"term (={text}) must be one of {_KNOWN}")


def _bases(kind: str, options: dict[str, str], text: str) -> tuple[str, ...]:
    """Read `bs`: one basis, or for te and ti one for every variable; nothing where te and ti do not have it."""
    if "bs" not in options:
        return {"s": ("tp",), "fs": ("fs",), "re": ("re",)}.get(kind, ())
    bases = tuple(map(_unquote, _vector(options["bs"])))
    known = {"s": (*BASES, "fs", "re"), "fs": ("fs",), "re": ("re",)}.get(kind, BASES)
    for basis in bases:
        if kind in TENSORS and basis in ("fs", "re"):
            raise GammError(f'bs (={basis}) of {text} must be one of {", ".join(BASES)}; for a curve of every level '
                            'take s(x, speaker, bs="fs", m=1)')
        if basis not in known:
            raise _refusal(f"bs (={basis}) of {text}", basis, f"must be one of {', '.join(known)}")
    if kind not in TENSORS and len(bases) != 1:
        raise GammError(f"bs (={', '.join(bases)}) of {text} must be one basis; only te and ti have several")
    return bases


def _by(text: str, term: str) -> tuple[str, str | None]:
    """Read `by`: a column, and what is said about its kind."""
    found = _CALL.fullmatch(text)
    if not found:
        return _column(text, term), None
    return _column(found[2], term), {"ordered": "ordered", "factor": "separate", "numeric": "numeric"}[found[1]]


def _refusal(what: str, name: str, known: str = "cannot be fitted here") -> GammError:
    """An error that says what to use instead."""
    return GammError(f"{what} {known}" + (f"; use {_INSTEAD[name]} instead" if name in _INSTEAD else ""))


def _column(text: str, term: str) -> str:
    """Read a column's name: Word, Word.type, anything in quotes, or interaction(Speaker, Word)."""
    name = _unquote(text)
    if name != text.strip():
        return name
    found = re.fullmatch(r"(?:as\.)?factor\((.*)\)", name)
    if found:
        return _column(found[1], term)
    if name.startswith("interaction("):
        parts = ", ".join(part.strip() for part in name[12:-1].split(","))
        if interaction_parts(f"interaction({parts})"):
            return f"interaction({parts})"
    if not re.fullmatch(r"[^\W\d][\w.]*", name):
        raise GammError(f"argument (={name}) of {term} must be the name of a column; put a transformed column into "
                        "the table first, and a name with signs or spaces into `backticks`")
    return name


def _unquote(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`" else text


def _vector(text: str) -> list[str]:
    """Read one value, or the values of c(...)."""
    found = re.fullmatch(r"c\((.*)\)", text.strip(), re.DOTALL)
    return _cut(found[1], ",")[0] if found else [text.strip()]


def _wholes(text: str, name: str, term: str) -> int | tuple[int, ...]:
    values = _vector(text)
    if not all(re.fullmatch(r"\d+L?", value) for value in values):
        raise GammError(f"{name} (={text}) of {term} must be a whole number")
    numbers = tuple(int(value.rstrip("L")) for value in values)
    return numbers[0] if len(numbers) == 1 else numbers
