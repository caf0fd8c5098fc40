"""statsmodels' GLMGam at the same penalties: an independent program for models without a random term."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.gam.api import GLMGam
from statsmodels.gam.smooth_basis import AdditiveGamSmoother, UnivariateGamSmoother

from snap_tf.gamm import gamm

FORMULAS = {
    "one": "Value ~ s(Sample)",
    "differences": "Value ~ Word + s(Sample) + s(Sample, by=Word)",
    "separate": "Value ~ Word + s(Sample, by=Word, k=8)",
}


class Given(UnivariateGamSmoother):
    """A smoother whose columns and penalty are handed in."""

    def __init__(self, x: np.ndarray, columns: np.ndarray, penalty: np.ndarray, name: str) -> None:
        self.columns, self.penalty = columns, penalty
        super().__init__(x, constraints=None, variable_name=name)

    def _smooth_basis_for_single_variable(self) -> tuple:
        return self.columns, None, None, self.penalty


class Several(AdditiveGamSmoother):
    """Several such smoothers."""

    def __init__(self, smoothers: list[Given]) -> None:
        self.given = smoothers
        super().__init__(np.column_stack([s.x for s in smoothers]), include_intercept=True,
                         variable_names=[s.variable_name for s in smoothers])

    def _make_smoothers_list(self) -> list[Given]:
        return self.given


@pytest.mark.parametrize("name", FORMULAS)
def test_same_estimates_errors_and_degrees_of_freedom(golden_dir, name: str) -> None:
    table = pd.read_csv(golden_dir / "mgcv" / "data_small.csv")
    fit = gamm(FORMULAS[name], table)
    rows = fit.design.fixed_rows(fit.frame)
    smoothers = Several([Given(fit.frame["Sample"].to_numpy(), rows[:, s.columns], s.basis.penalty, s.label)
                         for s in fit.design.smooths])
    alpha = np.array(list(fit.sp.values())) / 2  # GLMGam halves the sum of squares
    linear = rows[:, : fit.design.n_parametric]
    result = GLMGam(fit.frame["Value"].to_numpy(), exog=linear, smoother=smoothers, alpha=alpha).fit()
    np.testing.assert_allclose(result.params, fit.beta, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(np.diagonal(result.cov_params()), np.diagonal(fit.covariance), rtol=1e-7)
    assert result.scale == pytest.approx(fit.sig2, rel=1e-8)
    for smooth, edf in zip(fit.design.smooths, fit.smooths["edf"], strict=True):
        assert np.asarray(result.edf)[smooth.columns].sum() == pytest.approx(edf, rel=1e-8)
