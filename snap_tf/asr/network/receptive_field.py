"""Receptive field of an output step in the input and in every layer, from the layer table or by gradients.

Padding is TensorFlow's SAME: at stride s and kernel k, max(k - s, 0) zeros when s divides the steps (one more for an
odd number of steps at stride 2, on the right), the smaller half on the left. The left half does not depend on the
number of steps, so a step sees the same neighbours in utterances of any length.

Source: Krug et al. 2021, section 3.2 (206 steps); geometry derived.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from snap_tf.asr.network.layer_table import LayerSpec

if TYPE_CHECKING:
    import keras

__all__ = ["left_padding", "measured_support", "output_steps", "receptive_field", "seen_steps", "support"]


def receptive_field(table: Sequence[LayerSpec]) -> int:
    """Compute the receptive field: the input steps that one output step depends on.

    Args:
        table: the layers, see `layer_table`.

    Returns:
        Steps of 8 ms: 206 for W2L and W2P, 96 for W2P_shallow.

    Example:
        >>> from snap_tf.asr import layer_table, receptive_field
        >>> receptive_field(layer_table("W2L")), receptive_field(layer_table("W2P_shallow"))
        (206, 96)

    Source: Krug et al. 2021, section 3.2 (206).
    """
    steps = 1
    for layer in reversed(table):
        steps = (steps - 1) * layer.stride + layer.kernel
    return steps


def left_padding(layer: LayerSpec) -> int:
    """Return the zeros that SAME padding puts before the first step."""
    return max(layer.kernel - layer.stride, 0) // 2


def output_steps(table: Sequence[LayerSpec], n_steps: int) -> int:
    """Count the output steps of an input of `n_steps`: half, rounded up."""
    for layer in table:
        n_steps = -(-n_steps // layer.stride)
    return n_steps


def seen_steps(table: Sequence[LayerSpec], step: int) -> list[tuple[int, int]]:
    """Return the receptive field of one output step in the input and in each layer, padding included.

    Args:
        table: the layers.
        step: of the output.

    Returns:
        First and last step of the input, then of the output of each layer; the last entry is (step, step). Steps below
        0 or beyond the end are padding.
    """
    first = last = step
    seen = [(first, last)]
    for layer in reversed(table):
        first = first * layer.stride - left_padding(layer)
        last = last * layer.stride - left_padding(layer) + layer.kernel - 1
        seen.append((first, last))
    return seen[::-1]


def support(table: Sequence[LayerSpec], step: int, n_steps: int) -> list[tuple[int, int]]:
    """Return the receptive field of one output step in the input and in each layer, padding left out.

    Elsewhere the gradient of the output step is zero.

    Args:
        table: the layers.
        step: of the output.
        n_steps: steps of the input.

    Returns:
        First and last step of the input, then of the output of each layer. For step 51 of a 206-step frame these are
        1..205, 12..91, 15..88, ...

    Example:
        >>> from snap_tf.asr import layer_table, support
        >>> support(layer_table("W2L"), step=51, n_steps=206)[:3]  # the input, the first and the second layer
        [(1, 205), (12, 91), (15, 88)]
    """
    spans = []
    lengths = [n_steps]
    for layer in table:
        lengths.append(-(-lengths[-1] // layer.stride))
    # a step that a deeper layer cannot reach is not seen, so clip from the output down
    first = last = step
    for layer, length in zip(reversed(table), reversed(lengths), strict=False):
        first, last = max(first, 0), min(last, length - 1)
        spans.append((first, last))
        first = first * layer.stride - left_padding(layer)
        last = last * layer.stride - left_padding(layer) + layer.kernel - 1
    spans.append((max(first, 0), min(last, n_steps - 1)))
    return spans[::-1]


def measured_support(network: keras.Model, step: int, n_steps: int, seed: int = 0) -> np.ndarray:
    """Measure the receptive field of one output step: the input steps whose gradient is not zero.

    Args:
        network: any Keras model [batch, time, channels] -> [batch, steps, classes].
        step: of the output.
        n_steps: steps of the input.
        seed: of the random input.

    Returns:
        bool [n_steps].
    """
    import tensorflow as tf

    noise = np.random.default_rng(seed).standard_normal((1, n_steps, network.inputs[0].shape[-1]))
    x = tf.constant(noise, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = tf.reduce_sum(network(x, training=False)[:, step])
    return np.asarray(tf.reduce_any(tape.gradient(score, x)[0] != 0, axis=-1))
