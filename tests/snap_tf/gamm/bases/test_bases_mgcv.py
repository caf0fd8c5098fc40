"""All bases of the fixed part inside a slow dense fit, against mgcv's fits of the same table.

`tests/golden/mgcv_bases/fit_bases.R` made the numbers. At mgcv's smoothing parameters everything agrees to 1e-6 or
better, because bases and the sizes of the penalties are mgcv's; where a smoothing parameter grows without end mgcv
stops early, and so the optimum is compared only where there is one.
"""

import ast
import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
from twins import gamm_dense as twin

from snap_tf.gamm.bases.basis import Basis, by_keeps_constant, centre, double_penalty
from snap_tf.gamm.bases.one_variable import one_variable, shrunken
from snap_tf.gamm.bases.tensor import TensorBasis, tensor_product
from snap_tf.gamm.bases.thin_plate_surface import default_surface_k, thin_plate_surface

FOLDER = Path(__file__).parents[3] / "golden" / "mgcv_bases"
FITS = {fit["name"]: fit for fit in json.loads((FOLDER / "fits.json").read_text())}
WITH_END = [name for name, fit in FITS.items() if max(fit["sp"].values()) < 1e6]
NEW = pd.DataFrame({"Time": np.linspace(-0.1, 1.1, 13), "Dur": np.linspace(0.05, 0.3, 13),
                    "Freq": np.linspace(-3, 3, 13), "IsF": np.arange(13) % 2, "Phase": np.linspace(-100, 460, 13)})


@cache
def data() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "data_bases.csv")


class Smooth:
    """One term of a formula such as `te(Time, Dur, k=c(5,4))`, read as if it were Python."""

    def __init__(self, call: ast.Call, *, select: bool, knots: np.ndarray | None) -> None:
        kind = ast.unparse(call.func)
        self.names = [ast.unparse(argument) for argument in call.args]
        options = {str(word.arg): word.value for word in call.keywords}
        self.by = ast.unparse(options.pop("by")) if "by" in options else None
        read = {name: [ast.literal_eval(item) for item in value.args] if isinstance(value, ast.Call)
                else ast.literal_eval(value) for name, value in options.items()}
        d = len(self.names)
        values, counts = np.unique(data()[self.names].to_numpy(), axis=0, return_counts=True)
        self.one = d == 1
        basis: Basis
        if kind in ("te", "ti"):
            each = {name: value if isinstance(value, list) else [value] * d for name, value in read.items()}
            basis = tensor_product(values, counts, k=each.get("k", [5] * d), bs=each.get("bs", ["cr"] * d),
                                   m=each.get("m"), interaction=kind == "ti", names=self.names)
        elif d > 1:
            order = read.get("m", d // 2 + 1 + d % 2)
            basis = thin_plate_surface(values, counts, k=read.get("k", default_surface_k(d, order)), order=order)
            basis = shrunken(basis, values) if read.get("bs") == "ts" else basis
        else:
            values = values[:, 0]
            basis = one_variable(read.get("bs", "tp"), values, counts, k=read.get("k", 10), order=read.get("m", 2),
                                 knots=knots)
        self.scales = basis.penalty_scales if isinstance(basis, TensorBasis) else (getattr(basis, "penalty_scale", 0),)
        if kind != "ti" and (self.by is None or by_keeps_constant(data()[self.by].to_numpy())):
            basis = centre(basis, values, counts)
        self.basis = double_penalty(basis) if select else basis

    def __call__(self, frame: pd.DataFrame) -> np.ndarray:
        x = frame[self.names].to_numpy(float)
        columns = self.basis(x[:, 0] if self.one else x)
        return columns if self.by is None else columns * frame[[self.by]].to_numpy(float)


class Model:
    """An intercept and smooths as whole matrices."""

    def __init__(self, fit: dict) -> None:
        names = ("s", "te", "ti")
        calls = [node for node in ast.walk(ast.parse(fit["formula"], mode="eval"))
                 if isinstance(node, ast.Call) and ast.unparse(node.func) in names]
        calls.sort(key=lambda node: node.col_offset)
        knots = np.array([0.0, 360.0]) if fit["name"] == "cc_ends" else None
        self.smooths = [Smooth(call, select="select" in fit["name"], knots=knots) for call in calls]
        self.columns = self.rows(data())
        self.penalties: list[np.ndarray] = []
        self.parts: list[slice] = []
        first = 1
        for smooth in self.smooths:
            part = slice(first, first + smooth.basis.k)
            for penalty in smooth.basis.penalties:
                self.penalties.append(np.zeros((self.columns.shape[1],) * 2))
                self.penalties[-1][part, part] = penalty
            self.parts.append(part)
            first = part.stop

    def rows(self, frame: pd.DataFrame) -> np.ndarray:
        return np.hstack([np.ones((len(frame), 1)), *(smooth(frame) for smooth in self.smooths)])

    def fit(self, log_sp: np.ndarray) -> twin.DenseFit:
        return twin.dense_fit(self.columns, data()["Value"].to_numpy(), self.penalties, log_sp, np.eye(len(data())))


@cache
def model(name: str) -> Model:
    return Model(FITS[name])


@pytest.mark.parametrize("name", FITS)
def test_fit_at_mgcv_s_smoothing_parameters_is_mgcv_s(name: str) -> None:
    golden, ours = FITS[name], model(name)
    for smooth, theirs in zip(ours.smooths, golden["smooths"], strict=True):
        assert smooth.basis.k == theirs["ncol"]
        assert list(smooth.basis.ranks) == theirs["rank"]
        assert smooth.basis.null_dim == (0 if "select" in name else theirs["null"])
    fit = ours.fit(np.log(list(golden["sp"].values())))
    # penalties of 1e9 times the columns' size cost the dense fit some digits
    assert fit.score == pytest.approx(golden["score"], abs=1e-7 if name in WITH_END else 1e-5)
    assert fit.scale == pytest.approx(golden["sig2"], rel=1e-7)
    edf = [fit.edf[part].sum() for part in ours.parts]
    np.testing.assert_allclose(edf, [theirs["edf"] for theirs in golden["smooths"]], atol=1e-6)
    np.testing.assert_allclose(ours.columns[::13] @ fit.beta, golden["fitted"], atol=1e-6)
    assert fit.beta[0] == pytest.approx(golden["intercept"], abs=1e-6)
    assert np.sqrt(fit.covariance[0, 0]) == pytest.approx(golden["se_intercept"], rel=1e-6)
    rows = ours.rows(NEW)  # beyond the table as well
    np.testing.assert_allclose(rows @ fit.beta, golden["predicted"], atol=1e-6)
    np.testing.assert_allclose(np.sqrt(np.sum(rows @ fit.covariance * rows, axis=1)), golden["predicted_se"], rtol=1e-6)


@pytest.mark.parametrize("name", WITH_END)
def test_optimum_is_mgcv_s(name: str) -> None:
    golden, ours = FITS[name], model(name)
    theirs = np.log(list(golden["sp"].values()))
    found = scipy.optimize.minimize(lambda log_sp: ours.fit(log_sp).score, theirs + 0.3, method="BFGS",
                                    options={"gtol": 1e-5})
    assert found.fun == pytest.approx(golden["score"], abs=1e-6)
    fit = ours.fit(found.x)
    np.testing.assert_allclose([fit.edf[part].sum() for part in ours.parts],
                               [smooth["edf"] for smooth in golden["smooths"]], atol=1e-3)
    np.testing.assert_allclose(ours.columns[::13] @ fit.beta, golden["fitted"], atol=1e-4)


def test_sizes_of_penalties_are_mgcv_s() -> None:
    seen = 0
    for name, golden in FITS.items():
        for smooth, theirs in zip(model(name).smooths, golden["smooths"], strict=True):
            if smooth.scales[0]:
                np.testing.assert_allclose(smooth.scales, theirs["scale"][: len(smooth.scales)], rtol=1e-7)
                seen += 1
    assert seen > 30
