"""Make the tables of the extra reference fits: python make_data.py (numpy 1.26 or later; seeds are fixed)."""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def ar1(rng: np.random.Generator, n: int, rho: float, sd: float) -> np.ndarray:
    """Draw a stationary AR(1) series."""
    noise = rng.normal(0, sd, n)
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * noise[i]
    return noise


def unequal() -> pd.DataFrame:
    """Three words out of alphabetical order, numeric tokens, 6 to 22 steps each (some fewer than fs columns)."""
    rng = np.random.default_rng(11)
    rows = []
    for i in range(36):
        word, speaker = ("wash", "ask", "oily")[i % 3], f"S{i // 3 % 4}"
        n = int(rng.integers(6, 23))
        steps = np.arange(1, n + 1)
        u = (steps - 1) / 21
        mean = {"wash": np.sin(3 * u), "ask": 0.4 + np.sin(3 * u) + u**2, "oily": np.cos(4 * u)}[word]
        own = rng.normal(0, 0.3) + rng.normal(0, 0.4) * u + rng.normal(0, 0.2) * np.sin(6 * u + rng.uniform(0, 6))
        value = mean + own + ar1(rng, n, 0.5, 0.15)
        rows += [(101 + i, word, speaker, t, round(v, 5), int(t == 1)) for t, v in zip(steps, value, strict=True)]
    return pd.DataFrame(rows, columns=["Token", "Word", "Speaker", "Sample", "Value", "Start"])


def null() -> pd.DataFrame:
    """Two words without any difference, no shape at all, a small spread between tokens."""
    rng = np.random.default_rng(5)
    rows = []
    for i in range(24):
        value = rng.normal(0, 0.05) + ar1(rng, 12, 0.0, 0.3)
        rows += [(f"t{i}", ("b", "a")[i % 2], f"S{i // 4}", t, round(v, 5), int(t == 0))
                 for t, v in zip(range(12), value, strict=True)]
    return pd.DataFrame(rows, columns=["Token", "Word", "Speaker", "Sample", "Value", "Start"])


def grids() -> pd.DataFrame:
    """Four words; every token has times of its own, in seconds, and a covariate."""
    rng = np.random.default_rng(23)
    rows = []
    for i in range(28):
        word, n, speed = "dabc"[i % 4], int(rng.integers(14, 26)), float(rng.normal(5, 1))
        time = np.sort(rng.uniform(0, 0.35, n)).round(6)
        u = time / 0.35
        mean = {"d": 100 + 20 * u, "a": 110 + 30 * np.sin(3 * u), "b": 100 + 20 * u, "c": 95 + 60 * u * (1 - u)}[word]
        value = mean + 2 * speed + rng.normal(0, 6) + rng.normal(0, 5) * np.cos(5 * u) + ar1(rng, n, 0.3, 4)
        rows += [(f"x{i}", word, f"S{i % 7}", round(speed, 3), t, round(v, 4), int(k == 0))
                 for k, (t, v) in enumerate(zip(time, value, strict=True))]
    return pd.DataFrame(rows, columns=["Token", "Word", "Speaker", "Speed", "Sample", "Value", "Start"])


if __name__ == "__main__":
    for make in (unequal, null, grids):
        make().to_csv(HERE / f"data_{make.__name__}.csv", index=False)
