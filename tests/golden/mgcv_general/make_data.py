"""Simulate tables for reference fits of general GAMMs: speakers, items, tokens, covariates, other families.

    python make_data.py OUT SEED SUFFIX

The suffix `u` gives tokens of unequal length.
"""

import sys

import numpy as np
import pandas as pd

out, seed, suffix = sys.argv[1], int(sys.argv[2]), sys.argv[3]
rng = np.random.default_rng(seed)
COLUMNS = ["Token", "Speaker", "Sex", "IsF", "Word", "Item", "Rep", "Time", "Value", "Heavy", "Hit", "Count", "Dur",
           "Freq", "Start"]


def curve(n, scale):
    """Draw a curve of n sines and n cosines."""
    a = rng.normal(0, scale, n) / np.arange(1, n + 1)
    b = rng.normal(0, scale, n) / np.arange(1, n + 1)
    k = np.arange(1, n + 1)[:, None]
    return lambda x: (a[:, None] * np.sin(np.pi * k * x) + b[:, None] * np.cos(np.pi * k * x)).sum(0)


words = ["ask", "wash", "year"]
base = {w: curve(4, 0.6) for w in words}
level = dict(zip(words, [0, 0.25, -0.1], strict=True))
n_speakers, repetitions, steps = 18, 3, 15
speakers = [f"{'F' if i % 2 else 'M'}{i:02d}" for i in range(n_speakers)]
items = {w: [f"{w}_{j}" for j in range(4)] for w in words}
of_speaker = {s: (rng.normal(0, 0.2), curve(3, 0.15), rng.normal(0, 0.15)) for s in speakers}
of_speaker_word = {(s, w): curve(2, 0.1) for s in speakers for w in words}
of_item = {i: (rng.normal(0, 0.1), curve(2, 0.1)) for w in words for i in items[w]}
rows, token = [], 0
for number, s in enumerate(speakers):
    for w in words:
        for r in range(repetitions):
            i = items[w][(r + number) % 4]
            dur = float(np.round(rng.gamma(9, 0.03), 4))
            freq = float(np.round(rng.normal(0, 1), 3))
            n = steps if suffix != "u" else int(rng.integers(8, 20))
            t = np.linspace(0, 1, n)
            own = curve(2, 0.12)
            e = np.zeros(n)
            e[0] = rng.normal(0, 0.12)
            for j in range(1, n):
                e[j] = 0.4 * e[j - 1] + rng.normal(0, 0.12 * np.sqrt(1 - 0.16))
            female = int(s[0] == "F")
            mu = (level[w] + base[w](t) + of_speaker[s][0] + of_speaker[s][1](t) + of_speaker[s][2] * (t - 0.5)
                  + of_speaker_word[s, w](t) + of_item[i][0] + of_item[i][1](t) + own(t)
                  + 1.2 * (dur - 0.27) * np.sin(np.pi * t) + 0.8 * (dur - 0.27) + 0.15 * female * np.cos(np.pi * t)
                  + 0.05 * freq)
            y = mu + e
            heavy = mu + 0.12 * rng.standard_t(3, n)
            hit = rng.binomial(1, 1 / (1 + np.exp(-1.5 * (mu - 0.1))))
            count = rng.poisson(np.exp(0.5 + 0.8 * mu))
            rows += [(f"t{token:04d}", s, "F" if female else "M", female, w, i, r, round(t[j], 6), round(y[j], 6),
                      round(heavy[j], 6), int(hit[j]), int(count[j]), dur, freq, int(j == 0)) for j in range(n)]
            token += 1
pd.DataFrame(rows, columns=COLUMNS).to_csv(f"{out}/data_{suffix}.csv", index=False)
print(len(rows), token)
