"""A convolution of stride s over samples is one of stride 1 over blocks of s samples; here is where the taps fall.

The kernel is padded with zeros to whole blocks: 25 taps at stride 4 become 28, that is 7 blocks of 4.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Folding"]


@dataclass(frozen=True)
class Folding:
    """Where the taps of a kernel fall when samples are taken in blocks of the stride.

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
