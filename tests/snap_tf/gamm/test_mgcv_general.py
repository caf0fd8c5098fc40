"""The helper that compares fits with mgcv's general GAMMs: it accepts the references themselves and notices changes."""

import warnings

import numpy as np
import pandas as pd
import pytest
from mgcv_general import NAMES, Tolerances, check_fit, data, differences_from_reference, grid, reference

from snap_tf.gamm import gamm

ALLOWED = Tolerances()
# what to change, by how much per unit of tolerance, and the words of the message
SINGLE = {"score": ALLOWED.score, "edf_total": ALLOWED.edf, "dev_expl": ALLOWED.explained,
          "log_likelihood": ALLOWED.log_likelihood, "aic": ALLOWED.aic}
ROWS = {("parametric", "estimate"): lambda row: ALLOWED.estimate * row["se"],
        ("parametric", "se"): lambda row: ALLOWED.se * row["se"],
        ("parametric", "p"): lambda row: ALLOWED.p + ALLOWED.p_relative * row["p"],
        ("smooths", "edf"): lambda row: ALLOWED.edf,
        ("smooths", "ref_df"): lambda row: ALLOWED.ref_df,
        ("smooths", "statistic"): lambda row: ALLOWED.statistic * row["statistic"],
        ("smooths", "p"): lambda row: ALLOWED.p + ALLOWED.p_relative * row["p"]}


def test_factors_have_the_levels_of_the_r_script() -> None:
    table = data()
    assert len(table) == 2430 and table["Start"].sum() == 162
    assert list(table["Word"].cat.categories) == ["ask", "wash", "year"] and not table["Word"].cat.ordered
    assert list(table["SexO"].cat.categories) == ["M", "F"] and table["SexO"].cat.ordered and table["WordO"].cat.ordered
    assert {name: len(table[name].cat.categories) for name in ("Token", "Speaker", "Item", "SpeakerWord")} == {
        "Token": 162, "Speaker": 18, "Item": 12, "SpeakerWord": 54}
    pairs = list(table["SpeakerWord"].cat.categories)
    assert pairs[:2] == ["F01.ask", "F03.ask"] and pairs[-1] == "M16.year" and not table["SpeakerWord"].isna().any()
    table["Value"] = 0.0  # a copy
    assert data()["Value"].abs().max() > 1


@pytest.mark.parametrize("name", NAMES)
def test_references_agree_with_themselves(name: str) -> None:
    check_fit(reference(name).as_fit(), name)
    own = grid(name)
    assert len(own) == 41 * 3 * 2 and own["Time"].between(0, 1).all() and not own.isna().to_numpy().any()
    assert {"IsF", "WordO", "SexO", "Token", "SpeakerWord"} <= set(own.columns) and "fit" not in own.columns
    assert (reference(name).grid["se"] > 0).all()


def test_there_are_23_models_and_no_other() -> None:
    assert len(NAMES) == 23 and {"speaker_fs", "te_by", "scat", "ml_null"} <= set(NAMES)
    with pytest.raises(KeyError, match="speaker_fs"):
        reference("nothing")
    with pytest.raises(KeyError, match="reml"):
        check_fit({"reml": 1.0}, "te")


@pytest.mark.parametrize("key", [*SINGLE, "sig2"])
def test_a_number_beyond_its_tolerance_is_noticed(key: str) -> None:
    fit = reference("slopes").as_fit()
    tolerance = SINGLE.get(key, ALLOWED.sig2 * fit["sig2"])
    check_fit({key: fit[key] + 0.9 * tolerance}, "slopes")
    for off in (1.1 * tolerance, -1.1 * tolerance, np.nan):
        assert [text.split()[0] for text in differences_from_reference({key: fit[key] + off}, "slopes")] == [key]
    check_fit({key: np.nan}, "slopes", skip=(key,))


@pytest.mark.parametrize(("kind", "column"), ROWS)
def test_a_cell_of_a_table_beyond_its_tolerance_is_noticed(kind: str, column: str) -> None:
    table = reference("slopes").as_fit()[kind]
    for i, row in enumerate(table.to_dict(orient="records")):
        tolerance, changed = ROWS[kind, column](row), table.copy()
        changed[column] = changed[column].astype(float)
        changed.loc[i, column] = row[column] + 0.9 * tolerance
        check_fit({kind: changed}, "slopes")
        for off in (1.1 * tolerance, np.nan):
            changed.loc[i, column] = row[column] + off
            (text,) = differences_from_reference({kind: changed}, "slopes")
            assert text.startswith(f"{column} of {row['term']} is")
        check_fit({kind: changed}, "slopes", skip=(f"{kind}.{column}",))


def test_rows_may_stand_in_any_order_and_terms_may_have_spaces() -> None:
    table = reference("binomial").smooths.iloc[::-1].rename(columns={"statistic": "Chi.sq"})
    check_fit({"smooths": table.assign(term=table["term"].str.replace("(", "( "))}, "binomial")
    (text,) = differences_from_reference({"smooths": table.iloc[1:]}, "binomial")
    assert text.startswith("terms of smooths are")
    (text,) = differences_from_reference({"smooths": pd.concat([table, table])}, "binomial")
    assert text.startswith("terms of smooths are")


@pytest.mark.parametrize(("column", "tolerance"), [("fit", ALLOWED.curve), ("se", ALLOWED.curve_se)])
def test_a_curve_beyond_its_tolerance_is_noticed(column: str, tolerance: float) -> None:
    table = reference("te").grid
    for row in (0, 100, len(table) - 1):
        for off, n_found in ((0.9, 0), (1.1, 1), (-1.1, 1), (np.nan, 1)):
            changed = table.copy()
            changed.loc[row, column] += off * tolerance * table.loc[row, "se"]
            found = differences_from_reference({"grid": changed}, "te")
            assert len(found) == n_found and all(text.startswith(f"{column} of the grid") for text in found)
            assert all(f"Time {table.loc[row, 'Time']:g}, {table.loc[row, 'Word']}," in text for text in found)
    assert differences_from_reference({"grid": table.iloc[1:]}, "te") == ["the grid has 245 rows, in mgcv 246"]


def test_all_that_is_wrong_is_listed_and_tolerances_can_be_wider() -> None:
    fit = reference("cc").as_fit()
    fit |= {"score": fit["score"] + 1, "aic": fit["aic"] - 1}
    with pytest.raises(AssertionError, match=r"cc: score is .*\naic is"):
        check_fit(fit, "cc")
    check_fit(fit, "cc", Tolerances(score=1.1, aic=1.1))


@pytest.mark.parametrize("name", ["ml", "ml_null", "speaker_fs"])
def test_fits_of_the_package_are_accepted(name: str) -> None:
    mgcv = reference(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = gamm(mgcv.formula, data(), rho=mgcv.values["rho"], token="Token",
                   method="ML" if mgcv.values["method"] == "ML" else "REML")
    smooths = fit.smooths[["term", "edf", "ref_df", "F", "p"]]
    check_fit({"parametric": fit.parametric, "smooths": smooths, "score": fit.score, "sig2": fit.sig2,
               "edf_total": fit.edf_total, "log_likelihood": fit.log_likelihood}, name)
    assert differences_from_reference({"aic": fit.aic_plain}, name)  # without the correction
    assert differences_from_reference({"parametric": fit.parametric, "smooths": smooths}, "slopes")
