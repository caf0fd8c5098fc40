"""Cubic regression splines: SciPy's splines through the knots, the integral of the curvature, ends, and refusals."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline

from snap_tf.gamm.bases.cubic import CubicBasis, CyclicBasis, cubic_regression, cyclic_cubic
from snap_tf.gamm.errors import GammError

VALUES = np.sort(np.random.default_rng(1).gamma(2, 1, 50))
COUNTS = np.ones(50, int)


def roughness(spline: CubicSpline) -> float:
    """Integral of the squared second derivative, piece by piece."""
    return sum(quad(lambda x: float(spline(x, 2)) ** 2, a, b)[0]
               for a, b in zip(spline.x[:-1], spline.x[1:], strict=True))


@pytest.mark.parametrize("k", [3, 4, 9])
def test_natural_spline_is_scipy_s(k: int) -> None:
    basis = cubic_regression(VALUES, COUNTS, k=k)
    beta = np.random.default_rng(k).normal(size=k)
    spline = CubicSpline(basis.knots, beta, bc_type="natural")
    np.testing.assert_allclose(basis(VALUES) @ beta, spline(VALUES), atol=1e-12)
    assert beta @ basis.penalty @ beta * basis.penalty_scale == pytest.approx(roughness(spline), rel=1e-8)


def test_coefficients_are_values_at_the_knots() -> None:
    basis = cubic_regression(VALUES, COUNTS, k=6)
    np.testing.assert_allclose(basis(basis.knots), np.eye(6), atol=1e-14)
    assert (basis.k, basis.ranks, basis.null_dim, len(basis.penalties)) == (6, (4,), 2, 1)


def test_beyond_the_knots_the_curve_is_a_line_that_goes_on() -> None:
    basis = cubic_regression(VALUES, COUNTS, k=6)
    beta = np.random.default_rng(2).normal(size=6)
    spline = CubicSpline(basis.knots, beta, bc_type="natural")
    for end, beyond in ((basis.knots[0], [-3.0, -1.0]), (basis.knots[-1], [20.0, 30.0])):
        expected = spline(end) + spline(end, 1) * (np.array(beyond) - end)
        np.testing.assert_allclose(basis(np.array(beyond)) @ beta, expected, rtol=1e-10)


def test_lines_are_reproduced_everywhere_and_not_penalised() -> None:
    basis = cubic_regression(VALUES, COUNTS, k=7)
    beta = 2 - 3 * basis.knots
    x = np.linspace(-5, 15, 41)
    np.testing.assert_allclose(basis(x) @ beta, 2 - 3 * x, atol=1e-12)
    assert beta @ basis.penalty @ beta == pytest.approx(0, abs=1e-12)


def test_knots_are_quantiles_of_the_different_values() -> None:
    basis = cubic_regression(np.array([0.0, 1, 2, 3, 4, 100]), np.array([90, 1, 1, 1, 1, 1]), k=3)
    assert basis.knots.tolist() == [0, 2.5, 100]
    assert cubic_regression(VALUES, COUNTS, k=4, knots=np.array([3.0, 1, 0, 2])).knots.tolist() == [0, 1, 2, 3]


def test_size_of_the_penalty_fits_the_columns() -> None:
    for basis in (cubic_regression(VALUES, COUNTS, k=7), cyclic_cubic(VALUES, COUNTS, k=7)):
        assert np.abs(basis.penalty).sum(0).max() == pytest.approx(np.abs(basis(VALUES)).sum(1).max() ** 2)


def test_shrinkage_holds_lines_weakly() -> None:
    plain, basis = (cubic_regression(VALUES, COUNTS, k=7, shrinkage=shrinkage) for shrinkage in (False, True))
    np.testing.assert_array_equal(plain(VALUES), basis(VALUES))
    eigenvalues, vectors = np.linalg.eigh(basis.penalty)
    assert eigenvalues[:3] / eigenvalues[2] == pytest.approx([0.01, 0.1, 1])
    bent = np.linalg.eigvalsh(plain.penalty)[2:]
    assert eigenvalues[2:] / eigenvalues[2] == pytest.approx(bent / bent[0])
    line = vectors[:, 1] / vectors[-1, 1]
    assert line == pytest.approx((plain.knots - plain.knots[0]) / np.ptp(plain.knots), abs=1e-6)
    assert (basis.ranks, basis.null_dim) == ((7,), 0)


@pytest.mark.parametrize("k", [4, 5, 9])
def test_cyclic_spline_is_scipy_s(k: int) -> None:
    basis = cyclic_cubic(VALUES, COUNTS, k=k)
    beta = np.random.default_rng(k).normal(size=k - 1)
    spline = CubicSpline(basis.knots, np.append(beta, beta[0]), bc_type="periodic")
    x = np.linspace(-4, 20, 101)  # wraps around beyond the ends
    np.testing.assert_allclose(basis(x) @ beta, spline(x, extrapolate="periodic"), atol=1e-10)
    assert beta @ basis.penalty @ beta * basis.penalty_scale == pytest.approx(roughness(spline), rel=1e-8)
    assert (basis.k, basis.ranks, basis.null_dim) == (k - 1, (k - 2,), 1)
    assert np.ones(k - 1) @ basis.penalty @ np.ones(k - 1) == pytest.approx(0, abs=1e-12)


def test_cyclic_ends_are_one_place() -> None:
    basis = cyclic_cubic(VALUES, COUNTS, k=7)
    first, last = basis(VALUES[[0, -1]])
    assert first == pytest.approx(np.eye(6)[0], abs=1e-12)
    assert last == pytest.approx(first, abs=1e-12)


def test_two_knots_of_a_cyclic_spline_are_its_ends() -> None:
    basis = cyclic_cubic(np.arange(1.0, 6), np.ones(5), k=4, knots=np.array([7.0, 0.0]))
    assert basis.knots == pytest.approx([0, 2, 4, 7])  # quantiles of 0, 1, .., 5, 7


def test_a_column_of_numbers_is_taken_too() -> None:
    for basis in (cubic_regression(VALUES, COUNTS, k=5), cyclic_cubic(VALUES, COUNTS, k=5)):
        assert isinstance(basis, CubicBasis | CyclicBasis)
        np.testing.assert_array_equal(basis(VALUES[:, None]), basis(VALUES))


@pytest.mark.parametrize(("make", "options", "message"), [
    (cubic_regression, {"k": 2}, r"k \(=2\) of s\(Time\) must be 3 or more for this basis"),
    (cyclic_cubic, {"k": 3}, r"k \(=3\) of s\(Time\) must be 4 or more for this basis"),
    (cubic_regression, {"k": 51}, r"k \(=51\) of s\(Time\) must be at most the number of different values of `Time`; "
                                  "there are 50"),
    (cubic_regression, {"k": 5, "knots": [0.0, 1.0]}, r"knots of s\(Time\) \(=2 different\) must be exactly k \(=5\)"),
    (cyclic_cubic, {"k": 5, "knots": [0.0, 1, 2, 3]}, r"knots of s\(Time\) \(=4 different\) must be exactly k \(=5\)"),
    (cubic_regression, {"k": 3, "knots": [0.0, np.nan, 2]}, r"knots of s\(Time\) must be finite"),
    (cyclic_cubic, {"k": 5, "knots": [1.0, 2.0]}, r"knots of s\(Time\) \(=1, 2\) must be the ends of the period"),
])
def test_refusals(make: object, options: dict, message: str) -> None:
    with pytest.raises(GammError, match=message):
        make(VALUES, COUNTS, name="Time", **options)  # type: ignore[operator]
