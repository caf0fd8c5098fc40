"""A convolution with SAME padding that is right for every batch size and number format, also where oneDNN is wrong.

oneDNN computes TensorFlow's convolutions on processors. Two of its errors would reach our networks:

- an empty batch comes back in the shape of the input, not of the output;
- in bfloat16 on processors with AMX (Intel, since 2023) the numbers are wrong, without a message, where there are
  fewer than 32 input channels and taps x channels is a multiple of 32, such as 12 taps of 8 channels.

So an example of zeros goes through in place of no example, and such a kernel gets one tap of zeros more, which changes
no value. What a layer returns is what the next layer gets, so gradients between layers stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
from keras import ops

from wavegan_tf.tensors import Tensor

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["needs_a_tap", "same_convolution"]

AMX_DEPTH = 32
"""Numbers of bfloat16 in one row of an AMX tile; oneDNN joins taps and channels to rows where channels are fewer."""


def same_convolution(x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """Compute a convolution with SAME padding; its gradients are those of the backend.

    Args:
        x: float [batch, steps, channels], `steps` divisible by `stride`.
        kernel: float [taps, channels, filters], of the dtype of `x`.
        stride: in steps.

    Returns:
        float [batch, steps / stride, filters].
    """
    if needs_a_tap(kernel):
        # on the side where SAME padding then has one zero more
        before = max(kernel.shape[0] - stride, 0) % 2
        kernel = ops.pad(kernel, [[before, 1 - before], [0, 0], [0, 0]])
    if keras.backend.backend() == "tensorflow":
        return _for_any_batch(x, kernel, stride)
    return ops.conv(x, kernel, strides=stride, padding="same")


def needs_a_tap(kernel: Tensor) -> bool:
    """Tell whether oneDNN may be wrong for a kernel [taps, channels, filters], and right with a further tap of zeros.

    Source: measured for 1 to 64 taps and 1 to 64 channels at strides 1, 2 and 4, with TensorFlow 2.17 and 2.21.
    """
    taps, channels, _ = kernel.shape
    return (keras.backend.standardize_dtype(kernel.dtype) == "bfloat16" and channels < AMX_DEPTH
            and taps * channels % AMX_DEPTH == 0)


def _for_any_batch(x: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    import tensorflow as tf

    if x.shape[0]:
        return tf.nn.conv1d(x, kernel, stride, "SAME")
    n = tf.shape(x)[0]
    x = tf.pad(x, [[0, tf.cast(n == 0, tf.int32)], [0, 0], [0, 0]])
    return tf.nn.conv1d(x, kernel, stride, "SAME")[:n]
