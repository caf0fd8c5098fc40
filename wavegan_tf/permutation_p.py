"""The smallest p value of a permutation test: 1 / (permutations + 1), the observed order being counted too."""

from __future__ import annotations

__all__ = ["say_resolution", "smallest_p"]

_USUAL = 0.05
_ENOUGH = 99


def smallest_p(n_permutations: int) -> float:
    """Return the smallest p value of a test with so many permutations, which is also the step between p values.

    Source: Phipson & Smyth 2010, SAGMB 9:39.
    """
    return 1 / (n_permutations + 1)


def say_resolution(n_permutations: int) -> str:
    """Report the smallest p value, and whether it is below .05, which needs 20 permutations or more."""
    least = smallest_p(n_permutations)
    text = f"the smallest p that {n_permutations} permutations can give is {least:.2g}"
    if least < _USUAL:
        return text
    return f"{text}, so that it cannot fall below .05, whatever the data: --permutations {_ENOUGH} or more"
