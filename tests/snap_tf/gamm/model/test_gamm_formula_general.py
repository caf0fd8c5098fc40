"""The language of general models: several random terms, tensor products, other bases, by of every kind, families."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.model.columns import resolve_model
from snap_tf.gamm.model.formula import parse_formula
from snap_tf.gamm.model.table import prepare_table
from snap_tf.gamm.model.terms import BASES, TENSORS, Model, RandomTerm, SmoothTerm

GOLDEN = Path(__file__).parents[3] / "golden" / "mgcv_general"
FITS = {path.stem.removeprefix("a_"): json.loads(path.read_text()) for path in sorted(GOLDEN.glob("a_*.json"))}


def table() -> pd.DataFrame:
    """The table of the reference fits with the columns that the script in R adds."""
    data = pd.read_csv(GOLDEN / "data_a.csv")
    words = pd.unique(data["Word"])
    return data.assign(WordO=pd.Categorical(data["Word"], words, ordered=True),
                       Sex=pd.Categorical(data["Sex"], ["M", "F"]),
                       SexO=pd.Categorical(data["Sex"], ["M", "F"], ordered=True),
                       SpeakerWord=data["Speaker"] + "." + data["Word"])


def labels(model: Model, frame: pd.DataFrame) -> list[str]:
    """Name every smooth and random term of a resolved model."""
    names = []
    for term in model.terms:
        if term.by is None or term.by_kind == "numeric":
            names.append(term.label())
        else:
            levels = list(frame[term.by].cat.categories)
            names += [term.label(level) for level in (levels[1:] if term.by_kind == "ordered" else levels)]
    return names


@pytest.mark.parametrize("name", FITS)
def test_every_reference_formula_is_read_and_named_as_mgcv_names_it(name: str) -> None:
    text = FITS[name]["formula"]
    model = parse_formula(text)
    assert parse_formula(str(model)) == model
    data = table()
    resolved = resolve_model(model, data)
    assert resolve_model(parse_formula(str(resolved)), data) == resolved
    frame = prepare_table(resolved, data, token="Token").frame
    assert labels(resolved, frame) == [smooth["term"] for smooth in FITS[name]["smooths"]]


def test_there_are_as_many_reference_fits_as_the_specification_names() -> None:
    assert len(FITS) == 23


@pytest.mark.parametrize(("text", "model"), [
    ('y ~ s(Time, Speaker, bs="fs", m=1) + s(Time, Item, bs="fs", m=1, k=6)',
     Model("y", random=(RandomTerm("Speaker", "Time", 9, 1), RandomTerm("Item", "Time", 6, 1)))),
    ('y ~ s(Time, Speaker, by=WordO, bs="fs", m=1)',
     Model("y", random=(RandomTerm("Speaker", "Time", 9, 1, "WordO"),))),
    ('y ~ s(Speaker, Time, bs="re") + re(Speaker, Word)', Model("y", random=(
        RandomTerm("Speaker", variables=("Speaker", "Time")), RandomTerm("Speaker", variables=("Speaker", "Word"))))),
    ('y ~ s(x, by=as.ordered(W))+s(x)', Model("y", smooths=(SmoothTerm("x", "W", "ordered"), SmoothTerm("x")))),
    ("y ~ s(x, by=factor(w))", Model("y", smooths=(SmoothTerm("x", "w", "separate"),))),
    ("y ~ s(x, by=as.numeric(w))", Model("y", smooths=(SmoothTerm("x", "w", "numeric"),))),
    ('y ~ te(Time, Dur, k=c(6,5), bs=c("cr","tp"))',
     Model("y", smooths=(SmoothTerm(("Time", "Dur"), None, None, (6, 5), (2, 2), "te", ("cr", "tp")),))),
    ("y ~ ti(a) + ti(b) + ti(a, b, k=4)", Model("y", smooths=(
        SmoothTerm(("a",), k=(5,), bs="ti"), SmoothTerm(("b",), k=(5,), bs="ti"),
        SmoothTerm(("a", "b"), k=(4, 4), bs="ti")))),
    ('y ~ te(a, b, bs="tp", m=c(1, 2))',
     Model("y", smooths=(SmoothTerm(("a", "b"), m=(1, 2), bs="te", margins=("tp", "tp")),))),
    ('y ~ s(Dur, bs="cs")', Model("y", smooths=(SmoothTerm("Dur", k=10, bs="cs"),))),
    ('y ~ s(Dur, bs="ts", m=1)', Model("y", smooths=(SmoothTerm("Dur", k=9, m=1, bs="ts"),))),
    ("y ~ s(a, b)", Model("y", smooths=(SmoothTerm(("a", "b"), k=30),))),
    ("y ~ offset(log_n) + x", Model("y", ("x",), offset="log_n")),
    ("y ~ x + offset(log( n ))", Model("y", ("x",), offset="log(n)")),
    ("y ~ Word*Sex + Word:Age + I(x^2) - 1", Model("y", ("Word*Sex", "Word:Age", "I(x^2)"), intercept=False)),
    ('y ~ s(t, interaction(Speaker,Word), bs="fs", m=1)',
     Model("y", random=(RandomTerm("interaction(Speaker, Word)", "t", 9, 1),))),
    ("`a~b` ~ s(`c,d`, by=`e(f)`)", Model("a~b", smooths=(SmoothTerm("c,d", "e(f)"),))),
    ('y ~ s(t, as.factor(Speaker), bs="fs")', Model("y", random=(RandomTerm("Speaker", "t", 10, 2),))),
])
def test_forms(text: str, model: Model) -> None:
    assert parse_formula(text) == model
    assert parse_formula(str(model)) == replace(model, smooths=parse_formula(str(model)).smooths)


def test_what_stands_beside_the_formula() -> None:
    model = parse_formula("Hit ~ s(x)", family="binomial", select=True, weights="n")
    assert (model.family, model.select, model.weights) == ("binomial", True, "n")
    assert model.numbers == ("x", "n")


# mgcv 1.8-41: columns of gam(..., fit = FALSE), with the centring constraint taken off
@pytest.mark.parametrize(("text", "sizes"), [
    ("s(x)", (10,)), ("s(x, m=1)", (9,)), ('s(x, bs="cr")', (10,)), ('s(x, bs="cc")', (10,)), ('s(x, bs="ts")', (10,)),
    ("s(x, z)", (30,)), ("te(x, z)", (5, 5)), ("ti(x)", (5,)), ("te(x, z, k=c(6, 5))", (6, 5)),
])
def test_sizes_of_bases_are_mgcv_s(text: str, sizes: tuple[int, ...]) -> None:
    assert parse_formula("y ~ " + text).smooths[0].sizes == sizes


REFUSED = [
    ("s(x, f, bs='fs', xt='cr')", r"option \(=xt\) .* must be one of k, m, by, bs; use thin plate smooths"),
    ("s(x, fx=TRUE)", r"option \(=fx\) of s\(x, fx=TRUE\) must be one of k, m, by, bs; use a smaller k instead"),
    ("s(x, sp=1)", r"option \(=sp\) .* use an estimated smoothing parameter instead"),
    ("te(x, z, d=c(1, 1))", r"option \(=d\) .* use te\(x, z\) of two variables"),
    ("t2(x, z)", r"term \(=t2\(x, z\)\) cannot be fitted here; use te\(x, z\)"),
    ("s(x, bs='ad')", r'bs \(=ad\) .* use bs="tp" with a larger k instead'),
    ("s(x, z, bs='gp')", r'bs \(=gp\) .* use bs="tp" instead'),
    ("s(a, bs='mrf')", r'bs \(=mrf\) .* use s\(area, bs="re"\) instead'),
    ("s(x, bs='ps')", r'bs \(=ps\) .* use bs="cr" instead'),
    ("s(x, bs='cp')", r'bs \(=cp\) .* use bs="cc" instead'),
    ("s(x, w, bs='sz')", r"bs \(=sz\) .* use s\(x, by=ordered\(word\)\) instead"),
    ("s(x, bs='zz')", r"bs \(=zz\) of s\(x, bs='zz'\) must be one of tp, ts, cr, cs, cc, fs, re$"),
    ("s(x, bs=c('cr', 'tp'))", r"bs \(=cr, tp\) .* must be one basis; only te and ti have several"),
    ("te(x, f, bs=c('cr', 're'))", r'bs \(=re\) of .* take s\(x, speaker, bs="fs", m=1\)'),
    ("te(x, z, k=c(3, 4, 5))", r"k \(=3, 4, 5\) of te\(x,z\) must be one value, or one for each of 2 variables"),
    ("te(x, z, k=2)", r'k \(=2\) of te\(x,z\) must be a whole number, 3 or more for bs="cr"'),
    ("s(x, bs='cc', k=3)", r'k \(=3\) of s\(x\) must be a whole number, 4 or more for bs="cc"'),
    ("s(x, z, k=3)", r"k \(=3\) of s\(x,z\) must be a whole number above 3"),
    ("s(x, k=c(3, 4))", r"k \(=\(3, 4\)\) of s\(x\) must be a whole number"),
    ("s(x, z, m=1)", r"m \(=1\) of s\(x,z\) must be 2"),
    ("s(x, z, bs='cr')", r's\(x,z\) must be a smooth of one variable with bs="cr"; take te\(x, z\)'),
    ("s(x, y, z)", r"must be a smooth of two variables at most .*; take te\(x, y, z\)"),
    ("s(x, x)", r"variables \(=x, x\) of s\(x,x\) must be named, and each of them once"),
    ("te()", r"term \(=te\(\)\) must be one of s\(x\)"),
    ("s(T, bs='re', k=4)", "k and m of .* must be left out: a random intercept has none"),
    ("s(x, a, b, bs='fs')", r"put two factors together as interaction\(speaker, word\)"),
    ("s(x) + te(x, z)", r"te\(x,z\) must not stand beside s\(x\), .* write ti\(x, z\) for the interaction alone"),
    ("ti(x, z) + te(z, x)", r"te\(z,x\) must not stand beside ti\(x,z\), .* leave one of the two out"),
    ("s(x, z) + s(z)", r"s\(x,z\) must not stand beside s\(z\), .* write ti\(x, z\)"),
    ("s(x) + ti(x)", r"s\(x\) must not stand beside ti\(x\)"),
    ("s(x, by=ordered(w)) + te(x, z, by=ordered(w))", r"te\(x,z\):w must not stand beside s\(x\):w"),
    ("re(T) + re(T)", r"s\(T\) must stand once in the formula"),
    ("(1|Speaker)", r'term \(=\(1\|Speaker\)\) must be written .* s\(speaker, bs="re"\)'),
    ("offset(a) + offset(b)", "must have one offset at most; it has a and b"),
    ("offset(exp(n))", r"argument \(=exp\(n\)\) of offset\(exp\(n\)\) must be the name of a column"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refusals_are_one_line_each_and_say_what_to_use(text: str, message: str) -> None:
    with pytest.raises(GammError, match=message) as told:
        parse_formula("v ~ " + text)
    assert "\n" not in str(told.value)


def test_other_refusals() -> None:
    with pytest.raises(GammError, match=r"response \(=cbind\(a, b\)\) must be one column; put the proportion"):
        parse_formula("cbind(a, b) ~ x")
    with pytest.raises(GammError, match=r"family \(=gamma\) must be one of gaussian, binomial, poisson, scat"):
        parse_formula("y ~ x", family="gamma")
    with pytest.raises(GammError, match=r"formula .* must read `response ~ terms`"):
        parse_formula("y ~ x ~ z")
    with pytest.raises(GammError, match=r"by kind \(=ordered\) must be left out where there is no `by`"):
        SmoothTerm(("x",), by_kind="ordered")
    with pytest.raises(GammError, match=r"bs \(=fs\) of s\(x\) must be one of tp, ts, cr, cs, cc, te, ti"):
        SmoothTerm(("x",), bs="fs")
    with pytest.raises(GammError, match=r"margins \(=cr\) of s\(x\) must be left out"):
        SmoothTerm(("x",), margins=("cr",))
    with pytest.raises(GammError, match=r"bs \(=fs\) of a variable of te\(x\) must be one of"):
        SmoothTerm(("x",), bs="te", margins=("fs",))
    with pytest.raises(GammError, match=r"variables \(=a, b\) of s\(a,b\) must be T"):
        RandomTerm("T", variables=("a", "b"))


def test_nested_smooths_of_levels_beside_one_for_all_are_refused_once_the_kind_is_known() -> None:
    model = parse_formula("y ~ s(x, by=factor(w)) + te(x, z)")
    with pytest.raises(GammError, match=r"te\(x,z\) must not stand beside s\(x\):w"):
        model.with_by_kinds(frozenset())
    parse_formula("y ~ s(x, by=ordered(w)) + te(x, z)").with_by_kinds(frozenset())  # differences are not among them


def test_by_is_a_number_where_the_column_is_one() -> None:
    data = table()
    model = resolve_model(parse_formula("Value ~ Word + s(Time) + s(Time, by=IsF)"), data)
    assert model.smooths[1].by_kind == "numeric" and model.factors == () and model.numbers == ("Time", "IsF")
    factor = resolve_model(parse_formula("Value ~ s(Time) + s(Time, by=IsF)"), data, ["IsF"])
    assert factor.smooths[1].by_kind == "ordered"
    assert resolve_model(parse_formula("Value ~ s(Time, by=factor(IsF))"), data).smooths[0].by_kind == "separate"
    random = resolve_model(parse_formula('Value ~ fs(Time, Speaker) + s(Time, Speaker, by=IsF, bs="fs", m=1)'), data)
    assert [term.by_kind for term in random.random] == [None, "numeric"]
    words = resolve_model(parse_formula('Value ~ fs(Time, Speaker) + s(Time, Speaker, by=Word, bs="fs", m=1)'), data)
    assert words.random[1].by_kind == "separate"  # penalised, so that one for every word can stand beside it


@pytest.mark.parametrize(("text", "factor", "further"), [
    ('s(Speaker, Time, bs="re")', "Speaker", ("Time",)), ('s(Time, Speaker, bs="re")', "Speaker", ("Time",)),
    ('s(Speaker, Word, bs="re")', "Speaker", ("Word",)), ('s(Time, Item, Word, bs="re")', "Item", ("Time", "Word")),
    ('s(Rep, bs="re")', "Rep", ()), ('s(Rep, Time, bs="re")', "Rep", ("Time",)),
])
def test_the_factor_of_a_random_term_is_its_first_variable_without_numbers(text: str, factor: str,
                                                                           further: tuple[str, ...]) -> None:
    term, = resolve_model(parse_formula("Value ~ " + text), table()).random
    assert (term.factor, term.further) == (factor, further)
    assert term.label() == text.split(", bs")[0].replace(" ", "") + ")"


def test_a_random_smooth_may_name_its_factor_first() -> None:
    term, = resolve_model(parse_formula('Value ~ s(Speaker, Time, bs="fs", m=1)'), table()).random
    assert (term.variable, term.factor, term.label()) == ("Time", "Speaker", "s(Speaker,Time)")


def test_a_smooth_of_a_factor_says_how_a_random_smooth_is_written() -> None:
    with pytest.raises(GammError, match=r'`Speaker` is a factor; write s\(Time, Speaker, bs="fs", m=1\) for'):
        resolve_model(parse_formula("Value ~ s(Time, Speaker)"), table())


NAMES = st.sampled_from(["x", "z", "Time", "Dur.ms", "t (s)", "_a", "é", "a~b", "interaction(A, B)", "k=5", "s(x)"])
BY = st.none() | NAMES
KINDS = st.sampled_from([None, "ordered"])


@st.composite
def smooths(draw: st.DrawFn) -> SmoothTerm:
    bs = draw(st.sampled_from([*BASES, *TENSORS]))
    most = 3 if bs in TENSORS else 2 if bs in ("tp", "ts") else 1
    names = tuple(draw(st.lists(NAMES, min_size=1, max_size=most, unique=True)))
    by = draw(BY)
    orders = st.sampled_from([1, 2])
    if bs in TENSORS:
        margins = tuple(draw(st.sampled_from(BASES)) for _ in names)
        k, m = tuple(draw(st.integers(4, 12)) for _ in names), tuple(draw(orders) for _ in names)
        return SmoothTerm(names, by, draw(KINDS) if by else None, draw(st.sampled_from([None, k])), m, bs, margins)
    m = draw(orders) if len(names) == 1 else 2
    return SmoothTerm(names, by, draw(KINDS) if by else None, draw(st.none() | st.integers(4, 40)), m, bs)


@st.composite
def random_terms(draw: st.DrawFn) -> RandomTerm:
    names = tuple(draw(st.lists(NAMES, min_size=2, max_size=3, unique=True)))
    by = draw(BY)
    kind = draw(KINDS) if by else None
    if draw(st.booleans()):
        k, m = draw(st.none() | st.integers(3, 12)), draw(st.sampled_from([1, 2]))
        return RandomTerm(names[1], names[0], k, m, by, kind)
    names = names[: draw(st.integers(1, 3))]
    return RandomTerm(names[0], by=by, by_kind=kind, variables=names)


@st.composite
def models(draw: st.DrawFn) -> Model:
    parametric = tuple(draw(st.lists(st.sampled_from(["Word", "Word*Sex", "Word:Sex", "I(x^2)", "log(Freq)"]),
                                     max_size=2, unique=True)))
    try:
        return Model(draw(NAMES), parametric, tuple(draw(st.lists(smooths(), max_size=3))),
                     tuple(draw(st.lists(random_terms(), max_size=3))), draw(st.booleans()),
                     offset=draw(st.none() | NAMES))
    except GammError:  # the same term twice, or one within another
        assume(False)
        raise


@settings(max_examples=300, deadline=None)
@given(models())
def test_a_printed_model_reads_back(model: Model) -> None:
    if not model.intercept and len(str(model).split(" ~ ", 1)[1]) == 1:
        return  # `y ~ 0`
    assert parse_formula(str(model)) == model


@settings(max_examples=200, deadline=None)
@given(models(), st.sets(NAMES), st.sets(NAMES))
def test_a_resolved_model_reads_back_for_the_same_table(model: Model, ordered: set[str], numeric: set[str]) -> None:
    kinds = frozenset(ordered), frozenset(numeric - ordered)
    try:
        resolved = model.with_by_kinds(*kinds)
    except GammError:
        return
    assert all((term.by is None) == (term.by_kind is None) for term in resolved.terms)
    assert resolved.with_by_kinds(*kinds) == resolved
    assert parse_formula(str(resolved)).with_by_kinds(*kinds) == resolved
