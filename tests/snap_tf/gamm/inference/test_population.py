"""Curves, differences, simultaneous intervals and the stretches that they mark."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from twins.word_curves import bump, no_effect, word_table

from snap_tf.gamm import GammError, GammFit, curves, difference_tests, differences, gamm, stretches
from snap_tf.gamm.inference.population import critical_value, path_length

FORMULA = "Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)"


@pytest.fixture(scope="module")
def fit() -> GammFit:
    table = pd.concat([word_table(1, effect=bump(0.2, 0.6, 0.5)),
                       word_table(2, words=("oily", "oily")).assign(Token=lambda d: "u" + d["Token"])])
    return gamm(FORMULA, table)


def test_curve_is_the_fixed_part_at_a_row_of_the_table(fit: GammFit) -> None:
    table = curves(fit, n_points=16)  # the steps of the table
    rows = fit.design.fixed_rows(fit.frame) @ fit.beta
    for level in fit.levels:
        mine = (fit.frame["Word"] == level).to_numpy()
        np.testing.assert_allclose(table.loc[table["group"] == level, "fit"], rows[mine][:16], atol=1e-10)
    assert (table["upper"] - table["lower"]).to_numpy() == pytest.approx(3.92 * table["se"].to_numpy())


def test_difference_is_b_minus_a_with_the_covariance_of_both(fit: GammFit) -> None:
    points = curves(fit).pivot(index="time", columns="group", values="fit")
    table = differences(fit, [("wash", "oily"), ("oily", "wash")])
    forth, back = table[table["a"] == "wash"], table[table["a"] == "oily"]
    np.testing.assert_allclose(forth["difference"], points["oily"] - points["wash"], atol=1e-10)
    np.testing.assert_allclose(forth["difference"], -back["difference"], atol=1e-10)
    np.testing.assert_allclose(forth["se"], back["se"], rtol=1e-9)
    assert len(differences(fit)["a"].drop_duplicates()) == 2 and len(differences(fit)) == 3 * 101


def test_path_of_a_known_process() -> None:
    """cos(t) Z1 + sin(t) Z2 turns its direction by the angle t itself."""
    t = np.linspace(0, 1.3, 400)
    design = np.column_stack([np.cos(t), np.sin(t)])
    assert path_length(design, np.eye(2)) == pytest.approx(1.3, rel=1e-6)
    assert path_length(design * (1 + t[:, None]), np.eye(2)) == pytest.approx(1.3, rel=1e-6)
    assert path_length(np.ones((50, 1)), np.eye(1)) == pytest.approx(0, abs=1e-6)


def test_simultaneous_value_holds_in_simulation(fit: GammFit) -> None:
    levels = fit.levels
    time = np.linspace(1, 16, 101)
    frames = [pd.DataFrame({"Sample": time, "Word": pd.Categorical([level] * 101, categories=levels)})
              for level in levels[:2]]
    design = fit.design.fixed_rows(frames[1]) - fit.design.fixed_rows(frames[0])
    rng = np.random.default_rng(0)
    draws = rng.multivariate_normal(np.zeros(fit.design.p), fit.covariance, 20000, method="cholesky") @ design.T
    se = np.sqrt(np.sum((design @ fit.covariance) * design, axis=1))
    simulated = np.quantile(np.abs(draws / se).max(axis=1), 0.95)
    exact = critical_value(path_length(design, fit.covariance))
    # an upper bound, since the path of a spline comes back close to itself
    assert simulated - 0.02 < exact < simulated + 0.15
    assert critical_value(path_length(design, fit.covariance), df=38) > exact > 1.96


def test_simultaneous_value_is_exact_for_an_arc() -> None:
    t = np.linspace(0, 1.3, 200)
    draws = np.random.default_rng(0).normal(size=(100_000, 2)) @ np.vstack([np.cos(t), np.sin(t)])
    simulated = np.quantile(np.abs(draws).max(axis=1), 0.95)
    assert critical_value(1.3) == pytest.approx(simulated, abs=0.02)


def test_critical_value_without_a_path_is_the_pointwise_one() -> None:
    assert critical_value(0.0) == pytest.approx(1.959964, abs=1e-6)
    assert critical_value(0.0, df=10) == pytest.approx(stats.t.ppf(0.975, 10), abs=1e-6)
    assert critical_value(0.0, df=1) == pytest.approx(12.7062, abs=1e-3)
    assert critical_value(6.0, level=0.99) > critical_value(6.0) > critical_value(1.0)


def test_simultaneous_interval_and_its_p_value_agree(fit: GammFit) -> None:
    tests = difference_tests(fit).set_index(["a", "b"])
    marked = stretches(differences(fit))
    for a, b in tests.index:
        any_marked = bool(((marked["a"] == a) & (marked["b"] == b)).any())
        assert any_marked == bool(tests.loc[(a, b), "p"] < 0.05)


def test_between_df_counts_tokens_not_rows(fit: GammFit) -> None:
    assert fit.between_df == 80 - 3  # tokens less words
    by_speaker = word_table(3)
    by_speaker["Speaker"] = [f"S{int(token[1:]) // 2 % 5}" for token in by_speaker["Token"]]  # each says both words
    by_speaker = by_speaker.sort_values("Speaker", kind="stable")
    other = gamm("Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Speaker)", by_speaker, token="Token")
    assert other.between_df == 5 - 1


def test_stretches_of_a_drawn_line() -> None:
    time = np.arange(6.0)
    lower = np.array([-1, 1, 1, -1, -3, -3.0])
    table = pd.DataFrame({"a": "x", "b": "y", "time": time, "lower": lower, "upper": lower + 2,
                          "lower_simultaneous": lower - 0.5, "upper_simultaneous": lower + 2.5})
    found = stretches(table, "pointwise")
    # lower crosses zero at 0.5 and 2.5; upper (1, 3, 3, 1, -1, -1) falls below zero at 3.5 and stays to the end
    assert found[["start", "end", "sign"]].to_numpy().tolist() == [[0.5, 2.5, 1], [3.5, 5.0, -1]]
    wide = stretches(table)
    assert wide[["start", "end", "sign"]].to_numpy().tolist() == [[0.75, 2.25, 1], [3.75, 5.0, -1]]


def test_covariates_stand_at_their_means_or_where_they_are_put() -> None:
    table = word_table(4).assign(Speed=lambda d: d["Token"].str[1:].astype(int) % 7,
                                 Sex=lambda d: np.where(d["Token"].str[1:].astype(int) % 4 < 2, "f", "m"))
    table["Value"] += 0.1 * table["Speed"]
    fit = gamm("Value ~ Word + Speed + Sex + s(Sample) + s(Sample, by=Word) + re(Token)", table)
    typical, fast = curves(fit), curves(fit, at={"Speed": 6})
    slope = fit.parametric.set_index("term")["estimate"]
    assert (fast["fit"] - typical["fit"]).to_numpy() == pytest.approx(slope["Speed"] * (6 - table["Speed"].mean()))
    other = curves(fit, at={"Sex": "m"})
    assert (other["fit"] - typical["fit"]).to_numpy() == pytest.approx(slope["Sexm"])
    assert set(curves(fit, group="Sex")["group"]) == {"f", "m"}


def test_one_curve_without_words() -> None:
    fit = gamm("Value ~ s(Sample)", word_table(0))
    assert list(curves(fit)["group"].unique()) == ["all"]
    with pytest.raises(GammError, match="must have a factor to compare words"):
        differences(fit)


@pytest.mark.parametrize(("call", "message"), [
    (lambda fit: differences(fit, [("ask", "dark")]), r"word \(=dark\) must be one of the fitted ones; there are ask"),
    (lambda fit: curves(fit, at={"Speed": 1}), r"column \(=Speed\) must be one of the model"),
    (lambda fit: curves(fit, group="Sample"), r"group \(=Sample\) must be a factor of the model; there are .*Word"),
    (lambda fit: stretches(differences(fit), "both"), r"interval \(=both\) must be"),
])
def test_refusals(fit: GammFit, call, message: str) -> None:
    with pytest.raises(GammError, match=message):
        call(fit)


def found_inside(seed: int, first: float, last: float) -> bool:
    table = word_table(seed, effect=bump(first, last, 0.45))
    marked = stretches(differences(gamm(FORMULA, table)))
    edges = 1 + 15 * first, 1 + 15 * last
    return len(marked) > 0 and bool((marked["start"] >= edges[0]).all() and (marked["end"] <= edges[1]).all())


def found_nothing(seed: int) -> bool:
    return stretches(differences(gamm(FORMULA, word_table(seed, effect=no_effect)))).empty


def test_planted_difference_is_found_where_it_is() -> None:
    assert sum(found_inside(seed, 0.25, 0.75) for seed in range(20)) >= 19


def test_no_difference_is_mostly_not_found() -> None:
    assert sum(found_nothing(seed) for seed in range(100, 120)) >= 18


@pytest.mark.slow
@pytest.mark.parametrize(("first", "last"), [(0.25, 0.75), (0.3, 0.7), (0.0, 0.5)])
def test_planted_difference_in_at_least_95_of_100(first: float, last: float) -> None:
    assert sum(found_inside(seed, first, last) for seed in range(100)) >= 95


@pytest.mark.slow
def test_no_difference_in_about_5_of_100() -> None:
    """Exact coverage would mark 10 to 30 of 400 (95 %)."""
    assert sum(not found_nothing(1000 + seed) for seed in range(400)) <= 30
