"""Every Gaussian model of tests/golden/mgcv_general, fitted from its formula as R reads it, against mgcv."""

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from mgcv_general import NAMES, Tolerances, check_fit, data, grid, reference

from snap_tf.gamm import GammFit, compare, concurvity, gamm, vcomp

GAUSSIAN = [name for name in NAMES if reference(name).values["family"] == "gaussian"]
EXACT = Tolerances(estimate=1e-5, se=1e-4, score=1e-4, sig2=1e-5, edf=1e-3, ref_df=1e-3, aic=1e-3)
FLAT = Tolerances(estimate=2e-4)
"""For `select`: mgcv stops on a flat direction of s(Dur), where its score is 1.6e-4 higher."""
SEVERAL_RE = {"intercepts", "slopes"}
"""mgcv's F of one of several `re` terms has another scale, see PARITY."""


@cache
def fitted(name: str) -> GammFit:
    mgcv = reference(name).values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return gamm(mgcv["formula"], data(), rho=mgcv["rho"], token="Token" if mgcv["rho"] else None,
                    method="ML" if mgcv["method"] == "ML" else "REML", select=name == "select")


def population(fit: GammFit, name: str) -> pd.DataFrame:
    rows = fit.design.fixed_rows(grid(name))
    return pd.DataFrame({"fit": rows @ fit.beta, "se": np.sqrt(np.sum((rows @ fit.covariance) * rows, axis=1))})


def test_all_gaussian_models_are_there() -> None:
    assert len(GAUSSIAN) == 19


@pytest.mark.parametrize("name", GAUSSIAN)
def test_fit_is_that_of_mgcv(name: str) -> None:
    fit = fitted(name)
    assert fit.converged
    table = fit.smooths.assign(F=_nearer_sign(fit, name))
    skip = ("smooths.statistic", "smooths.p") if name in SEVERAL_RE or name == "select" else ()
    check_fit({"parametric": fit.parametric, "smooths": table[["term", "edf", "ref_df", "F", "p"]],
               "score": fit.score, "sig2": fit.sig2, "edf_total": fit.edf_total, "grid": population(fit, name),
               "log_likelihood": fit.log_likelihood, "aic": fit.aic, "dev_expl": fit.deviance_explained},
              name, FLAT if name == "select" else EXACT, skip)


def _nearer_sign(fit: GammFit, name: str) -> np.ndarray:
    """The sign of the cross term in F is arbitrary: the nearer of both values."""
    right = {row["term"].replace(" ", ""): row["statistic"] for _, row in reference(name).smooths.iterrows()}
    both = fit.smooths[["F", "F_other_sign"]].to_numpy()
    target = np.array([right[term.replace(" ", "")] for term in fit.smooths["term"]])
    return both[np.arange(len(both)), np.abs(both - target[:, None]).argmin(1)]


@pytest.mark.parametrize("name", GAUSSIAN)
def test_corrected_degrees_of_freedom_and_r_squared(name: str) -> None:
    fit, mgcv = fitted(name), reference(name).values
    assert fit.log_likelihood_df == pytest.approx(mgcv["logLik_df"], abs=0.02 if name == "select" else 2e-4)
    assert fit.edf_total + 1 < fit.log_likelihood_df and fit.aic_plain < fit.aic
    assert fit.adjusted_r2 == pytest.approx(mgcv["r_sq"], abs=1e-5)


@pytest.mark.parametrize("name", GAUSSIAN)
def test_standard_deviations_of_terms(name: str) -> None:
    found, right = vcomp(fitted(name)), reference(name).values["vcomp"]
    if name == "select":  # two flat directions: their standard deviations are zero in both
        keep = [i for i in range(len(right)) if i not in (5, 6)]
        assert found["sd"].iloc[[5, 6]].max() < 0.05
        found, right = found.iloc[keep], [right[i] for i in keep]
    np.testing.assert_allclose(found[["sd", "lower", "upper"]].to_numpy(), np.array(right, float), rtol=1e-3)
    assert found["term"].iloc[-1] == "scale"


def test_terms_of_the_standard_deviations_are_in_the_order_of_the_formula() -> None:
    assert vcomp(fitted("intercepts"))["term"].tolist()[3:] == ["s(Speaker)", "s(Item)", "s(Token)", "scale"]


def test_concurvity_is_that_of_mgcv_where_no_columns_are_combinations_of_others() -> None:
    found, right = concurvity(fitted("speaker_by_word")), reference("speaker_by_word").values["concurvity"]
    for term, values in right.items():
        own = found[found["term"].str.replace(" ", "") == term]
        np.testing.assert_allclose(own[["worst", "observed", "estimate"]].to_numpy()[0], values, atol=1e-4)


@pytest.mark.parametrize("name", ["cr", "te", "slopes"])
def test_concurvity_elsewhere_is_a_projection(name: str) -> None:
    """mgcv then counts directions that are rounding errors too, so that its values are larger."""
    fit = fitted(name)
    found = concurvity(fit).set_index("term")
    fixed = fit.design.fixed_rows(fit.frame)
    smooth = fit.design.smooths[0]
    others = [np.delete(fixed, np.r_[smooth.columns], axis=1)]
    for number, item in enumerate(fit.random):
        dummies = (fit.frame[item.factor].to_numpy()[:, None] == np.array(item.levels)).astype(float)
        rows = fit.design.random_rows(fit.frame, number)
        others.append((dummies[:, :, None] * rows[:, None, :]).reshape(len(rows), -1))
    columns = np.hstack(others)
    own = fixed[:, smooth.columns]
    effect = own @ fit.beta[smooth.columns]
    seen = columns @ np.linalg.lstsq(columns, np.column_stack([effect, own]), rcond=1e-9)[0]
    assert found.loc[smooth.label, "observed"] == pytest.approx(np.sum(seen[:, 0] ** 2) / np.sum(effect**2), abs=1e-8)
    assert found.loc[smooth.label, "estimate"] == pytest.approx(np.sum(seen[:, 1:] ** 2) / np.sum(own**2), abs=1e-8)
    mgcv = reference(name).values["concurvity"]
    for term, row in found.iterrows():
        if (right := mgcv.get(term.replace(" ", ""))) and term != "para":
            assert (row.to_numpy() <= np.array(right) + 1e-6).all()


def test_comparison_by_ml_is_that_of_the_scores() -> None:
    found = compare({"words": fitted("ml"), "null": fitted("ml_null")}).set_index("model")
    right = [reference(name).values for name in ("ml_null", "ml")]
    assert list(found.index) == ["null", "words"]
    # two words, their two straight lines and two smoothing parameters
    assert found.loc["words", "df"] == 6 and found.loc["words", "note"] == ""
    assert found.loc["words", "difference"] == pytest.approx(right[0]["score"] - right[1]["score"], abs=1e-4)
    assert found.loc["words", "chi2"] == pytest.approx(2 * found.loc["words", "difference"])
    assert found["aic"].tolist() == pytest.approx([values["aic"] for values in right], abs=1e-3)


def test_comparison_by_reml_of_other_fixed_parts_is_refused() -> None:
    found = compare({"cr": fitted("cr"), "te": fitted("te")})
    assert "method=" in found["note"].iloc[1] and np.isnan(found["p"].iloc[1]) and np.isnan(found["chi2"].iloc[1])
    assert found["delta_aic"].min() == 0
