"""What all bases share: centring, ranks, the space that no penalty holds, double penalties, numeric by."""

from collections.abc import Callable

import numpy as np
import pytest

from snap_tf.gamm.bases.basis import Basis, by_keeps_constant, centre, complement, double_penalty, null_space
from snap_tf.gamm.bases.one_variable import one_variable, shrunken
from snap_tf.gamm.bases.tensor import tensor_product
from snap_tf.gamm.bases.thin_plate_surface import thin_plate_surface
from snap_tf.gamm.errors import GammError

Table = tuple[np.ndarray, np.ndarray]


def table(seed: int = 0, n: int = 60) -> Table:
    rng = np.random.default_rng(seed)
    return (np.round(np.column_stack([np.sort(rng.uniform(0, 2, n)), rng.gamma(2, 1, n)]), 4), rng.integers(1, 6, n))


def one(bs: str, **options: int) -> Callable[[Table], tuple[Basis, np.ndarray, np.ndarray]]:
    def make(rows: Table) -> tuple[Basis, np.ndarray, np.ndarray]:
        values, index = np.unique(rows[0][:, 1], return_inverse=True)
        counts = np.bincount(index.reshape(-1), weights=rows[1])
        return one_variable(bs, values, counts, **{"k": 7, **options}), values, counts
    return make


def surface(rows: Table) -> tuple[Basis, np.ndarray, np.ndarray]:
    return thin_plate_surface(*rows, k=12), *rows


def tensor(*bs: str) -> Callable[[Table], tuple[Basis, np.ndarray, np.ndarray]]:
    return lambda rows: (tensor_product(*rows, k=(5, 6), bs=bs), *rows)


MAKERS = {"tp": one("tp"), "tp_m1": one("tp", order=1), "ts": one("ts"), "cr": one("cr"), "cs": one("cs"),
          "cc": one("cc"), "tp2": surface, "te": tensor("cr", "cr"), "te_tp": tensor("tp", "tp"),
          "te_cc": tensor("cc", "cr"), "te_ts": tensor("ts", "cr")}


def numerical_rank(penalty: np.ndarray) -> int:
    eigenvalues = np.linalg.eigvalsh(penalty)
    assert eigenvalues[0] > -1e-9 * eigenvalues[-1]
    return int(np.sum(eigenvalues > 1e-9 * eigenvalues[-1]))


def check_shape(basis: Basis, x: np.ndarray) -> None:
    assert basis(x).shape == (len(x), basis.k)
    assert len(basis.penalties) == len(basis.ranks)
    for penalty, rank in zip(basis.penalties, basis.ranks, strict=True):
        np.testing.assert_allclose(penalty, penalty.T, atol=1e-12 * np.abs(penalty).max())
        assert numerical_rank(penalty) == rank
    total = sum(penalty / np.linalg.norm(penalty) for penalty in basis.penalties)
    assert numerical_rank(np.asarray(total)) == basis.k - basis.null_dim
    free = null_space(basis)
    assert free.shape == (basis.k, basis.null_dim)
    for penalty in basis.penalties:
        assert np.abs(free.T @ penalty @ free).max(initial=0) < 1e-9 * np.abs(penalty).max()


@pytest.mark.parametrize("name", MAKERS)
def test_shape_before_and_after_centring_and_with_a_double_penalty(name: str) -> None:
    basis, values, counts = MAKERS[name](table())
    check_shape(basis, values)
    centred = centre(basis, values, counts)
    check_shape(centred, values)
    assert counts @ centred(values) == pytest.approx(np.zeros(basis.k - 1), abs=1e-9)
    # together with a constant the columns span what they did
    both = np.hstack([centred(values), np.ones((len(values), 1))])
    assert np.linalg.matrix_rank(np.hstack([both, basis(values)]), tol=1e-7) == basis.k
    for whole in (basis, centred):
        doubled = double_penalty(whole)
        check_shape(doubled, values)
        assert doubled.null_dim == 0
        np.testing.assert_array_equal(doubled(values), whole(values))
        assert doubled.ranks == (*whole.ranks, *([whole.null_dim] if whole.null_dim else []))


@pytest.mark.parametrize(("name", "before", "after"), [
    ("tp", ((5,), 2), ((5,), 1)), ("tp_m1", ((6,), 1), ((6,), 0)), ("ts", ((7,), 0), ((6,), 0)),
    ("cc", ((5,), 1), ((5,), 0)), ("tp2", ((9,), 3), ((9,), 2)), ("te", ((18, 20), 4), ((18, 20), 3)),
    ("te_cc", ((18, 16), 2), ((18, 16), 1)), ("te_ts", ((30, 20), 0), ((29, 20), 0)),
])
def test_ranks(name: str, before: tuple, after: tuple) -> None:
    basis, values, counts = MAKERS[name](table())
    assert (basis.ranks, basis.null_dim) == before
    centred = centre(basis, values, counts)
    assert (centred.ranks, centred.null_dim) == after
    assert (centred.penalty is centred.penalties[0], centred.rank) == (True, after[0][0])


def test_shrinkage_of_a_thin_plate_gives_polynomials_a_tenth_of_the_smallest_eigenvalue() -> None:
    for name, free in (("tp", 2), ("tp2", 3)):
        plate, x, _ = MAKERS[name](table())
        before, after = np.linalg.eigvalsh(plate.penalties[0]), shrunken(plate, x)
        found = np.linalg.eigvalsh(after.penalties[0])
        assert found[:free] / found[free] == pytest.approx(np.full(free, 0.1))
        assert found[free:] / found[free] == pytest.approx(before[free:] / before[free])


def test_a_double_penalty_of_a_full_penalty_is_none() -> None:
    basis = one("ts")(table())[0]
    assert double_penalty(basis) is basis


def test_a_double_penalty_can_shrink_a_smooth_to_nothing() -> None:
    basis, values, counts = MAKERS["te"](table())
    doubled = double_penalty(centre(basis, values, counts))
    columns = doubled(values) * np.sqrt(counts)[:, None]
    y = np.sin(values.sum(1)) * np.sqrt(counts)
    heavy = sum(1e10 * penalty for penalty in doubled.penalties)
    beta = np.linalg.solve(columns.T @ columns + heavy, columns.T @ y)
    assert np.abs(doubled(values) @ beta).max() < 1e-6


@pytest.mark.parametrize(("by", "constant"), [
    ([2.0, 2.0, 2.0], True), ([0.0, 0.0], True), ([0.0, 1.0, 1.0], False), ([1e8, 1e8 + 1], False), ([3, 3], True),
])
def test_numeric_by_is_centred_where_it_is_constant(by: list[float], constant: bool) -> None:
    assert by_keeps_constant(np.array(by)) is constant


def test_complement_is_orthonormal_and_orthogonal() -> None:
    columns = np.random.default_rng(0).normal(size=(7, 3))
    found = complement(columns)
    np.testing.assert_allclose(found.T @ found, np.eye(4), atol=1e-14)
    np.testing.assert_allclose(columns.T @ found, 0, atol=1e-14)


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(GammError, match=r"bs \(=ps\) of s\(x\) must be one of tp, ts, cr, cs, cc"):
        one("ps")(table())
