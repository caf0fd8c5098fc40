"""From when on do listeners look at the target more often in one condition? Eye tracking, simulated with a known truth.

    python examples/09_eye_tracking.py RESULTS      (a folder for the picture)

The planted truth: around 600 ms the log odds of a look rise by 1 after a related word. Subjects differ in level, speed
and size of the effect, items in level. The looks of a trial are independent here; real ones are not: take samples that
are far enough apart, or give each trial a smooth too. AR(1) errors exist for Gaussian responses only.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from snap_tf.gamm import gamm, stretches
from snap_tf.plots import differences_figure, write_figure


def planted(time: np.ndarray) -> np.ndarray:
    """Give the planted difference in log odds: half of it at 600 ms."""
    return 1 / (1 + np.exp(-(time - 600) / 60))


def simulate(seed: int = 1) -> pd.DataFrame:
    """Simulate 24 subjects who hear 32 items, half of them after a related word: 0 or 1 every 50 ms for 1200 ms."""
    rng = np.random.default_rng(seed)
    time, items, tables = np.arange(0, 1201, 50), rng.normal(0, 0.3, 32), []
    for subject in range(24):
        level, speed, size = rng.normal((-1.2, 2.2, 1), (0.4, 0.5, 0.3))
        for item in range(32):
            related = (item + subject) % 2 == 1
            odds = level + items[item] + speed / (1 + np.exp(-(time - 500) / 120)) + related * size * planted(time)
            tables.append(pd.DataFrame({"Subject": f"p{subject:02}", "Time": time, "Item": f"i{item:02}",
                                        "Condition": "related" if related else "control",
                                        "Look": (rng.random(len(time)) < 1 / (1 + np.exp(-odds))).astype(int)}))
    return pd.concat(tables, ignore_index=True)


def main(results: Path) -> None:
    """Fit the looks with subjects and items crossed, compare the difference of the conditions with the truth."""
    # The terms of Subject: a curve for each, and a level for each in either condition. All values are log odds.
    fit = gamm('Look ~ Condition + s(Time) + s(Time, by=Condition) + s(Time, Subject, bs="fs", m=1, k=6)'
               ' + s(Subject, Condition, bs="re") + s(Item, bs="re")', simulate(), family="binomial")
    print(fit)
    difference = fit.differences([("control", "related")])
    found, truth = stretches(difference), planted(difference["time"].to_numpy())
    inside = difference["lower_simultaneous"].le(truth) & difference["upper_simultaneous"].ge(truth)
    print(f"{found}\nplanted: half of the effect at 600 ms; found: from {found['start'].min():.0f} ms on; the interval "
          f"holds the planted difference at {inside.mean():.0%} of the times")
    figure = differences_figure(fit, time_label="time (ms)", value_label="log odds of a look")
    figure.axes[0].plot(difference["time"], truth, "k:")
    figure.axes[0].set_title("related − control (dotted: planted)", loc="left", fontsize=9)
    write_figure(figure, results / "eye_tracking")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
