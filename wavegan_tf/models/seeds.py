"""One seed per layer, all from the network's seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

__all__ = ["layer_seeds"]


def layer_seeds(seed: int | None, n_layers: int) -> Iterator[int | None]:
    """Yield a seed for each layer; without a seed every layer draws its own.

    Kernels of one shape would be equal if every layer had the network's seed.
    """
    if seed is None:
        return iter([None] * n_layers)
    return iter(np.random.SeedSequence(seed).generate_state(n_layers).astype(int).tolist())
