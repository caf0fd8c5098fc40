"""`GammFit`, the result of fitting a model: the numbers of the fit, its summary, its curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.inference.population import curves, differences
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
