"""The figures of a whole fit: family, link, log likelihood, AIC, deviance explained, adjusted R squared."""

from __future__ import annotations

from typing import Any

from snap_tf.gamm.inference.fitted_model import FittedModel

__all__ = ["whole_fit"]


def whole_fit(fit: FittedModel) -> dict[str, Any]:
    """Give the figures of a whole fit, as R's summary has them.

    Args:
        fit: the fit.

    Returns:
        family, link, theta (parameters of the family, by name), log_likelihood, aic, deviance, null_deviance,
        deviance_explained (0 to 1) and r_sq (adjusted, on the response's scale, rows weighted as in the fit).
    """
    return {"family": fit.model.family, "link": fit.link, "theta": dict(fit.theta),
            "log_likelihood": fit.log_likelihood, "aic": fit.aic, "deviance": fit.deviance,
            "null_deviance": fit.null_deviance, "deviance_explained": fit.deviance_explained, "r_sq": fit.adjusted_r2}
