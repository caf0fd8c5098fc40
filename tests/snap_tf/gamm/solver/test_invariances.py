"""What must not change a fit: names, units, origins, the direction of time, the order of rows."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins.word_curves import bump, word_table

from snap_tf.gamm import GammFit, GammWarning, gamm, vcomp

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


CROSSED = ('Value ~ Word + s(Sample, k=6) + s(Sample, by=Word, k=6) + s(Sample, Speaker, bs="fs", m=1, k=4) '
           '+ s(Item, bs="re") + s(Token, bs="re")')


def crossed_table() -> pd.DataFrame:
    """Tokens nested in speakers, and items that cross them."""
    data = word_table(3, n_tokens=24, n_steps=12, effect=bump(0.2, 0.7, 0.4))
    number = data["Token"].map({token: i for i, token in enumerate(data["Token"].unique())})
    rng = np.random.default_rng(0)
    speakers, items = rng.normal(0, 0.4, 6), rng.normal(0, 0.3, 4)
    data["Value"] += speakers[number % 6] * (1 + np.cos(data["Sample"])) + items[(number // 2) % 4]
    return data.assign(Speaker="s" + (number % 6).astype(str), Item="i" + ((number // 2) % 4).astype(str))


@pytest.fixture(scope="module")
def crossed() -> GammFit:
    return gamm(CROSSED, crossed_table(), rho=0.3)


def test_units_of_the_response_with_several_random_terms(crossed: GammFit) -> None:
    new = gamm(CROSSED, crossed_table().assign(Value=lambda d: 1000 * d["Value"] - 5e4), rho=0.3)
    np.testing.assert_allclose(new.fitted, 1000 * crossed.fitted - 5e4, rtol=1e-6)
    assert new.sig2 == pytest.approx(1e6 * crossed.sig2, rel=1e-6)
    assert list(new.sp.values()) == pytest.approx(list(crossed.sp.values()), rel=1e-4)
    np.testing.assert_allclose(vcomp(new)["sd"], 1000 * vcomp(crossed)["sd"], rtol=1e-4)
    assert new.aic - crossed.aic == pytest.approx(2 * crossed.n * np.log(1000), abs=1e-3)
    assert_same_tests(new, crossed)


def test_renamed_levels_of_crossed_factors(crossed: GammFit) -> None:
    data = crossed_table()
    for name in ("Speaker", "Item", "Token"):
        levels = data[name].unique()
        data[name] = data[name].map({level: f"z{len(levels) - i:03d}" for i, level in enumerate(levels)})
    new = gamm(CROSSED, data, rho=0.3)
    assert new.score == pytest.approx(crossed.score, abs=1e-8)
    np.testing.assert_allclose(new.fitted, crossed.fitted, atol=1e-8)
    assert_same_tests(new, crossed, 1e-7)


def test_random_terms_in_any_order(crossed: GammFit) -> None:
    head, *random = CROSSED.split(" + s(Sample, Speaker")
    fs, item, token = ("s(Sample, Speaker" + random[0]).split(" + ")
    new = gamm(" + ".join([head, token, item, fs]), crossed_table(), rho=0.3)
    assert new.score == pytest.approx(crossed.score, abs=1e-8)
    np.testing.assert_allclose(new.fitted, crossed.fitted, atol=1e-7)
    np.testing.assert_allclose(new.smooths.set_index("term").loc[crossed.smooths["term"], ["edf", "p"]],
                               crossed.smooths[["edf", "p"]], rtol=1e-5, atol=1e-9)


def test_rows_of_crossed_factors_in_any_order(crossed: GammFit) -> None:
    data = crossed_table()
    shuffled = data.assign(Word=pd.Categorical(data["Word"], data["Word"].unique())).sample(frac=1, random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GammWarning)
        new = gamm(CROSSED, shuffled, rho=0.3)
    np.testing.assert_allclose(pd.Series(new.fitted, index=shuffled.index).sort_index(), crossed.fitted, atol=1e-7)
    assert new.aic == pytest.approx(crossed.aic, abs=1e-6)


def test_every_token_twice_halves_the_variances() -> None:
    """Twice the rows are twice the cross products; the smoothing parameter is estimated anew."""
    data = crossed_table()
    formula = "Value ~ Word + s(Sample, k=6)"
    once = gamm(formula, data, rho=0.3, token="Token")
    twice = gamm(formula, pd.concat([data, data.assign(Token="again" + data["Token"])]), rho=0.3, token="Token")
    assert twice.n == 2 * once.n and twice.n_series == 2 * once.n_series
    np.testing.assert_allclose(twice.parametric["estimate"], once.parametric["estimate"], atol=1e-3)
    np.testing.assert_allclose(twice.parametric["se"], once.parametric["se"] / np.sqrt(2), rtol=0.02)
    assert twice.smooths["edf"].iloc[0] >= once.smooths["edf"].iloc[0]
