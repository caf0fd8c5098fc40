"""Where in time do two vowels differ? Tracks of the second formant by speakers and words, simulated with a known truth.

    python examples/07_vowel_formants.py RESULTS      (a folder for the picture)

The planted truth: [e] and [eɪ] have the same F2 up to 40 % of their duration; then that of [eɪ] rises, by 250 Hz at the
end. Speakers differ in level, slope and size of the rise, words in level; the errors of a token are AR(1).
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from snap_tf.gamm import gamm, stretches
from snap_tf.plots import differences_figure, write_figure

START, RISE_HZ, RHO, TIME = 0.4, 250, 0.5, np.linspace(0, 1, 11)


def planted(time: np.ndarray) -> np.ndarray:
    """Give the planted difference between the vowels in Hz."""
    return RISE_HZ * np.clip((time - START) / (1 - START), 0, None) ** 1.5


def simulate(seed: int = 1) -> pd.DataFrame:
    """Simulate 12 speakers who say 10 words, five with each vowel: F2 in Hz at 11 times of every token."""
    rng, tables = np.random.default_rng(seed), []
    covariance = 40**2 * RHO ** np.abs(np.subtract.outer(range(11), range(11)))  # of AR(1) errors
    words = [(f"{vowel}{i}", vowel, rng.normal(0, 30)) for vowel in ("e", "eɪ") for i in range(5)]
    for speaker in (f"s{i:02}" for i in range(12)):
        level, slope, size = rng.normal((1900, 0, 1), (120, 60, 0.2))
        for word, vowel, word_level in words:
            mean = level + word_level + slope * (TIME - 0.5) + (vowel == "eɪ") * size * planted(TIME)
            tables.append(pd.DataFrame({"Speaker": speaker, "Word": word, "Vowel": vowel, "Time": TIME,
                                        "Token": f"{speaker}_{word}", "F2": rng.multivariate_normal(mean, covariance)}))
    return pd.concat(tables, ignore_index=True)


def main(results: Path) -> None:
    """Fit the tracks, print what a paper reports, compare the difference of the vowels with the truth."""
    # Every speaker has a curve, and a curve of the difference, so that the test is about speakers, not about tokens.
    fit = gamm('F2 ~ Vowel + s(Time) + s(Time, by=Vowel) + s(Time, Speaker, bs="fs", m=1, k=6)'
               ' + s(Time, Speaker, by=ordered(Vowel), bs="fs", m=1, k=6) + s(Word, bs="re")',
               simulate(), token="Token", rho="auto")
    print(fit, f"{fit.n} rows of {fit.n_series} tokens; planted rho = {RHO}", sep="")
    difference = fit.differences([("e", "eɪ")])
    found, truth = stretches(difference), planted(difference["time"].to_numpy())
    inside = difference["lower_simultaneous"].le(truth) & difference["upper_simultaneous"].ge(truth)
    print(f"{found}\nplanted: from {START} to 1; found: from {found['start'].min():.2f} to {found['end'].max():.2f}; "
          f"the simultaneous interval holds the planted difference at {inside.mean():.0%} of the times")
    figure = differences_figure(fit, time_label="normalised time", value_label="F2 (Hz)")
    figure.axes[0].plot(difference["time"], truth, "k:")
    figure.axes[0].set_title("[eɪ] − [e] (dotted: planted)", loc="left", fontsize=9)
    write_figure(figure, results / "vowel_formants")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
