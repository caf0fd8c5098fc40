"""Do words differ in the last layer, and where in time? A generalised additive mixed model, as mgcv fits it.

    python examples/03_gamm.py RESULTS      (the folder of examples 01 and 02)

The model of Beguš and Zhou's Table 1: the level of each word, a curve for the reference word, a difference curve for
every other word, a random smooth for every token, and errors with first-order autocorrelation.
"""

import sys
from pathlib import Path

import pandas as pd

from snap_tf.gamm import check, gamm_words, stretches, write_fit
from snap_tf.plots import differences_figure, words_figure, write_figure


def main(results: Path) -> None:
    """Fit the model to Conv5, print its table, draw its curves."""
    # Any long table will do, a row per token and time; this one is from example 02. Three words are quick.
    table = pd.read_csv(results / "layers" / "table.csv")
    words = table[(table["layer"] == "Conv5") & table["label"].isin(["ask", "greasy", "wash"])]

    # The columns value, time_s, label and token are found by their names. In the formula syntax of R's mgcv it is
    # gamm("value ~ label + s(time_s) + s(time_s, by=label) + fs(time_s, token)", words, rho="auto").
    fit = gamm_words(words, reference="ask", rho="auto")
    print(fit)         # Table 1: A. levels, B. shapes
    print(check(fit))  # residuals: autocorrelation, normality, basis size

    # Where do two words differ? Simultaneous intervals hold for the whole curve, the papers' for one time only.
    print(stretches(fit.differences([("ask", "wash")]), "simultaneous"))

    out = results / "gamm"
    out.mkdir(exist_ok=True)
    write_fit(fit, out)
    write_figure(words_figure(fit, value_label="mean of Conv5"), out / "curves")                      # Figure 3
    write_figure(differences_figure(fit, [("ask", "greasy"), ("ask", "wash")]), out / "differences")  # Figure 5


if __name__ == "__main__":
    main(Path(sys.argv[1]))
