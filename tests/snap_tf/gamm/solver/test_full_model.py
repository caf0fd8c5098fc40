"""The published model at its full size against a sparse factorisation of the whole system, made by other means."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

from snap_tf.gamm import GammFit, gamm
from snap_tf.gamm.solver.autoregression import whiten

FORMULA = "Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)"
RHO = 0.3


@pytest.fixture(scope="module")
def fit() -> GammFit:
    table = pd.read_csv(Path(__file__).parents[3] / "golden" / "mgcv" / "data_full.csv")
    return gamm(FORMULA, table, rho=RHO)


def test_it_is_the_published_model(fit: GammFit) -> None:
    assert (fit.n, fit.n_series, len(fit.levels)) == (17072, 1067, 8)
    assert fit.design.p + fit.random[0].values.size == 9683  # coefficients
    assert fit.smooths["ref_df"].iloc[-1] == 9595 == 9 * 1067 - 8  # Table 1
    assert list(fit.smooths["term"])[:2] == ["s(Sample)", "s(Sample):Worddark"]
    assert len(fit.smooths) == 9 and len(fit.parametric) == 8


def test_whole_system_factorised(fit: GammFit) -> None:
    design, frame = fit.design, fit.frame
    fixed = whiten(design.fixed_rows(frame), fit.starts, RHO)
    own = whiten(design.random_rows(frame), fit.starts, RHO)
    y = whiten(frame["Value"].to_numpy(), fit.starts, RHO)
    q = own.shape[1]
    token = np.cumsum(fit.starts) - 1
    places = (np.repeat(np.arange(fit.n), q), (q * token[:, None] + np.arange(q)).ravel())
    x = sparse.hstack([sparse.csr_matrix(fixed), sparse.csr_matrix((own.ravel(), places))]).tocsc()
    weights = np.array(list(fit.sp.values()))
    penalty = sparse.lil_matrix((x.shape[1],) * 2)
    log_penalty = 0.0
    for weight, smooth in zip(weights, design.smooths, strict=False):
        penalty[smooth.columns, smooth.columns] = weight * smooth.basis.penalty
        kept = np.linalg.eigvalsh(weight * smooth.basis.penalty)[1:]
        log_penalty += np.log(kept).sum()
    diagonal = weights[-2:] @ design.random[0].diagonals()
    log_penalty += 1067 * np.log(diagonal).sum()
    penalty.setdiag(penalty.diagonal() + np.append(np.zeros(design.p), np.tile(diagonal, 1067)))
    hessian = (x.T @ x + penalty.tocsc()).tocsc()
    factors = splu(hessian, permc_spec="COLAMD", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    beta = factors.solve(x.T @ y)
    beta += factors.solve(x.T @ y - hessian @ beta)
    residual = y - x @ beta
    deviance = residual @ residual + beta @ (penalty.tocsc() @ beta)
    n_free = design.n_parametric + len(design.smooths)
    scale = deviance / (fit.n - n_free)
    log_hessian = np.log(np.abs(factors.U.diagonal())).sum()
    jacobian = -(fit.n - 1067) / 2 * np.log(1 - RHO**2)
    score = (fit.n - n_free) / 2 * (1 + np.log(2 * np.pi * scale)) + (log_hessian - log_penalty) / 2 - jacobian
    assert fit.score == pytest.approx(score, abs=1e-7)
    assert fit.sig2 == pytest.approx(scale, rel=1e-10)
    np.testing.assert_allclose(fit.beta, beta[: design.p], atol=1e-10)
    np.testing.assert_allclose(fit.random[0].values.ravel(), beta[design.p :], atol=1e-9)
    unit = np.zeros((x.shape[1], design.p))
    unit[np.arange(design.p), np.arange(design.p)] = 1
    covariance = scale * factors.solve(unit)[: design.p]
    np.testing.assert_allclose(np.diagonal(fit.covariance), np.diagonal(covariance), rtol=1e-9)
    np.testing.assert_allclose(fit.covariance, covariance, atol=1e-9 * np.abs(covariance).max())


def test_scores_slope_is_zero(fit: GammFit) -> None:
    assert fit.converged and fit.gradient < 1e-6 and fit.n_steps < 20


def test_every_token_on_its_own_times_has_no_groups_and_hardly_another_fit() -> None:
    table = pd.read_csv(Path(__file__).parents[3] / "golden" / "mgcv" / "data_full.csv")
    table = table[table["Token"].isin(table["Token"].unique()[::17])]
    moved = table.assign(Sample=table["Sample"] + np.random.default_rng(0).uniform(-1e-4, 1e-4, len(table)))
    grouped, single = gamm(FORMULA, table, rho=RHO, knots=16), gamm(FORMULA, moved, rho=RHO, knots=16)
    np.testing.assert_allclose(single.fitted, grouped.fitted, atol=2e-3)
    np.testing.assert_allclose(single.parametric["se"], grouped.parametric["se"], rtol=1e-3)
    np.testing.assert_allclose(single.smooths["edf"], grouped.smooths["edf"], rtol=2e-3)
