"""Compute a TimeDistributed layer for all time steps at once instead of one after the other; the results are the same.

Keras' TimeDistributed repeats the operations of its layer for every time step in the graph, which takes six
milliseconds each: minutes for a second of audio. In inference the examples of a batch do not influence each other, so
time steps can be treated as examples. Custom layers may mix examples, and are not changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wavegan_tf.tensors import KerasLayer, Tensor

__all__ = ["all_steps_at_once"]

_UNKNOWN_CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
"""Layers of Keras that run a user's code."""


@contextmanager
def all_steps_at_once(layer: KerasLayer) -> Iterator[None]:
    """Let a TimeDistributed layer compute all time steps at once inside a `with` block; other layers do not change."""
    import keras

    if type(layer) is not keras.layers.TimeDistributed or not _keeps_examples_apart(layer.layer):
        yield
        return
    step_by_step = layer.call

    def call(inputs: Tensor, training: bool | None = None, mask: Tensor | None = None) -> Tensor:
        if mask is not None or None in inputs.shape[1:]:
            return step_by_step(inputs, training=training, mask=mask)
        settings = {"training": training} if layer.layer._call_has_training_arg else {}
        one_by_one = layer.layer.call(keras.ops.reshape(inputs, (-1, *inputs.shape[2:])), **settings)
        return keras.ops.reshape(one_by_one, (-1, inputs.shape[1], *keras.ops.shape(one_by_one)[1:]))

    object.__setattr__(layer, "call", call)
    try:
        yield
    finally:
        object.__delattr__(layer, "call")


def _keeps_examples_apart(layer: KerasLayer) -> bool:
    """Tell whether a layer, with all layers in it, is Keras' own and takes any number of examples."""
    import keras

    return all(type(part).__module__.startswith("keras.") and type(part).__name__ not in _UNKNOWN_CODE
               and not getattr(part, "stateful", False)
               and all(isinstance(operation, keras.Layer) for operation in getattr(part, "operations", ()))
               and all(tensor.shape[0] is None for tensor in getattr(part, "inputs", None) or ())
               for part in layer._flatten_layers())
