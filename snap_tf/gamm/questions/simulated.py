"""Simulate long tables of word curves with a known difference, to try models and to test them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError

__all__ = ["simulate_speakers", "simulate_words"]

_WAVES = 4  # a curve of its own is a level and this many cosines, the faster the smaller


def simulate_words(*, words: Sequence[str] = ("ask", "wash"), layers: Mapping[str, float] | None = None,
                   n_tokens: int = 6, n_steps: int = 15, noise: float = 0.1, rho: float = 0.4,
                   seed: int = 0) -> pd.DataFrame:
    """Simulate a long table of word curves in which the size of the difference between the words is known.

    The first word follows sin(pi t) for t from 0 to 1. Word number j, counted from 0, differs from it by
    j * size * cos(pi t), and in level by j * size / 4. Every token has a level and a slope of its own, and errors with
    first-order autocorrelation.

    Args:
        words: the words; the first one is the reference.
        layers: size of the difference by layer, from the first layer to the deepest; by default `{"Conv5": 1.0}`. A
            size of 0 is a layer in which the words do not differ.
        n_tokens: tokens of each word; the same tokens are in every layer.
        n_steps: times of each token.
        noise: standard deviation of the errors; that of the tokens' own levels and slopes is the same.
        rho: autocorrelation of the errors of neighbouring times, from 0 up to (not including) 1.
        seed: seed of the random numbers.

    Returns:
        Table with layer, token, label, time_s (0 to 1) and value: a row per layer, token and time, in this order.

    Raises:
        GammError: no word, no layer, no token, fewer than 2 times, or a noise or rho outside its range.

    Example:
        >>> from snap_tf.gamm import gamm_words, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> list(table.columns), len(table)
        (['layer', 'token', 'label', 'time_s', 'value'], 180)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> bool(fit.smooths["p"].max() < 0.001)
        True
    """
    sizes = {"Conv5": 1.0} if layers is None else dict(layers)
    for name, number, least in (("words", len(words), 1), ("layers", len(sizes), 1), ("n_tokens", n_tokens, 1),
                                ("n_steps", n_steps, 2)):
        if number < least:
            raise GammError(f"{name} (={number}) must be {least} or more")
    if not noise >= 0:
        raise GammError(f"noise (={noise}) must be 0 or more")
    if not 0 <= rho < 1:
        raise GammError(f"rho (={rho}) must be 0 up to (not including) 1")
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 1, n_steps)
    tables = []
    for layer, size in sizes.items():
        for j, word in enumerate(words):
            curve = np.sin(np.pi * time) + j * size * (np.cos(np.pi * time) + 0.25)
            for i in range(n_tokens):
                level, slope = rng.normal(0, noise, 2)
                value = curve + level + slope * (time - 0.5) + _errors(rng, n_steps, noise, rho)
                tables.append(pd.DataFrame({"layer": layer, "token": f"{word}_{i}", "label": word, "time_s": time,
                                            "value": value}))
    return pd.concat(tables, ignore_index=True)


def simulate_speakers(*, n_speakers: int = 8, words: Sequence[str] = ("ask", "wash", "year"), n_repetitions: int = 3,
                      n_steps: int = 15, speaker: float = 0.4, speaker_by_word: float = 0.0, token: float = 0.1,
                      noise: float = 0.1, rho: float = 0.5, one_word_each: bool = False, seed: int = 0) -> pd.DataFrame:
    """Simulate a long table of word curves by several speakers, in which the words do not differ.

    Every curve is sin(3 t) for t from 0 to 1, plus a curve of the speaker, one of speaker and word, and one of the
    token, and errors with first-order autocorrelation. A curve of this kind is a level and four cosines with random
    coefficients: standard deviation `speaker` (`speaker_by_word`, `token`) for the level, 0.6 of it over j for
    cos(pi j t).

    Args:
        n_speakers: number of speakers.
        words: the words that every speaker says.
        n_repetitions: how often a speaker says each word.
        n_steps: times of each token.
        speaker: size of the speakers' own curves.
        speaker_by_word: size of the curves by which speakers differ in how they say each word.
        token: size of the tokens' own curves.
        noise: standard deviation of the errors.
        rho: autocorrelation of the errors of neighbouring times, from 0 up to (not including) 1.
        one_word_each: whether every speaker says one word only (as many tokens as otherwise), the words in turn.
        seed: seed of the random numbers.

    Returns:
        Table with speaker, token, label, time_s (0 to 1) and value: a row per token and time, tokens of a speaker
        together.

    Raises:
        GammError: no speaker, word or repetition, fewer than 2 times, or a size or rho outside its range.

    Example:
        >>> from snap_tf.gamm import simulate_speakers
        >>> table = simulate_speakers(n_speakers=8, seed=1)
        >>> list(table.columns), len(table)
        (['speaker', 'token', 'label', 'time_s', 'value'], 1080)
        >>> int(table["token"].nunique()), int(table["speaker"].nunique())
        (72, 8)
    """
    for name, number, least in (("n_speakers", n_speakers, 1), ("words", len(words), 1),
                                ("n_repetitions", n_repetitions, 1), ("n_steps", n_steps, 2)):
        if number < least:
            raise GammError(f"{name} (={number}) must be {least} or more")
    for name, size in (("speaker", speaker), ("speaker_by_word", speaker_by_word), ("token", token), ("noise", noise)):
        if not size >= 0:
            raise GammError(f"{name} (={size}) must be 0 or more")
    if not 0 <= rho < 1:
        raise GammError(f"rho (={rho}) must be 0 up to (not including) 1")
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 1, n_steps)
    tables = []
    for i in range(n_speakers):
        own = _own_curve(rng, time, speaker)
        for j, word in enumerate(words):
            said = words[i % len(words)] if one_word_each else word
            own_word = _own_curve(rng, time, speaker_by_word)
            for k in range(n_repetitions):
                value = np.sin(3 * time) + own + own_word + _own_curve(rng, time, token)
                value += _errors(rng, n_steps, noise, rho)
                tables.append(pd.DataFrame({"speaker": f"S{i + 1}", "token": f"S{i + 1}_{j + 1}_{k + 1}", "label": said,
                                            "time_s": time, "value": value}))
    return pd.concat(tables, ignore_index=True)


def _own_curve(rng: np.random.Generator, time: np.ndarray, size: float) -> np.ndarray:
    """A random level and cosines: float [n]; a size of 0 draws the same random numbers."""
    level, *waves = rng.normal(0, 1, 1 + _WAVES)
    curve = np.full(len(time), level)
    for j, height in enumerate(waves, 1):
        curve += 0.6 / j * height * np.cos(np.pi * j * time)
    return size * curve


def _errors(rng: np.random.Generator, n: int, noise: float, rho: float) -> np.ndarray:
    """Errors of one token with the same variance at every time: float [n]."""
    errors = rng.normal(0, noise, n)
    for t in range(1, n):
        errors[t] = rho * errors[t - 1] + np.sqrt(1 - rho**2) * errors[t]
    return errors
