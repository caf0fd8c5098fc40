"""Tail probabilities against closed forms, and against mgcv's psum.chisq (Davies) at tol = 1e-11."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from snap_tf.gamm.inference.quadratic_forms import mixture_sf, probability_positive, smooth_test_sf, tail


@pytest.mark.parametrize(("q", "weights", "dofs", "p"), [
    # Rscript -e 'mgcv::psum.chisq(.5, c(1, .5, .25), df = c(1, 2, 3), tol = 1e-11)', and so on
    (0.5, [1, 0.5, 0.25], [1, 2, 3], 0.975102807704111),
    (30, [2, 1, 0.1], [1, 5, 7], 0.000924235322634637),
    (0, [1, 1.2, -0.05], [4, 1, 60], 0.71670513139592),
    (0, [1, 0.3, -0.015], [1, 1, 300], 0.043477256726451),
])
def test_mgcv_s_numbers(q: float, weights: list, dofs: list, p: float) -> None:
    if q:  # P(sum > q) = P(sum - q chi2_d / d > 0) for large d; here q is taken off with 2e9 degrees of freedom
        found = mixture_sf(q, np.array(weights, float), np.array(dofs, float), 2e9)
    else:
        found = probability_positive(np.array(weights, float), np.array(dofs, float))
    assert found == pytest.approx(p, rel=1e-6)


def test_a_double_integral() -> None:
    """P(chi2_2 + .7 z1^2 + .3 z2^2 > 10), z1 and z2 integrated numerically.

    mgcv's psum.chisq gives up here and returns an approximation, .014323.
    """
    nodes, weights = np.polynomial.legendre.leggauss(2000)
    z, weights = 4.5 * (nodes + 1), 4.5 * weights
    tail = np.exp(-np.maximum(10 - 0.7 * z[:, None] ** 2 - 0.3 * z**2, 0) / 2)
    density = 2 * weights * stats.norm.pdf(z)
    exact = density @ tail @ density
    found = mixture_sf(10.0, np.array([1, 1, 0.7, 0.3]), np.ones(4), 2e9)
    assert found == pytest.approx(exact, abs=1e-7)


@pytest.mark.parametrize("statistic", [1e-3, 0.3, 2.0, 9.0, 40.0])
@pytest.mark.parametrize(("r", "d"), [(1, 30), (2, 600), (5, 100), (9, 17000)])
def test_equal_weights_are_an_f_distribution(statistic: float, r: int, d: int) -> None:
    p = mixture_sf(statistic, np.ones(r), np.ones(r), d)
    assert p == pytest.approx(stats.f.sf(statistic / r, r, d), abs=2e-7)


def test_two_exponentials() -> None:
    """chi2_2 / 2 is exponential: P(a E1 + b E2 > t) = (a e^-t/a - b e^-t/b) / (a - b)."""
    a, b, t = 2.0, 0.6, 3.0
    exact = (a * np.exp(-t / a) - b * np.exp(-t / b)) / (a - b)
    assert mixture_sf(t, np.array([a, b]) / 2, np.array([2.0, 2.0]), 1e9) == pytest.approx(exact, abs=1e-8)


def test_signs() -> None:
    assert probability_positive(np.array([1.0, 0.0]), np.array([2.0, 3.0])) == 1
    assert probability_positive(np.array([-1.0]), np.array([2.0])) == 0
    assert probability_positive(np.array([1.0, -1.0]), np.array([3.0, 3.0])) == pytest.approx(0.5, abs=1e-12)
    assert mixture_sf(0.0, np.ones(1), np.ones(1), 10) == 1


@pytest.mark.parametrize("rank", [1.0000001, 1.01, 1.5, 1.99, 2.3, 7.6])
@pytest.mark.parametrize("statistic", [0.05, 1.0, 6.0, 15.0])
def test_smooth_law_is_the_inversion_for_every_rank(rank: float, statistic: float) -> None:
    whole = int(rank)
    part = rank - whole
    root = np.sqrt(1 - part**2)
    weights = np.array([1.0, (part + 1 + root) / 2, (part + 1 - root) / 2])
    p = mixture_sf(statistic, weights, np.array([whole - 1.0, 1, 1]), 600)
    assert smooth_test_sf(statistic, rank, 600) == pytest.approx(p, abs=1e-7)


def test_smooth_law_joins_f_at_whole_ranks() -> None:
    for rank in (1, 2, 6):
        exact = stats.f.sf(8.0 / rank, rank, 500)
        assert smooth_test_sf(8.0, rank, 500) == pytest.approx(exact, rel=1e-12)
        assert smooth_test_sf(8.0, rank + 1e-9, 500) == pytest.approx(exact, rel=1e-4)


def test_tiny_p_is_not_rounding_noise() -> None:
    p = [smooth_test_sf(t, 8.6, 2000) for t in (60.0, 90.0, 150.0, 400.0)]
    assert all(a > b > 0 for a, b in pairwise(p))
    assert p[-1] < 1e-50


@pytest.mark.parametrize("rank", [0.4, 1.0, 1.3, 2.02, 3.5, 7.0, 8.98])
@pytest.mark.parametrize("statistic", [0.3, 4.0, 25.0])
def test_known_scale_is_the_limit_of_many_residual_degrees_of_freedom(rank: float, statistic: float) -> None:
    limit = smooth_test_sf(statistic, rank, 1e9)
    assert smooth_test_sf(statistic, rank, None) == pytest.approx(limit, rel=2e-6, abs=1e-9)


def test_known_scale_is_exact_also_for_tiny_p() -> None:
    # given the angle, the two terms are exponential: T = chi2_1 + v chi2_2, by a fine sum over both
    angle = (np.arange(4000) + 0.5) * np.pi / 2 / 4000
    root = np.sqrt(1 - 0.5**2)
    seen = (1.5 + root) / 2 * np.sin(angle) ** 2 + (1.5 - root) / 2 * np.cos(angle) ** 2
    normal = (np.arange(40000) + 0.5) * 10 / 40000  # chi2_1 is its square
    above = np.exp(-(100 - normal**2)[:, None] / (2 * seen[::40])).mean(1)
    exact = stats.chi2.sf(100, 1) + np.sum(2 * stats.norm.pdf(normal) * above) * 10 / 40000
    assert exact < 1e-18 and smooth_test_sf(100.0, 2.5, None) == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize(("dofs", "statistic"), [((3.0, 4.0), 9.0), ((1.0, 12.0), 30.0), ((60.0, 40.0), 130.0)])
def test_mixture_of_known_scale(dofs: tuple[float, float], statistic: float) -> None:
    found = mixture_sf(statistic, np.ones(2), np.array(dofs), None)
    assert found == pytest.approx(stats.chi2.sf(statistic, sum(dofs)), abs=1e-9)
    draws = np.random.default_rng(0).chisquare(dofs, (400_000, 2)) @ [1.0, 0.3]
    p = mixture_sf(statistic / 2, np.array([1.0, 0.3]), np.array(dofs), None)
    assert p == pytest.approx(np.mean(draws > statistic / 2), abs=4e-3)


def test_chi_square_and_f_tails() -> None:
    assert tail(6.0, 3, None) == pytest.approx(stats.chi2.sf(6, 3))
    assert tail(6.0, 3, 20) == pytest.approx(stats.f.sf(2, 3, 20))
    assert mixture_sf(0.0, np.ones(1), np.ones(1), None) == 1
