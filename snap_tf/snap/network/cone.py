"""The receptive field of one output step, computed exactly, forward and backward: the cone.

Of the 206 steps of a frame and their 688,555 values in the layers of W2L, the middle output step depends on 341 million
of 2.7 thousand million multiplications.

Source: Krug et al. 2021, section 3.2 (receptive field); derived.
"""

from __future__ import annotations

from dataclasses import dataclass

from snap_tf.snap.network.chain import Chain, NoChain
from wavegan_tf.tensors import Tensor

__all__ = ["Cone", "make_cone"]

INPUT = "input"


@dataclass(frozen=True)
class Cone:
    """The steps of every layer that are computed for one step of the output: its receptive field.

    Attributes:
        chain: the network.
        lengths: steps of a frame before the first and after every operation.
        computed: first and last step computed at each of these places.
        support: first and last step at each of these places that the target depends on.
        target_step: of the output.
    """

    chain: Chain
    lengths: tuple[int, ...]
    computed: tuple[tuple[int, int], ...]
    support: tuple[tuple[int, int], ...]
    target_step: int

    def intervals(self) -> dict[str, tuple[int, int]]:
        """Return first and last computed step of the input and of every recorded layer."""
        found = {INPUT: self.computed[0]}
        for i, operation in enumerate(self.chain.operations, start=1):
            if operation.record:
                found[operation.record] = self.computed[i]
        return found

    def supports(self) -> dict[str, tuple[int, int]]:
        """Return first and last step of the input and of every recorded layer that the target depends on."""
        found = {INPUT: self.support[0]}
        for i, operation in enumerate(self.chain.operations, start=1):
            if operation.record:
                found[operation.record] = self.support[i]
        return found

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """Compute the cone of frames.

        Args:
            frames: float32 tensor [batch, frame_steps, channels].

        Returns:
            By name, `input` first: float32 [batch, steps of the interval, channels].
        """
        import tensorflow as tf

        first, last = self.computed[0]
        x = frames[:, first:last + 1]
        found = {INPUT: x}
        for i, operation in enumerate(self.chain.operations):
            n_steps, here = self.lengths[i], self.computed[i]
            from_step, to_step = operation.seen(*self.computed[i + 1], n_steps)
            inside = max(from_step, 0), min(to_step, n_steps - 1)
            x = x[:, inside[0] - here[0]:inside[1] - here[0] + 1]
            if from_step < 0 or to_step >= n_steps:
                x = tf.pad(x, [[0, 0], [max(-from_step, 0), max(to_step - n_steps + 1, 0)], [0, 0]])
            x = operation(x)
            if operation.record:
                found[operation.record] = x
        return found


def make_cone(chain: Chain, frame_steps: int, target_step: int, margins: tuple[int, int] = (1, 0)) -> Cone:
    """Find the receptive field of a step of the output in every layer.

    Args:
        chain: the network.
        frame_steps: steps of a frame.
        target_step: of the output.
        margins: further steps of every recorded layer to compute before and after those that matter, since pooled
            saliency reaches so far; 2 x 2 pooling with SAME padding reaches one step back.

    Raises:
        NoChain: the frame is too short for the network.
    """
    lengths = chain.lengths(frame_steps)
    if min(lengths) < 1 or not 0 <= target_step < lengths[-1]:
        raise NoChain(f"a frame of {frame_steps} steps must give step {target_step} of the output; it gives "
                      f"{max(lengths[-1], 0)} steps")
    support, computed = [(target_step, target_step)], [(target_step, target_step)]
    computed[0] = _widened(computed[0], margins, lengths[-1])
    for i in range(len(chain.operations) - 1, -1, -1):
        operation, n_steps = chain.operations[i], lengths[i]
        support.append(_clipped(operation.seen(*support[-1], n_steps), n_steps))
        needed = _clipped(operation.seen(*computed[-1], n_steps), n_steps)
        if i == 0 or chain.operations[i - 1].record:
            wide = _widened(support[-1], margins, n_steps)
            needed = min(needed[0], wide[0]), max(needed[1], wide[1])
        computed.append(needed)
    return Cone(chain, tuple(lengths), tuple(computed[::-1]), tuple(support[::-1]), target_step)


def _clipped(steps: tuple[int, int], n_steps: int) -> tuple[int, int]:
    return max(steps[0], 0), min(steps[1], n_steps - 1)


def _widened(steps: tuple[int, int], margins: tuple[int, int], n_steps: int) -> tuple[int, int]:
    return _clipped((steps[0] - margins[0], steps[1] + margins[1]), n_steps)
