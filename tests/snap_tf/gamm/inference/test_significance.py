"""Tests of smooths and of the random term against whole matrices; how often they are wrong where there is nothing."""

import warnings

import numpy as np
import pytest
from small_models import make
from twins import gamm_dense as twin
from twins.word_curves import word_table

from snap_tf.gamm import gamm
from snap_tf.gamm.inference import significance as module
from snap_tf.gamm.inference.significance import penalised_smooth_test, random_reference_df, random_test, smooth_test
from snap_tf.gamm.solver.freedom import effective_degrees


@pytest.mark.parametrize("rank", [1.3, 2.0001, 3.7, 4.99])
def test_both_signs_of_the_smooth_statistic(rank: float) -> None:
    rng = np.random.default_rng(int(100 * rank))
    columns, root = rng.normal(size=(40, 6)), rng.normal(size=(6, 6))
    beta, covariance = rng.normal(size=6), root @ root.T
    test = smooth_test(beta, covariance, columns.T @ columns, rank, 30)
    both = sorted(total / rank for total in twin.smooth_statistics(beta, covariance, columns, rank))
    assert sorted([test.statistic, test.other]) == pytest.approx(both, rel=1e-9)
    assert test.reference_df == rank


def test_whole_rank_is_a_wald_test() -> None:
    rng = np.random.default_rng(0)
    columns, root = rng.normal(size=(40, 4)), rng.normal(size=(4, 4))
    beta, covariance = rng.normal(size=4), root @ root.T
    test = smooth_test(beta, covariance, columns.T @ columns, 4.0, 30)
    assert test.statistic == pytest.approx(beta @ np.linalg.solve(covariance, beta) / 4)
    assert test.statistic == test.other


@pytest.mark.parametrize(("name", "rho", "unequal"), [(name, rho, unequal) for name in ("fs", "fs2", "re", "level")
                                                      for rho in (0.0, 0.5) for unequal in (False, True)])
def test_random_term_against_whole_matrices(name: str, rho: float, unequal: bool,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    problem = make(name, rho, unequal=unequal)
    log_sp = np.random.default_rng(4).normal(0, 1, len(problem.penalties))
    system, solution = problem.system, problem.likelihood(log_sp).solution
    dense = problem.dense(log_sp)
    own, columns = problem.places[0], slice(0, system.parts[0].width)
    bayes, frequentist = dense.covariance[own, own], dense.frequentist[own, own]
    weights = np.linalg.eigvals(np.linalg.solve(bayes, frequentist)).real
    rank = int(np.sum(weights > 1e-9))
    n_free = problem.columns.shape[1] - np.linalg.matrix_rank(sum(problem.penalties))
    free = np.linalg.svd(sum(problem.penalties)[: system.p, : system.p])[0][:, ::-1][:, :n_free]
    assert random_reference_df(system, 0, columns, free) == rank
    monkeypatch.setattr(module, "_SMALL_ENOUGH", -1.0)  # never the bound
    test = random_test(system, solution, 0, columns, dense.scale, rank, 20.4)
    beta = dense.beta[own]
    assert test.statistic * rank == pytest.approx(beta @ np.linalg.solve(bayes, beta), rel=1e-8)
    exact = module.mixture_sf(test.statistic * rank, np.sort(weights)[-rank:], np.ones(rank), 20)
    assert test.p == pytest.approx(exact, abs=1e-7)
    monkeypatch.setattr(module, "_SMALL_ENOUGH", 2.0)  # the bound only
    assert random_test(system, solution, 0, columns, dense.scale, rank, 20.4).p >= test.p - 1e-9


@pytest.mark.parametrize("name", ["nested", "crossed", "nested and crossed", "slopes", "by", "three levels"])
@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_one_random_term_of_several_against_whole_matrices(name: str, rho: float,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """V^-1 times the covariance where the term is nothing and the other random terms are what they are."""
    monkeypatch.setattr(module, "_SMALL_ENOUGH", -1.0)
    problem = make(name, rho, n_tokens=12)
    penalties = problem.system.penalties
    log_sp = np.random.default_rng(4).normal(0, 1, penalties.n_sp)
    system, solution, dense = problem.system, problem.likelihood(log_sp).solution, problem.dense(log_sp)
    free = penalties.free_directions()
    white = problem.white @ problem.columns
    for item_number, item in enumerate(penalties.random):
        held = np.flatnonzero(item.diagonal)
        columns = slice(int(held[0]), int(held[-1]) + 1)
        if len(held) != columns.stop - columns.start or any(
                np.any(other.diagonal[columns]) for n, other in enumerate(penalties.random)
                if other.part == item.part and n != item_number):
            continue  # a term is all columns of its penalties together; single ones are looked at here
        width, place = system.parts[item.part].width, problem.places[item.part]
        own = (np.arange(place.start, place.stop).reshape(-1, width)[:, columns]).ravel()
        others = [i for p in problem.places for i in range(p.start, p.stop) if i not in set(own)]
        total = sum(np.exp(r) * s for r, s in zip(log_sp, problem.penalties, strict=True))
        noise = np.eye(len(white)) + white[:, others] @ np.diag(1 / np.diag(total)[others]) @ white[:, others].T
        inverse = np.linalg.inv(white.T @ white + total)
        spread = (inverse @ white.T @ noise @ white @ inverse)[np.ix_(own, own)]
        bayes = inverse[np.ix_(own, own)]
        weights = np.sort(np.linalg.eigvals(np.linalg.solve(bayes, spread)).real)
        rank = random_reference_df(system, item.part, columns, free)
        seen = np.hstack([white[:, : system.p] @ free, white[:, own]])
        assert rank == np.linalg.matrix_rank(seen, tol=1e-7) - free.shape[1]
        test = random_test(system, solution, item.part, columns, dense.scale, rank, 20.4)
        beta = dense.beta[own]
        assert test.statistic * rank == pytest.approx(beta @ np.linalg.solve(dense.scale * bayes, beta), rel=1e-7)
        exact = module.mixture_sf(test.statistic * rank, weights[-rank:], np.ones(rank), 20)
        assert test.p == pytest.approx(exact, abs=1e-6)


def test_tokens_each_by_themselves_are_close_to_the_whole_spectrum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the spectrum is too large to compute, p changes little."""
    table = word_table(5, n_tokens=60, n_steps=9, level_sd=0.02, shape_sd=0.0)
    table["Sample"] += np.random.default_rng(0).uniform(0, 0.2, len(table))
    fits = []
    for largest in (1200, 0):
        monkeypatch.setattr(module, "_LARGEST_DENSE", largest)
        fits.append(gamm("Value ~ Word + s(Sample, k=5) + re(Token)", table).smooths["p"].iloc[-1])
    assert 0.001 < fits[0] < 0.999
    assert fits[1] == pytest.approx(fits[0], abs=0.02)


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_fully_penalised_smooth_against_whole_matrices(rho: float) -> None:
    problem = make("none", rho)
    log_sp = np.array([0.3, 1.0, -0.5])
    system, solution = problem.system, problem.likelihood(log_sp).solution
    dense, own = problem.dense(log_sp), slice(system.p - 4, system.p)  # the last smooth has m = 1
    values, vectors = np.linalg.eigh(sum(problem.penalties))
    free = vectors[:, values < 1e-9 * values[-1]]
    residual_df = 72 - effective_degrees(system, solution).total
    test = penalised_smooth_test(system, solution, free, own, dense.scale, residual_df)
    bayes = dense.covariance[own, own]
    assert test.statistic * 4 == pytest.approx(dense.beta[own] @ np.linalg.solve(bayes, dense.beta[own]), rel=1e-8)
    assert test.reference_df == 4
    weights = np.linalg.eigvals(np.linalg.solve(bayes, dense.frequentist[own, own])).real
    exact = module.mixture_sf(test.statistic * 4, weights, np.ones(4), float(round(residual_df)))
    assert test.p == pytest.approx(exact, abs=1e-7)


@pytest.mark.slow
def test_p_values_are_even_where_there_is_nothing() -> None:
    """Shares below 0.05 over 300 simulations without any difference (s.e. 0.013)."""
    formula = "Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = [gamm(formula, word_table(7000 + seed)) for seed in range(300)]
    level = np.mean([fit.parametric["p"].iloc[1] < 0.05 for fit in fits])
    shape = np.mean([fit.smooths["p"].iloc[1] < 0.05 for fit in fits])
    assert 0.01 < level < 0.09 and 0.01 < shape < 0.11
