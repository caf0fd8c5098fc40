"""A layer that Keras applies to every step of its input in turn, applied to all steps at once: the same numbers.

Keras' TimeDistributed repeats the operations of its layer for every step in the graph, six milliseconds each: minutes
for a second of audio. Examples do not see each other in inference, so steps can be examples. Layers of one's own may
let examples see each other, and are left as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wavegan_tf.tensors import KerasLayer, Tensor

__all__ = ["all_steps_at_once"]

_UNKNOWN_CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
"""Keras' layers that compute what somebody else has written."""


@contextmanager
def all_steps_at_once(layer: KerasLayer) -> Iterator[None]:
    """Make a TimeDistributed compute all steps at once until the block ends; other layers stay as they are."""
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
