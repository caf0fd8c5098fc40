"""Tables with crossed and nested random factors, series that do not need a random term, weights, offset, families."""

import numpy as np
import pandas as pd
import pytest

from snap_tf.gamm import GammError, gamm
from snap_tf.gamm.model.columns import resolve_model
from snap_tf.gamm.model.formula import parse_formula
from snap_tf.gamm.model.parametric import ParametricPart
from snap_tf.gamm.model.table import PreparedTable, prepare_table

CORE = "Value ~ Word + s(Time, k=5) + s(Time, by=ordered(Word), k=5)"
BOTH = CORE + " + re(Speaker) + re(Item)"


def table(n_steps: int = 6) -> pd.DataFrame:
    """3 speakers x 2 words x 2 items a word: a token each; 12 tokens."""
    rng = np.random.default_rng(0)
    rows = [(f"t{token:02d}", speaker, word, f"{word}_{item}", step / 10)
            for token, (speaker, word, item) in enumerate(
                (speaker, word, item) for speaker in ("M0", "F1", "M2") for word in ("ask", "wash") for item in (0, 1))
            for step in range(n_steps)]
    data = pd.DataFrame(rows, columns=["Token", "Speaker", "Word", "Item", "Time"])
    by_token = data.groupby("Token", sort=False).ngroup().to_numpy()
    return data.assign(Value=rng.normal(size=len(data)).round(4), Hit=rng.integers(0, 2, len(data)),
                       Count=rng.poisson(2, len(data)), Trials=rng.integers(1, 5, len(data)),
                       Dur=rng.uniform(0.1, 0.3, 12).round(3)[by_token], IsF=(data["Speaker"] == "F1") * 1,
                       Start=(data["Time"] == 0) * 1)


def prepare(data: pd.DataFrame, formula: str = CORE, family: str = "gaussian", weights: str | None = None,
            **options) -> PreparedTable:
    model = parse_formula(formula, family=family, weights=weights)
    return prepare_table(resolve_model(model, data, (options.get("token"),)), data, **options)


def shuffled(data: pd.DataFrame) -> pd.DataFrame:
    return data.sample(frac=1, random_state=1, ignore_index=True)


def test_every_random_factor_has_codes_and_names() -> None:
    data = table()
    prepared = prepare(data, BOTH + " + fs(Time, Token, k=3)")
    assert [factor.name for factor in prepared.random] == ["Speaker", "Item", "Token"]
    for factor in prepared.random:
        assert [factor.levels[code] for code in factor.codes] == list(data[factor.name])
    speaker, item, token = prepared.random
    assert token.nests_in(speaker) and token.nests_in(item) and token.nests_in(token)
    assert not speaker.nests_in(item) and not item.nests_in(speaker) and not speaker.nests_in(token)
    assert prepared.weights.tolist() == [1.0] * 72 and prepared.offset.tolist() == [0.0] * 72


def test_a_factor_with_two_terms_stands_once() -> None:
    prepared = prepare(table(), CORE + ' + re(Speaker) + s(Speaker, Time, bs="re") + s(Speaker, Word, bs="re")',
                       autocorrelated=False)
    assert [factor.name for factor in prepared.random] == ["Speaker"]
    assert isinstance(prepared.frame["Word"].dtype, pd.CategoricalDtype) and prepared.frame["Time"].dtype == float


def test_series_of_nested_factors_are_the_innermost() -> None:
    prepared = prepare(shuffled(table()), BOTH + " + re(Token)")
    assert prepared.series_known and prepared.starts.sum() == 12
    assert prepared.notices == (f"{(prepared.rows != np.arange(72)).sum()} of 72 rows were not in order and were "
                                "sorted by Token and Time",)
    frame = prepared.frame
    assert frame["Token"].astype(str).is_monotonic_increasing and (frame["Time"].diff()[~prepared.starts] > 0).all()


def test_crossed_factors_need_no_series_without_rho() -> None:
    data = table()
    for options in ({}, {"autocorrelated": False}):
        prepared = prepare(shuffled(data), BOTH, **options)
        assert not prepared.series_known and prepared.notices == () and prepared.starts.sum() == 1
        np.testing.assert_array_equal(prepared.rows, np.arange(72))
    with pytest.raises(GammError, match=r"rho \(=0.3\) must be 0 where nothing tells one series from the next; name "
                                        "the token or the start column"):
        gamm(BOTH, data, rho=0.3)


@pytest.mark.parametrize("options", [{"token": "Token"}, {"start": "Start"}, {"token": "Token", "start": "Start"}])
def test_token_or_start_tell_series_apart_whatever_the_random_terms_are(options: dict[str, str]) -> None:
    for formula in (CORE, CORE + " + re(Speaker)", BOTH):
        prepared = prepare(table(), formula, **options)
        assert prepared.series_known
        np.testing.assert_array_equal(prepared.starts, table()["Start"] == 1)


def test_starts_beside_the_innermost_factor_are_compared_with_it() -> None:
    data = table()
    prepared = prepare(data, BOTH + " + re(Token)", start="Start")
    assert prepared.starts.sum() == 12
    wrong = data.assign(Start=(data["Time"] == 0.1) * 1)
    with pytest.raises(GammError, match="the start column must be 1 in the first row of every `Token` and 0 elsewhere"):
        prepare(wrong, BOTH + " + re(Token)", start="Start")


def test_speakers_alone_are_no_series_and_may_have_several_words() -> None:
    formula = CORE + " + s(Time, Speaker, bs='fs', m=1, k=4)"
    prepared = prepare(shuffled(table()), formula, autocorrelated=False)
    assert not prepared.series_known and prepared.notices == ()
    assert len(prepared.block_names) == 3 and np.all(np.diff(prepared.blocks) >= 0)
    with pytest.raises(GammError, match=r"every `Speaker` must have one `Word`; M0, F1, M2 have two or more; .* name "
                                        "the column that tells single series apart as token"):
        prepare(table(), formula)
    with pytest.raises(GammError, match="every `Speaker` must have one `Word`"):
        gamm(formula, table(), rho=0.3)


def test_a_wrong_cell_in_one_token_is_still_refused_without_rho() -> None:
    data = table()
    data.loc[3, "Word"] = "wash"
    with pytest.raises(GammError, match="every `Token` must have one `Word`; t00 has two or more"):
        prepare(data, CORE + " + fs(Time, Token, k=3)", autocorrelated=False)


def test_random_intercepts_without_rho_ask_nothing_of_words_and_values() -> None:
    """Reaction times of subjects: some have a value of a covariate twice."""
    data = table()
    data.loc[3, "Time"] = data.loc[2, "Time"]
    assert not prepare(data, "Value ~ s(Time, k=4) + re(Token)", autocorrelated=False).series_known
    with pytest.raises(GammError, match="`Time` must be different in all rows of one `Token`; t00 has a value twice"):
        prepare(data, "Value ~ s(Time, k=4) + re(Token)")


def test_series_belong_to_one_level_of_every_random_factor_when_rho_is_used() -> None:
    data = table()
    data.loc[3, "Item"] = "wash_1"
    for name, formula in (("Item", BOTH), ("Item", CORE + " + re(Item)")):
        with pytest.raises(GammError, match=f"every series must belong to one `{name}`; t00 belong to several"):
            prepare(data, formula, token="Token")
        assert prepare(data, formula, token="Token", autocorrelated=False).series_known


def test_the_time_of_a_series_is_the_variable_that_varies_within_it() -> None:
    formula = "Value ~ s(Dur, k=4) + s(Time, k=4) + re(Speaker)"
    assert prepare(table(), formula, token="Token").notices == ()
    assert "sorted by Token and Time" in prepare(shuffled(table()), formula, token="Token").notices[0]
    only = prepare(table(), "Value ~ s(Dur, k=4) + re(Speaker)", token="Token")
    assert only.notices == () and only.starts.sum() == 12
    other = table().assign(Pitch=lambda d: -d["Time"])  # descends: a covariate, not the time
    assert prepare(other, "Value ~ s(Pitch, k=4) + s(Time, k=4)", token="Token").notices == ()


def test_unequal_series_and_missing_cells_in_any_factor() -> None:
    data = table()
    data = data[~((data["Token"] == "t03") & (data["Time"] > 0.3))].reset_index(drop=True).astype({"Speaker": object})
    data.loc[[0, 1], "Speaker"] = None
    data.loc[30, "Item"] = "NA"
    prepared = prepare(data, BOTH, token="Token", start="Start")
    assert prepared.n_left_out == 3 and prepared.starts.sum() == 12 and prepared.starts[0]
    assert prepared.notices == (f"3 of {len(data)} rows were left out, as R's na.omit does: `Speaker` is NA in 2, "
                                "`Item` is NA in 1",)
    assert 30 not in prepared.rows and [len(factor.codes) for factor in prepared.random] == [len(data) - 3] * 2


def test_numbers_stay_numbers() -> None:
    prepared = prepare(table(), CORE + " + s(Time, by=IsF, k=4) + s(Speaker, IsF, bs='re')", token="Token")
    assert prepared.frame["IsF"].tolist() == table()["IsF"].astype(float).tolist()
    text = table().assign(IsF=lambda d: np.where(d["Token"] == "t00", "NA", d["IsF"].astype(str)))
    assert prepare(text, CORE + " + s(Time, by=IsF, k=4)").frame["IsF"].dtype == float


def test_an_ordered_copy_needs_no_column_and_the_message_says_so() -> None:
    assert list(prepare(table()).frame.columns) == ["Value", "Time", "Word"]
    with pytest.raises(GammError, match=r"column \(=WordO\) must be in the table; .*; for difference smooths of `Word` "
                                        r"write by=ordered\(Word\)"):
        prepare(table(), "Value ~ Word + s(Time, by=WordO)")


def test_interactions_are_made_with_levels_as_r_orders_them() -> None:
    data = table()
    name = "interaction(Speaker, Word)"
    prepared = prepare(data, f"{CORE} + s(Time, interaction(Speaker,Word), bs='fs', m=1, k=4)", autocorrelated=False)
    factor, = prepared.random
    assert factor.name == name and factor.levels == ("M0.ask", "F1.ask", "M2.ask", "M0.wash", "F1.wash", "M2.wash")
    assert list(prepared.frame[name]) == list(data["Speaker"] + "." + data["Word"])
    made = prepare(data[~data["Token"].isin(["t00", "t01"])], f"Value ~ s(Time, by={name}, k=4)")
    assert list(made.frame[name].cat.categories) == ["M0.wash", "F1.wash", "M2.wash", "F1.ask", "M2.ask"]
    gone = data.assign(Word=np.where(data["Token"] == "t01", "NA", data["Word"]))
    assert "`interaction(Speaker, Word)` is NA in 6" in prepare(gone, f"Value ~ re({name})").notices[0]
    with pytest.raises(GammError, match=r"column \(=Sprecher\) must be in the table"):
        prepare(data, "Value ~ re(interaction(Sprecher, Word))")


def test_weights_and_offset_are_read() -> None:
    prepared = prepare(table(), "Count ~ Word + offset(Dur)", "poisson", "Trials")
    np.testing.assert_array_equal(prepared.weights, table()["Trials"])
    np.testing.assert_array_equal(prepared.offset, table()["Dur"])
    logged = prepare(table(), "Count ~ Word + offset(log(Trials))", "poisson")
    np.testing.assert_allclose(np.exp(logged.offset), table()["Trials"])
    with pytest.raises(GammError, match=r"`IsF` must hold numbers above 0 for log\(IsF\); rows 1, 2, .* do not \(=0.0"):
        prepare(table(), "Count ~ offset(log(IsF))")
    gone = table().astype({"Trials": float})
    gone.loc[5, "Trials"] = np.nan
    assert "`Trials` is NA in 1" in prepare(gone, weights="Trials").notices[0]
    with pytest.raises(GammError, match=r"column \(=log_n\) must be in the table"):
        prepare(table(), "Count ~ offset(log_n)")


@pytest.mark.parametrize(("column", "values", "family", "weights", "message"), [
    ("Hit", {4: 2}, "binomial", None, r"`Hit` must hold 0 and 1 for family binomial; row {} .* does not \(=2.0\); for "
                                      "proportions, name the column of trials as weights"),
    ("Hit", {7: -1}, "binomial", "Trials", r"`Hit` must hold proportions from 0 to 1 .*; row {} .*divide"),
    ("Count", {3: 1.5, 9: -1}, "poisson", None, r"`Count` must hold counts .* rows {}, 1. .* do not \(=1.5, -1.0\)"),
    ("Trials", {2: 0}, "gaussian", "Trials", r"`Trials` must hold weights above 0; row {} .* does not \(=0.0\); leave"),
])
def test_responses_of_families(column: str, values: dict[int, float], family: str, weights: str | None,
                               message: str) -> None:
    data = table().astype({column: float})
    formula = f"{'Value' if column == 'Trials' else column} ~ Word + s(Time, k=4)"
    assert prepare(data, formula, family, weights).n_left_out == 0
    data.loc[list(values), column] = list(values.values())
    with pytest.raises(GammError, match=message.format(min(values) + 1)):
        prepare(data, formula, family, weights)
    moved = pd.concat([data.iloc[:1].assign(**{column: np.nan}), data])  # rows are counted in the table given
    with pytest.raises(GammError, match=message.format(min(values) + 2)):
        prepare(moved, formula, family, weights)


def test_a_logical_response_is_0_and_1() -> None:
    for column in (table()["Hit"] == 1, (table()["Hit"] == 1).map({True: "TRUE", False: "FALSE"})):
        column = column.astype(object).where(table()["Token"] != "t00", "NA")
        prepared = prepare(table().assign(Hit=column), "Hit ~ Word", "binomial")
        assert prepared.n_left_out == 6 and prepared.frame["Hit"].tolist() == table()["Hit"].tolist()[6:]
    with pytest.raises(GammError, match=r"`Hit` must hold finite numbers; rows 1, 2.*\(=no, no, no\)"):
        prepare(table().assign(Hit="no"), "Hit ~ Word", "binomial")


def test_proportions_with_trials_are_fine() -> None:
    data = table().assign(Hit=lambda d: d["Hit"] / d["Trials"])
    assert prepare(data, "Hit ~ Word", "binomial", "Trials").weights.max() == 4


def test_autocorrelation_of_other_families_is_refused_with_the_reason() -> None:
    for rho in (0.3, "auto"):
        with pytest.raises(GammError, match=rf"rho \(={rho}\) must be 0 for family poisson: AR\(1\) errors are those "
                                            "of a Gaussian response"):
            gamm("Count ~ Word", table(), family="poisson", rho=rho, token="Token")


@pytest.mark.parametrize(("terms", "names"), [
    (["Word*`my sex`"], ["(Intercept)", "Wordb", "my sexm", "Wordb:my sexm"]),
    (["I(log.n^2)", "log(n)"], ["(Intercept)", "I(log.n^2)", "log(n)"]),
    (["as.factor(n)", "sqrt(log.n)"], ["(Intercept)", "factor(n)2", "factor(n)4", "sqrt(log.n)"]),
    (["(Word + factor(n))^2"], ["(Intercept)", "Wordb", "factor(n)2", "factor(n)4", "Wordb:factor(n)2",
                                "Wordb:factor(n)4"]),
    (["np.log(n)", "Word:log.n"], ["(Intercept)", "np.log(n)", "Worda:log.n", "Wordb:log.n"]),
])
def test_expressions_of_r_in_the_parametric_part(terms: list[str], names: list[str]) -> None:
    """Names as colnames(model.matrix(...)) has them in R."""
    frame = pd.DataFrame({"Word": pd.Categorical(list("abababab")), "my sex": pd.Categorical(list("ffmmffmm")),
                          "log.n": np.linspace(0.1, 0.8, 8), "n": np.repeat([1.0, 2.0, 4.0, 2.0], 2)})
    part = ParametricPart(terms, True, frame)
    assert list(part.names) == names
    np.testing.assert_array_equal(part(frame.iloc[2:3]), part(frame)[2:3])
    squares = dict(zip(part.names, part(frame).T, strict=True)).get("I(log.n^2)")
    if squares is not None:
        np.testing.assert_allclose(squares, frame["log.n"] ** 2)
