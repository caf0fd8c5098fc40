"""Strided and transposed convolution with SAME padding, the two operations that the networks are made of.

On Keras' TensorFlow backend both go through `trilinear`, whose gradients take the fastest known way; on other
backends (their compilers choose for themselves) they are Keras operations. The arithmetic is the same.

Padding is TensorFlow's SAME: with T divisible by s, max(k - s, 0) zeros, the smaller half on the left.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from wavegan_tf.models.folding import Folding

__all__ = ["folded_transposed_convolution", "strided_convolution", "transposed_convolution"]


def strided_convolution(x: Any, kernel: Any, stride: int) -> Any:
    """Convolve with SAME padding at a stride.

    Args:
        x: float [batch, steps, channels], `steps` divisible by `stride`.
        kernel: float [taps, channels, filters], of the dtype of `x`.
        stride: in steps.

    Returns:
        float [batch, steps / stride, filters].
    """
    if keras.backend.backend() == "tensorflow":
        from wavegan_tf.models import trilinear

        return trilinear.convolve(x, kernel, stride)
    return ops.conv(x, kernel, strides=stride, padding="same")


def transposed_convolution(x: Any, kernel: Any, stride: int) -> Any:
    """Spread every step over `stride` new ones: the transpose of `strided_convolution`.

    Args:
        x: float [batch, steps, channels].
        kernel: float [taps, filters, channels] (as in Keras' Conv1DTranspose), of the dtype of `x`.
        stride: in new steps.

    Returns:
        float [batch, steps * stride, filters].
    """
    if keras.backend.backend() == "tensorflow":
        from wavegan_tf.models import trilinear

        return trilinear.spread(x, kernel, stride)
    return folded_transposed_convolution(x, kernel, stride)


def folded_transposed_convolution(x: Any, kernel: Any, stride: int) -> Any:
    """Compute `transposed_convolution` as a dense convolution whose output holds `stride` steps at a time."""
    taps, filters, channels = kernel.shape
    fold = Folding.of(taps, stride)
    folded = ops.pad(kernel, [[fold.front, fold.back], [0, 0], [0, 0]])
    folded = ops.reshape(folded, (fold.blocks, stride, filters, channels))
    folded = ops.transpose(ops.flip(folded, axis=0), (0, 3, 1, 2))
    folded = ops.reshape(folded, (fold.blocks, channels, stride * filters))
    x = ops.pad(x, [[0, 0], [fold.blocks - 1 - fold.blocks_before, fold.blocks_before], [0, 0]])
    y = ops.conv(x, folded, strides=1, padding="valid")
    return ops.reshape(y, (-1, y.shape[1] * stride, filters))  # [batch, steps, s*f] -> [batch, steps*s, f]
