"""Families: log likelihoods against scipy, every derivative against finite differences, deviances."""

import numpy as np
import pytest
from scipy import integrate, stats
from small_families import FAMILIES, rows
from twins import gamm_laplace as twin

from snap_tf.gamm.model.families import Family, family_of

STEP = 1e-5
EVERY = ("gaussian", *FAMILIES)


def case(name: str) -> tuple[Family, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    y, weights, _ = rows(name, np.linspace(-1, 1.5, 40))
    eta = np.random.default_rng(0).normal(0.2, 0.8, 40)
    return family_of(name), y, eta, np.array([0.7, -0.4])[: family_of(name).n_theta], weights


@pytest.mark.parametrize("name", FAMILIES)
def test_log_likelihood_is_that_of_scipy(name: str) -> None:
    family, y, eta, theta, weights = case(name)
    assert family.log_likelihood(y, eta, theta, weights) == pytest.approx(
        twin.log_likelihoods(name, y, eta, theta, weights).sum(), rel=1e-12)


@pytest.mark.parametrize("name", EVERY)
def test_derivatives_are_those_of_finite_differences(name: str) -> None:
    family, y, eta, theta, weights = case(name)
    here = family.derivatives(y, eta, theta, weights)
    above, below = (family.derivatives(y, eta + step, theta, weights) for step in (STEP, -STEP))
    by_row = [[family.log_likelihood(y[[i]], eta[[i]] + step, theta, weights[[i]]) for i in range(len(y))]
              for step in (STEP, -STEP)]
    np.testing.assert_allclose(here.first, np.subtract(*by_row) / (2 * STEP), atol=1e-8)
    np.testing.assert_allclose(here.second, (above.first - below.first) / (2 * STEP), atol=1e-7)
    np.testing.assert_allclose(here.third, (above.second - below.second) / (2 * STEP), atol=1e-7)
    assert here.theta.shape == (family.n_theta,) and here.first_theta.shape == (family.n_theta, len(y))
    for j in range(family.n_theta):
        move = STEP * np.eye(family.n_theta)[j]
        above, below = (family.derivatives(y, eta, theta + sign * move, weights) for sign in (1, -1))
        values = [family.log_likelihood(y, eta, theta + sign * move, weights) for sign in (1, -1)]
        assert here.theta[j] == pytest.approx((values[0] - values[1]) / (2 * STEP), abs=1e-7)
        np.testing.assert_allclose(here.first_theta[j], (above.first - below.first) / (2 * STEP), atol=1e-8)
        np.testing.assert_allclose(here.second_theta[j], (above.second - below.second) / (2 * STEP), atol=1e-7)


@pytest.mark.parametrize("name", ["binomial", "poisson"])
def test_deviance_is_what_the_log_likelihood_lacks_to_a_perfect_fit(name: str) -> None:
    family, y, eta, theta, weights = case(name)
    with np.errstate(divide="ignore", invalid="ignore"):
        perfect = np.nan_to_num(twin.log_likelihoods(
            name, y, np.clip(np.log(y / (1 - y) if name == "binomial" else y), -40, 40), theta, weights))
    lacking = 2 * (perfect - twin.log_likelihoods(name, y, eta, theta, weights))
    np.testing.assert_allclose(family.deviances(y, family.mean(eta), theta, weights), lacking, atol=1e-9)


@pytest.mark.parametrize("name", ["gaussian", "scat"])
def test_deviance_with_the_identity_link(name: str) -> None:
    family, y, eta, theta, weights = case(name)
    lacking = 2 * (family.log_likelihood(y, y, theta, weights) - family.log_likelihood(y, eta, theta, weights))
    assert family.deviances(y, family.mean(eta), theta, weights).sum() == pytest.approx(lacking, rel=1e-10)
    assert family.information(eta, theta, weights).min() > 0
    np.testing.assert_array_equal(family.start(y, weights), y)


def test_information_of_the_scaled_t_is_the_expected_bend() -> None:
    family, theta = family_of("scat"), np.array([0.7, -0.4])
    df, sigma = np.exp(0.7) + 3, np.exp(-0.4)
    one = np.ones(1)
    found = integrate.quad(lambda y: -family.derivatives(one * y, one, theta, one).second[0]
                           * stats.t.pdf(y, df, loc=1, scale=sigma), -60, 60, limit=500)[0]
    assert family.information(one, theta, one)[0] == pytest.approx(found, rel=1e-6)


def test_many_degrees_of_freedom_are_the_normal_distribution() -> None:
    family = family_of("scat")
    y, zero, one = np.linspace(-2, 2, 50), np.zeros(50), np.ones(50)
    for log_df in (12.0, 20.0, 25.0):
        found = family.log_likelihood(y, zero, np.array([log_df, 0.3]), one)
        assert found == pytest.approx(stats.norm.logpdf(y, scale=np.exp(0.3)).sum(), abs=200 * np.exp(-log_df) + 1e-9)
    steps = [family.log_likelihood(y, zero, np.array([np.log(df - 3), 0.0]), one) for df in (399.999, 400.001)]
    assert steps[0] == pytest.approx(steps[1], abs=1e-6)  # where the series takes over


@pytest.mark.parametrize("name", EVERY)
def test_null_deviance_is_the_smallest_of_one_level(name: str) -> None:
    family, y, _, theta, weights = case(name)
    offset = np.linspace(-0.5, 0.5, len(y))
    found = family.null_deviance(y, theta, weights, offset)
    levels = np.linspace(-2, 2, 4001)
    tried = [family.deviances(y, family.mean(level + offset), theta, weights).sum() for level in levels]
    assert found <= min(tried) + 1e-9
    assert found == pytest.approx(min(tried), rel=1e-5)


def test_parameters_on_their_own_scale() -> None:
    assert family_of("scat").theta_values(np.array([0.0, np.log(2.0)])) == pytest.approx({"df": 4.0, "sigma": 2.0})
    assert family_of("poisson").theta_values(np.zeros(0)) == {}
