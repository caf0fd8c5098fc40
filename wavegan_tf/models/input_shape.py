"""Checks of input shapes: one length, one number of channels, and batches of any size, empty ones included.

Without this, TensorFlow computes something else without an error: a convolution of one channel is applied to each
of two; a graph that was loaded from a SavedModel joins two short clips to one, because it takes the length it was made
for as given; and a convolution at a stride gives an empty batch the wrong length.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from wavegan_tf.errors import ConfigError
from wavegan_tf.tensors import KerasModel, Tensor

__all__ = ["checks_inputs"]

Trace = Callable[..., tuple[dict[str, Tensor], dict[str, Tensor]]]


def checks_inputs(trace: Trace) -> Trace:
    """Decorate a network's `trace`: inputs of another shape are an error, an empty batch gives empty feature maps.

    The network has `example_shape` and `input_name`. A graph checks each time it runs, also in a SavedModel.
    """
    @functools.wraps(trace)
    def checked(network: KerasModel, inputs: Tensor, *args: Any, **kwargs: Any
                ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        _check(tuple(inputs.shape), network.example_shape, network.input_name)
        n, given = inputs.shape[0], inputs
        if n == 0:
            given = ops.zeros((1, *network.example_shape), keras.backend.standardize_dtype(inputs.dtype))
        elif n is None and not isinstance(inputs, keras.KerasTensor):
            n, given = _for_the_graph(inputs, network.example_shape)
        layers = trace(network, given, *args, **kwargs)
        if given is inputs:
            return layers
        pre, post = ({name: values[:n] for name, values in stage.items()} for stage in layers)
        return pre, post

    return checked


def _check(shape: tuple[int | None, ...], wanted: tuple[int, ...], name: str) -> None:
    if len(shape) != len(wanted) + 1 or any(n not in (None, w) for n, w in zip(shape[1:], wanted, strict=True)):
        shown = ", ".join("any" if n is None else str(n) for n in shape)
        raise ConfigError(f"`{name}` (=[{shown}]) must be of shape [batch, {', '.join(map(str, wanted))}] for this "
                          "network; crop or fill up the audio, or take a network of that size")


def _for_the_graph(inputs: Tensor, wanted: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Check the shape whenever the graph runs, and put an example of zeros into an empty batch.

    Returns:
        How many examples there were, and what to compute on.
    """
    import tensorflow as tf

    inputs = tf.ensure_shape(inputs, (None, *wanted))
    n = tf.shape(inputs)[0]
    return n, tf.pad(inputs, [[0, tf.cast(n == 0, tf.int32)], *([0, 0] for _ in wanted)])
