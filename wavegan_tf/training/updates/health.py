"""Detection of divergence: numbers that are not finite, and losses that stay out of bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping

import tensorflow as tf

from wavegan_tf.errors import TrainingError
from wavegan_tf.training.updates.round import TrainingRound

__all__ = ["LOSS_BOUND", "PATIENCE_STEPS", "Health"]

LOSS_BOUND = 1e5
"""A loss beyond this is out of bounds.

A discriminator of slope 1 cannot score two sounds of 16384 samples in [-1, 1] further apart than 256 (65536: 512), so
losses of this size mean slopes in the hundreds.
"""

PATIENCE_STEPS = 1000
"""Training is given up when losses have been out of bounds for so many steps without a break."""


class Health:
    """Checks losses and weights for divergence.

    Attributes:
        good: whether the losses seen last were within bounds; only then a checkpoint is made.
    """

    def __init__(self, training: TrainingRound) -> None:
        self.good = True
        self._bad_since: int | None = None
        self._numbers = [variable for network in training.networks.named().values() for variable in network.weights]
        self._numbers += [variable for optimizer in training.optimizers.values() for variable in optimizer.variables
                          if variable.value.dtype.is_floating]

    def look_at(self, step: int, scalars: Mapping[str, float]) -> None:
        """Check the scalars of a step.

        Raises:
            TrainingError: one is not finite, or a loss has been out of bounds for too long.
        """
        for name, value in scalars.items():
            if not math.isfinite(value):
                raise TrainingError(f"`{name}` (={value}) must be finite; it is not any more at step {step}")
        worst = max((name for name in scalars if name.endswith("loss")), key=lambda name: abs(scalars[name]))
        self.good = abs(scalars[worst]) <= LOSS_BOUND
        if self.good:
            self._bad_since = None
            return
        self._bad_since = step if self._bad_since is None else self._bad_since
        if step - self._bad_since >= PATIENCE_STEPS:
            raise TrainingError(f"`{worst}` (={scalars[worst]:.4g}) must not stay beyond {LOSS_BOUND:.0e}; it has "
                                f"since step {self._bad_since}, now at step {step}")

    def look_at_weights(self, step: int) -> None:
        """Check the weights and slots, before they become a checkpoint.

        Raises:
            TrainingError: one is not finite.
        """
        finite = tf.stack([tf.reduce_all(tf.math.is_finite(number.value)) for number in self._numbers])
        if not bool(tf.reduce_all(finite)):
            bad = self._numbers[int(tf.argmin(tf.cast(finite, tf.int32)))].path
            raise TrainingError(f"weights must be finite; {bad} is not any more at step {step}")
