"""The summary of a fit, as summary() prints it in R, in the layout of the papers' Table 1."""

from __future__ import annotations

import numpy as np
import pandas as pd

from snap_tf.gamm.inference.fitted_model import FittedModel

__all__ = ["format_p", "format_table", "summary", "term_tables"]


def summary(fit: FittedModel, caption: bool = True) -> str:
    """Write the summary of a fit: parametric coefficients, smooth terms, REML, R squared, deviance explained, rho.

    Args:
        fit: the fit.
        caption: whether the formula and the figures of the whole fit are written too.

    Source: Beguš & Zhou, ICASSP 2022, Table 1 (layout).

    Example:
        >>> from snap_tf.gamm import gamm_words, simulate_words, summary
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> print(summary(fit, caption=False))
        A. parametric coefficients  Estimate  Std. Error  t-value   p-value
        -------------------------------------------------------------------
        (Intercept)                   0.5586      0.0296  18.8501  < 0.0001
        labelwash                     0.2694      0.0419   6.4273  < 0.0001
        ...
    """
    parts = [format_table(table) for table in term_tables(fit)]
    if caption:
        parts = [f"Family: {_family(fit)}, link: {fit.link}\nFormula: {fit.formula}", *parts, _figures(fit)]
        parts += ["Note: " + notice for notice in (fit.about_speakers, *fit.notices) if notice]
    return "\n\n".join(parts) + "\n"


def term_tables(fit: FittedModel) -> list[pd.DataFrame]:
    """Give the parametric coefficients and the smooth terms as texts, each where the model has such terms."""
    smallest = float(fit.parametric["se"].min()) if len(fit.parametric) else 1.0
    # three figures of the smallest standard error
    fine = int(np.clip(2 - np.floor(np.log10(smallest)), 4, 12)) if smallest > 0 else 4
    t, test = fit.statistics
    parametric = pd.DataFrame({
        "A. parametric coefficients": fit.parametric["term"], "Estimate": _decimals(fit.parametric["estimate"], fine),
        "Std. Error": _decimals(fit.parametric["se"], fine), f"{t}-value": _decimals(fit.parametric[t], 4),
        "p-value": fit.parametric["p"].map(format_p)})
    smooths = pd.DataFrame({
        "B. smooth terms": fit.smooths["term"], "edf": _decimals(fit.smooths["edf"], 4),
        "Ref.df": _decimals(fit.smooths["ref_df"], 4),
        "F-value" if test == "F" else test: _decimals(fit.smooths[test], 4),
        "p-value": fit.smooths["p"].map(format_p)})
    return [table for table in (parametric, smooths) if len(table)]


def format_p(p: float) -> str:
    """Write a p value with four decimals, and what is smaller as `< 0.0001`."""
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def format_table(table: pd.DataFrame) -> str:
    """Align a table of texts: the first column to the left, the others to the right."""
    texts = [list(map(str, table.columns)), *([str(cell) for cell in row] for row in table.to_numpy())]
    widths = [max(len(row[i]) for row in texts) for i in range(table.shape[1])]
    lines = []
    for row in texts:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    rule = "-" * max(map(len, lines))
    return "\n".join([lines[0], rule, *lines[1:]])


def _figures(fit: FittedModel) -> str:
    errors = fit.errors
    counted = [f"{item.factor}: {len(item.levels)}" for item in fit.random]
    counted += [f"series: {fit.n_series}"] if fit.n_series and not fit.random else []
    text = (f"-{fit.method} = {fit.score:.4f}   scale est. = {fit.sig2:.5g}   n = {fit.n}"
            f"{''.join('   ' + item for item in counted)}   edf = {fit.edf_total:.2f}\n"
            f"R-sq.(adj) = {fit.adjusted_r2:.3f}   deviance explained = {100 * fit.deviance_explained:.1f} %")
    if fit.family != "gaussian":
        return text
    text += f"\nAR(1) rho = {errors.rho:.4f}"
    if errors.estimated:
        text += (f" (estimated: residuals of the model with rho = 0, series end to end, lag 1: "
                 f"{errors.series_lag1:.4f}; within series: {errors.within_token_lag1:.4f})")
    return text


def _family(fit: FittedModel) -> str:
    theta = ", ".join(f"{name} = {value:.4g}" for name, value in fit.theta.items())
    return fit.family + (f" ({theta})" if theta else "")


def _decimals(values: pd.Series, n: int) -> list[str]:
    return [f"{value:.{n}f}" for value in values]
