"""Adam's powers of beta in the original: float32 variables, multiplied by beta after every update.

After t updates the variable holds beta^(t + 1) with t roundings, and 0 once float32 has no normal number for it.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

__all__ = ["power_after", "updates_of_power"]

_TINY = float(np.finfo(np.float32).tiny)


def power_after(updates: int, beta: float) -> np.ndarray:
    """Return the variable after so many updates: float32 scalar."""
    powers = _powers(beta)
    return np.asarray(powers[updates] if updates < len(powers) else 0.0, np.float32)


def updates_of_power(power: float, beta: float) -> int | None:
    """Return how many updates led to a power, or None when none does: it is 0, or that of another beta."""
    powers = _powers(beta)
    updates = int(np.abs(powers - power).argmin())
    # another machine may round otherwise; neighbours differ by 1 - beta
    return updates if abs(power / float(powers[updates]) - 1) < 0.1 * (1 - beta) else None


@cache
def _powers(beta: float) -> np.ndarray:
    n = int(math.log(_TINY) / math.log(beta)) + 1
    powers = np.multiply.accumulate(np.full(n, beta, np.float32))
    return powers[powers >= _TINY]
