"""Convolution over time whose gradient is a matrix product and an overlap-add.

TensorFlow's own gradient transposes the whole kernel at every call: 180 ms per frame for the 32 x 256 x 2048 kernel of
W2L's layer 10 where two output steps are wanted, against 2 ms for the same with a kernel that was transposed once
(one thread; measured).
"""

from __future__ import annotations

from wavegan_tf.tensors import KerasVariable, Tensor

__all__ = ["Kernel"]


class Kernel:
    """The weights of a convolution without dilation or groups, as they are now, and transposed for the gradient."""

    def __init__(self, kernel: KerasVariable, stride: int) -> None:
        """Read the weights.

        Args:
            kernel: float32 variable [taps, channels, filters]; later changes of it have no effect.
            stride: input steps from one output step to the next.
        """
        import tensorflow as tf

        self._stride = stride
        self._forward = tf.convert_to_tensor(kernel)
        self._taps, self._channels, self._filters = map(int, kernel.shape)
        n_strides = -(-self._taps // stride)
        whole = tf.pad(self._forward, [[0, n_strides * stride - self._taps], [0, 0], [0, 0]])
        self._backward = tf.transpose(tf.reshape(whole, [-1, self._filters]))  # [filters, taps x channels]

    def __call__(self, x: Tensor) -> Tensor:
        """Convolve without padding: [batch, n, channels] -> [batch, (n - taps) // stride + 1, filters]."""
        import tensorflow as tf

        @tf.custom_gradient
        def convolve(inputs: Tensor) -> tuple[Tensor, Tensor]:
            n_steps = tf.shape(inputs)[1]
            result = tf.nn.convolution(inputs, self._forward, [self._stride], "VALID")
            return result, lambda gradient: self._gradient(gradient, n_steps)

        return convolve(x)

    def _gradient(self, gradient: Tensor, n_steps: Tensor) -> Tensor:
        """Spread the gradient of every output step over the inputs that it saw.

        Args:
            gradient: float32 [batch, outputs, filters]; the number of outputs is known when the graph is made.
            n_steps: of the input.
        """
        import tensorflow as tf

        n_outputs, block = gradient.shape[1], self._stride * self._channels
        n_blocks = self._backward.shape[1] // block
        parts = tf.reshape(tf.matmul(tf.reshape(gradient, [-1, self._filters]), self._backward),
                           [-1, n_outputs, n_blocks, block])
        # output j adds its block q to block j + q of the input
        if n_outputs < n_blocks:
            moved = [tf.pad(parts[:, j], [[0, 0], [j, n_outputs - 1 - j], [0, 0]]) for j in range(n_outputs)]
        else:
            moved = [tf.pad(parts[:, :, q], [[0, 0], [q, n_blocks - 1 - q], [0, 0]]) for q in range(n_blocks)]
        spread = tf.reshape(tf.add_n(moved), [-1, (n_outputs + n_blocks - 1) * self._stride, self._channels])
        # the last taps may be padding, and the last inputs may be seen by no output
        missing = tf.maximum(n_steps - tf.shape(spread)[1], 0)
        return tf.pad(spread[:, :n_steps], [[0, 0], [0, missing], [0, 0]])
