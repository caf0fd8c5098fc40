"""Thin plate bases: mgcv's columns, a twin by loops, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import gamm_dense as twin

from snap_tf.gamm.bases import thin_plate as module
from snap_tf.gamm.bases.random_basis import factor_smooth
from snap_tf.gamm.bases.thin_plate import centre, radial, thin_plate
from snap_tf.gamm.errors import GammError


def read(golden_dir: Path, name: str) -> np.ndarray:
    return pd.read_csv(golden_dir / "mgcv" / f"basis_{name}.csv").to_numpy()


def different(golden_dir: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    return np.unique(pd.read_csv(golden_dir / "mgcv" / f"data_{name}.csv")["Sample"], return_counts=True)


def smoother(columns: np.ndarray, penalty: np.ndarray, sp: float = 1.0) -> np.ndarray:
    return columns @ np.linalg.solve(columns.T @ columns + sp * penalty, columns.T)


def test_radial_functions_are_those_of_the_paper() -> None:
    r = np.array([-2.0, 0.5])
    assert radial(r, 1) == pytest.approx([-1.0, -0.25])  # -r / 2
    assert radial(r, 2) == pytest.approx([8 / 12, 0.125 / 12])  # r^3 / 12


@pytest.mark.parametrize(("order", "k"), [(2, 10), (1, 9)])
def test_raw_basis_is_mgcv_s(golden_dir: Path, order: int, k: int) -> None:
    values, counts = different(golden_dir, "small")
    basis = thin_plate(values, counts, order=order, k=k)
    columns, penalty = read(golden_dir, f"tp_k{k}_m{order}_X"), read(golden_dir, f"tp_k{k}_m{order}_S")
    np.testing.assert_allclose(np.abs(basis(values)), np.abs(columns), atol=1e-10)
    ours = basis.penalty * basis.penalty_scale
    np.testing.assert_allclose(smoother(basis(values), ours), smoother(columns, penalty), atol=1e-12)


@pytest.mark.parametrize(("data", "name"), [("small", "tp_k10_centred"), ("contrast", "contrast_tp_k10_centred")])
def test_centred_basis_gives_mgcv_s_smoother(golden_dir: Path, data: str, name: str) -> None:
    values, counts = different(golden_dir, data)
    basis = centre(thin_plate(values, counts, order=2, k=10), values, counts)
    columns, penalty = read(golden_dir, f"{name}_X"), read(golden_dir, f"{name}_S")
    table = pd.read_csv(golden_dir / "mgcv" / f"data_{data}.csv")["Sample"].to_numpy()
    x = values if len(columns) == len(values) else table[: len(columns)]
    for sp in (1e-3, 1.0, 1e3):
        np.testing.assert_allclose(smoother(basis(x), basis.penalty, sp), smoother(columns, penalty, sp), atol=1e-10)
    assert np.average(basis(values), axis=0, weights=counts) == pytest.approx(np.zeros(9), abs=1e-12)


def test_penalty_has_mgcv_s_size(golden_dir: Path) -> None:
    basis = thin_plate(*different(golden_dir, "small"), order=2, k=10)
    assert basis.penalty_scale == pytest.approx(0.00679060312919592, rel=1e-10)  # S.scale of small_m1_gam


def test_token_smooth_is_mgcv_s(golden_dir: Path) -> None:
    values, counts = different(golden_dir, "small")
    basis = factor_smooth(values, counts, order=1, k=9)
    np.testing.assert_allclose(np.abs(basis(values)), np.abs(read(golden_dir, "fs_k9_m1_X")), atol=1e-12)
    assert basis.penalties.shape == (2, 9)
    # both penalties have one size, the largest row sum squared
    assert basis.penalties.max(axis=1) == pytest.approx([np.abs(basis(values)).sum(1).max() ** 2] * 2)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.sampled_from([1, 2]), k=st.integers(4, 8))
def test_basis_is_the_twin_s(seed: int, order: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.sort(rng.uniform(-3, 5, 15))
    counts = rng.integers(1, 6, 15)
    basis = thin_plate(values, counts, order=order, k=k)
    x = rng.uniform(-3, 5, 30)
    columns, penalty = twin.smoother_space(x - basis.shift, values - basis.shift, order, k)
    ours = basis.penalty * basis.penalty_scale
    np.testing.assert_allclose(smoother(basis(x), ours, 0.1), smoother(columns, penalty, 0.1), atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.sampled_from([1, 2]))
def test_natural_coordinates(seed: int, order: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.sort(rng.uniform(0, 1, 14))
    counts = rng.integers(1, 9, 14)
    basis = factor_smooth(values, counts, order=order, k=7)
    columns = basis(values)
    gram = (columns.T * (counts / counts.sum())) @ columns
    assert np.diagonal(gram)[: 7 - order].mean() == pytest.approx(1)
    np.testing.assert_allclose(gram, np.diag(np.diagonal(gram)), atol=1e-8)
    np.testing.assert_allclose(np.abs(columns[:, -1]), 1, atol=1e-9)  # the constant stands last
    if order == 2:  # and the line through the mean before it
        line = (values - np.average(values, weights=counts)) / np.sqrt(np.cov(values, fweights=counts, ddof=0))
        np.testing.assert_allclose(np.abs(columns[:, -2]), np.abs(line), atol=1e-8)


def test_many_values_take_the_iterative_eigenvectors(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.linspace(0, 1, 260)  # even spacing: odd and even eigenvectors
    counts = np.ones(260, int)
    iterative = thin_plate(values, counts, order=2, k=10)
    monkeypatch.setattr(module, "_FULL_DECOMPOSITION", 1000)
    full = thin_plate(values, counts, order=2, k=10)
    np.testing.assert_allclose(smoother(iterative(values), iterative.penalty), smoother(full(values), full.penalty),
                               atol=1e-10)
    assert iterative.penalty_scale == pytest.approx(full.penalty_scale, rel=1e-9)


def test_beyond_2000_values_knots_are_equally_spaced() -> None:
    values = np.sort(np.random.default_rng(0).uniform(0, 1, 2001))
    basis = thin_plate(values, np.ones(2001, int), order=2, k=10)
    np.testing.assert_allclose(basis.knots + basis.shift, np.linspace(values[0], values[-1], 200))
    assert len(thin_plate(values[:2000], np.ones(2000, int), order=2, k=10).knots) == 2000


def test_given_knots_are_used_and_means_still_run_over_all_rows() -> None:
    values, counts = np.arange(20.0), np.arange(1, 21)
    basis = thin_plate(values, counts, order=2, k=6, knots=[0, 4, 8, 12, 16, 19])
    assert len(basis.knots) == 6
    assert basis.shift == pytest.approx(np.average(values, weights=counts))
    assert np.average(basis(values) ** 2, axis=0, weights=counts) == pytest.approx(np.ones(6))


@pytest.mark.parametrize(("options", "message"), [
    ({"k": 2}, r"k \(=2\) of s\(x\) must be above m \(=2\)"),
    ({"k": 9}, r"k \(=9\) of s\(x\) must be at most the number of different values of `x`; there are 8"),
    ({"k": 5, "knots": [0, 1, 2, 3]}, r"knots of s\(x\) \(=4 different\) must be at least k \(=5\)"),
    ({"k": 5, "knots": [0, 1, 2, 3, np.nan]}, "knots of s\\(x\\) must be finite"),
])
def test_refusals(options: dict, message: str) -> None:
    with pytest.raises(GammError, match=message):
        thin_plate(np.arange(8.0), np.ones(8, int), order=2, **options)
