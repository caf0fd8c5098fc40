"""Curves, differences and derivatives over any combination of factors and covariates; residuals as tables."""

import itertools

import mgcv_general as general
import numpy as np
import pandas as pd
import pytest
from twins.word_curves import word_table

from snap_tf.gamm import (
    GammError,
    GammFit,
    GammWarning,
    corrected_residuals,
    curves,
    derivatives,
    difference_tests,
    differences,
    gamm,
    predict,
    residual_acf,
    stretches,
)


@pytest.fixture(scope="module")
def two_factors() -> GammFit:
    reference = general.reference("two_factors")
    return gamm(reference.formula, general.data(), rho=reference.values["rho"], start="Start")


@pytest.fixture(scope="module")
def covariates() -> GammFit:
    return gamm('Value ~ Word + Freq + s(Time) + s(Time, by=WordO) + ti(Time, Dur) + s(Dur) + s(Speaker, bs="re")',
                general.data())


def test_curves_of_two_factors_are_mgcv_s(two_factors: GammFit) -> None:
    """Columns WordO and SexO go with Word and Sex, whose copies they are."""
    right = general.reference("two_factors").grid
    found = curves(two_factors, n_points=41, group=("Word", "Sex"))
    assert list(found.columns[:4]) == ["group", "Word", "Sex", "time"] and len(found) == 6 * 41
    for word, sex in itertools.product(["ask", "wash", "year"], ["M", "F"]):
        own = found[found["group"] == f"{word}, {sex}"]
        expected = right[(right["Word"] == word) & (right["Sex"] == sex)]
        assert (np.abs(own["fit"].to_numpy() - expected["fit"]) / expected["se"]).max() < 1e-3
        assert (np.abs(own["se"].to_numpy() / expected["se"] - 1)).max() < 1e-3
        assert (own["Word"] == word).all() and (own["Sex"] == sex).all()


def test_a_copy_moves_whichever_of_the_two_is_named(two_factors: GammFit) -> None:
    by_copy, by_word = (curves(two_factors, n_points=5, group=name) for name in ("WordO", "Word"))
    np.testing.assert_allclose(by_copy["fit"], by_word["fit"])
    other = curves(two_factors, n_points=5, group="Word", at={"SexO": "F"})
    both = curves(two_factors, n_points=5, group=("Word", "Sex"))
    np.testing.assert_allclose(other["fit"], both.loc[both["Sex"] == "F", "fit"])


def test_differences_of_combinations(two_factors: GammFit) -> None:
    points = curves(two_factors, n_points=7, group=("Word", "Sex")).pivot(index="time", columns="group", values="fit")
    found = differences(two_factors, [(("ask", "M"), ("wash", "F")), ("year, F", "year, M")], n_points=7,
                        group=("Word", "Sex"))
    assert found[["a", "b"]].drop_duplicates().to_numpy().tolist() == [["ask, M", "wash, F"], ["year, F", "year, M"]]
    np.testing.assert_allclose(found["difference"][:7], points["wash, F"] - points["ask, M"], atol=1e-12)
    tests = difference_tests(two_factors, n_points=7, group=("Word", "Sex"))
    assert len(tests) == 15 and tests["p"].between(0, 1).all()


def test_lists_of_covariates_give_a_set_of_curves_each(covariates: GammFit) -> None:
    found = curves(covariates, n_points=9, at={"Dur": [0.2, 0.3], "Freq": 1})
    assert list(found.columns[:3]) == ["group", "Dur", "time"] and len(found) == 2 * 3 * 9
    table = found.rename(columns={"group": "Word", "time": "Time"}).assign(Freq=1.0)
    right = predict(covariates, table, exclude="random")
    pd.testing.assert_frame_equal(found[["fit", "se", "response"]], right[["fit", "se", "response"]])
    tests = difference_tests(covariates, [("ask", "wash")], n_points=9, at={"Dur": [0.2, 0.3]})
    assert tests["Dur"].tolist() == [0.2, 0.3] and list(tests.columns[:4]) == ["a", "b", "Dur", "time"]
    # stretches are found for every value by itself
    assert set(stretches(differences(covariates, at={"Dur": [0.2, 0.3]}))["Dur"]) == {0.2, 0.3}


def test_along_any_variable_and_values_of_a_covariate_compared(covariates: GammFit) -> None:
    found = curves(covariates, along="Dur", n_points=5, at={"Time": 0.5}, group="Word")
    table = found.rename(columns={"group": "Word", "time": "Dur"}).assign(Time=0.5, Freq=general.data()["Freq"].mean())
    np.testing.assert_allclose(found["fit"], predict(covariates, table, exclude="random")["fit"])
    assert found["time"].iloc[[0, 4]].tolist() == [general.data()["Dur"].min(), general.data()["Dur"].max()]
    compared = differences(covariates, [(0.2, 0.3)], group="Dur", at={"Dur": [0.2, 0.3]}, n_points=5)
    points = curves(covariates, group="Dur", at={"Dur": [0.2, 0.3]}, n_points=5)["fit"].to_numpy()
    np.testing.assert_allclose(compared["difference"], points[5:] - points[:5], atol=1e-12)
    straight = curves(covariates, along="Freq", n_points=3)
    slope = covariates.parametric.set_index("term")["estimate"]["Freq"]
    assert np.diff(straight["fit"])[:2] / np.diff(straight["time"])[:2] == pytest.approx(slope)


def test_columns_of_0_and_1_go_with_the_factor_that_they_are_made_of() -> None:
    data = general.data().assign(IsWash=lambda d: (d["Word"] == "wash") * 1, IsYear=lambda d: (d["Word"] == "year") * 1)
    fit = gamm('Value ~ Sex + s(Time) + s(Time, by=IsWash) + s(Time, by=IsYear) + s(Word, Speaker, bs="re")', data)
    by_word = curves(fit, n_points=5, group="Word")
    by_number = curves(fit, n_points=5, group=("IsWash", "IsYear"), at={"IsWash": [0, 1], "IsYear": [0, 1]})
    year = by_number[by_number["group"] == "0.0, 1.0"]
    np.testing.assert_allclose(by_word.loc[by_word["group"] == "year", "fit"], year["fit"])
    # but a covariate that differs between words by chance stays at its mean
    data["Speed"] = data["Word"].cat.codes.isin([1, 2]) * 1.0 + data["Token"].cat.codes % 3
    fit = gamm('Value ~ Word + Speed + s(Time) + s(Speaker, bs="re")', data)
    found, slope = curves(fit, n_points=2), fit.parametric.set_index("term")["estimate"]
    assert found["fit"].iloc[2] - found["fit"].iloc[0] == pytest.approx(slope["Wordwash"])


@pytest.mark.parametrize("basis", ["tp", "cr", "cc"])
def test_derivatives_are_those_of_the_curves(basis: str) -> None:
    data = general.data()
    fit = gamm(f'Value ~ Word + s(Time, bs="{basis}") + s(Time, by=WordO, bs="{basis}") + s(Speaker, bs="re")', data)
    found, fine = derivatives(fit, n_points=21), curves(fit, n_points=20 * 50 + 1)
    for level in fit.levels:
        slope = np.gradient(fine.loc[fine["group"] == level, "fit"], 1 / 1000, edge_order=2)[::50]
        own = found[found["group"] == level]
        np.testing.assert_allclose(own["derivative"], slope, atol=2e-3 * np.abs(slope).max())
    pairs = derivatives(fit, [("ask", "year")], of="differences", n_points=21)
    points = found.pivot(index="time", columns="group", values="derivative")
    np.testing.assert_allclose(pairs["derivative"], points["year"] - points["ask"], atol=1e-9)
    assert (pairs["lower_simultaneous"] < pairs["lower"]).all()
    assert list(pairs.columns) == ["a", "b", "time", "derivative", "se", "lower", "upper", "lower_simultaneous",
                                   "upper_simultaneous"]


def holds_everywhere(seed: int) -> tuple[bool, bool]:
    """Whether the simultaneous intervals of a difference and of its derivative hold the truth everywhere."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 1, 12)
    rows = []
    for token in range(24):
        word = "ab"[token % 2]
        value = np.sin(np.pi * time) + (token % 2) * np.cos(np.pi * time) + rng.normal(0, 0.3) + rng.normal(0, 0.2, 12)
        rows += [(token, word, t, v) for t, v in zip(time, value, strict=True)]
    table = pd.DataFrame(rows, columns=["token", "word", "t", "value"]).astype({"token": str})
    fit = gamm("value ~ word + s(t) + s(t, by=word) + re(token)", table)
    x = np.linspace(0, 1, 101)
    found = []
    for result, truth in ((differences(fit), np.cos(np.pi * x)),
                          (derivatives(fit, of="differences"), -np.pi * np.sin(np.pi * x))):
        found.append(bool(((result["lower_simultaneous"] < truth) & (truth < result["upper_simultaneous"])).all()))
    return found[0], found[1]


@pytest.mark.slow
def test_simultaneous_intervals_hold_the_truth_in_about_95_of_100() -> None:
    """A share of 95 % would give 90 to 99 of 100; smoothing bias may cost a few, above all of derivatives."""
    difference, derivative = np.array([holds_everywhere(seed) for seed in range(100)]).sum(axis=0)
    assert difference >= 89 and derivative >= 87


def test_corrected_residuals_are_in_the_order_of_the_table() -> None:
    table = word_table(2).sample(frac=1, random_state=0).reset_index(drop=True)
    table.loc[5, "Value"] = np.nan
    with pytest.warns(GammWarning):
        fit = gamm("Value ~ Word + s(Sample) + re(Token)", table, rho=0.4)
    found = corrected_residuals(fit)
    assert 5 not in found.index and len(found) == len(table) - 1
    joined = table.join(found, how="inner").sort_values(["Token", "Sample"])
    np.testing.assert_allclose(joined["Value"], joined["fitted"] + joined["residual"])
    before = joined.groupby("Token")["residual"].shift()
    right = ((joined["residual"] - 0.4 * before) / np.sqrt(1 - 0.16)).fillna(joined["residual"])
    np.testing.assert_allclose(joined["corrected"], right, atol=1e-12)


def test_autocorrelation_by_series_and_by_speaker() -> None:
    data = general.data()
    fit = gamm('Value ~ Word + s(Time) + s(Speaker, bs="re")', data, rho=0.3, start="Start", token="Token")
    found = residual_acf(fit, n_lags=3)
    assert list(found.columns) == ["series", "lag", "n_pairs", "residual", "corrected", "bound"]
    assert set(found["series"]) == set(data["Token"]) and (found["n_pairs"] == 15 - found["lag"]).all()
    own = fit.resid[(data["Token"] == "t0000").to_numpy()]
    own = own - own.mean()
    right = [np.sum(own[lag:] * own[:-lag]) / np.sum(own**2) for lag in (1, 2, 3)]  # as acf() of R
    np.testing.assert_allclose(found.loc[found["series"] == "t0000", "residual"], right)
    by_speaker = residual_acf(fit, "Speaker", n_lags=2)
    assert list(by_speaker.columns[:2]) == ["Speaker", "lag"] and len(by_speaker) == 36
    assert (by_speaker["n_pairs"] == 9 * (15 - by_speaker["lag"])).all()
    with pytest.raises(GammError, match=r"by \(=Time\) must be a factor"):
        residual_acf(fit, "Time")
    with pytest.raises(GammError, match="must know series"):
        residual_acf(gamm("Value ~ s(Time)", data))


@pytest.mark.parametrize(("call", "message"), [
    (lambda fit: curves(fit, along="Word"), r"along \(=Word\) must be a column of numbers of the model"),
    (lambda fit: curves(fit, at={"Time": 1}), r"column \(=Time\) must not be in `at`"),
    (lambda fit: curves(fit, at={"Sex": ["M", "X"]}), r"word \(=X\) must be one of the fitted ones; there are M, F"),
    (lambda fit: differences(fit, [(("ask", "M"), "ask")], group=("Word", "Sex")), r"word \(=ask\) must be .* ask, M"),
    (lambda fit: derivatives(fit, [("ask", "wash")]), "must be left out of derivatives of curves"),
    (lambda fit: derivatives(fit, of="words"), r"of \(=words\) must be one of"),
])
def test_refusals(two_factors: GammFit, call, message: str) -> None:
    with pytest.raises(GammError, match=message):
        call(two_factors)
