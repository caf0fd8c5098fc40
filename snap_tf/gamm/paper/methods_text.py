"""A methods sentence: what was fitted, to how much data, with which software."""

from __future__ import annotations

import platform
from importlib import metadata

from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.paper.whole_fit import whole_fit

__all__ = ["methods_sentence"]

_FAMILIES = {"gaussian": "Gaussian", "binomial": "binomial", "poisson": "Poisson", "scat": "scaled t"}
_METHODS = {"REML": "restricted maximum likelihood (REML)", "ML": "maximum likelihood (ML)"}


def methods_sentence(fit: FittedModel) -> str:
    """Describe a fit as the methods section of a paper does, in a few plain sentences.

    Args:
        fit: the fit.

    Returns:
        Formula with every k, family, link, method, rho; the numbers of rows, levels and series; software and versions.

    Example:
        >>> from snap_tf.gamm import gamm_words, methods_sentence, simulate_words
        >>> fit = gamm_words(simulate_words(n_tokens=6, seed=1), reference="ask", random="intercept", rho=0.3)
        >>> print(methods_sentence(fit))
        We fitted a generalised additive mixed model with the formula value ~ label + s(time_s, ...) + s(token, bs =
          "re"), Gaussian family and identity link, by restricted maximum likelihood (REML). Smooths by label are
          differences to the reference level (label ask). Errors within a series were first-order autoregressive with
          rho = 0.3. The model was fitted to 180 rows (token: 12 levels; label: 2 levels; 12 series) with snap_tf ...
          (Python ..., NumPy ..., SciPy ...).
    """
    kind = "mixed model" if fit.random else "model"
    options = (", every smooth with a second penalty, so that it could be estimated as zero" if fit.model.select
               else "")
    options += f", rows weighted by {fit.model.weights}" if fit.model.weights else ""
    whole = whole_fit(fit)
    sentences = [f"We fitted a generalised additive {kind} with the formula {fit.formula}, "
                 f"{_FAMILIES[whole['family']]} family and {whole['link']} link, by {_METHODS[fit.method]}{options}."]
    ordered = list(dict.fromkeys(term.by for term in fit.model.terms if term.by_kind == "ordered"))
    references = [f"{name} {fit.frame[name].cat.categories[0]}" for name in ordered]
    if references:
        sentences.append(f"Smooths by {' and '.join(map(str, ordered))} are differences to the reference level "
                         f"({', '.join(references)}).")
    if fit.rho:
        how = ", estimated from a first fit without autocorrelation" if fit.errors.estimated else ""
        sentences.append(f"Errors within a series were first-order autoregressive with rho = {fit.rho:.4g}{how}.")
    sentences.append(f"The model was fitted to {fit.n} rows{_counts(fit)}{_left_out(fit)} with snap_tf "
                     f"{_version('snap-tf', 'snap-gamm', 'wavegan-tf')} (Python {platform.python_version()}, NumPy "
                     f"{_version('numpy')}, SciPy {_version('scipy')}).")
    return " ".join(sentences)


def _counts(fit: FittedModel) -> str:
    factors = {str(name): fit.frame[name].nunique() for name in fit.frame.columns if hasattr(fit.frame[name], "cat")}
    counts = [f"{name}: {n} levels" for name, n in factors.items()]
    counts += [f"{fit.n_series} series"] if fit.n_series else []
    return f" ({'; '.join(counts)})" if counts else ""


def _left_out(fit: FittedModel) -> str:
    return f", after {fit.n_left_out} with missing values were left out," if fit.n_left_out else ""


def _version(*names: str) -> str:
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "(not installed)"
