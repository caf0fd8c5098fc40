"""Strided and transposed convolution by the fastest TensorFlow operations, with derivatives of any order.

With x [batch, T s, C], kernel k [taps, C, F] and y [batch, T, F], a strided convolution is one trilinear form
phi(x, k, y) = <conv(x, k), y>, and three functions are its partial derivatives:

    convolve(x, k)        = dphi/dy     the strided convolution
    spread(y, k)          = dphi/dx     the transposed convolution
    kernel_gradient(x, y) = dphi/dk     the gradient for the kernel

The derivative of each is made of the other two, so the gradient penalty's second derivative stays inside the three.
TensorFlow's own gradients of strided convolutions are slow where a layer has few steps and many channels (up to ten
times, with 16 steps of 1024 channels on a CPU); there, matrix products take over. What is chosen depends on shapes
alone; `benchmarks/training_round.py` measures the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import tensorflow as tf

from wavegan_tf.models.folding import Folding, folded_transposed_convolution
from wavegan_tf.models.same_convolution import same_convolution

__all__ = ["convolve", "kernel_gradient", "spread", "standard_gradients"]

FEW_STEPS = 32
"""Up to so many steps, matrix products over all taps beat convolution kernels (measured at batch 2, 8 and 64)."""

Derivative = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]

_STANDARD: ContextVar[bool] = ContextVar("standard_gradients", default=False)


@contextmanager
def standard_gradients() -> Iterator[None]:
    """Trace with TensorFlow's own gradients inside this block.

    For graphs that are saved: a SavedModel keeps custom gradients of the first order only, and warns about
    the others each time it is loaded. The forward operations are the same.
    """
    token = _STANDARD.set(True)
    try:
        yield
    finally:
        _STANDARD.reset(token)


def convolve(x: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """Compute a strided convolution: x [batch, T s, C], kernel [taps, C, F] -> [batch, T, F]."""
    if _STANDARD.get():
        return same_convolution(x, kernel, stride)
    taps = kernel.shape[0]

    @tf.custom_gradient
    def with_gradient(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Derivative]:
        def derivative(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return spread(dy, kernel, stride), kernel_gradient(x, dy, stride, taps)

        return same_convolution(x, kernel, stride), derivative

    return with_gradient(x, kernel)


def spread(y: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """Compute a transposed convolution: y [batch, T, F], kernel [taps, C, F] -> [batch, T s, C]."""
    implementation = _spread_by_product if y.shape[1] <= FEW_STEPS else _spread_by_convolution
    if _STANDARD.get():
        return implementation(y, kernel, stride)
    taps = kernel.shape[0]

    @tf.custom_gradient
    def with_gradient(y: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Derivative]:
        def derivative(dx: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return convolve(dx, kernel, stride), kernel_gradient(dx, y, stride, taps)

        return implementation(y, kernel, stride), derivative

    return with_gradient(y, kernel)


def kernel_gradient(x: tf.Tensor, y: tf.Tensor, stride: int, taps: int) -> tf.Tensor:
    """Compute the gradient for the kernel: x [batch, T s, C], y [batch, T, F] -> [taps, C, F]."""
    implementation = _kernel_gradient_by_product if y.shape[1] <= FEW_STEPS else _kernel_gradient_by_convolution

    @tf.custom_gradient
    def with_gradient(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, Derivative]:
        def derivative(dk: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return spread(y, dk, stride), convolve(x, dk, stride)

        return implementation(x, y, stride, taps), derivative

    return with_gradient(x, y)


def _spread_by_convolution(y: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """A dense convolution at stride 1 whose output holds `stride` steps at a time."""
    return folded_transposed_convolution(y, kernel, stride)


def _spread_by_product(y: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """One product for all taps, then the sum of its shifted blocks; the kernel is read once and never copied."""
    taps, channels, filters = kernel.shape
    fold, steps = Folding.of(taps, stride), y.shape[1]
    z = tf.matmul(tf.reshape(y, (-1, filters)), tf.reshape(kernel, (taps * channels, filters)), transpose_b=True)
    z = tf.reshape(z, (-1, steps, taps * channels))
    z = tf.pad(z, [[0, 0], [fold.blocks - 1 - fold.blocks_before, fold.blocks_before],
                   [fold.front * channels, fold.back * channels]])
    z = tf.reshape(z, (-1, steps + fold.blocks - 1, fold.blocks, stride * channels))
    last = fold.blocks - 1
    x = tf.add_n([z[:, last - t : last - t + steps, t] for t in range(fold.blocks)])
    return tf.reshape(x, (-1, steps * stride, channels))


def _kernel_gradient_by_convolution(x: tf.Tensor, y: tf.Tensor, stride: int, taps: int) -> tf.Tensor:
    sizes = [1, taps, x.shape[2], y.shape[2]]
    return tf.raw_ops.Conv2DBackpropFilter(input=x[:, None], filter_sizes=sizes, out_backprop=y[:, None],
                                           strides=[1, 1, stride, 1], padding="SAME")[0]


def _kernel_gradient_by_product(x: tf.Tensor, y: tf.Tensor, stride: int, taps: int) -> tf.Tensor:
    """One product of all windows of x with y."""
    channels, filters = x.shape[2], y.shape[2]
    fold, steps = Folding.of(taps, stride), y.shape[1]
    blocks = tf.reshape(x, (-1, steps, stride * channels))
    blocks = tf.pad(blocks, [[0, 0], [fold.blocks_before, fold.blocks - 1 - fold.blocks_before], [0, 0]])
    windows = tf.concat([blocks[:, t : t + steps] for t in range(fold.blocks)], axis=-1)
    windows = windows[:, :, fold.front * channels : (fold.front + taps) * channels]
    windows = tf.reshape(windows, (-1, taps * channels))
    product = tf.matmul(windows, tf.reshape(y, (-1, filters)), transpose_a=True)
    return tf.reshape(product, (taps, channels, filters))
