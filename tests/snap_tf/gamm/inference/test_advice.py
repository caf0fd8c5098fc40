"""The residual checks name the remedy, and the remedy helps."""

import re

import mgcv_general as general
import numpy as np
import pandas as pd
from twins.word_curves import word_table

from snap_tf.gamm import check, gamm


def series(seed: int, rho: float = 0.0, wiggles: float = 1.0, tails: float | None = None, n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 1, 40)
    tables = []
    for token in range(n):
        errors = rng.normal(size=40) if tails is None else rng.standard_t(tails, 40)
        for t in range(1, 40):
            errors[t] = rho * errors[t - 1] + np.sqrt(1 - rho**2) * errors[t]
        value = np.sin(6 * wiggles * time) + 0.2 * errors
        tables.append(pd.DataFrame({"token": f"t{token}", "t": time, "value": value}))
    return pd.concat(tables, ignore_index=True)


def test_nothing_is_advised_where_nothing_is_wrong() -> None:
    found = check(gamm("value ~ s(t)", series(0), token="token"))
    assert found.advice == () and "To try" not in str(found)


def test_autocorrelation_names_rho() -> None:
    data = series(1, rho=0.7)
    advice, = check(gamm("value ~ s(t)", data, token="token")).advice
    rho = float(re.search(r"fit with rho=(0\.\d+)", advice)[1])
    assert abs(rho - 0.7) < 0.05
    assert check(gamm("value ~ s(t)", data, token="token", rho=rho)).advice == ()
    for given in (0.3, 0.95):  # too small, too large
        advice, = check(gamm("value ~ s(t)", data, token="token", rho=given)).advice
        assert abs(float(re.search(r"fit with rho=(0\.\d+)", advice)[1]) - 0.7) < 0.06
    advice, = check(gamm("value ~ s(t)", data)).advice
    assert "name the column of tokens (token=)" in advice


def test_small_k_names_a_larger_one_that_is_enough() -> None:
    data = series(2, wiggles=6)
    found = check(gamm("value ~ s(t)", data, token="token"))
    assert any(re.search(r"k of s\(t\) may be too low .*: fit with k=20\.", text) for text in found.advice)
    assert check(gamm("value ~ s(t, k=20)", data, token="token")).advice == ()
    few = word_table(0, n_steps=6)  # no larger k than there are times
    few["Value"] += 3 * (few["Sample"] % 2)
    assert not any("k=" in text for text in check(gamm("Value ~ s(Sample, k=6)", few)).advice)


def test_heavy_tails_name_the_family() -> None:
    data = series(3, tails=3)
    advice, = check(gamm("value ~ s(t)", data, token="token")).advice
    assert 'fit with family="scat" or look' in advice
    advice, = check(gamm("value ~ s(t)", series(4, rho=0.5, tails=3), token="token", rho=0.5)).advice
    assert "without rho and with a random smooth of every series instead" in advice
    heavy = check(gamm('Heavy ~ Word + s(Time) + s(Time, by=WordO) + s(Time, Speaker, bs="fs", m=1)', general.data()))
    assert 'family="scat"' in str(heavy)
