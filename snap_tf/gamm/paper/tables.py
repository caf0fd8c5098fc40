"""The table of a fit in Markdown and in LaTeX."""

from __future__ import annotations

import re

from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.inference.summary_text import term_tables
from snap_tf.gamm.paper.whole_fit import whole_fit

__all__ = ["latex_table", "markdown_table"]

_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
          ">": r"\textgreater{}", **{sign: "\\" + sign for sign in "&%$#_{}"}}


def markdown_table(fit: FittedModel) -> str:
    """Write the table of a fit in Markdown: parametric coefficients, then smooth terms.

    Args:
        fit: the fit.

    Returns:
        Two tables (or one, where the model has no smooth) and a line with the figures of the whole fit.

    Example:
        >>> from snap_tf.gamm import gamm_words, markdown_table, simulate_words
        >>> fit = gamm_words(simulate_words(n_tokens=6, seed=1), reference="ask", random="intercept")
        >>> print(markdown_table(fit))
        | A. parametric coefficients | Estimate | Std. Error | t-value | p-value |
        |:---|---:|---:|---:|---:|
        | (Intercept) | 0.5586 | 0.0296 | 18.8501 | < 0.0001 |
        | labelwash | 0.2694 | 0.0419 | 6.4273 | < 0.0001 |
        ...
    """
    parts = []
    for table in term_tables(fit):
        rows = [list(table.columns), *table.to_numpy().tolist()]
        lines = ["| " + " | ".join(_markdown(cell) for cell in row) + " |" for row in rows]
        lines.insert(1, "|:---|" + "---:|" * (table.shape[1] - 1))
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, _markdown(_caption(fit))]) + "\n"


def latex_table(fit: FittedModel) -> str:
    r"""Write the table of a fit in LaTeX, for the package booktabs.

    Args:
        fit: the fit.

    Returns:
        A `tabular` with both parts of the table; the figures of the whole fit are a comment above it.

    Example:
        >>> from snap_tf.gamm import gamm_words, latex_table, simulate_words
        >>> fit = gamm_words(simulate_words(n_tokens=6, seed=1), reference="ask", random="intercept")
        >>> print(latex_table(fit))
        % needs \usepackage{booktabs}
        % family gaussian, ...
        \begin{tabular}{lrrrr}
        \toprule
        A. parametric coefficients & Estimate & Std. Error & t-value & p-value \\
        \midrule
        (Intercept) & 0.5586 & 0.0296 & 18.8501 & $<$ 0.0001 \\
        ...
        \end{tabular}
    """
    lines = [r"% needs \usepackage{booktabs}", "% " + " ".join(_caption(fit).splitlines()), r"\begin{tabular}{lrrrr}",
             r"\toprule"]
    for number, table in enumerate(term_tables(fit)):
        lines += [r"\midrule"] if number else []
        lines += [_latex_row(table.columns), r"\midrule", *map(_latex_row, table.to_numpy().tolist())]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _caption(fit: FittedModel) -> str:
    whole = whole_fit(fit)
    return (f"family {whole['family']}, link {whole['link']}; -{fit.method} = {fit.score:.4f}; n = {fit.n}; "
            f"edf = {fit.edf_total:.2f}; deviance explained = {100 * whole['deviance_explained']:.1f} %; "
            f"AR(1) rho = {fit.rho:.4f}")


def _markdown(text: object) -> str:
    return re.sub(r"([\\|*_`\[\]])", r"\\\1", str(text).replace("\n", " "))


def _latex_row(cells: object) -> str:
    return " & ".join(_latex(str(cell)) for cell in cells) + r" \\"  # type: ignore[attr-defined]


def _latex(text: str) -> str:
    if text.startswith("< "):
        return "$<$ " + text[2:]
    number = re.fullmatch(r"-([\d.]+)", text)
    return f"$-${number[1]}" if number else "".join(_LATEX.get(letter, letter) for letter in text.replace("\n", " "))
