"""Other families from formula to summary: against mgcv, and what is refused or said."""

import warnings

import numpy as np
import pandas as pd
import pytest
from mgcv_general import Tolerances, check_fit, data, grid, reference

from snap_tf.gamm import GammError, GammFit, GammWarning, compare, fit_to_dict, gamm, posterior, predict

# mgcv's sums of chi-squares are accurate to 2e-5, and it stops a little before the optimum
TOLERANCES = Tolerances(estimate=1e-4, se=1e-4, edf=2e-3, ref_df=2e-3, statistic=1e-4, p=2e-5, score=1e-6,
                        explained=1e-6)


def fit_of(name: str, **options: object) -> GammFit:
    mgcv = reference(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return gamm(mgcv.formula, data(), family="scat" if name == "scat" else mgcv.values["family"], **options)


@pytest.mark.parametrize("name", ["scat", "binomial", "binomial_fs", "poisson"])
def test_fit_is_that_of_mgcv(name: str) -> None:
    mgcv, fit = reference(name).values, fit_of(name)
    curve = predict(fit, grid(name), exclude="random")
    right = reference(name).smooths["statistic"]
    nearer = (fit.smooths["Chi.sq"] - right).abs() < (fit.smooths["Chi.sq_other_sign"] - right).abs()
    smooths = fit.smooths.assign(statistic=fit.smooths["Chi.sq"].where(nearer, fit.smooths["Chi.sq_other_sign"]))
    check_fit({"parametric": fit.parametric, "smooths": smooths[["term", "edf", "ref_df", "statistic", "p"]],
               "score": fit.score, "sig2": fit.sig2, "edf_total": fit.edf_total, "dev_expl": fit.deviance_explained,
               "grid": curve[["fit", "se"]]}, name, TOLERANCES)
    assert fit.converged and fit.scale_known and fit.link == {"scat": "identity", "poisson": "log"}.get(name, "logit")
    assert fit.deviance == pytest.approx(mgcv["deviance"], rel=1e-6)
    assert fit.null_deviance == pytest.approx(mgcv["null_deviance"], rel=1e-8)
    np.testing.assert_allclose(fit.fitted[::37], mgcv["fitted_head"], atol=2e-5)
    np.testing.assert_allclose(list(fit.sp.values()), list(mgcv["sp"].values()), rtol=2e-3)
    if name == "scat":
        assert list(fit.theta.values()) == pytest.approx(mgcv["theta"], rel=1e-6)
        assert fit.log_likelihood == pytest.approx(mgcv["logLik"] + mgcv["edf_total"] - mgcv["logLik_df"], abs=5)


def test_summary_names_family_and_tests() -> None:
    text = fit_of("binomial").summary()
    assert text.startswith("Family: binomial, link: logit\nFormula: Hit ~ Word + s(Time")
    assert "z-value" in text and "Chi.sq" in text and "F-value" not in text and "rho" not in text
    assert fit_of("scat").summary().startswith("Family: scat (df = 11.74, sigma = 0.3417), link: identity\n")


def test_unit_and_place_of_a_heavy_tailed_response_do_not_matter() -> None:
    table = data()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, other = (gamm(reference("scat").formula, table.assign(Heavy=a + b * table["Heavy"]), family="scat")
                      for a, b in ((0.0, 1.0), (1e4, 300.0)))
    assert other.theta["df"] == pytest.approx(one.theta["df"], rel=1e-5)
    assert other.theta["sigma"] == pytest.approx(300 * one.theta["sigma"], rel=1e-6)
    np.testing.assert_allclose(other.fitted, 1e4 + 300 * one.fitted, atol=1e-3)
    np.testing.assert_allclose(list(other.sp.values()), np.array(list(one.sp.values())) / 300**2, rtol=1e-4)
    n_free = other.design.unpenalised.shape[1]
    assert other.score == pytest.approx(one.score + (other.n - n_free) * np.log(300), abs=1e-4)
    assert other.log_likelihood == pytest.approx(one.log_likelihood - other.n * np.log(300), abs=1e-3)


def test_proportions_with_trials_are_the_same_as_single_answers() -> None:
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"x": np.repeat(np.linspace(0, 1, 40), 6)})
    rows["y"] = rng.binomial(1, 1 / (1 + np.exp(-np.sin(6 * rows["x"])))).astype(float)
    together = rows.groupby("x", as_index=False).agg(y=("y", "mean"), n=("y", "size"))
    single = gamm("y ~ s(x, k=8)", rows, family="binomial")
    pooled = gamm("y ~ s(x, k=8)", together, family="binomial", weights="n")
    np.testing.assert_allclose(pooled.fitted, single.fitted[::6], atol=1e-3)
    assert pooled.edf_total == pytest.approx(single.edf_total, abs=0.02)  # bases of different rows


def test_offset_of_counts_is_exposure() -> None:
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"x": rng.uniform(0, 1, 300), "exposure": rng.uniform(1, 9, 300)})
    table["y"] = rng.poisson(table["exposure"] * np.exp(np.sin(6 * table["x"]))).astype(float)
    table["log"] = np.log(table["exposure"])
    fit = gamm("y ~ s(x) + offset(log)", table, family="poisson")
    np.testing.assert_allclose(fit.fitted, np.exp(fit.linear_predictor), rtol=1e-12)
    np.testing.assert_allclose(fit.fitted + fit.resid, table["y"])
    rate = fit.fitted / table["exposure"]
    assert np.abs(np.log(rate) - np.sin(6 * table["x"])).max() < 0.35
    level = np.log(table["y"].sum() / table["exposure"].sum())
    null = table["exposure"] * np.exp(level)
    terms = np.where(table["y"] > 0, table["y"] * np.log(np.maximum(table["y"], 1) / null), 0) - table["y"] + null
    assert fit.null_deviance == pytest.approx(2 * terms.sum(), rel=1e-9)


def test_ml_compares_models_of_one_family() -> None:
    table = data()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = {name: gamm(f"Hit ~ {terms} + s(Speaker, bs='re')", table, family="binomial", method="ML")
                for name, terms in (("time", "s(Time)"), ("words", "Word + s(Time) + s(Time, by = WordO)"))}
        gauss = gamm("Hit ~ s(Time) + s(Speaker, bs='re')", table, method="ML")
    found = compare(fits)
    assert found["p"].iloc[1] < 1e-6 and found["delta_aic"].iloc[0] > 10
    with pytest.raises(GammError, match="same family"):
        compare({"a": fits["time"], "b": gauss})


def test_values_for_json_name_the_family() -> None:
    values = fit_to_dict(fit_of("scat"))
    assert values["family"] == "scat" and set(values["theta"]) == {"df", "sigma"}


def test_heavy_tails_are_found_normal_ones_have_many_degrees_of_freedom() -> None:
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"x": np.linspace(0, 1, 600)})
    table["normal"] = np.sin(6 * table["x"]) + rng.normal(0, 0.3, 600)
    table["heavy"] = np.sin(6 * table["x"]) + 0.3 * rng.standard_t(3, 600)
    normal, heavy = (gamm(f"{name} ~ s(x)", table, family="scat") for name in ("normal", "heavy"))
    assert normal.theta["df"] > 15 > 6 > heavy.theta["df"]
    gauss = gamm("heavy ~ s(x)", table)
    assert heavy.aic < gauss.aic - 20


def test_what_cannot_be_fitted_is_refused() -> None:
    table = pd.DataFrame({"x": np.linspace(0, 1, 60), "y": np.zeros(60)})
    for family in ("binomial", "poisson", "scat"):
        with pytest.raises(GammError, match="must vary"):
            gamm("y ~ s(x)", table, family=family)
    with pytest.raises(GammError, match="rho"):
        gamm("y ~ s(x)", table.assign(y=[0, 1] * 30), family="binomial", rho="auto")


@pytest.mark.parametrize(("family", "certain"), [("binomial", "0 or 1"), ("poisson", "0:")])
def test_words_with_one_response_only_are_noticed(family: str, certain: str) -> None:
    rng = np.random.default_rng(5)
    table = pd.DataFrame({"x": np.tile(np.linspace(0, 1, 20), 4), "w": np.repeat(["a", "b"], 40)})
    table["y"] = np.where(table["w"] == "a", rng.integers(0, 2, 80), 0)
    with pytest.warns(GammWarning, match=f"40 of 80 rows are {certain}"):
        gamm("y ~ w + s(x)", table, family=family)


def test_predictions_and_draws_include_speakers_on_both_scales() -> None:
    fit, table = fit_of("binomial"), data()
    found = predict(fit, table)
    np.testing.assert_allclose(found["response"], fit.fitted, atol=1e-12)
    np.testing.assert_allclose(found["fit"], fit.linear_predictor, atol=1e-10)
    draws = posterior(fit, table.iloc[::500], 4000)
    np.testing.assert_allclose(draws.std(0), found["se"].iloc[::500], rtol=0.05)
