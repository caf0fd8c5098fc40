"""The criterion, its derivatives and everything behind them, against whole matrices and finite differences."""

import numpy as np
import pytest
from small_models import FORMULAS, make
from twins import gamm_dense as twin

from snap_tf.gamm.solver.autoregression import log_jacobian, whiten
from snap_tf.gamm.solver.freedom import effective_degrees
from snap_tf.gamm.solver.reml import Criterion, minimise, second_derivatives

CASES = [(name, rho, method, unequal) for name in FORMULAS for rho in (0.0, 0.6) for method in ("REML", "ML")
         for unequal in (False, True)]


@pytest.mark.parametrize("rho", [0.0, 0.35, 0.9])
def test_whitening_is_the_inverse_root_of_the_correlation(rho: float) -> None:
    starts = np.array([1, 0, 0, 1, 0, 1, 1, 0, 0, 0], bool)
    rows = np.random.default_rng(0).normal(size=(10, 3))
    white = twin.whitening(starts, rho)
    np.testing.assert_allclose(whiten(rows, starts, rho), white @ rows, atol=1e-12)
    assert log_jacobian(10, 4, rho) == pytest.approx(np.linalg.slogdet(white)[1], abs=1e-12)


@pytest.mark.parametrize(("name", "rho", "method", "unequal"), CASES)
def test_criterion_and_coefficients_are_those_of_whole_matrices(name: str, rho: float, method: str,
                                                                unequal: bool) -> None:
    problem = make(name, rho, method, unequal)
    log_sp = np.random.default_rng(1).normal(-1, 2, len(problem.penalties))
    ours, dense = problem.likelihood(log_sp), problem.dense(log_sp)
    system, solution = problem.system, ours.solution
    assert ours.value == pytest.approx(dense.score, rel=1e-11)
    np.testing.assert_allclose(solution.beta, dense.beta[: system.p], atol=1e-9)
    scale = solution.penalised_ss / problem.likelihood.dof
    assert scale == pytest.approx(dense.scale, rel=1e-10)
    np.testing.assert_allclose(scale * solution.fixed_inverse, dense.covariance[: system.p, : system.p], rtol=1e-7,
                               atol=1e-12)
    freedom = effective_degrees(system, solution)
    np.testing.assert_allclose(freedom.fixed, dense.edf[: system.p], atol=1e-9)
    np.testing.assert_allclose(freedom.fixed_alternative, dense.edf1[: system.p], atol=1e-9)
    for part, own in enumerate(problem.places):
        np.testing.assert_allclose(solution.effects(part).ravel(), dense.beta[own], atol=1e-9)
        columns = dense.edf[own].reshape(system.parts[part].n_units, -1).sum(0)
        np.testing.assert_allclose(freedom.random[part], columns, atol=1e-8)


@pytest.mark.parametrize(("name", "rho", "method", "unequal"), CASES)
def test_derivatives_are_those_of_finite_differences(name: str, rho: float, method: str, unequal: bool) -> None:
    likelihood = make(name, rho, method, unequal).likelihood
    log_sp = np.random.default_rng(2).normal(-1, 2, likelihood.system.penalties.n_sp)
    here = likelihood(log_sp)
    hessian = second_derivatives(likelihood, log_sp, here, central=True)
    step = 1e-4
    for j in range(len(log_sp)):
        move = step * np.eye(len(log_sp))[j]
        above, below = likelihood(log_sp + move), likelihood(log_sp - move)
        assert here.gradient[j] == pytest.approx((above.value - below.value) / (2 * step), abs=2e-6)
        np.testing.assert_allclose(hessian[j], (above.gradient - below.gradient) / (2 * step), atol=2e-6)


@pytest.mark.parametrize(("name", "rho"), [("fs", 0.6), ("re", 0.0), ("none", 0.3)])
def test_minimum_is_lower_than_all_around(name: str, rho: float) -> None:
    problem = make(name, rho)
    point, here, _, converged = minimise(problem.likelihood, len(problem.penalties))
    assert converged
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert problem.dense(point + rng.normal(0, 0.5, len(point))).score >= here.value - 1e-9


def test_steps_are_quadratic_at_the_end_and_few() -> None:
    _, here, n_steps, converged = minimise(make("fs", 0.0).likelihood, 5)
    assert converged and n_steps <= 25
    assert np.abs(here.gradient).max() < 1e-8 * (1 + abs(here.value))


def test_minimise_turns_negative_curvature_round_and_stops_at_the_bounds() -> None:
    def quartic(x: np.ndarray) -> Criterion:  # double well: minima at -1 and 1, a maximum at 0
        return Criterion(float((x[0] ** 2 - 1) ** 2), np.array([4 * x[0] * (x[0] ** 2 - 1)]),
                         np.array([[12 * x[0] ** 2 - 4]]), None)

    point, _, _, converged = minimise(quartic, 1, start=0.1)
    assert converged and point[0] == pytest.approx(1, abs=1e-5)

    def slope(x: np.ndarray) -> Criterion:  # falls for ever, as a smooth without effect does
        return Criterion(float(-x[0]), np.array([-1.0]), np.array([[0.0]]), None)

    point, _, _, converged = minimise(slope, 1)
    assert converged and point[0] == 25


def test_minimise_halves_a_step_into_a_singular_system() -> None:
    def fragile(x: np.ndarray) -> Criterion:
        if x[0] > 3:
            raise np.linalg.LinAlgError
        return Criterion(float((x[0] - 2.9) ** 2), np.array([2 * (x[0] - 2.9)]), np.array([[1.5]]), None)

    point, _, _, converged = minimise(fragile, 1, start=0.0)
    assert converged and point[0] == pytest.approx(2.9, abs=1e-6)


def test_tokens_alike_form_one_pattern() -> None:
    system = make("fs", 0.3).system
    assert [item.response.shape for item in system.cells] == [(8, 3)] * 3  # a pattern for each word
    assert len(make("fs", 0.3, unequal=True).system.cells) > 3


def test_what_is_nested_is_eliminated_level_by_level_and_what_crosses_is_not() -> None:
    kinds = {name: [part.kind for part in make(name, 0.0, n_tokens=12).system.parts] for name in FORMULAS}
    assert kinds["nested"] == ["chain", "chain", "fixed"] and kinds["none"] == ["fixed"]
    assert kinds["three levels"] == ["chain"] * 3 + ["fixed"]
    assert kinds["nested and crossed"] == ["chain", "chain", "border", "fixed"]
    assert kinds["slopes"] == ["chain", "fixed"]  # three terms of one factor are one block
