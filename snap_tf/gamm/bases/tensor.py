"""Tensor product smooths of several variables: `te(Time, Dur)`, and interactions without main effects: `ti`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import scipy.linalg

from snap_tf.gamm.bases.basis import Basis, centre, penalty_size
from snap_tf.gamm.bases.one_variable import is_by_values, one_variable
from snap_tf.gamm.errors import GammError

__all__ = ["Margin", "TensorBasis", "tensor_product"]


@dataclass(frozen=True, eq=False)
class Margin:
    """One variable's basis in a tensor product.

    Attributes:
        basis: the variable's own basis, centred for `ti`.
        coordinates: float [k, k], from the margin's columns to the basis' coefficients, or None where they are one.
        penalty: float [k, k], its largest eigenvalue is 1.
        rank: rank of the penalty.
    """

    basis: Basis
    coordinates: np.ndarray | None
    penalty: np.ndarray
    rank: int

    @property
    def k(self) -> int:
        """Number of columns."""
        return self.basis.k

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the columns at x (float [n]); float [n, k]."""
        columns = self.basis(x)
        return columns if self.coordinates is None else columns @ self.coordinates


@dataclass(frozen=True, eq=False)
class TensorBasis:
    """All products of the margins' columns, the first variable slowest.

    Attributes:
        margins: the margins, one for each variable.
        penalties: float [k, k] each, one for each variable, scaled so that their norms fit the columns'.
        penalty_scales: what each penalty was divided by.
    """

    margins: tuple[Margin, ...]
    penalties: tuple[np.ndarray, ...]
    penalty_scales: tuple[float, ...]

    @property
    def k(self) -> int:
        """Number of columns: the product of the margins'."""
        return int(np.prod([margin.k for margin in self.margins]))

    @property
    def ranks(self) -> tuple[int, ...]:
        """Rank of each penalty."""
        return tuple(margin.rank * (self.k // margin.k) for margin in self.margins)

    @property
    def null_dim(self) -> int:
        """Dimension of the space that no penalty holds: the product of the margins'."""
        return int(np.prod([margin.k - margin.rank for margin in self.margins]))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Evaluate the columns at x (float [n, d]); float [n, k]."""
        x = np.asarray(x, float)
        return _products([margin(x[:, i]) for i, margin in enumerate(self.margins)])


def tensor_product(values: np.ndarray, counts: np.ndarray, *, k: Sequence[int], bs: Sequence[str],
                   m: Sequence[int] | None = None, knots: Sequence[np.ndarray | None] | None = None,
                   interaction: bool = False, names: Sequence[str] | None = None) -> TensorBasis:
    """Make the basis of `te` (not centred yet) or `ti`.

    Each margin's columns are turned so that its coefficients are values of the function: at the knots for `cr`, `cs`
    and `cc`, at k evenly spaced places for the others (mgcv's `np = TRUE`). This decides what the penalty of one
    variable is averaged over.

    Args:
        values: float [n_values, d], the different rows of the variables.
        counts: int [n_values], in how many rows of the table each occurs.
        k: size of each margin (mgcv's default is 5 each).
        bs: kind of each margin: "cr" (mgcv's default), "cs", "cc", "tp" or "ts".
        m: order of each margin that is a thin plate spline; 2 without it.
        knots: each margin's knots, or None.
        interaction: True for `ti`: each margin is centred over its own rows, and the product needs no centring.
        names: the variables' names in messages.

    Returns:
        The basis; for `te`, give it to `centre`.

    Raises:
        GammError: sizes that do not fit the variables, or as the margins' bases.
    Source: Wood 2006, Biometrics 62:1025, section 3; Wood 2017, sections 5.6.1 to 5.6.3.
    """
    values = np.asarray(values, float)
    d = values.shape[1]
    names = [f"x{i + 1}" for i in range(d)] if names is None else list(names)
    orders, places = [2] * d if m is None else list(m), [None] * d if knots is None else list(knots)
    for what, given in (("k", k), ("bs", bs), ("m", orders), ("knots", places)):
        if len(given) != d:
            raise GammError(f"{what} of te({', '.join(names)}) (={len(given)} given) must be {d}, one a variable")
    margins = []
    for i in range(d):
        different, index = np.unique(values[:, i], return_inverse=True)
        weights = np.bincount(index.reshape(-1), weights=counts)
        basis = one_variable(bs[i], different, weights, k=k[i], order=orders[i], knots=places[i], name=names[i])
        margins.append(_margin(basis, different, weights, bs[i], interaction))
    columns = _products([margin(values[:, i]) for i, margin in enumerate(margins)])
    penalties, scales = [], []
    for i in range(d):
        whole = reduce(np.kron, [one.penalty if j == i else np.eye(one.k) for j, one in enumerate(margins)])
        scales.append(float(penalty_size(whole, columns)))
        penalties.append(whole / scales[-1])
    return TensorBasis(tuple(margins), tuple(penalties), tuple(scales))


def _margin(basis: Basis, different: np.ndarray, weights: np.ndarray, bs: str, interaction: bool) -> Margin:
    own: Basis = centre(basis, different, weights) if interaction else basis
    penalty, coordinates = own.penalties[0], None
    if not is_by_values(bs):
        at = np.linspace(different[0], different[-1], own.k)
        coordinates = scipy.linalg.inv(own(at))
        penalty = coordinates.T @ penalty @ coordinates
    penalty = (penalty + penalty.T) / 2
    return Margin(own, coordinates, penalty / np.linalg.eigvalsh(penalty)[-1], own.ranks[0])


def _products(parts: Sequence[np.ndarray]) -> np.ndarray:
    return reduce(lambda a, b: (a[:, :, None] * b[:, None, :]).reshape(len(a), -1), parts)
