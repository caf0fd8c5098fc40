"""Every Gaussian model of tests/golden/mgcv_general, fitted from its formula as R reads it, against mgcv."""

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from mgcv_general import NAMES, Tolerances, check_fit, data, grid, reference

from snap_tf.gamm import GammFit, gamm

GAUSSIAN = [name for name in NAMES if reference(name).values["family"] == "gaussian"]
EXACT = Tolerances(estimate=1e-5, se=1e-4, score=1e-4, sig2=1e-5, edf=1e-3, ref_df=1e-3)
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
               "log_likelihood": fit.log_likelihood}, name, FLAT if name == "select" else EXACT, skip)


def _nearer_sign(fit: GammFit, name: str) -> np.ndarray:
    """The sign of the cross term in F is arbitrary: the nearer of both values."""
    right = {row["term"].replace(" ", ""): row["statistic"] for _, row in reference(name).smooths.iterrows()}
    both = fit.smooths[["F", "F_other_sign"]].to_numpy()
    target = np.array([right[term.replace(" ", "")] for term in fit.smooths["term"]])
    return both[np.arange(len(both)), np.abs(both - target[:, None]).argmin(1)]
