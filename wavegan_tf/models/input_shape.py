"""Checks of input shapes: one length, one number of channels, and batches of any size, empty ones included.

Without this, TensorFlow computes something else without an error: a convolution of one channel is applied to each
of two, and a graph that was loaded from a SavedModel joins two short clips to one, because it takes the length it was
made for as given.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras

from wavegan_tf.errors import ConfigError
from wavegan_tf.tensors import KerasModel, Tensor

__all__ = ["checks_inputs"]

Trace = Callable[..., tuple[dict[str, Tensor], dict[str, Tensor]]]


def checks_inputs(trace: Trace) -> Trace:
    """Decorate a network's `trace`: inputs of another shape are an error.

    The network has `example_shape` and `input_name`. A graph checks each time it runs, also in a SavedModel. The
    layers are returned as they are: a copy or a slice would have no gradient, since nothing is computed from it.
    """
    @functools.wraps(trace)
    def checked(network: KerasModel, inputs: Tensor, *args: Any, **kwargs: Any
                ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        _check(tuple(inputs.shape), network.example_shape, network.input_name)
        if inputs.shape[0] is None and not isinstance(inputs, keras.KerasTensor):
            import tensorflow as tf

            inputs = tf.ensure_shape(inputs, (None, *network.example_shape))
        return trace(network, inputs, *args, **kwargs)

    return checked


def _check(shape: tuple[int | None, ...], wanted: tuple[int, ...], name: str) -> None:
    if len(shape) != len(wanted) + 1 or any(n not in (None, w) for n, w in zip(shape[1:], wanted, strict=True)):
        shown = ", ".join("any" if n is None else str(n) for n in shape)
        raise ConfigError(f"`{name}` (=[{shown}]) must be of shape [batch, {', '.join(map(str, wanted))}] for this "
                          "network; crop or fill up the audio, or take a network of that size")
