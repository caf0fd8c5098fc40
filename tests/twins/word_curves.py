"""Simulated tables of words: what is true about them is known."""

from collections.abc import Callable

import numpy as np
import pandas as pd


def no_effect(u: np.ndarray) -> np.ndarray:
    """The same curve for both words."""
    return np.zeros_like(u)


def bump(first: float, last: float, height: float) -> Callable[[np.ndarray], np.ndarray]:
    """A smooth hump between two times (0 to 1) and exactly nothing elsewhere."""
    return lambda u: np.where((u > first) & (u < last), height * np.sin(np.pi * (u - first) / (last - first)) ** 2, 0.0)


def word_table(seed: int, *, n_tokens: int = 40, n_steps: int = 16, effect: Callable = no_effect,
               words: tuple[str, str] = ("ask", "wash"), rho: float = 0.0, level_sd: float = 0.2,
               shape_sd: float = 0.1, noise_sd: float = 0.1) -> pd.DataFrame:
    """Two words whose curves differ by `effect`; tokens have a level and a smooth of their own, errors AR(1)."""
    rng = np.random.default_rng(seed)
    steps = np.arange(1, n_steps + 1)
    u = (steps - 1) / (n_steps - 1)
    shapes = np.stack([np.cos(np.pi * j * u) / j for j in range(1, 5)], axis=1)
    tables = []
    for token in range(n_tokens):
        errors = rng.normal(0, noise_sd, n_steps)
        for t in range(1, n_steps):
            errors[t] = rho * errors[t - 1] + np.sqrt(1 - rho**2) * errors[t]
        value = np.sin(4 * u) + rng.normal(0, level_sd) + shapes @ rng.normal(0, shape_sd, 4) + errors
        value += effect(u) if token % 2 else 0.0
        tables.append(pd.DataFrame({"Token": f"t{token}", "Word": words[token % 2], "Sample": steps, "Value": value}))
    return pd.concat(tables, ignore_index=True)


def layer_table(seed: int, effects: dict[str, dict[str, float]], *, n_tokens: int = 24, n_steps: int = 20,
                heights: str = "shape") -> pd.DataFrame:
    """A long table as from a network: by layer and phone, the height of a hump (`shape`) or of the level.

    Tokens differ in length, so that time has to be normalised.
    """
    rng = np.random.default_rng(seed)
    tables = []
    for layer, phones in effects.items():
        for phone, height in phones.items():
            for token in range(n_tokens):
                n = n_steps + int(rng.integers(-4, 5))
                u = np.linspace(0, 1, n)
                value = 1 + 0.3 * np.sin(3 * u) + rng.normal(0, 0.1) + rng.normal(0, 0.05) * np.cos(np.pi * u)
                value += height * (np.sin(np.pi * u) ** 2 if heights == "shape" else 1.0) + rng.normal(0, 0.05, n)
                tables.append(pd.DataFrame({"layer": layer, "label": phone, "token": f"{phone}{token}",
                                            "time_s": 0.1 + 0.004 * np.arange(n), "value": value,
                                            "speaker": f"S{token % 6}", "rate_hz": 250.0}))
    return pd.concat(tables, ignore_index=True)
