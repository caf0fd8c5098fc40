"""Transposed convolution computed as a dense convolution over blocks of samples (a kernel folded to blocks).

The kernel is padded with zeros to whole blocks: 25 taps at stride 4 become 28, that is 7 blocks of 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from keras import ops

from wavegan_tf.models.same_convolution import needs_a_tap
from wavegan_tf.tensors import Tensor

__all__ = ["Folding", "folded_transposed_convolution"]


@dataclass(frozen=True)
class Folding:
    """How a kernel is folded: the places of its taps when samples are taken in blocks of the stride.

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


def folded_transposed_convolution(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """Compute `transposed_convolution` as a dense convolution whose output holds `stride` steps at a time."""
    taps, filters, channels = kernel.shape
    fold = Folding.of(taps, stride)
    folded = ops.pad(kernel, [[fold.front, fold.back], [0, 0], [0, 0]])
    folded = ops.reshape(folded, (fold.blocks, stride, filters, channels))
    folded = ops.transpose(ops.flip(folded, axis=0), (0, 3, 1, 2))
    folded = ops.reshape(folded, (fold.blocks, channels, stride * filters))
    steps, further = x.shape[1], int(needs_a_tap(folded))
    folded = ops.pad(folded, [[0, further], [0, 0], [0, 0]]) if further else folded
    x = ops.pad(x, [[0, 0], [fold.blocks - 1 - fold.blocks_before, fold.blocks_before + further], [0, 0]])
    y = ops.conv(x, folded, strides=1, padding="valid")
    return ops.reshape(y, (-1, steps * stride, filters))  # [batch, steps, s*f] -> [batch, steps*s, f]
