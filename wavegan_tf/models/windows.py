"""A slice of time steps whose start is a tensor, with derivatives of any order, under XLA too.

TensorFlow's own slice has no second derivative when XLA compiles it, and the gradient penalty needs one. Its transpose
is a slice again, out of zeros with the gradient in the middle; so the derivatives are made of the operation itself.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

__all__ = ["window"]


def window(x: tf.Tensor, start: tf.Tensor, steps: int) -> tf.Tensor:
    """Take steps `start` to `start + steps`: float [batch, all_steps, channels] -> float [batch, steps, channels]."""
    all_steps, channels = x.shape[1], x.shape[2]
    room = all_steps - steps

    @tf.custom_gradient
    def with_gradient(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def derivative(dy: tf.Tensor) -> tf.Tensor:
            return window(tf.pad(dy, [[0, 0], [room, room], [0, 0]]), room - start, all_steps)

        return tf.slice(x, [0, start, 0], [tf.shape(x)[0], steps, channels]), derivative

    return with_gradient(x)
