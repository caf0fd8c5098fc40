"""Sentences of the synthetic speakers: SA1 and SA2 for all, and some sentences of a list for each.

The bank is of our own writing: everyday English that together holds every phone eSpeak NG makes of it, and the words
ask, dark, greasy, oily, rag, wash, water and year in many places. It avoids pairs of small words that eSpeak NG says
as one ("of the", "to be", "had been"), since such words have no boundary to label. As in TIMIT, no text of the bank
is spoken both by a training and by a test speaker: every fourth belongs to the test speakers.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

__all__ = ["SA", "bank", "bank_of", "choose"]

SA = {
    "SA1": "She had your dark suit in greasy wash water all year.",
    "SA2": "Don't ask me to carry an oily rag like that.",
}
"""TIMIT's two sentences that every speaker says, which hold the eight words."""


@cache
def bank() -> dict[str, str]:
    """Return all sentences of the bank by name, SX001 first."""
    lines = files(__package__).joinpath("bank.txt").read_text(encoding="ascii").split("\n")
    return {f"SX{i:03d}": text for i, text in enumerate(filter(None, lines), start=1)}


def bank_of(split: str) -> dict[str, str]:
    """Return the sentences for the speakers of one split, `TRAIN` or `TEST`."""
    is_test = split == "TEST"
    return {name: text for i, (name, text) in enumerate(bank().items()) if (i % 4 == 3) == is_test}


def choose(split: str, rank: int, n: int, seed: int) -> dict[str, str]:
    """Choose a speaker's sentences from one shuffled list, so that all sentences are used about equally often.

    Args:
        split: `TRAIN` or `TEST`.
        rank: how many speakers of the split come before this one.
        n: sentences, at most as many as the split has.
        seed: of the shuffle.
    """
    names = sorted(bank_of(split))
    order = np.random.default_rng([seed, len(names)]).permutation(len(names))
    chosen = (names[order[(rank * n + k) % len(names)]] for k in range(n))
    return {name: bank()[name] for name in sorted(chosen)}
