"""Tensor products: products of margins, integrals along one variable, interactions without main effects."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline

from snap_tf.gamm.bases.basis import centre
from snap_tf.gamm.bases.cubic import cubic_regression
from snap_tf.gamm.bases.tensor import tensor_product
from snap_tf.gamm.bases.thin_plate import thin_plate
from snap_tf.gamm.errors import GammError

SIDES = np.sort(np.random.default_rng(0).uniform(0, 3, 9)), np.sort(np.random.default_rng(1).gamma(2, 1, 8))
GRID = np.array([(a, b) for a in SIDES[0] for b in SIDES[1]])
ONES = np.ones(len(GRID), int)


def test_columns_are_products_with_the_first_variable_slowest() -> None:
    basis = tensor_product(GRID, ONES, k=(4, 5), bs=("cr", "cr"))
    first = cubic_regression(SIDES[0], np.full(9, 8), k=4)(GRID[:, 0])
    second = cubic_regression(SIDES[1], np.full(8, 9), k=5)(GRID[:, 1])
    expected = np.column_stack([first[:, i] * second[:, j] for i in range(4) for j in range(5)])
    np.testing.assert_allclose(basis(GRID), expected, atol=1e-14)
    assert (basis.k, basis.ranks, basis.null_dim) == (20, (10, 12), 4)


def test_penalty_of_a_variable_is_the_integral_along_it_summed_over_the_other_s_knots() -> None:
    basis = tensor_product(GRID, ONES, k=(4, 5), bs=("cr", "cr"))
    beta = np.random.default_rng(2).normal(size=(4, 5))
    for i, (margin, curves) in enumerate(zip(basis.margins, (beta.T, beta), strict=True)):
        knots = margin.basis.knots  # type: ignore[attr-defined]
        unit = np.eye(len(knots))
        along = np.zeros((len(knots), len(knots)))  # the margin's integrals, from splines through unit vectors
        splines = [CubicSpline(knots, row, bc_type="natural") for row in unit]
        for a, one in enumerate(splines):
            for b, other in enumerate(splines):
                along[a, b] = sum(quad(lambda x, f=one, g=other: float(f(x, 2) * g(x, 2)), knots[j], knots[j + 1])[0]
                                  for j in range(len(knots) - 1))
        expected = sum(curve @ along @ curve for curve in curves) / np.linalg.eigvalsh(along)[-1]
        found = beta.reshape(-1) @ basis.penalties[i] @ beta.reshape(-1) * basis.penalty_scales[i]
        assert found == pytest.approx(expected, rel=1e-8)


def test_thin_plate_margins_have_values_at_even_places_as_coefficients() -> None:
    basis = tensor_product(GRID, ONES, k=(5, 4), bs=("tp", "cr"))
    places = np.linspace(SIDES[0][0], SIDES[0][-1], 5)
    np.testing.assert_allclose(basis.margins[0](places), np.eye(5), atol=1e-9)
    plate = thin_plate(SIDES[0], np.full(9, 8), order=2, k=5)
    beta = np.random.default_rng(0).normal(size=5)
    curve = np.linalg.solve(plate(places), beta)  # the thin plate curve through the same values
    mine = beta @ basis.margins[0].penalty @ beta
    other = curve @ plate.penalty @ curve
    line = np.array([0.0, 0, 1, 0, 0])
    bump = np.linalg.solve(plate(places), line)
    assert mine / other == pytest.approx(line @ basis.margins[0].penalty @ line / (bump @ plate.penalty @ bump))
    assert np.linalg.eigvalsh(basis.margins[0].penalty)[-1] == pytest.approx(1)


def test_products_of_lines_are_reproduced_and_not_penalised() -> None:
    for bs in (("cr", "cr"), ("tp", "tp"), ("cr", "tp")):
        basis = tensor_product(GRID, ONES, k=(4, 5), bs=bs)
        surface = (1 + GRID[:, 0]) * (2 - GRID[:, 1])
        beta, residual = np.linalg.lstsq(basis(GRID), surface, rcond=None)[:2]
        assert residual.sum() < 1e-18
        beyond = np.array([[-2.0, 9.0], [5.0, -2.0]])
        np.testing.assert_allclose(basis(beyond) @ beta, (1 + beyond[:, 0]) * (2 - beyond[:, 1]), atol=1e-6)
        for penalty in basis.penalties:
            assert beta @ penalty @ beta < 1e-9 * np.abs(penalty).max() * (beta @ beta)


def test_size_of_each_penalty_fits_the_columns() -> None:
    basis = tensor_product(GRID, ONES, k=(4, 5), bs=("cr", "cr"))
    for penalty in basis.penalties:
        assert np.abs(penalty).sum(0).max() == pytest.approx(np.abs(basis(GRID)).sum(1).max() ** 2)


@pytest.mark.parametrize("bs", [("cr", "cr"), ("tp", "tp"), ("cc", "cr"), ("ts", "cs")])
def test_an_interaction_has_no_main_effects(bs: tuple[str, str]) -> None:
    basis = tensor_product(GRID, ONES, k=(5, 4), bs=bs, interaction=True)
    columns = basis(GRID).reshape(9, 8, -1)
    assert columns.shape[2] == (3 if bs[0] == "cc" else 4) * 3
    np.testing.assert_allclose(columns.mean(0), 0, atol=1e-12)  # on a whole grid: no mean along either variable
    np.testing.assert_allclose(columns.mean(1), 0, atol=1e-12)


def test_an_interaction_is_centred_over_each_variable_s_own_rows() -> None:
    rng = np.random.default_rng(0)
    x = np.round(rng.uniform(0, 1, (50, 2)), 1)  # values occur in different numbers of rows
    values, counts = np.unique(x, axis=0, return_counts=True)
    basis = tensor_product(values, counts, k=(4, 4), bs=("cr", "tp"), interaction=True)
    for i, margin in enumerate(basis.margins):
        assert margin(x[:, i]).sum(0) == pytest.approx(np.zeros(3), abs=1e-10)
    assert (basis.ranks, basis.null_dim) == ((6, 6), 1)


def test_three_variables() -> None:
    x = np.random.default_rng(0).uniform(size=(40, 3))
    basis = tensor_product(x, np.ones(40), k=(3, 4, 3), bs=("cr", "cr", "cr"))
    assert (basis.k, basis.ranks, basis.null_dim) == (36, (12, 18, 12), 8)
    centred = centre(basis, x, np.ones(40))
    assert centred(x).sum(0) == pytest.approx(np.zeros(35), abs=1e-10)


def test_given_knots_and_orders_reach_the_margins() -> None:
    knots = np.array([0.0, 1, 2, 3])
    basis = tensor_product(GRID, ONES, k=(4, 5), bs=("cr", "tp"), m=(2, 1), knots=(knots, None))
    assert basis.margins[0].basis.knots.tolist() == knots.tolist()  # type: ignore[attr-defined]
    assert basis.margins[1].basis.order == 1  # type: ignore[attr-defined]
    assert basis.null_dim == 2


@pytest.mark.parametrize(("options", "message"), [
    ({"k": (5,)}, r"k of te\(Time, Dur\) \(=1 given\) must be 2, one a variable"),
    ({"bs": ("cr",) * 3}, r"bs of te\(Time, Dur\) \(=3 given\) must be 2"),
    ({"m": (2,)}, r"m of te\(Time, Dur\) \(=1 given\) must be 2"),
    ({"knots": (None,)}, r"knots of te\(Time, Dur\) \(=1 given\) must be 2"),
    ({"k": (5, 9)}, r"k \(=9\) of s\(Dur\) must be at most the number of different values of `Dur`; there are 8"),
    ({"bs": ("cr", "re")}, r"bs \(=re\) of s\(Dur\) must be one of"),
])
def test_refusals(options: dict, message: str) -> None:
    with pytest.raises(GammError, match=message):
        tensor_product(GRID, ONES, names=("Time", "Dur"), **{"k": (5, 5), "bs": ("cr", "cr"), **options})
