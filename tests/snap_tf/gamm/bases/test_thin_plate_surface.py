"""Thin plate surfaces: a twin by loops, turned axes, planes, knots, and what is refused."""

from math import log, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snap_tf.gamm.bases import thin_plate_surface as module
from snap_tf.gamm.bases.basis import centre
from snap_tf.gamm.bases.thin_plate import radial, thin_plate
from snap_tf.gamm.bases.thin_plate_surface import (
    default_surface_k,
    default_surface_order,
    radial_surface,
    thin_plate_surface,
)
from snap_tf.gamm.errors import GammError


def rows(n: int = 40, seed: int = 0, d: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 2, (n, d)), rng.integers(1, 5, n)


def smoother(columns: np.ndarray, penalty: np.ndarray, sp: float = 1.0) -> np.ndarray:
    return columns @ np.linalg.solve(columns.T @ columns + sp * penalty, columns.T)


def test_radial_functions_are_those_of_the_paper() -> None:
    r = np.array([0.0, 0.5, 2.0])
    assert radial_surface(r, 2, 2) == pytest.approx([0, 0.25 * log(0.5) / (8 * pi), 4 * log(2) / (8 * pi)])
    assert radial_surface(r, 2, 3) == pytest.approx(-r / (8 * pi))
    for order in (1, 2):
        assert radial_surface(r, order, 1) == pytest.approx(radial(r, order))


def test_of_one_variable_it_is_the_thin_plate_of_one_variable() -> None:
    x, counts = rows(30, d=1)
    order = np.argsort(x[:, 0])
    one = thin_plate(x[order, 0], counts[order], order=2, k=8)
    surface = thin_plate_surface(x, counts, k=8, order=2)
    np.testing.assert_allclose(np.abs(surface(x)), np.abs(one(x[:, 0])), atol=1e-9)
    assert surface.penalty_scale == pytest.approx(one.penalty_scale, rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), k=st.integers(5, 12))
def test_basis_is_the_twin_s(seed: int, k: int) -> None:
    x, counts = rows(25, seed)
    basis = thin_plate_surface(x, counts, k=k)
    places = x - np.average(x, axis=0, weights=counts)
    kernel = np.zeros((25, 25))
    for i in range(25):
        for j in range(25):
            r = float(np.hypot(*(places[i] - places[j])))
            kernel[i, j] = r * r * log(r) / (8 * pi) if r else 0
    values, vectors = np.linalg.eigh(kernel)
    keep = np.argsort(-np.abs(values))[:k]
    values, vectors = values[keep], vectors[:, keep]
    plane = np.column_stack([np.ones(25), places])
    null = np.linalg.svd(plane.T @ vectors)[2][3:].T
    columns = np.hstack([kernel @ vectors @ null, plane])
    penalty = np.zeros((k, k))
    penalty[: k - 3, : k - 3] = null.T @ np.diag(values) @ null
    for sp in (1e-3, 1.0):
        ours = smoother(basis(x), basis.penalty * basis.penalty_scale, sp)
        np.testing.assert_allclose(ours, smoother(columns, penalty, sp), atol=1e-7)


def test_turned_axes_give_the_same_surface() -> None:
    x, counts = rows()
    turn = np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])
    smoothers = []
    for table in (x, x @ turn + 5):
        basis = thin_plate_surface(table, counts, k=12)
        smoothers.append(smoother(basis(table), basis.penalty * basis.penalty_scale, 0.1))
    np.testing.assert_allclose(smoothers[0], smoothers[1], atol=1e-9)


def test_planes_are_reproduced_and_not_penalised() -> None:
    x, counts = rows()
    basis = thin_plate_surface(x, counts, k=15)
    assert (basis.k, basis.ranks, basis.null_dim) == (15, (12,), 3)
    plane = 1 + 2 * x[:, 0] - x[:, 1]
    np.testing.assert_allclose(smoother(basis(x), 1e8 * basis.penalty) @ plane, plane, atol=1e-6)
    np.testing.assert_allclose(np.average(basis(x) ** 2, axis=0, weights=counts), 1)
    centred = centre(basis, x, counts)
    assert (centred.ranks, centred.null_dim) == ((12,), 2)
    assert counts @ centred(x) == pytest.approx(np.zeros(14), abs=1e-9)


def test_penalty_is_the_bending_energy() -> None:
    """The integral of f_xx^2 + 2 f_xy^2 + f_yy^2 over the plane, with all knots kept: delta' E delta."""
    x, counts = rows(12, 3)
    basis = thin_plate_surface(x, counts, k=12)
    beta = np.random.default_rng(0).normal(size=12)
    step = 0.06
    grid = np.arange(-9, 10, step)
    plane = np.array(np.meshgrid(grid, grid, indexing="ij")).reshape(2, -1).T

    def at(dx: int, dy: int) -> np.ndarray:
        return basis(plane + 0.01 * np.array([dx, dy])) @ beta

    middle = at(0, 0)
    xx, yy = at(1, 0) + at(-1, 0) - 2 * middle, at(0, 1) + at(0, -1) - 2 * middle
    xy = (at(1, 1) + at(-1, -1) - at(1, -1) - at(-1, 1)) / 4
    total = float(np.sum(xx**2 + 2 * xy**2 + yy**2)) / 0.01**4 * step**2
    # what lies beyond the square is missing, and so is the sharpest curvature at the knots
    assert beta @ basis.penalty @ beta * basis.penalty_scale == pytest.approx(total, rel=0.03)


def test_equal_eigenvalues_of_a_square_grid_are_all_found() -> None:
    side = np.linspace(0, 1, 18)
    x = np.array([(a, b) for a in side for b in side])
    kernel = radial_surface(module._distances(x, x), 2, 2)
    found = np.sort(np.abs(module._eigenpairs(kernel, 30, 3)[1]))
    expected = np.sort(np.abs(np.linalg.eigvalsh(kernel)))[-30:]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_up_to_2000_rows_every_row_is_a_knot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_OWN_KNOTS", 50)
    x, counts = rows(60)
    basis = thin_plate_surface(x[:50], counts[:50], k=10)
    np.testing.assert_allclose(basis.knots + basis.shift, x[:50])
    assert len(thin_plate_surface(x, counts, k=10).knots) == 50


def test_given_knots_are_used() -> None:
    x, counts = rows()
    basis = thin_plate_surface(x, counts, k=6, knots=x[:9])
    assert len(basis.knots) == 9
    np.testing.assert_allclose(basis.shift, np.average(x, axis=0, weights=counts))


def test_long_tables_are_evaluated_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    x, counts = rows()
    whole = thin_plate_surface(x, counts, k=9)(x)
    monkeypatch.setattr(module, "_CHUNK", 7)
    np.testing.assert_allclose(thin_plate_surface(x, counts, k=9)(x), whole, atol=1e-12)


def test_defaults_are_mgcv_s() -> None:
    assert [default_surface_order(d) for d in (1, 2, 3, 4)] == [2, 2, 3, 3]
    assert [default_surface_k(d, default_surface_order(d)) for d in (1, 2, 3)] == [10, 30, 110]


@pytest.mark.parametrize(("options", "message"), [
    ({"k": 3}, r"k \(=3\) of s\(Time, Dur\) must be above 3, the polynomials that its penalty leaves free"),
    ({"k": 41}, r"k \(=41\) of s\(Time, Dur\) must be at most the number of different rows .* there are 40"),
    ({"k": 9, "order": 1}, r"m \(=1\) of s\(Time, Dur\) must be above half the number of variables"),
    ({"k": 9, "knots": np.zeros((20, 3))}, r"knots of s\(Time, Dur\) must have one column for each of its 2 variables"),
    ({"k": 9, "knots": np.zeros((20, 2))}, r"knots of s\(Time, Dur\) \(=1 different\) must be at least k \(=9\)"),
    ({"k": 9, "knots": np.full((20, 2), np.nan)}, r"knots of s\(Time, Dur\) must be finite numbers"),
])
def test_refusals(options: dict, message: str) -> None:
    with pytest.raises(GammError, match=message):
        thin_plate_surface(*rows(), name="Time, Dur", **options)


def test_rows_on_one_line_are_refused() -> None:
    x = np.column_stack([np.arange(20.0), 3 * np.arange(20.0)])
    with pytest.raises(GammError, match="must not all lie on one line"):
        thin_plate_surface(x, np.ones(20), k=6)
