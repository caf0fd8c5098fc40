"""Formulas in mgcv's words."""

import pytest

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.model.formula import parse_formula
from snap_tf.gamm.model.terms import Model, RandomTerm, SmoothTerm
from snap_tf.gamm.questions.words import word_model


def test_the_published_model() -> None:
    model = parse_formula("Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)")
    assert model == Model("Value", ("Word",), (SmoothTerm("Sample"), SmoothTerm("Sample", "Word")),
                          (RandomTerm("Token", "Sample", 9, 1),))
    ordered = model.with_by_kinds(frozenset())
    assert str(ordered) == ('Value ~ Word + s(Sample, bs = "tp", k = 10) + s(Sample, by = ordered(Word), bs = "tp", '
                            'k = 10) + s(Sample, Token, bs = "fs", k = 9, m = 1)')
    assert word_model(value="Value", time="Sample", group="Word", token="Token") == ordered


@pytest.mark.parametrize(("text", "model"), [
    ("y ~ 1", Model("y")),
    ("y ~ a*b + s(x, k=6L, m = 1) - 1", Model("y", ("a*b",), (SmoothTerm("x", k=6, m=1),), intercept=False)),
    ("y~0+a+s(x,by=as.ordered(w.o),bs='tp')", Model("y", ("a",), (SmoothTerm("x", "w.o", "ordered"),), (), False)),
    ("y ~ -1 + a:b", Model("y", ("a:b",), intercept=False)),
    ("y ~ C(a - 1) + s(`t (s)`)", Model("y", ("C(a - 1)",), (SmoothTerm("t (s)"),))),
    ('`v v` ~ s(x, T, bs="fs")', Model("v v", random=(RandomTerm("T", "x", 10, 2),))),  # mgcv's defaults
    ('y ~ s(x, T, bs="fs", m=1)', Model("y", random=(RandomTerm("T", "x", 9, 1),))),  # m + 8
    ("y ~ fs(x, T, k=5)", Model("y", random=(RandomTerm("T", "x", 5, 1),))),
    ('y ~ s(T, bs="re")', Model("y", random=(RandomTerm("T"),))),
    ("y ~ re(T)", Model("y", random=(RandomTerm("T"),))),
    ("y ~ s(x, m=1)", Model("y", smooths=(SmoothTerm("x", k=9, m=1),))),
])
def test_forms(text: str, model: Model) -> None:
    assert parse_formula(text) == model


@pytest.mark.parametrize("text", ["y ~ a + s(x, k = 7, m = 1)", "y ~ 0 + s(x, by = ordered(w)) + fs(`t (s)`, T)",
                                  "`a b` ~ s(`c d`, by = w) + re(`e f`)"])
def test_printed_formula_reads_back(text: str) -> None:
    model = parse_formula(text)
    assert parse_formula(str(model)) == model


@pytest.mark.parametrize(("text", "message"), [
    ("y", "must read `response ~ terms`"),
    ("y ~ ", "must read `response ~ terms`"),
    ("y ~ + a", "a term on both sides of every sign"),
    ("y ~ a + + b", "a term on both sides of every sign"),
    ("y ~ a - b", r"term \(=-b\) of the formula must be added"),
    ("y ~ s(x", "must close every bracket"),
    ("y ~ s(x)) + s(z", "must open every bracket before"),
    ("y ~ s(log(x))", r"argument \(=log\(x\)\) of s\(log\(x\)\) must be the name of a column"),
    ("y ~ s(x, k=a)", r"k \(=a\) of s\(x, k=a\) must be a whole number"),
    ("y ~ s(x, k=2)", r"k \(=2\) of s\(x\) must be a whole number above m \(=2\)"),
    ("y ~ s(x, m=3)", r"m \(=3\) of s\(x\) must be 1 or 2"),
    ("y ~ s(x) + s(x, k=5)", "must stand once in the formula"),
])
def test_refusals(text: str, message: str) -> None:
    with pytest.raises(GammError, match=message):
        parse_formula(text)


@pytest.mark.parametrize(("options", "message"), [
    ({"by": "both"}, r"by \(=both\) must be one of ordered, separate, none"),
    ({"random": "slope"}, r"random \(=slope\) must be one of fs, intercept, none"),
    ({"token": None}, r"token must be named for random \(=fs\)"),
])
def test_keyword_refusals(options: dict, message: str) -> None:
    with pytest.raises(GammError, match=message):
        word_model(**{"value": "y", "time": "x", "group": "w", "token": "T", **options})


def test_keyword_models() -> None:
    def make(**options) -> str:
        return str(word_model(value="y", time="x", token="T", **options))

    assert make(group="w", by="separate", random="none") == 'y ~ w + s(x, by = w, bs = "tp", k = 10)'
    assert make(group="w", by="none", random="intercept") == 'y ~ w + s(x, bs = "tp", k = 10) + s(T, bs = "re")'
    assert make(random="none", k=6, m=1) == 'y ~ s(x, bs = "tp", k = 6, m = 1)'
    assert make(m_random=2) == 'y ~ s(x, bs = "tp", k = 10) + s(x, T, bs = "fs", k = 9, m = 2)'


def test_one_smooth_for_all_cannot_stand_beside_one_for_each() -> None:
    model = word_model(value="y", time="x", group="w", random="none")
    both = Model("y", ("w",), (model.smooths[0], SmoothTerm("x", "w", "separate")))
    with pytest.raises(GammError, match="must be difference smooths"):
        both.with_by_kinds(frozenset())


def test_keyword_models_with_speakers_and_items() -> None:
    """Speakers and items have smooths as tokens have them; the published model is the one without."""
    words = {"value": "y", "time": "x", "group": "w", "token": "T"}
    formula = "y ~ w + s(x) + s(x, by=ordered(w)) + fs(x, S) + fs(x, I) + fs(x, T)"
    assert word_model(**words, speaker="S", item="I") == parse_formula(formula)
    levels = word_model(**words, speaker="S", random="intercept")
    assert levels == parse_formula("y ~ w + s(x) + s(x, by=ordered(w)) + re(S) + re(T)")
    alone = word_model(**words, speaker="S", random="none", k_random=5, m_random=2)
    assert alone.random == (RandomTerm("S", "x", 5, 2),)
    for further, message in (({"speaker": "T"}, "speaker (=T) must be another column than token; leave one of"),
                             ({"speaker": "S", "item": "S"}, "speaker (=S) must be another column than item")):
        with pytest.raises(GammError) as caught:
            word_model(**words, **further)
        assert message in str(caught.value)
    binomial = word_model(**words, family="binomial", select=True, weights="n")
    assert (binomial.family, binomial.select, binomial.weights) == ("binomial", True, "n")
