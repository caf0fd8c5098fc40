"""Predictions for any table: equal to mgcv's and to whole matrices, random terms included; posterior draws."""

import warnings

import mgcv_general as general
import numpy as np
import pandas as pd
import pytest
import small_models

from snap_tf.gamm import GammError, GammFit, GammWarning, gamm, posterior, predict
from snap_tf.gamm.inference.coefficients import Coefficients, RandomRows

QUICK = ("cc", "cr", "te", "slopes", "speaker_by_word", "numeric_by", "two_factors", "ml_null")
ALL = [name for name in general.NAMES if general.reference(name).values["family"] == "gaussian"]
ROWS = sorted(path.stem[2:-5] for path in general.FOLDER.glob("a_*_rows.csv"))


def mgcv_model(name: str) -> GammFit:
    reference = general.reference(name)
    options = {"rho": reference.values["rho"], "start": "Start"} if reference.values["rho"] else {}
    method = "ML" if name.startswith("ml") else "REML"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GammWarning)
        return gamm(reference.formula, general.data(), method=method, select=name == "select", **options)


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in ALL])
def test_population_predictions_are_mgcv_s(name: str) -> None:
    fit = mgcv_model(name)
    found = predict(fit, general.grid(name), exclude="random")
    right = general.reference(name).grid
    assert (np.abs(found["fit"] - right["fit"]) / right["se"]).max() < 1e-3
    assert (np.abs(found["se"] / right["se"] - 1)).max() < 1e-3
    np.testing.assert_array_equal(found["fit"], found["response"])
    np.testing.assert_allclose(predict(fit, general.data())["fit"], fit.fitted, atol=1e-10)


@pytest.mark.parametrize("name", ROWS)
def test_predictions_with_random_terms_are_mgcv_s(name: str) -> None:
    """Also for speakers whose words or items are other than in the table, and beyond the range of time."""
    right = pd.read_csv(general.FOLDER / f"a_{name}_rows.csv")
    fit, table = mgcv_model(name), right.drop(columns=["fit", "se"])
    for tail, exclude in (("", ()), ("_without", right["excluded"].iloc[0])):
        found, se = predict(fit, table, exclude=exclude), right[f"se{tail}"]
        assert (np.abs(found["fit"] - right[f"fit{tail}"]) / se).max() < 1e-3
        assert (np.abs(found["se"] / se - 1)).max() < 1e-3


def dense_and_blocks(name: str) -> tuple[np.ndarray, Coefficients, np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """H^-1 of whole matrices, the same factorised, rows of the fixed part, rows and levels of the random ones."""
    problem = small_models.make(name, 0.3, unequal=True)
    log_sp = np.linspace(-1, 2, problem.system.penalties.n_sp)
    columns = problem.white @ problem.columns
    hessian = columns.T @ columns + sum(np.exp(value) * penalty
                                        for value, penalty in zip(log_sp, problem.penalties, strict=True))
    parts = problem.system.parts[:-1]
    coefficients = Coefficients(problem.system.solve(log_sp).factor, 2.0, tuple(range(len(parts))))
    rng = np.random.default_rng(5)
    fixed = rng.normal(size=(11, problem.system.p))
    random = [rng.normal(size=(11, part.width)) for part in parts]
    cells = rng.integers(0, len(parts[0].units), 11)
    # some rows have levels that occur together, others any levels
    levels = [np.where(np.arange(11) < 6, part.units[cells], rng.integers(0, part.n_units, 11)) for part in parts]
    return np.linalg.inv(hessian), coefficients, fixed, random, levels


@pytest.mark.parametrize("name", [name for name in small_models.FORMULAS if name != "none"])
def test_variances_and_draws_are_those_of_whole_matrices(name: str) -> None:
    inverse, coefficients, fixed, random, levels = dense_and_blocks(name)
    rows = [RandomRows(number, levels[number], columns) for number, columns in enumerate(random)]
    rows[0].codes[3] = rows[-1].codes[4] = rows[-1].codes[7] = -1  # no level
    parts, whole = coefficients.factor.structure.parts, [fixed]
    for part, item in zip(parts, rows, strict=False):
        place = np.zeros((len(fixed), part.n_units, part.width))
        known = item.codes >= 0
        place[np.flatnonzero(known), item.codes[known]] = item.columns[known]
        whole.append(place.reshape(len(fixed), -1))
    joined = np.hstack(whole)
    covariance = 2.0 * joined @ inverse @ joined.T
    np.testing.assert_allclose(coefficients.variances(fixed, rows), np.diag(covariance), rtol=1e-7)
    draws, of_levels = coefficients.draws(20_000, np.random.default_rng(1))
    drawn = fixed @ draws + sum(item.times(of_levels[item.factor]) for item in rows)
    size = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(np.cov(drawn) / np.outer(size, size), covariance / np.outer(size, size), atol=0.04)
    assert np.abs(drawn.mean(axis=1) / size).max() < 0.04


@pytest.fixture(scope="module")
def fit() -> GammFit:
    data = general.data()
    data["Value"] += 0.2 * data["Dur"]
    return gamm('Value ~ Word + s(Time, k=6) + s(Time, by=WordO, k=6) + s(Speaker, bs="re") + s(Item, bs="re")', data)


def test_new_levels_get_nothing_from_their_random_term_and_are_counted(fit: GammFit) -> None:
    table = general.data().iloc[:40].assign(Speaker=["M00"] * 20 + ["nobody"] * 15 + [None] * 5)
    with pytest.warns(GammWarning, match="20 of 40 rows have no fitted level of `Speaker`; its random terms are 0"):
        found = predict(fit, table)
    other = predict(fit, table, exclude="s(Speaker)")
    np.testing.assert_allclose(found["fit"][20:], other["fit"][20:])
    np.testing.assert_allclose(found["se"][20:], other["se"][20:])
    assert (np.abs(found["fit"] - other["fit"])[:20] > 0.01).all()
    assert (found.index == table.index).all()


def test_columns_of_excluded_terms_and_copies_need_not_be_there(fit: GammFit) -> None:
    whole = general.data().iloc[::100]
    right = predict(fit, whole, exclude=["s(Speaker)", "s( Item )"])
    pd.testing.assert_frame_equal(predict(fit, whole[["Time", "Word"]], exclude="random"), right)
    pd.testing.assert_frame_equal(predict(fit, whole[["Time", "WordO"]], exclude="random"), right)
    assert list(right.columns) == ["fit", "se", "lower", "upper", "response", "response_lower", "response_upper"]
    assert list(predict(fit, whole, se=False).columns) == ["fit", "response"]


def test_rows_without_a_number_or_word_are_nan(fit: GammFit) -> None:
    table = pd.DataFrame({"Time": [0.1, np.nan, 0.3], "Word": ["ask", "ask", ""]}, index=[7, 8, 9])
    found = predict(fit, table, exclude="random")
    assert found.isna().all(axis=1).tolist() == [False, True, True]
    draws = posterior(fit, table, 5, exclude="random")
    assert draws.shape == (5, 3) and np.isnan(draws).all(axis=0).tolist() == [False, True, True]


def test_draws_have_the_standard_errors_of_predictions(fit: GammFit) -> None:
    table = general.data().iloc[::300]
    draws, right = posterior(fit, table, 20_000, seed=3), predict(fit, table)
    np.testing.assert_allclose(draws.std(axis=0), right["se"], rtol=0.03)
    np.testing.assert_allclose((draws.mean(axis=0) - right["fit"]) / right["se"], 0, atol=0.03)
    np.testing.assert_array_equal(posterior(fit, table, 2, seed=3, scale="response"), posterior(fit, table, 2, seed=3))


def test_an_offset_is_added() -> None:
    data = general.data().assign(Base=lambda d: d["Dur"] * 3)
    fit = gamm('Value ~ Word + s(Time) + offset(Base) + s(Speaker, bs="re")', data)
    np.testing.assert_allclose(predict(fit, data)["fit"], fit.fitted, atol=1e-10)


@pytest.mark.parametrize(("call", "message"), [
    (lambda fit, table: predict(fit, table, exclude="s(Nobody)"), r"term \(=s\(Nobody\)\) must be .*s\(Speaker\)"),
    (lambda fit, table: predict(fit, table.drop(columns=["Time"])), r"column \(=Time\) must be in the table"),
    (lambda fit, table: predict(fit, table.assign(Word="dark")), r"`Word` must have the fitted levels only"),
    (lambda fit, table: predict(fit, table.iloc[:0]), "must have rows"),
    (lambda fit, table: posterior(fit, table, 0), r"n \(=0\) must be 1 or more"),
    (lambda fit, table: posterior(fit, table, scale="log"), r"scale \(=log\) must be one of link, response"),
])
def test_refusals(fit: GammFit, call, message: str) -> None:
    with pytest.raises(GammError, match=message):
        call(fit, general.data().iloc[:30])
