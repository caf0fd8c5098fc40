"""LAML and its slopes against whole matrices and finite differences; fits of mgcv are in test_gamm_families."""

import numpy as np
import pytest
from small_families import FAMILIES, make_family

MODELS = ("nested", "three levels", "crossed", "nested and crossed", "none", "ti")
CASES = [(name, family, method) for name in MODELS for family in FAMILIES for method in ("REML", "ML")]


def point_of(n: int, n_theta: int) -> np.ndarray:
    return np.append(np.random.default_rng(1).normal(0.5, 1.0, n - n_theta), np.array([0.8, -0.7])[:n_theta])


@pytest.mark.parametrize(("name", "family", "method"), CASES)
def test_criterion_is_that_of_whole_matrices(name: str, family: str, method: str) -> None:
    problem = make_family(name, family, method, unequal=name == "nested")
    laplace = problem.laplace
    point = point_of(laplace.n_parameters, laplace.family.n_theta)
    ours, dense = laplace(point), problem.dense(point)
    assert ours.value == pytest.approx(dense.score, abs=1e-7)
    np.testing.assert_allclose(ours.eta, dense.eta[problem.order], atol=1e-7)
    np.testing.assert_allclose(ours.solution.beta, dense.coefficients[: laplace.system.p], atol=1e-6)


@pytest.mark.parametrize(("name", "family", "method"), CASES)
def test_slopes_are_those_of_finite_differences(name: str, family: str, method: str) -> None:
    laplace = make_family(name, family, method).laplace
    point = point_of(laplace.n_parameters, laplace.family.n_theta)
    here, step = laplace(point), 1e-3
    for j in range(len(point)):
        move = step * np.eye(len(point))[j]
        near, far = (laplace(point + k * move).value - laplace(point - k * move).value for k in (1, 2))
        assert here.gradient[j] == pytest.approx((8 * near - far) / (12 * step), abs=1e-6)  # error of order step^4


def test_coefficients_do_not_depend_on_where_the_search_begins() -> None:
    laplace = make_family("nested", "poisson").laplace
    point = point_of(laplace.n_parameters, 0)
    first = laplace(point).value
    laplace(point + 3)
    assert laplace(point).value == pytest.approx(first, abs=1e-10)
