"""From when on do a statement and a question differ in pitch? Contours with AR(1) errors, simulated with a known truth.

    python examples/08_pitch_contours.py RESULTS      (a folder for the picture)

The planted truth: both fall alike over the first 60 % of the phrase; then questions rise, by 6 semitones at the end.
The errors of neighbouring times are correlated (AR(1), rho = .7); every speaker falls and rises in an own way.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from snap_tf.gamm import check, gamm, stretches
from snap_tf.plots import words_figure, write_figure

START, RISE, RHO, TIME = 0.6, 6.0, 0.7, np.linspace(0, 1, 15)


def planted(time: np.ndarray) -> np.ndarray:
    """Give the planted difference in semitones."""
    return RISE * np.clip((time - START) / (1 - START), 0, None)


def simulate(seed: int = 1) -> pd.DataFrame:
    """Simulate 14 speakers who say 5 phrases as statement and as question: semitones above a speaker's lowest pitch."""
    rng, tables = np.random.default_rng(seed), []
    covariance = 0.8**2 * RHO ** np.abs(np.subtract.outer(range(15), range(15)))
    for speaker in range(14):
        level, fall, size = rng.normal((6, 4, 1), (1, 1, 0.25))
        for pattern in ("statement", "question"):
            for i in range(5):
                mean = level - fall * TIME + (pattern == "question") * size * planted(TIME)
                tables.append(pd.DataFrame({"Speaker": f"s{speaker:02}", "Pattern": pattern, "Time": TIME,
                                            "Token": f"s{speaker:02}_{pattern}{i}",
                                            "Semitones": rng.multivariate_normal(mean, covariance)}))
    return pd.concat(tables, ignore_index=True)


def main(results: Path) -> None:
    """Fit the contours without and with AR(1) errors; compare the difference of the patterns with the truth."""
    for rho in (0, "auto"):
        fit = gamm('Semitones ~ Pattern + s(Time) + s(Time, by=Pattern) + s(Time, Speaker, bs="fs", m=1, k=6)'
                   ' + s(Time, Speaker, by=ordered(Pattern), bs="fs", m=1, k=6)', simulate(), token="Token", rho=rho)
        left = check(fit, n_lags=1, n_shuffles=20).autocorrelation["white"].iloc[0]
        print(f"rho {rho}: {fit.rho:.2f} (planted {RHO}); autocorrelation that is left in the residuals: {left:.2f}")
    print(fit)
    difference = fit.differences([("statement", "question")])
    found, truth = stretches(difference), planted(difference["time"].to_numpy())
    inside = difference["lower_simultaneous"].le(truth) & difference["upper_simultaneous"].ge(truth)
    print(f"{found}\nplanted: from {START} to 1; found: from {found['start'].min():.2f} to {found['end'].max():.2f}; "
          f"the simultaneous interval holds the planted difference at {inside.mean():.0%} of the times")
    write_figure(words_figure(fit, time_label="normalised time", value_label="semitones"), results / "pitch_contours")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
