"""What a p value over permutations can be: counting the observed order in, never below one in their number plus one."""

from __future__ import annotations

__all__ = ["say_resolution", "smallest_p"]

_USUAL = 0.05
_ENOUGH = 99


def smallest_p(n_permutations: int) -> float:
    """Return the smallest p that so many permutations can give, which is also the step from one p to the next.

    Source: Phipson & Smyth 2010, SAGMB 9:39.
    """
    return 1 / (n_permutations + 1)


def say_resolution(n_permutations: int) -> str:
    """Say how fine p is, and whether it can fall below .05 at all: that takes 20 permutations."""
    least = smallest_p(n_permutations)
    text = f"the smallest p that {n_permutations} permutations can give is {least:.2g}"
    if least < _USUAL:
        return text
    return f"{text}, so that it cannot fall below .05, whatever the data: --permutations {_ENOUGH} or more"
