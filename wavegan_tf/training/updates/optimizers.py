"""Adam and RMSProp with TensorFlow 1's arithmetic, which Keras' defaults do not share.

| | TensorFlow 1 | Keras |
|---|---|---|
| Adam | epsilon 1e-8 | 1e-7 |
| RMSProp | mean square starts at one, epsilon 1e-10 under the root, decay .9 | starts at zero, 1e-7 |

The mean square's start decays as .9^t: with Keras' zero the first steps are two thousand times longer.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from wavegan_tf.config import TrainConfig
from wavegan_tf.tensors import KerasVariable, Tensor

__all__ = ["LEARNING_RATES", "AdamTF1", "RMSPropTF1", "discriminator_optimizer", "generator_optimizer", "q_optimizer"]

LEARNING_RATES = {"wgan-gp": 1e-4, "wgan": 5e-5, "lsgan": 1e-4, "dcgan": 2e-4}
"""Of generator and discriminator, by loss, as in the released code."""

WGAN_CLIP = 0.01


@keras.saving.register_keras_serializable("wavegan_tf")
class AdamTF1(keras.optimizers.Adam):
    """Adam with TensorFlow 1's arithmetic: epsilon 1e-8, and the kernel that TensorFlow 1 called.

    The kernel does in one pass what Keras does in a dozen operations: six times faster, and a graph of half the size
    for a round. Slots, saving and distribution are Keras'.
    """

    def __init__(self, learning_rate: float = 1e-4, beta_1: float = 0.5, beta_2: float = 0.9, **kwargs: Any) -> None:
        super().__init__(learning_rate, beta_1=beta_1, beta_2=beta_2, **{"epsilon": 1e-8, "name": "adam", **kwargs})

    def update_step(self, gradient: Tensor, variable: KerasVariable, learning_rate: Tensor) -> None:
        """Update one variable."""
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations.value + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle, m=self._momentums[index].value.handle, v=self._velocities[index].value.handle,
            beta1_power=tf.pow(self.beta_1, step), beta2_power=tf.pow(self.beta_2, step), lr=learning_rate,
            beta1=self.beta_1, beta2=self.beta_2, epsilon=self.epsilon, grad=gradient)


@keras.saving.register_keras_serializable("wavegan_tf")
class RMSPropTF1(keras.optimizers.RMSprop):
    """RMSProp with TensorFlow 1's arithmetic; with `clip_weights` every variable is clipped after each update.

    ms <- .9 ms + .1 g^2, ms starts at one; w <- w - lr g / sqrt(ms + 1e-10).

    Args:
        learning_rate: lr.
        clip_weights: largest absolute value of a weight after an update; None does not clip (Arjovsky et al. 2017,
            algorithm 1, clips; biases and batch normalisation too in the released code).
    """

    def __init__(self, learning_rate: float = 1e-4, clip_weights: float | None = None, **kwargs: Any) -> None:
        super().__init__(learning_rate, **{"rho": 0.9, "momentum": 0.0, "epsilon": 1e-10, "name": "rmsprop", **kwargs})
        self.clip_weights = clip_weights

    def build(self, variables: list[KerasVariable]) -> None:
        """Make the slots and set the mean squares to one."""
        if self.built:
            return
        super().build(variables)
        for velocity in self._velocities:
            velocity.assign(ops.ones(velocity.shape, velocity.dtype))

    def update_step(self, gradient: Tensor, variable: KerasVariable, learning_rate: Tensor) -> None:
        """Update one variable."""
        super().update_step(gradient, variable, learning_rate)
        if self.clip_weights is not None:
            self.assign(variable, ops.clip(variable, -self.clip_weights, self.clip_weights))

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {**super().get_config(), "clip_weights": self.clip_weights}


def generator_optimizer(config: TrainConfig) -> keras.optimizers.Optimizer:
    """Make the generator's optimiser: the one that each loss has in the released code.

    Source: Donahue et al. 2019, table 1 (wgan-gp); the released code (the others).
    """
    rate = config.learning_rate or LEARNING_RATES[config.loss]
    if config.loss == "wgan-gp":
        return AdamTF1(rate, 0.5, 0.9)
    if config.loss == "dcgan":
        return AdamTF1(rate, 0.5, 0.999)
    return RMSPropTF1(rate)


def discriminator_optimizer(config: TrainConfig) -> keras.optimizers.Optimizer:
    """Make the discriminator's optimiser, of the same kind; with wgan, weights are clipped after every update."""
    if config.loss == "wgan":
        return RMSPropTF1(config.learning_rate or LEARNING_RATES["wgan"], clip_weights=WGAN_CLIP)
    return generator_optimizer(config)


def q_optimizer(config: TrainConfig) -> keras.optimizers.Optimizer:
    """Make the optimiser of the Q-network's loss, which updates Q and G.

    Source: Beguš 2021; the released ciwGAN and fiwGAN code.
    """
    return RMSPropTF1(config.q_learning_rate)
