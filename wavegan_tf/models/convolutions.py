"""Strided and transposed convolution as dense convolutions over blocks of samples.

A convolution of stride s over single samples is a convolution of stride 1 over blocks of s samples: the kernel is
padded with zeros so that its taps fall into whole blocks (25 taps at stride 4 become 28, that is 7 blocks of 4).
The arithmetic is the same; processors, above all in the gradients, are much faster at stride 1. The kernel keeps
the original layout and is folded on the way in, so weights carry over unchanged.

Padding is TensorFlow's SAME: with T divisible by s, max(k - s, 0) zeros, the smaller half on the left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras import ops

__all__ = ["Folding", "strided_convolution", "transposed_convolution"]


@dataclass(frozen=True)
class Folding:
    """Where the taps of a kernel fall when samples are taken in blocks of `stride`.

    Attributes:
        front: zeros before the first tap.
        back: zeros after the last tap.
        blocks: length of the folded kernel in blocks.
        blocks_before: how many blocks before the current one the folded kernel begins.
    """

    front: int
    back: int
    blocks: int
    blocks_before: int

    @classmethod
    def of(cls, kernel_len: int, stride: int) -> Folding:
        """Fold a kernel of `kernel_len` taps for SAME padding at `stride`."""
        left = max(kernel_len - stride, 0) // 2
        before = -(-left // stride)
        front = before * stride - left
        blocks = -(-(front + kernel_len) // stride)
        return cls(front, blocks * stride - front - kernel_len, blocks, before)


def strided_convolution(x: Any, kernel: Any, stride: int) -> Any:
    """Convolve with SAME padding at a stride.

    Args:
        x: float [batch, steps, channels], `steps` divisible by `stride`.
        kernel: float [taps, channels, filters], of the dtype of `x`.
        stride: in steps.

    Returns:
        float [batch, steps / stride, filters].
    """
    taps, channels, filters = kernel.shape
    fold = Folding.of(taps, stride)
    folded = ops.pad(kernel, [[fold.front, fold.back], [0, 0], [0, 0]])
    folded = ops.reshape(folded, (fold.blocks, stride * channels, filters))
    x = ops.reshape(x, (-1, x.shape[1] // stride, stride * channels))  # [batch, steps, c] -> [batch, steps/s, s*c]
    return _dense_convolution(x, folded, before=fold.blocks_before)


def transposed_convolution(x: Any, kernel: Any, stride: int) -> Any:
    """Spread every step over `stride` new ones: the transpose of `strided_convolution`.

    Args:
        x: float [batch, steps, channels].
        kernel: float [taps, filters, channels] (as in Keras' Conv1DTranspose), of the dtype of `x`.
        stride: in new steps.

    Returns:
        float [batch, steps * stride, filters].
    """
    taps, filters, channels = kernel.shape
    fold = Folding.of(taps, stride)
    folded = ops.pad(kernel, [[fold.front, fold.back], [0, 0], [0, 0]])
    folded = ops.reshape(folded, (fold.blocks, stride, filters, channels))
    folded = ops.transpose(ops.flip(folded, axis=0), (0, 3, 1, 2))
    folded = ops.reshape(folded, (fold.blocks, channels, stride * filters))
    y = _dense_convolution(x, folded, before=fold.blocks - 1 - fold.blocks_before)
    return ops.reshape(y, (-1, x.shape[1] * stride, filters))  # [batch, steps, s*f] -> [batch, steps*s, f]


def _dense_convolution(x: Any, kernel: Any, before: int) -> Any:
    """Convolve at stride 1, `before` steps of zeros on the left, the rest of the kernel's length on the right."""
    after = kernel.shape[0] - 1 - before
    if before == (kernel.shape[0] - 1) // 2:  # what SAME does at stride 1
        return ops.conv(x, kernel, strides=1, padding="same")
    return ops.conv(ops.pad(x, [[0, 0], [before, after], [0, 0]]), kernel, strides=1, padding="valid")
