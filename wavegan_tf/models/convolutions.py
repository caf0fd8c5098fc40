"""Strided and transposed convolution with SAME padding, the two operations that the networks are made of.

On Keras' TensorFlow backend both are computed by `trilinear`, whose gradients use the fastest known
implementation; on other backends (whose compilers choose one) they are Keras operations. The arithmetic is the same.

Padding is TensorFlow's SAME: with T divisible by s, max(k - s, 0) zeros, the smaller half on the left.
"""

from __future__ import annotations

import keras

from wavegan_tf.models.folding import folded_transposed_convolution
from wavegan_tf.models.same_convolution import same_convolution
from wavegan_tf.tensors import Tensor

__all__ = ["strided_convolution", "transposed_convolution"]


def strided_convolution(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Compute a strided convolution with SAME padding.

    Args:
        x: float [batch, steps, channels], `steps` divisible by `stride`.
        kernel: float [taps, channels, filters], of the dtype of `x`.
        stride: in steps.

    Returns:
        float [batch, steps / stride, filters].

    Example:
        >>> import numpy as np
        >>> from wavegan_tf.models import strided_convolution
        >>> audio = np.ones([1, 16, 2], np.float32)
        >>> kernel = np.ones([5, 2, 3], np.float32)
        >>> strided_convolution(audio, kernel, stride=4).shape.as_list()
        [1, 4, 3]
    """
    if keras.backend.backend() == "tensorflow":
        from wavegan_tf.models import trilinear

        return trilinear.convolve(x, kernel, stride)
    return same_convolution(x, kernel, stride)


def transposed_convolution(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Compute a transposed convolution with SAME padding: every step becomes `stride` new steps.

    Args:
        x: float [batch, steps, channels].
        kernel: float [taps, filters, channels] (as in Keras' Conv1DTranspose), of the dtype of `x`.
        stride: in new steps.

    Returns:
        float [batch, steps * stride, filters].

    Example:
        >>> import numpy as np
        >>> from wavegan_tf.models import transposed_convolution
        >>> layer = np.ones([1, 4, 3], np.float32)
        >>> kernel = np.ones([5, 2, 3], np.float32)
        >>> list(transposed_convolution(layer, kernel, stride=4).shape)
        [1, 16, 2]
    """
    if keras.backend.backend() == "tensorflow":
        from wavegan_tf.models import trilinear

        return trilinear.spread(x, kernel, stride)
    return folded_transposed_convolution(x, kernel, stride)
