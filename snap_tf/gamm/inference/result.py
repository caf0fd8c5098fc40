"""`GammFit`, the result of fitting a model: the numbers of the fit, its summary, its curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from snap_tf.gamm.inference.effects.slopes import derivatives
from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.inference.population import curves, differences
from snap_tf.gamm.inference.prediction import posterior, predict
from snap_tf.gamm.inference.summary_text import summary

__all__ = ["GammFit"]


class GammFit(FittedModel):
    """A fitted GAMM; `print(fit)` shows it as `summary()` does in R. Its numbers are those of `FittedModel`."""

    def summary(self) -> str:
        """Write the fit as `summary()` does in R."""
        return summary(self)

    def __str__(self) -> str:
        return self.summary()

    def curves(self, **options: Any) -> pd.DataFrame:
        """Compute population curves; see `snap_tf.gamm.curves`."""
        return curves(self, **options)

    def differences(self, pairs: Sequence[tuple[object, object]] | None = None, **options: Any) -> pd.DataFrame:
        """Compute difference curves; see `snap_tf.gamm.differences`."""
        return differences(self, pairs, **options)

    def derivatives(self, pairs: Sequence[tuple[object, object]] | None = None, **options: Any) -> pd.DataFrame:
        """Compute first derivatives of curves or differences; see `snap_tf.gamm.derivatives`."""
        return derivatives(self, pairs, **options)

    def predict(self, table: pd.DataFrame, **options: Any) -> pd.DataFrame:
        """Predict the response for the rows of any table; see `snap_tf.gamm.predict`."""
        return predict(self, table, **options)

    def posterior(self, table: pd.DataFrame, n: int = 1000, **options: Any) -> np.ndarray:
        """Draw curves from the posterior distribution; see `snap_tf.gamm.posterior`."""
        return posterior(self, table, n, **options)
