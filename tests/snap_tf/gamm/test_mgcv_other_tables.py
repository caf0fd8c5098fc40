"""Tables with other seeds, one with tokens of unequal length: six models of mgcv again."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mgcv_general import FOLDER

from snap_tf.gamm import gamm, vcomp

NAMES = ["b_numeric_by", "b_slopes", "b_speaker_item", "u_speaker_fs", "u_te_by", "u_ti"]
SEEDS = {"b": 23, "u": 37}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    folder, found = tmp_path_factory.mktemp("tables"), {}
    for suffix, seed in SEEDS.items():
        subprocess.run([sys.executable, FOLDER / "make_data.py", folder, str(seed), suffix], check=True,
                       stdout=subprocess.DEVNULL)
        table = pd.read_csv(Path(folder) / f"data_{suffix}.csv")
        words = list(table["Word"].unique())
        table["WordO"] = pd.Categorical(table["Word"], words, ordered=True)
        table["Word"] = pd.Categorical(table["Word"], words)
        found[suffix] = table
    return found


def test_tokens_of_one_table_are_of_unequal_length(tables: dict[str, pd.DataFrame]) -> None:
    lengths = {suffix: table.groupby("Token").size().nunique() for suffix, table in tables.items()}
    assert lengths["b"] == 1 and lengths["u"] > 5


@pytest.mark.parametrize("name", NAMES)
def test_fit_is_that_of_mgcv(tables: dict[str, pd.DataFrame], name: str) -> None:
    mgcv = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    table = tables[mgcv["dataset"]]
    assert len(table) == mgcv["n"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = gamm(mgcv["formula"], table, rho=mgcv["rho"], token="Token" if mgcv["rho"] else None)
    right, smooths = pd.DataFrame(mgcv["parametric"]), pd.DataFrame(mgcv["smooths"])
    np.testing.assert_allclose(fit.parametric["estimate"], right["estimate"], atol=1e-5 * right["se"].min())
    np.testing.assert_allclose(fit.parametric["se"], right["se"], rtol=1e-4)
    own = fit.smooths.set_index(fit.smooths["term"].str.replace(" ", "")).loc[smooths["term"]]
    np.testing.assert_allclose(own[["edf", "ref_df"]], smooths[["edf", "ref_df"]], rtol=1e-3, atol=1e-3)
    assert fit.score == pytest.approx(mgcv["score"], abs=1e-4)
    assert fit.sig2 == pytest.approx(mgcv["sig2"], rel=1e-5)
    assert fit.log_likelihood == pytest.approx(mgcv["logLik"], abs=2e-3)
    assert fit.aic == pytest.approx(mgcv["aic"], abs=5e-3)
    assert (fit.deviance_explained, fit.adjusted_r2) == pytest.approx((mgcv["dev_expl"], mgcv["r_sq"]), abs=1e-5)
    np.testing.assert_allclose(fit.fitted[::37], mgcv["fitted_head"], atol=1e-4)
    found, expected = vcomp(fit)[["sd", "lower", "upper"]].to_numpy(), np.array(mgcv["vcomp"], float)
    curved = expected[:, 2] < 1e6  # s(Dur) of `u_ti` is a straight line: nothing is known of its parameter
    assert np.isinf(found[~curved, 2]).all() and (~curved).sum() == (name == "u_ti")
    np.testing.assert_allclose(found[curved], expected[curved], rtol=2e-3)
