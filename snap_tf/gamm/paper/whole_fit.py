"""The figures of a whole fit: family, link, log likelihood, AIC, deviance explained, adjusted R squared."""

from __future__ import annotations

from typing import Any

import numpy as np

from snap_tf.gamm.inference.fitted_model import FittedModel

__all__ = ["whole_fit"]

_LINKS = {"binomial": "logit", "poisson": "log"}


def whole_fit(fit: FittedModel) -> dict[str, Any]:
    """Give the figures of a whole fit, as R's summary has them.

    Args:
        fit: the fit.

    Returns:
        family, link, theta (parameters of the family, by name), log_likelihood, aic, deviance_explained (0 to 1) and
        r_sq (adjusted, on the response's scale, rows weighted as in the fit).
    """
    total, resid, weights = fit.fitted + fit.resid, fit.resid, np.ones(fit.n)
    if fit.model.weights is not None:
        weights = fit.frame[fit.model.weights].to_numpy(float)[np.argsort(fit.rows)]
    total, resid = np.sqrt(weights) * (total - np.average(total, weights=weights)), np.sqrt(weights) * resid
    # a Gaussian deviance is a sum of squares; other families have their own
    explained = (1 - float(np.sum(resid**2) / np.sum(total**2)) if fit.model.family == "gaussian"
                 else float(fit.deviance_explained))
    return {"family": fit.model.family, "link": _LINKS.get(fit.model.family, "identity"),
            "theta": dict(getattr(fit, "theta", {})), "log_likelihood": fit.log_likelihood, "aic": fit.aic,
            "deviance_explained": explained,
            "r_sq": 1 - float(np.var(resid) * (fit.n - 1) / (np.var(total) * (fit.n - fit.edf_total)))}
