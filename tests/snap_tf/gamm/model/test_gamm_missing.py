"""Cells that are missing: their rows are left out as R's na.omit leaves them out, and counted column by column."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from twins.word_curves import bump, layer_table, word_table

from snap_tf.cli import main
from snap_tf.gamm import GammError, GammWarning, compare, fit_layers, gamm, gamm_words, lost_contrasts
from snap_tf.gamm.model.formula import parse_formula
from snap_tf.gamm.model.missing import no_number, no_word
from snap_tf.gamm.model.table import PreparedTable, prepare_table

FORMULA = "Value ~ Word + s(Sample, k=5) + s(Sample, by=Word, k=5) + fs(Sample, Token, k=4)"
COLUMNS = ["--value", "Value", "--time", "Sample", "--group", "Word", "--token", "Token", "--k", "5", "--k-random", "4"]


def table(rho: float = 0.0) -> pd.DataFrame:
    return word_table(0, n_tokens=8, n_steps=9, effect=bump(0.2, 0.7, 0.5), rho=rho)


def without(data: pd.DataFrame, column: str, rows: list[int], mark: object = np.nan) -> pd.DataFrame:
    changed = data.copy()
    changed[column] = changed[column].astype(object)
    changed.loc[rows, column] = mark
    return changed


def prepare(data: pd.DataFrame, formula: str = FORMULA, **options) -> PreparedTable:
    return prepare_table(parse_formula(formula).with_by_kinds(frozenset()), data, **options)


@pytest.mark.parametrize("mark", [np.nan, None, "", "NA", " NaN ", pd.NA])
@pytest.mark.parametrize("column", ["Value", "Sample"])
def test_rows_without_a_number_are_left_out_as_if_they_had_never_been_there(column: str, mark: object) -> None:
    rows = [0, 4, 20, 26, 71]  # first, within and last rows of tokens
    with pytest.warns(GammWarning, match=rf"5 of 72 rows were left out, as R's na.omit does: `{column}` is NA in 5"):
        fit = gamm(FORMULA, without(table(), column, rows, mark), rho=0.4)
    other = gamm(FORMULA, table().drop(index=rows), rho=0.4)
    assert fit.score == other.score and fit.n == 67 and fit.n_left_out == 5
    np.testing.assert_array_equal(fit.fitted, other.fitted)
    np.testing.assert_array_equal(fit.kept, np.setdiff1d(np.arange(72), rows))
    assert "5 of 72 rows were left out" in str(fit)


def test_words_and_numbers_have_marks_of_their_own() -> None:
    """`nan` is a word of Chinese, `na` of many languages; R writes NA."""
    column = pd.Series(["", "NA", " NA ", None, "nan", "NaN", "na", "x"], dtype=object)
    assert no_word(column).tolist() == [True] * 4 + [False] * 4
    assert no_number(column).tolist() == [True] * 7 + [False]
    words = table().replace({"Word": dict(zip(table()["Word"].unique(), ["nan", "na"], strict=True))})
    fit = gamm_words(words, value="Value", time="Sample", group="Word", token="Token", k=5, random="intercept")
    assert (fit.levels, fit.n, fit.n_left_out) == (["nan", "na"], 72, 0)


def test_what_was_left_out_is_counted_by_the_fit() -> None:
    with pytest.warns(GammWarning, match="3 of 72 rows"):
        fit = gamm(FORMULA, without(table(), "Value", [1, 30, 71]), rho=0.4)
    assert (fit.n, fit.n_left_out) == (69, 3)


def test_every_column_has_its_own_count() -> None:
    data = without(without(without(table(), "Value", [3, 4]), "Word", [4, 5, 6]), "Token", [10])
    with pytest.warns(GammWarning, match="5 of 72 rows were left out.*: `Value` is NA in 2, `Token` is NA in 1, "
                                         "`Word` is NA in 3$"):
        fit = gamm(FORMULA, data)
    assert fit.levels == ["ask", "wash"] and fit.n == 67 and list(fit.random[0].levels) == [f"t{i}" for i in range(8)]


def test_words_and_tokens_of_which_nothing_is_left_are_named() -> None:
    data = table()
    data["Word"] = np.where(data["Token"].isin(["t6", "t7"]), "i:", data["Word"])
    data = without(data, "Value", [row for row in range(72) if data["Word"][row] == "i:"] + [0])
    with pytest.warns(GammWarning, match=r"no row is left of `Token` t6, t7, `Word` i:; the model is without them$"):
        fit = gamm(FORMULA, data)
    assert fit.levels == ["ask", "wash"]
    with pytest.warns(GammWarning) as told:
        gamm(FORMULA, without(table(), "Value", [0, 1]))
    assert not any("no row is left" in str(one.message) for one in told)


def test_covariates_and_further_factors_of_the_formula_count_too() -> None:
    data = table().assign(Speed=np.linspace(1, 2, 72), Sex=np.repeat([0, 0, 1, 1, 0, 0, 1, 1], 9), Other=np.nan)
    data = without(without(data, "Speed", [7]), "Sex", [8, 9]).astype({"Sex": float})
    with pytest.warns(GammWarning, match="3 of 72 rows were left out.*: `Speed` is NA in 1, `Sex` is NA in 2$"):
        fit = gamm("Value ~ Word + np.log(Speed) + s(Sample, by=factor(Sex), k=4)", data, token="Token")
    assert fit.n == 69  # a column that the model does not use costs nothing
    assert [term.removeprefix("s(Sample):") for term in fit.smooths["term"]] == ["Sex0", "Sex1"]  # not 0.0 and 1.0


def test_the_row_after_a_series_first_row_becomes_its_first() -> None:
    """With rho the first row of a series keeps its whole residual; mgcv's AR.start would be lost with the row."""
    data = table(0.6).assign(Start=lambda d: d["Sample"] == 1)
    formula = "Value ~ Word + s(Sample, k=5)"
    rows = [0, 9, 10, 40]
    expected = np.flatnonzero(data.drop(index=rows)["Sample"].groupby(data["Token"], sort=False).cumcount() == 0)
    for options in ({"start": "Start"}, {"token": "Token"}, {"start": "Start", "token": "Token"}):
        with pytest.warns(GammWarning, match="4 of 72 rows were left out"):
            fit = gamm(formula, without(data, "Value", rows), rho=0.5, **options)
        np.testing.assert_array_equal(np.flatnonzero(fit.starts), expected)
        assert fit.score == gamm(formula, data.drop(index=rows), rho=0.5, token="Token").score


def test_a_series_of_which_nothing_is_left_is_gone() -> None:
    data = table().assign(Start=lambda d: d["Sample"] == 1)
    gone = list(np.flatnonzero(data["Token"] == "t3"))
    assert list(prepare(without(data, "Value", gone), start="Start").block_names) == [
        "t0", "t1", "t2", "t4", "t5", "t6", "t7"]
    assert prepare(without(data, "Value", gone), "Value ~ s(Sample, k=5)", start="Start").starts.sum() == 7


def test_wrong_starts_are_still_refused() -> None:
    data = table().assign(Start=lambda d: d["Sample"] == 2)
    with pytest.raises(GammError, match="the start column must be 1 in the first row of every `Token`"):
        prepare(without(data, "Value", [0, 30]), start="Start")


def test_rows_of_the_file_keep_their_numbers(tmp_path: Path) -> None:
    """Rows out of order and rows left out at once: fitted.csv still names the row of the file."""
    data = without(table(), "Value", [2, 30]).sample(frac=1, random_state=3).reset_index(drop=True)
    path, out = tmp_path / "table.csv", tmp_path / "out"
    data.to_csv(path, index=False, na_rep="NA")
    assert main(["gamm", str(path), *COLUMNS, "--out", str(out)]) == 0
    fitted = pd.read_csv(out / "fitted.csv")
    assert len(fitted) == 70 and "2 of 72 rows were left out" in (out / "table.txt").read_text()
    given = data["Value"].astype(float).iloc[fitted["row"] - 1].to_numpy()
    np.testing.assert_allclose(fitted["fitted"] + fitted["resid"], given, atol=1e-12)
    text = (out / "checks.txt").read_text(), pd.read_csv(out / "fitted.csv")["resid"].std()
    assert text[0] and text[1] > 0


def test_residual_checks_are_of_the_rows_that_were_fitted() -> None:
    from snap_tf.gamm import check

    options = {"reference": {"Word": "ask"}}
    data = without(table(), "Value", [2, 30]).sample(frac=1, random_state=3)
    with pytest.warns(GammWarning):
        fit = gamm(FORMULA, data, **options)
    np.testing.assert_allclose(fit.resid[fit.order], fit.white_residuals)  # rho is 0: in the order of the frame
    sorted_fit = gamm(FORMULA, table().drop(index=[2, 30]), **options)
    found, wanted = (check(each, n_shuffles=5).autocorrelation["residual"] for each in (fit, sorted_fit))
    np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_na_in_a_factor_is_missing_and_not_a_word(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "table.csv"
    without(without(table(), "Word", [5, 6]), "Token", [50]).to_csv(path, index=False, na_rep="NA")
    assert main(["gamm", str(path), *COLUMNS, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    assert "note: 3 of 72 rows were left out, as R's na.omit does: `Token` is NA in 1, `Word` is NA in 2" in printed.err
    assert "WordNA" not in printed.out and "nan" not in printed.out


def test_a_reference_that_went_with_its_rows_is_refused() -> None:
    data = table()
    with pytest.raises(GammError, match=r"reference \(=ask\) must be a level of `Word` in a row without NA; there are "
                                        "wash, oily"):
        prepare(without(data.assign(Word=data["Word"].where(data["Token"] != "t3", "oily")), "Value",
                        list(np.flatnonzero(data["Word"] == "ask"))), reference={"Word": "ask"})


def test_nothing_left_is_refused_and_what_is_no_number_too() -> None:
    with pytest.raises(GammError, match=r"the table \(=72 rows\) must have rows without NA .*`Value` is NA in 72"):
        gamm(FORMULA, table().assign(Value=np.nan))
    with pytest.raises(GammError, match=r"`Value` must hold finite numbers; rows 3, 4 .* \(=inf, much\)"):
        gamm(FORMULA, without(without(without(table(), "Value", [2], np.inf), "Value", [3], "much"), "Value", [9]))


def test_models_of_other_rows_are_not_compared() -> None:
    data = without(table().assign(Speed=1.0 + np.arange(72) % 7), "Speed", [5])
    with pytest.warns(GammWarning):
        fits = {"small": gamm(FORMULA, data, method="ML"),
                "large": gamm(FORMULA.replace("Word +", "Word + Speed +", 1), data, method="ML")}
    with pytest.raises(GammError, match="fits must be of the same rows and response; large is of others; where NA"):
        compare(fits)


HEIGHTS = {"Conv1": {"s": 0.0, "sh": 0.5}, "Conv2": {"s": 0.0, "sh": 0.0}}


def test_empty_layers_are_counted() -> None:
    data = layer_table(3, HEIGHTS, n_tokens=6, n_steps=12)
    data.loc[:11, "layer"] = np.nan
    data = pd.concat([data, data[data["layer"] == "Conv2"].assign(layer="Conv3", value=np.nan)], ignore_index=True)
    options = {"group": "label", "k": 5, "random": "none"}
    with pytest.warns(GammWarning) as told:
        fits = fit_layers(data, **options)
    messages = [str(warning.message) for warning in told]
    assert f"12 of {len(data)} rows left out: `layer` is NA there" in messages and list(fits) == ["Conv1", "Conv2"]
    assert any("1 of 3 layers left out" in text and text.endswith(": Conv3") for text in messages)
    with pytest.raises(GammError, match=r"layer Conv3: .* must have rows without NA .* \(none of 1 layers has such"):
        fit_layers(data, layers=["Conv3"], **options)
    with pytest.raises(GammError, match=r"`layer` must hold a layer; all .* rows are NA"):
        fit_layers(data.assign(layer=np.nan), **options)


def test_contrasts_count_phones_that_are_missing_and_say_which_times_are() -> None:
    data = layer_table(3, HEIGHTS, n_tokens=6, n_steps=12)
    data.loc[:2, "label"] = None
    data["time_s"] = data["time_s"].astype(object)
    data.loc[20:21, "time_s"] = "NA"
    with pytest.warns(GammWarning) as told:
        found = lost_contrasts(data, k=5, k_random=4)
    assert any(f"3 of {len(data)} rows left out: `label` is NA there" in str(warning.message) for warning in told)
    assert "`time_s` is NA in 2" in found.tests["note"].iloc[0] and len(found.fits) == 2


def test_numbers_that_are_missing_do_not_change_tokens(tmp_path: Path) -> None:
    """Token 1 stays token 1 where another is missing."""
    data = table().assign(Token=lambda d: d["Token"].str[1:].astype(int))
    with pytest.warns(GammWarning, match="`Token` is NA in 1"):
        fit = gamm_words(without(data, "Token", [3]).astype({"Token": float}), value="Value", time="Sample",
                         group="Word", token="Token", k=5, k_random=4)
    assert list(map(str, fit.random[0].levels)) == [str(i) for i in range(8)]
