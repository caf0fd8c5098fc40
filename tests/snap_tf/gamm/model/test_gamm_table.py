"""What a table may be: columns, factors, order of rows, starts; and how everything else is refused."""

import numpy as np
import pandas as pd
import pytest
from twins.word_curves import word_table

from snap_tf.gamm import GammError, GammWarning, gamm, gamm_words
from snap_tf.gamm.model.formula import parse_formula
from snap_tf.gamm.model.table import PreparedTable, prepare_table

FORMULA = "Value ~ Word + s(Sample, k=5) + s(Sample, by=Word, k=5) + fs(Sample, Token, k=4)"


def table() -> pd.DataFrame:
    return word_table(0, n_tokens=6, n_steps=8)


def prepare(data: pd.DataFrame, formula: str = FORMULA, **options) -> PreparedTable:
    return prepare_table(parse_formula(formula).with_by_kinds(frozenset()), data, **options)


def at(data: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    changed = data.copy()
    changed[column] = changed[column].astype(object)
    changed.loc[row, column] = value
    return changed


def test_levels_come_in_order_of_appearance() -> None:
    data = table().replace({"ask": "zoo", "wash": "Ant"})
    assert list(prepare(data).frame["Word"].cat.categories) == ["zoo", "Ant"]
    assert list(prepare(data, reference={"Word": "Ant"}).frame["Word"].cat.categories) == ["Ant", "zoo"]


def test_levels_of_a_categorical_column_keep_their_order_and_lose_unused_ones() -> None:
    data = table().assign(Word=lambda d: pd.Categorical(d["Word"], categories=["oily", "wash", "ask"]))
    assert list(prepare(data).frame["Word"].cat.categories) == ["wash", "ask"]


def test_ordered_categorical_gives_difference_smooths_as_in_r() -> None:
    data = table().assign(WordO=lambda d: pd.Categorical(d["Word"], ["ask", "wash"], ordered=True))
    fit = gamm("Value ~ Word + s(Sample, by=WordO, k=5)", data)
    assert list(fit.smooths["term"]) == ["s(Sample):WordOwash"]
    fit = gamm("Value ~ Word + s(Sample, by=Word, k=5)", data)
    assert list(fit.smooths["term"]) == ["s(Sample):Wordask", "s(Sample):Wordwash"]


def test_sorted_rows_stay_and_tokens_keep_the_file_s_order() -> None:
    data = table()
    data = pd.concat([data[data["Token"] == token] for token in ("t3", "t0", "t5", "t1")])
    prepared = prepare(data)
    assert prepared.notices == () and prepared.block_names == ("t3", "t0", "t5", "t1")
    np.testing.assert_array_equal(prepared.rows, np.arange(32))


def test_time_out_of_order_is_sorted_within_tokens_only() -> None:
    data = table().iloc[::-1]
    prepared = prepare(data)
    assert prepared.block_names == ("t5", "t4", "t3", "t2", "t1", "t0")
    assert prepared.notices == ("48 of 48 rows were not in order and were sorted by Token and Sample",)


def test_scattered_tokens_are_sorted_by_label_numbers_by_size() -> None:
    data = table().assign(Token=lambda d: d["Token"].map({f"t{i}": i * 5 for i in range(6)}))
    prepared = prepare(data.sample(frac=1, random_state=0))
    assert prepared.block_names == (0, 5, 10, 15, 20, 25)
    as_text = data.assign(Token=data["Token"].astype(str)).sample(frac=1, random_state=0)
    assert prepare(as_text).block_names == ("0", "5", "10", "15", "20", "25")
    np.testing.assert_array_equal(prepared.frame["Sample"], np.tile(np.arange(1, 9), 6))
    np.testing.assert_array_equal(np.flatnonzero(prepared.starts), np.arange(0, 48, 8))


def test_the_user_is_told_once() -> None:
    with pytest.warns(GammWarning, match="sorted by Token and Sample") as told:
        fit = gamm(FORMULA, table().sample(frac=1, random_state=0))
    assert len(told) == 1 and told[0].filename == __file__
    assert "Note: " in str(fit) and "were sorted" in str(fit)


def test_numbers_as_words_and_tokens() -> None:
    data = table().assign(Word=lambda d: (d["Word"] == "wash") + 7, Token=lambda d: d["Token"].str[1:].astype(float))
    fit = gamm_words(data, value="Value", time="Sample", group="Word", token="Token", k=5, k_random=4)
    assert list(fit.parametric["term"]) == ["(Intercept)", "Word8"]
    other = gamm_words(data, value="Value", time="Sample", group="Word", token="Token", k=5, k_random=4, reference="8")
    assert other.levels == [8, 7]


def test_column_names_with_signs() -> None:
    data = table().rename(columns={"Value": "mean Conv5", "Sample": "time (s)", "Word": "word.type",
                                   "Token": "the token"})
    fit = gamm_words(data, value="mean Conv5", time="time (s)", group="word.type", token="the token", k=5, k_random=4)
    assert list(fit.parametric["term"]) == ["(Intercept)", "word.typewash"]
    again = gamm(fit.formula, data)  # the printed formula can be given again
    assert again.score == fit.score


def test_start_column_instead_of_tokens_and_beside_them() -> None:
    data = table().assign(Start=lambda d: d["Sample"] == 1)
    formula = "Value ~ Word + s(Sample, k=5)"
    np.testing.assert_array_equal(prepare(data, formula, start="Start").starts, data["Start"])
    text = data.assign(Start=data["Start"].map({True: "TRUE", False: "FALSE"}))
    np.testing.assert_array_equal(prepare(text, formula, start="Start").starts, data["Start"])
    assert prepare(data, start="Start").block_names == tuple(f"t{i}" for i in range(6))
    shuffled = data.sample(frac=1, random_state=0)
    assert prepare(shuffled, start="Start").starts.sum() == 6
    with pytest.raises(GammError, match=r"the start column must be 1 in the first row|`Sample` must ascend"):
        prepare(shuffled, formula, start="Start")


def test_tokens_within_speakers() -> None:
    data = table().assign(Speaker=lambda d: np.where(d["Token"].isin(["t0", "t1", "t4"]), "S1", "S2"))
    formula = "Value ~ Word + s(Sample, k=5) + fs(Sample, Speaker, k=4)"
    prepared = prepare(data, formula, token="Token")
    assert set(prepared.block_names) == {"S1", "S2"} and prepared.starts.sum() == 6
    with pytest.raises(GammError, match="every `Speaker` must have one `Word`; S1, S2 have two or more"):
        prepare(data, formula)
    with pytest.raises(GammError, match="every series must belong to one `Speaker`; t0 belong to several"):
        prepare(at(data, 3, "Speaker", "S2"), formula, token="Token")


def test_interactions_are_read_by_patsy() -> None:
    data = table().assign(Sex=lambda d: np.where(d["Token"].isin(["t0", "t1"]), "f", "m"))
    fit = gamm("Value ~ Word*Sex + s(Sample, k=5)", data, token="Token")
    assert list(fit.parametric["term"]) == ["(Intercept)", "Wordwash", "Sexm", "Wordwash:Sexm"]
    whole = gamm("Value ~ -1 + Word + s(Sample, k=5)", data)
    assert list(whole.parametric["term"]) == ["Wordask", "Wordwash"]


BAD = {
    "missing column": (lambda d: d.rename(columns={"Word": "word"}), {},
                       r"column \(=Word\) must be in the table; it has Token, word, Sample, Value"),
    "empty": (lambda d: d.iloc[:0], {}, "the table must have rows; it is empty"),
    "two columns of one name": (lambda d: pd.concat([d, d["Word"]], axis=1), {}, "Word stand there twice"),
    "one word": (lambda d: d[d["Word"] == "ask"], {}, "`Word` must hold two words or more; there is only ask"),
    "token with two words": (lambda d: at(d, 3, "Word", "wash"), {}, "every `Token` must have one `Word`; t0 has two"),
    "time twice": (lambda d: at(d, 3, "Sample", 3), {},
                   "`Sample` must be different in all rows of one `Token`; t0 has a value twice"),
    "not finite": (lambda d: at(at(d, 3, "Value", np.inf), 9, "Value", -np.inf), {},
                   r"`Value` must hold finite numbers; rows 4, 10 \(the first row below the header is 1\) do not "
                   r"\(=inf, -inf\)"),
    "text as number": (lambda d: at(d, 0, "Sample", "much"), {},
                       r"`Sample` must hold finite numbers; row 1 .* \(=much\)"),
    "no word": (lambda d: d.assign(Word=None), {}, r"must have rows without NA .*; `Word` is NA in 48;"),
    "no token": (lambda d: d.assign(Token="NA"), {}, r"must have rows without NA .*; `Token` is NA in 48;"),
    "fewer times than k": (lambda d: d[d["Sample"] <= 4], {},
                           r"k \(=5\) of s\(Sample\) must be at most the number of different values of `Sample`; "
                           "there are 4"),
    "constant": (lambda d: d.assign(Value=0.25), {}, "`Value` must vary; it is 0.25 in every row"),
    "constant by word": (lambda d: d.assign(Value=(d["Word"] == "ask") * 1.0), {},
                         "`Value` must vary within the parametric terms; it is constant there"),
    "fitted exactly": (lambda d: d.assign(Value=d["Sample"] * 2.0), {}, "`Value` must not be fitted exactly"),
    "rho of 1": (lambda d: d, {"rho": 1.0}, r"rho \(=1.0\) must be 0 up to \(not including\) 1, or `auto`"),
    "rho below 0": (lambda d: d, {"rho": -0.1}, r"rho \(=-0.1\) must be 0 up to"),
    "rho a word": (lambda d: d, {"rho": "much"}, r"rho \(=much\) must be 0 up to"),
    "unknown reference": (lambda d: d, {"reference": {"Word": "oily"}},
                          r"reference \(=oily\) must be a level of `Word`; there are ask, wash"),
    "reference of no factor": (lambda d: d, {"reference": {"Sample": 3}},
                               r"reference column \(=Sample\) must be a factor"),
    "starts elsewhere": (lambda d: d.assign(Start=(d["Sample"] == 2) * 1), {"start": "Start"},
                         "the start column must be 1 in the first row of every `Token` and 0 elsewhere; t0, t1"),
    "starts of another kind": (lambda d: d.assign(Start=d["Sample"]), {"start": "Start"},
                               "`Start` must be 1 in the first row of every series and 0 elsewhere; rows 2, 3"),
    "method": (lambda d: d, {"method": "GCV"}, r"method \(=GCV\) must be one of REML, ML"),
    "too few knots": (lambda d: d, {"knots": 4}, r"knots of s\(Sample\) \(=4 different\) must be at least k \(=5\)"),
    "knots of another variable": (lambda d: d, {"knots": {"Time": 5}}, r"knots for \(=Time\) must be for a variable"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tables_and_options(name: str) -> None:
    change, options, message = BAD[name]
    with pytest.raises(GammError, match=message):
        gamm(FORMULA, change(table()), **options)


@pytest.mark.parametrize(("formula", "options", "message"), [
    ("Value ~ Word + s(Sample)", {"rho": 0.3}, r"rho \(=0.3\) must be 0 where nothing tells one series from the next"),
    ("Value ~ Word + s(Sample, by=Word, k=5)", {"rho": "auto"}, r"rho \(=auto\) must be 0 where nothing tells"),
    ("Value ~ Word + Word2 + s(Sample, k=5)", {}, r"terms \(=.*Wordwash.*Word2y.*\) must be told apart"),
    ("Value ~ np.log(Wort) + s(Sample, k=5)", {}, r"parametric part \(=np.log\(Wort\)\) must be readable by patsy"),
    ("Value ~ s(Sample, by=ordered(Word), k=5) + s(Sample, by=Word)", {}, "must stand once in the formula"),
    ("Value ~ s(Word, k=5)", {}, r"`Word` must hold finite numbers; rows 1, 2"),
    ("Value ~ s(Value, k=5)", {}, "`Value` must be the response only; a term of the model is of it too"),
    ("Value ~ Word + s(Sample, by=Value)", {}, "`Value` must be the response only"),
    ("Value ~ Word + s(Sample, by=factor(Sample))", {}, r"column \(=Sample\) must be either a number or a factor"),
])
def test_bad_models(formula: str, options: dict, message: str) -> None:
    data = table().assign(Word2=lambda d: np.where(d["Word"] == "wash", "y", "x"))
    with pytest.raises(GammError, match=message):
        gamm(formula, data, **options)


def test_a_series_where_rows_are_fewer_than_terms() -> None:
    data = table().iloc[:5].assign(Word=["a", "a", "b", "b", "b"])
    with pytest.raises(GammError, match=r"the table \(=5 rows\) must have more rows than the model has free terms"):
        gamm("Value ~ Word*Sample", data)
