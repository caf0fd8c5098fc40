"""What a fit says: printing, rho, comparison, residual checks, files."""

import dataclasses
import json
import warnings

import numpy as np
import pandas as pd
import pytest
from twins.word_curves import bump, word_table

from snap_tf.gamm import (
    GammError,
    GammFit,
    GammWarning,
    check,
    compare,
    fit_to_dict,
    gamm,
    read_table,
    summary,
    write_fit,
)
from snap_tf.gamm.inference.summary_text import format_p
from snap_tf.gamm.solver.autoregression import Autocorrelation

FULL = "Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)"
PLAIN = "Value ~ Word + s(Sample) + s(Sample, by=Word)"


def table(**options) -> pd.DataFrame:
    return word_table(0, effect=bump(0.2, 0.6, 0.5), **options)


@pytest.fixture(scope="module")
def fit() -> GammFit:
    return gamm(FULL, table())


def test_printed_as_in_r(golden_dir) -> None:
    """The numbers are those of mgcv in small_m1_gam.json."""
    fit = gamm(PLAIN, pd.read_csv(golden_dir / "mgcv" / "data_small.csv"))
    assert summary(fit) == str(fit) == """\
Family: gaussian, link: identity
Formula: Value ~ Word + s(Sample, bs = "tp", k = 10) + s(Sample, by = ordered(Word), bs = "tp", k = 10)

A. parametric coefficients  Estimate  Std. Error  t-value   p-value
-------------------------------------------------------------------
(Intercept)                   0.7996      0.0125  63.8521  < 0.0001
Wordwash                     -0.0363      0.0177  -2.0483    0.0410

B. smooth terms        edf  Ref.df  F-value   p-value
-----------------------------------------------------
s(Sample)           7.5072  8.3481  20.0601  < 0.0001
s(Sample):Wordwash  7.3286  8.2266   7.1767  < 0.0001

-REML = -14.6206   scale est. = 0.050181   n = 640   edf = 16.84
R-sq.(adj) = 0.354   deviance explained = 37.0 %
AR(1) rho = 0.0000
"""


def test_small_p() -> None:
    assert format_p(0.00009) == "< 0.0001" and format_p(0.0001) == "0.0001" and format_p(0.5) == "0.5000"


def test_small_numbers_keep_three_figures() -> None:
    tiny = gamm(PLAIN, table().assign(Value=lambda d: d["Value"] * 1e-6))
    printed = [line.split()[1:3] for line in summary(tiny).splitlines() if line.startswith(("(Intercept)", "Wordwash"))]
    np.testing.assert_allclose(np.array(printed, float), tiny.parametric[["estimate", "se"]], rtol=5e-3)


def test_every_figure_of_the_summary_stands_behind_its_own_name(fit: GammFit) -> None:
    """Each is another number here, so that none can stand for another."""
    errors = Autocorrelation(0.5, estimated=True, series_lag1=0.625, within_token_lag1=0.375)
    text = summary(dataclasses.replace(fit, errors=errors, score=-12.5, sig2=0.25, edf_total=21.75))
    y = fit.fitted + fit.resid
    explained = 100 * (1 - np.sum(fit.resid**2) / np.sum((y - y.mean()) ** 2))
    adjusted = 1 - np.var(fit.resid) * (fit.n - 1) / (np.var(y) * (fit.n - 21.75))
    for part in ("-REML = -12.5000 ", "scale est. = 0.25 ", f"n = {fit.n} ", f"Token: {len(fit.random[0].levels)} ",
                 "edf = 21.75\n", "rho = 0.5000 (", "end to end, lag 1: 0.6250;", "within series: 0.3750)",
                 f"R-sq.(adj) = {adjusted:.3f} ", f"deviance explained = {explained:.1f} %"):
        assert part in text, text


def test_given_rho_is_used_as_it_is() -> None:
    assert gamm(PLAIN, table(rho=0.7), rho="0.25", token="Token").rho == 0.25


def test_auto_rho_is_the_lag_one_autocorrelation_of_the_first_fit() -> None:
    data = table(rho=0.8, level_sd=0.0, shape_sd=0.0)
    first, auto = gamm(PLAIN, data, token="Token"), gamm(PLAIN, data, rho="auto", token="Token")
    r = first.resid - first.resid.mean()
    assert auto.rho == pytest.approx(np.sum(r[1:] * r[:-1]) / np.sum(r**2), rel=1e-9)
    assert auto.rho == pytest.approx(0.75, abs=0.1)
    inner = np.arange(1, len(r)) % 16 != 0  # pairs within one token
    assert auto.errors.within_token_lag1 == pytest.approx(np.sum((r[1:] * r[:-1])[inner]) / np.sum(r**2), rel=1e-9)
    assert f"AR(1) rho = {auto.rho:.4f} (estimated" in str(auto) and "within series" in str(auto)


def test_negative_autocorrelation_is_said_and_set_to_zero() -> None:
    with pytest.warns(GammWarning, match=r"lag-1 autocorrelation is -0\.\d+, so rho is 0"):
        fit = gamm(FULL, table(), rho="auto")
    assert fit.rho == 0 and fit.errors.series_lag1 < 0 and "so rho is 0" in str(fit)


def test_random_effects_and_fitted_values(fit: GammFit) -> None:
    effects = fit.random_effects()
    assert effects.shape == (40, 9) and effects.index.name == "Token"
    mine = (fit.frame["Token"] == "t7").to_numpy()
    rows = fit.frame[mine]
    inside = fit.design.fixed_rows(rows) @ fit.beta + fit.design.random_rows(rows) @ effects.loc["t7"].to_numpy()
    np.testing.assert_allclose(fit.fitted[mine], inside, atol=1e-10)
    np.testing.assert_allclose(fit.fitted + fit.resid, table()["Value"], atol=1e-12)


def test_comparison_finds_the_terms_that_are_needed() -> None:
    models = {"level": "Value ~ Word + s(Sample) + re(Token)", "shape": PLAIN + " + re(Token)", "smooths": FULL}
    fits = {name: gamm(formula, table(), method="ML") for name, formula in models.items()}
    found = compare(fits).set_index("model")
    assert list(found.index) == ["level", "shape", "smooths"]
    assert list(found["n_parameters"]) == [2 + 1 + 2, 2 + 2 + 3, 2 + 2 + 4]
    assert found.loc["shape", "df"] == 2 and found.loc["shape", "p"] < 1e-6 and found.loc["smooths", "p"] < 1e-6
    assert found.loc["shape", "chi2"] == pytest.approx(2 * (fits["level"].score - fits["shape"].score))
    assert found["delta_aic"].min() == 0 and np.isnan(found.loc["level", "p"])


def test_comparison_by_reml_leaves_out_what_it_cannot_test() -> None:
    fits = {"level": gamm("Value ~ Word + s(Sample) + re(Token)", table()), "full": gamm(FULL, table()),
            "re": gamm(PLAIN + " + re(Token)", table())}
    found = compare(fits).set_index("model")
    assert np.isnan(found.loc["re", "p"])  # the unpenalised columns differ
    assert found.loc["full", "p"] < 1e-6  # fs instead of re: they do not


def test_comparison_refuses_what_is_not_comparable(fit: GammFit) -> None:
    with pytest.raises(GammError, match="of the same rows and response; b is of others"):
        compare({"a": fit, "b": gamm(FULL, word_table(9))})
    with pytest.raises(GammError, match="the same method; b uses ML"):
        compare({"a": fit, "b": gamm(FULL, table(), method="ML")})
    with pytest.raises(GammError, match=r"fits \(=1\) must be two or more"):
        compare({"a": fit})


def test_check_sees_autocorrelation_and_takes_it_out() -> None:
    data = table(rho=0.7, level_sd=0.0, shape_sd=0.0, n_tokens=80)
    found = check(gamm(PLAIN, data, rho=0.7, token="Token"))
    lag = found.autocorrelation.set_index("lag")
    assert lag.loc[1, "residual"] == pytest.approx(0.7, abs=0.1)
    assert abs(lag.loc[1, "white"]) < 2 * lag.loc[1, "bound"]
    assert lag.loc[1, "bound"] == pytest.approx(1.96 / np.sqrt(80 * 15))
    assert abs(found.skewness) < 0.3 and abs(found.excess_kurtosis) < 0.5 and abs(found.spread) < 0.1
    assert "Autocorrelation within series" in str(found)


def test_check_asks_for_a_larger_k() -> None:
    rng = np.random.default_rng(0)
    steps = np.tile(np.arange(400) / 400, 1)
    data = pd.DataFrame({"Sample": steps, "Value": np.sin(40 * steps) + rng.normal(0, 0.1, 400)})
    small, large = (check(gamm(f"Value ~ s(Sample, k={k})", data)).k_check.iloc[0] for k in (5, 40))
    assert small["k_index"] < 0.5 and small["p"] == 0
    assert large["k_index"] == pytest.approx(1, abs=0.15) and large["p"] > 0.01
    fit = gamm("Value ~ s(Sample, k=5)", data)
    assert check(fit, seed=3).k_check.equals(check(fit, seed=3).k_check)


def test_check_stops_at_the_longest_series() -> None:
    found = check(gamm("Value ~ Word + s(Sample, k=4) + re(Token)", table(n_steps=5)), n_lags=10)
    assert list(found.autocorrelation["lag"]) == [1, 2, 3, 4]


def test_files(fit: GammFit, tmp_path) -> None:
    write_fit(fit, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "curves.csv", "differences.csv", "fit.json", "fitted.csv", "methods.txt", "model.R", "stretches.csv",
        "table.md", "table.tex", "table.txt"]
    read = json.loads((tmp_path / "fit.json").read_text())
    assert read == json.loads(json.dumps(fit_to_dict(fit)))
    assert list(read)[:9] == ["parametric", "smooths", "reml", "sig2", "sp", "rho", "edf_total", "n", "seconds"]
    explained = 1 - np.sum(fit.resid**2) / np.sum((table()["Value"] - table()["Value"].mean()) ** 2)
    assert read["deviance_explained"] == pytest.approx(explained) and read["aic"] == fit.aic
    assert f"R-sq.(adj) = {read['r_sq']:.3f} " in str(fit)
    assert list(read["parametric"][0]) == ["term", "estimate", "se", "t", "p"]
    assert list(read["smooths"][0]) == ["term", "edf", "ref_df", "F", "F_other_sign", "p"]
    assert read["sp"].keys() == {"s(Sample)", "s(Sample):Wordwash", "s(Sample,Token)1", "s(Sample,Token)2"}
    curves = pd.read_csv(tmp_path / "curves.csv")
    assert list(curves.columns) == ["group", "time", "fit", "se"] and len(curves) == 2 * 101
    differences = pd.read_csv(tmp_path / "differences.csv")
    assert list(differences.columns) == ["a", "b", "time", "difference", "se"] and len(differences) == 101
    rows = pd.read_csv(tmp_path / "fitted.csv")
    assert list(rows.columns) == ["row", "fitted", "resid"] and list(rows["row"]) == list(range(1, 641))
    np.testing.assert_allclose(rows["fitted"] + rows["resid"], table()["Value"], atol=1e-12)
    assert (tmp_path / "table.txt").read_text() == str(fit)


def test_reading_tables(tmp_path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("Token,Word,Value\n007,NA,1\n008,null,\n")
    read = read_table(path, labels=("Token", None, "absent"))
    assert list(read["Token"]) == ["007", "008"] and list(read["Word"]) == ["NA", "null"]
    assert np.isnan(read["Value"].iloc[1])
    (tmp_path / "table.tsv").write_text("a\tb\n1\t2\n")
    assert list(read_table(tmp_path / "table.tsv").columns) == ["a", "b"]
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GammError, match="must be a CSV in UTF-8 with a header line"):
        read_table(path)
    path.write_text("")
    with pytest.raises(GammError, match="must be a CSV in UTF-8 with a header line"):
        read_table(path)
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "nowhere.csv")


def test_random_intercepts_without_smooths_are_a_mixed_model() -> None:
    """statsmodels' MixedLM by REML is the same model."""
    import statsmodels.formula.api as smf

    data = table(level_sd=0.5)
    fit = gamm("Value ~ Word + re(Token)", data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mixed = smf.mixedlm("Value ~ C(Word)", data, groups=data["Token"]).fit(reml=True)
    np.testing.assert_allclose(fit.parametric["estimate"], mixed.fe_params, rtol=1e-6)
    np.testing.assert_allclose(fit.parametric["se"], mixed.bse_fe, rtol=1e-4)
    assert fit.sig2 == pytest.approx(mixed.scale, rel=1e-4)
    assert fit.sig2 / fit.sp["s(Token)"] == pytest.approx(float(mixed.cov_re.iloc[0, 0]), rel=1e-3)
    assert fit.score == pytest.approx(-mixed.llf, abs=1e-4)
