"""What must not change a fit: names, units, origins, the direction of time, the order of rows."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins.word_curves import bump, word_table

from snap_tf.gamm import GammFit, GammWarning, gamm

FORMULA = "Value ~ Word + s(Sample, k=7) + s(Sample, by=Word, k=7) + fs(Sample, Token, k=6)"


def table(seed: int = 0) -> pd.DataFrame:
    first = word_table(seed, n_tokens=14, n_steps=12, rho=0.4, effect=bump(0.2, 0.7, 0.4))
    third = word_table(seed + 1, n_tokens=6, n_steps=9, rho=0.4, words=("oily", "oily"))
    return pd.concat([first, third.assign(Token="u" + third["Token"])], ignore_index=True)


@pytest.fixture(scope="module")
def fit() -> GammFit:
    return gamm(FORMULA, table(), rho=0.4)


def assert_same_tests(one: GammFit, other: GammFit, rtol: float = 1e-5) -> None:
    np.testing.assert_allclose(one.smooths[["edf", "ref_df", "p"]], other.smooths[["edf", "ref_df", "p"]], rtol=rtol,
                               atol=1e-9)
    both = [np.sort(f.smooths[["F", "F_other_sign"]].to_numpy(), axis=1) for f in (one, other)]
    np.testing.assert_allclose(*both, rtol=10 * rtol)


@settings(max_examples=12, deadline=None)
@given(scale=st.sampled_from([1e-6, -3.0, 0.01, 1e5]), shift=st.sampled_from([0.0, -7.0, 1e4]))
def test_affine_change_of_the_response(scale: float, shift: float) -> None:
    old = gamm(FORMULA, table(), rho=0.4)
    shift *= abs(scale)
    new = gamm(FORMULA, table().assign(Value=lambda d: scale * d["Value"] + shift), rho=0.4)
    np.testing.assert_allclose(new.fitted, scale * old.fitted + shift, rtol=1e-6, atol=1e-6 * abs(scale))
    np.testing.assert_allclose(new.parametric["se"], abs(scale) * old.parametric["se"], rtol=1e-6)
    assert new.sig2 == pytest.approx(scale**2 * old.sig2, rel=1e-6)
    dof = old.n - old.design.unpenalised.shape[1]
    assert new.score == pytest.approx(old.score + dof * np.log(abs(scale)), abs=1e-5)
    assert_same_tests(new, old)


@pytest.mark.parametrize(("scale", "shift"), [(0.064, 0.0), (1000.0, -3.0), (1.0, 5000.0)])
def test_affine_change_of_time(fit: GammFit, scale: float, shift: float) -> None:
    new = gamm(FORMULA, table().assign(Sample=lambda d: scale * d["Sample"] + shift), rho=0.4)
    np.testing.assert_allclose(new.fitted, fit.fitted, atol=1e-6)
    assert new.score == pytest.approx(fit.score, abs=1e-6)
    assert_same_tests(new, fit)


def test_reversed_time(fit: GammFit) -> None:
    """The AR(1) process looks the same backwards; F is one of a pair, and the pair is the same."""
    turned = table().assign(Sample=lambda d: 13 - d["Sample"]).iloc[::-1]
    new = gamm(FORMULA, turned, rho=0.4, reference={"Word": "ask"})
    # the levels come in another order, the tests do not
    order = [list(new.smooths["term"]).index(term) for term in fit.smooths["term"]]
    assert new.score == pytest.approx(fit.score, abs=1e-5)
    both = [np.sort(f[["F", "F_other_sign"]].to_numpy(), axis=1) for f in (fit.smooths, new.smooths.iloc[order])]
    np.testing.assert_allclose(*both, rtol=2e-4)
    np.testing.assert_allclose(new.smooths["p"].iloc[order], fit.smooths["p"], rtol=1e-3, atol=1e-9)
    np.testing.assert_allclose(new.fitted[::-1], fit.fitted, atol=1e-5)


def test_renamed_words_and_tokens(fit: GammFit) -> None:
    words = {"ask": "zebra", "wash": "aardvark", "oily": "7"}
    names = {token: 1000 - i for i, token in enumerate(table()["Token"].unique())}
    new = gamm(FORMULA, table().replace({"Word": words}).assign(Token=table()["Token"].map(names)), rho=0.4)
    assert list(new.parametric["term"]) == ["(Intercept)", "Wordaardvark", "Word7"]
    np.testing.assert_allclose(new.parametric["estimate"], fit.parametric["estimate"], atol=1e-9)
    assert_same_tests(new, fit, 1e-8)
    np.testing.assert_allclose(new.resid, fit.resid, atol=1e-9)


def test_rows_in_any_order(fit: GammFit) -> None:
    shuffled = table().sample(frac=1, random_state=3)
    with pytest.warns(GammWarning, match="rows were not in order and were sorted by Token and Sample"):
        new = gamm(FORMULA, shuffled, rho=0.4, reference={"Word": "ask"})
    back = pd.Series(new.fitted, index=shuffled.index).sort_index()
    np.testing.assert_allclose(back, fit.fitted, atol=1e-8)
    assert new.score == pytest.approx(fit.score, abs=1e-8)
    np.testing.assert_allclose(new.fitted + new.resid, shuffled["Value"], atol=1e-12)


def test_another_reference_gives_the_same_separate_smooths() -> None:
    """With one smooth for every word no word is special, so that only the contrasts change."""
    formula = "Value ~ Word + s(Sample, by=Word, k=7) + re(Token)"
    one, other = gamm(formula, table()), gamm(formula, table(), reference={"Word": "oily"})
    assert one.score == pytest.approx(other.score, abs=1e-7)
    np.testing.assert_allclose(one.fitted, other.fitted, atol=1e-6)
    assert other.levels == ["oily", "ask", "wash"]


def test_a_start_column_or_a_token_column_give_the_same_whitening() -> None:
    data = table().assign(Start=lambda d: (d["Sample"] == 1).astype(int))
    formula = "Value ~ Word + s(Sample, k=7) + s(Sample, by=Word, k=7)"
    by_token, by_start = gamm(formula, data, rho=0.5, token="Token"), gamm(formula, data, rho=0.5, start="Start")
    assert by_token.score == pytest.approx(by_start.score, abs=1e-9)
    np.testing.assert_allclose(by_token.resid, by_start.resid, atol=1e-9)


def test_nothing_is_said_where_nothing_was_decided() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gamm(FORMULA, table(), rho=0.2).notices == ()
