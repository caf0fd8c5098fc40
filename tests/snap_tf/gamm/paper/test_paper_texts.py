"""Tables for papers and the methods sentence: the numbers of the fit, and signs that Markdown and LaTeX would read."""

import pandas as pd
import pytest

from snap_tf.gamm import GammFit, gamm, latex_table, markdown_table, methods_sentence, simulate_words, summary
from snap_tf.gamm.paper.tables import term_tables


def fitted(**options) -> GammFit:
    data = simulate_words(n_tokens=5, n_steps=8, seed=3).rename(columns={"label": "w_1", "value": "Value"})
    data["w_1"] = data["w_1"].replace({"wash": "50%_$a|b*"})
    return gamm("Value ~ w_1 + s(time_s, k=5) + s(time_s, by=ordered(w_1), k=5) + re(token)", data, **options)


def test_tables_have_the_numbers_of_the_summary() -> None:
    fit = fitted()
    text = summary(fit, caption=False)
    for table in term_tables(fit):
        assert all(word in text for row in [table.columns, *table.to_numpy()] for word in row)
    assert [len(table) for table in term_tables(fit)] == [2, 3]
    assert [len(table) for table in term_tables(gamm("Value ~ 1", pd.DataFrame({"Value": [1.0, 2.0, 4.0]})))] == [1]


def test_markdown_has_as_many_cells_in_every_line() -> None:
    lines = markdown_table(fitted()).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 2 + 2 + 2 + 3
    assert {line.replace("\\|", "").count("|") for line in rows} == {6}
    assert rows[3].startswith(r"| w\_150%\_$a\|b\* | ") and rows[1] == "|:---|---:|---:|---:|---:|"
    assert "deviance explained = " in lines[-1]


def test_latex_escapes_its_signs() -> None:
    text = latex_table(fitted())
    assert r"w\_150\%\_\$a|b* & " in text and r"s(time\_s) & " in text
    assert text.count(r"\toprule") == text.count(r"\bottomrule") == 1 and text.count(r"\midrule") == 3
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(body) == 2 + 5 and {line.replace(r"\&", "").count("&") for line in body} == {4}
    name = "x^2 {a} #1 <"
    fit = gamm(f"y ~ `{name}`", pd.DataFrame({"y": [1.0, 2.0, 4.5, 1.0], name: [-1.0, -2.0, -4.0, -1.0]}))
    line = next(line for line in latex_table(fit).splitlines() if line.startswith("x"))
    assert line.startswith(r"x\textasciicircum{}2 \{a\} \#1 \textless{} & $-$1.1")


def test_families_have_their_statistics() -> None:
    data = simulate_words(n_tokens=5, n_steps=8, seed=3)
    data["count"] = (data["value"].clip(lower=0) * 5).round()
    fit = gamm("count ~ label + s(time_s, k=5)", data, family="poisson")
    assert "z-value" in markdown_table(fit) and "Chi.sq" in markdown_table(fit) and "Chi.sq &" in latex_table(fit)
    assert "Poisson family and log link" in methods_sentence(fit) and "mixed" not in methods_sentence(fit)


def test_the_sentence_says_what_was_done() -> None:
    text = methods_sentence(fitted(rho="auto"))
    assert "generalised additive mixed model with the formula Value ~ w_1 + s(time_s, " in text
    assert 'Smooths by w_1 are differences to the reference level (w_1 ask).' in text
    assert ", estimated from a first fit without autocorrelation. The model was fitted to 80 rows (" in text
    assert "token: 10 levels" in text and "10 series) with snap_tf " in text and "\n" not in text
    data = simulate_words(n_tokens=5, n_steps=8, seed=3)
    data.loc[[2, 5], "value"] = None
    with pytest.warns(UserWarning, match="2 of 80 rows"):
        fit = gamm("value ~ label + s(time_s, k=5)", data, select=True, method="ML")
    text = methods_sentence(fit)
    assert "by maximum likelihood (ML), every smooth with a second penalty, so that it could be estimated as " in text
    assert "78 rows (label: 2 levels), after 2 with missing values were left out, with snap_tf" in text
