"""The 2,000 knots that mgcv draws among the rows of a large table, so that its thin plate surfaces can be repeated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["draw_rows", "draw_without_replacement", "number_text"]

_START_ROUNDS = 50  # how often R turns its seed before it fills the generator's state
_STATE = 624  # words of the Mersenne Twister's state


def draw_rows(shifted: np.ndarray, size: int) -> np.ndarray:
    """Draw rows as mgcv does for a thin plate smooth of several variables: with seed 1, from rows sorted as text.

    Found out by running mgcv 1.8-41 (in the C locale, whose order of text is that of the characters' codes): the
    rows it keeps are those that R's `set.seed(1); sample(1:n, 2000)` picks, if the rows, with the means taken off, are
    written with 15 digits and sorted as text.

    Args:
        shifted: float [n, d], different rows, the means over the table subtracted.
        size: how many to draw.

    Returns:
        int [size], which rows, ascending.
    """
    texts = [" ".join(number_text(value) for value in row) for row in shifted]
    order = sorted(range(len(texts)), key=texts.__getitem__)
    return np.sort(np.array(order)[draw_without_replacement(len(order), size, seed=1)])


def draw_without_replacement(n: int, size: int, *, seed: int) -> np.ndarray:
    """Draw `size` of the numbers 0 .. n-1 as R's `set.seed(seed); sample(n, size) - 1` does since R 3.6.

    Args:
        n: how many numbers there are.
        size: how many to draw.
        seed: R's seed.

    Returns:
        int [size], in the order in which they were drawn.
    Source: Matsumoto & Nishimura 1998, ACM TOMACS 8:3 (Mersenne Twister); R's help page `Random` (seeding by a linear
    congruential generator, sampling by rejection of bits).
    """
    words = _words(seed)
    left, drawn = list(range(n)), []
    for _ in range(size):
        place = _below(words, len(left))
        drawn.append(left[place])
        last = left.pop()
        if place < len(left):
            left[place] = last
    return np.array(drawn, dtype=int)


def number_text(value: float) -> str:
    """Write a number as R does: at most 15 digits, fixed or with exponent, whichever is shorter."""
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.14e}".split("e")
    power = int(exponent)
    digits = mantissa.lstrip("-").replace(".", "").rstrip("0")
    decimals = max(0, len(digits) - power - 1)
    fixed = f"{value:.{decimals}f}"
    scientific = f"{value:.{len(digits) - 1}e}"
    return fixed if len(fixed) <= len(scientific) else scientific


def _words(seed: int) -> Callable[[], int]:
    """R's Mersenne Twister: a function that gives its next 32 bits."""
    state, filled = seed % 2**32, []
    for _ in range(_START_ROUNDS):
        state = (69069 * state + 1) % 2**32
    for _ in range(_STATE + 1):
        state = (69069 * state + 1) % 2**32
        filled.append(state)
    twister = np.random.MT19937(0)
    key = np.array(filled[1:], np.uint32)  # the first number is the place in the state, which R sets to its end
    twister.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": _STATE}}
    return lambda: int(twister.random_raw())


def _below(words: Callable[[], int], n: int) -> int:
    """Draw one number below n: as many random bits as n has, again until they are below n."""
    bits = (n - 1).bit_length()
    while True:
        value = 0
        for _ in range(bits // 16 + 1):
            value = 65536 * value + (words() >> 16)
        value &= (1 << bits) - 1
        if value < n:
            return value
