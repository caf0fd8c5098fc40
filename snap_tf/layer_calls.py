"""Record every layer call of a Keras model, with its tensors, while TensorFlow traces the forward pass.

This works for functional, sequential, subclassed and nested models, because all of them call their layers. Not recorded
is what a model computes without a layer, except for an activation that is one TensorFlow operation right after a layer
(relu, leaky_relu, elu, tanh and so on, but not gelu or silu), and what is called for each time step: the cell of a
recurrent layer, the layer inside a TimeDistributed. These count as one with the layer around them.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from snap_tf.all_steps import all_steps_at_once
from snap_tf.layer_info import LeftOut
from wavegan_tf.errors import ConfigError
from wavegan_tf.tensors import KerasLayer, KerasModel, Tensor

__all__ = ["LayerCall", "Recorded", "record_calls"]

_BETWEEN = ("BatchNorm", "BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization",
            "RMSNormalization", "Dropout", "SpatialDropout1D", "GaussianDropout", "AlphaDropout", "GaussianNoise",
            "Identity", "ActivityRegularization")
"""Layers between a convolution and its activation; what comes out of them is still before the activation."""
_ACTIVATION_LAYERS = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu", "Softmax": "softmax"}
_ACTIVATION_OPS = {"Relu": "relu", "Relu6": "relu6", "LeakyRelu": "leaky_relu", "Elu": "elu", "Selu": "selu",
                   "Tanh": "tanh", "Sigmoid": "sigmoid", "Softplus": "softplus", "Softsign": "softsign",
                   "Softmax": "softmax", "LogSoftmax": "log_softmax"}
_TO_PROBABILITIES = ("softmax", "log_softmax", "sigmoid")
_NO_CONVOLUTIONS = ("EinsumDense", "Embedding")  # kernels of three axes that do not run over time


@dataclass(frozen=True)
class LayerCall:
    """One call of one Keras layer, with its tensors before and after the activation.

    Attributes:
        name: the layer's name; further calls of the same layer get `#2`, `#3`, and so on.
        layer: the Keras layer.
        pre: tensor before the activation, which is the layer's own or that of the layer after it; None where the
            activation is inside a TimeDistributed and not recorded.
        post: tensor after the activation; the same as `pre` where there is none.
        activation: its name; `linear` where there is none.
        is_convolution: whether the layer convolves over time.
        is_output: whether this is what the model returns; a softmax or sigmoid at the very end is left off, so that
            these are logits.
    """

    name: str
    layer: KerasLayer
    pre: Tensor | None
    post: Tensor
    activation: str
    is_convolution: bool
    is_output: bool = False


@dataclass(frozen=True)
class Recorded:
    """The layer calls of one forward pass of a model.

    Attributes:
        calls: those that return one tensor, in order; an output that no layer returns is the model's call `output`.
        left_out: layers that return something else.
        steps_first: whether the first layer with weights got steps of the input, [batch, steps, ...], not one vector.
    """

    calls: tuple[LayerCall, ...]
    left_out: tuple[LeftOut, ...]
    steps_first: bool


@dataclass
class _Call:
    """A layer call in progress: the inputs of the layer and of its own activation, and the output."""

    layer: KerasLayer
    given: Tensor
    result: Tensor = None
    before_activation: Tensor = None
    is_leaf: bool = True  # whether it called no other layer


def record_calls(model: KerasModel, inputs: Tensor) -> Recorded:
    """Run a model in inference mode and record every layer's tensors, in the order of the calls.

    Args:
        model: any Keras model or layer.
        inputs: a tensor of the graph that is being traced (the graph tells which operation follows a layer).

    Raises:
        ConfigError: called outside of a `tf.function`.
    """
    if hasattr(inputs, "numpy"):
        raise ConfigError("layers of a Keras model must be traced inside a tf.function; wrap the call in one")
    with _recording() as calls:
        output = model(inputs, training=False)
    first = next((call for call in calls if call.is_leaf and call.layer.weights), None)
    left_out = [LeftOut(call.layer.name, "it gives several tensors, or none") for call in calls
                if call.is_leaf and getattr(call.result, "graph", None) is None]
    calls = [call for call in calls if getattr(call.result, "graph", None) is inputs.graph]
    # a model inside a model often returns what its last layer returns
    calls = [call for i, call in enumerate(calls) if call.is_leaf or (
             call.layer is not model and all(call.result is not earlier.result for earlier in calls[:i]))]
    counts: Counter[str] = Counter()
    labelled = []
    for call in calls:
        counts[call.layer.name] += 1
        n = counts[call.layer.name]
        pre, post, activation = _around_activation(call, calls)
        labelled.append(LayerCall(call.layer.name if n == 1 else f"{call.layer.name}#{n}", call.layer, pre, post,
                                  activation, _is_convolution(call)))
    return Recorded(tuple(_mark_output(labelled, output, model)), tuple(dict.fromkeys(left_out)),
                    first is not None and _is_steps_of(first.given, inputs))


def _is_steps_of(given: Tensor, inputs: Tensor) -> bool:
    """Tell whether a layer gets time steps of the input; more steps than input values were made of a vector."""
    shape = getattr(given, "shape", None)
    if shape is None or shape.rank is None or shape.rank < 3:
        return False
    return None in (shape[1], inputs.shape[1]) or shape[1] <= inputs.shape[1]


def _mark_output(calls: list[LayerCall], output: Tensor, model: KerasModel) -> list[LayerCall]:
    """Find the call that gives the model's output, or add one; a model with several outputs has none."""
    import keras

    outputs = [tensor for tensor in keras.tree.flatten(output) if tensor is not None]
    if len(outputs) != 1 or getattr(outputs[0], "shape", None) is None or outputs[0].shape.rank is None:
        return calls
    output = outputs[0]
    while True:
        for i, call in enumerate(calls):
            if call.post is output or call.pre is output:
                if call.activation in _TO_PROBABILITIES:
                    call = replace(call, post=call.pre, activation="linear")
                return [*calls[:i], replace(call, is_output=True), *calls[i + 1:]]
        if output.op.type not in ("Softmax", "LogSoftmax", "Sigmoid", "Identity"):
            break
        output = output.op.inputs[0]
    if output.shape.rank == 1:
        output = output[:, None]
    return [*calls, LayerCall("output", model, output, output, "linear", False, True)]


@contextmanager
def _recording() -> Iterator[list[_Call]]:
    """Record the calls of Keras layers in this thread, inner ones before the layers that called them."""
    import keras
    import tensorflow as tf

    unwatched, thread = keras.layers.Layer.__call__, threading.get_ident()
    per_step = (keras.layers.TimeDistributed, keras.layers.RNN)
    calls: list[_Call] = []

    def original(layer: KerasLayer, *args: Any, **kwargs: Any) -> Any:
        if getattr(layer, "groups", 1) == 1:
            with all_steps_at_once(layer):
                return unwatched(layer, *args, **kwargs)
        # without XLA, in a function of Keras' own, a CPU has no gradient of these convolutions
        tf.config.run_functions_eagerly(eager)
        try:
            return unwatched(layer, *args, **kwargs)
        finally:
            tf.config.run_functions_eagerly(True)

    def recorded(layer: KerasLayer, *args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != thread:
            return unwatched(layer, *args, **kwargs)
        call = _Call(layer, args[0] if args else next(iter(kwargs.values()), None))
        own, n_calls = layer.__dict__.get("activation"), len(calls)
        if not callable(own):
            call.result = original(layer, *args, **kwargs)
        else:
            def remembered(x: Tensor, *more: Any, **settings: Any) -> Tensor:
                call.before_activation, n_before = x, len(calls)
                y = own(x, *more, **settings)
                del calls[n_before:]  # an activation that is a layer itself is part of this one
                return y

            object.__setattr__(layer, "activation", remembered)
            try:
                call.result = original(layer, *args, **kwargs)
            finally:
                object.__setattr__(layer, "activation", own)
        if isinstance(layer, per_step):
            del calls[n_calls:]
        call.is_leaf = len(calls) == n_calls
        calls.append(call)
        return call.result

    eager = tf.config.functions_run_eagerly()
    keras.layers.Layer.__call__ = recorded
    # a model whose `call` is a tf.function would keep its tensors in a graph of their own
    tf.config.run_functions_eagerly(True)
    try:
        yield calls
    finally:
        tf.config.run_functions_eagerly(eager)
        keras.layers.Layer.__call__ = unwatched


def _around_activation(call: _Call, calls: list[_Call]) -> tuple[Tensor | None, Tensor, str]:
    """Find the activation of a call: its own, that of a layer after it, or one operation after it."""
    if type(call.layer).__name__ == "TimeDistributed" and _activation_of(call.layer.layer) != "linear":
        return None, call.result, _activation_of(call.layer.layer)
    if _is_activation(call.layer):
        return call.given, call.result, _activation_of(call.layer)
    if call.before_activation is not None and _activation_of(call.layer) != "linear":
        return call.before_activation, call.result, _activation_of(call.layer)
    here = call.result
    # layers that do nothing in inference, such as Dropout, return what they are given
    active = [c for c in calls if c.is_leaf and c.result is not c.given and c is not call]
    for _ in active:
        takers = [c for c in active if c.given is here]
        if len(takers) == 1 and _is_activation(takers[0].layer):
            return here, takers[0].result, _activation_of(takers[0].layer)
        if len(takers) != 1 or type(takers[0].layer).__name__ not in _BETWEEN:
            break
        here = takers[0].result
    operations = [op for op in here.consumers() if op.type != "Shape"]
    if len(operations) == 1 and operations[0].type in _ACTIVATION_OPS:
        return here, operations[0].outputs[0], _ACTIVATION_OPS[operations[0].type]
    return call.result, call.result, "linear"


def _is_activation(layer: KerasLayer) -> bool:
    """Tell whether a layer is an activation and nothing else."""
    return type(layer).__name__ in ("Activation", *_ACTIVATION_LAYERS)


def _activation_of(layer: KerasLayer) -> str:
    """Name the activation that a layer is or has."""
    activation = getattr(layer, "activation", None)
    thing: Any
    for thing in (layer, activation):
        if type(thing).__name__ == "ReLU" and thing.negative_slope:
            return "leaky_relu"
        if type(thing).__name__ in _ACTIVATION_LAYERS:
            return _ACTIVATION_LAYERS[type(thing).__name__]
    return "linear" if activation is None else getattr(activation, "__name__", type(activation).__name__)


def _is_convolution(call: _Call) -> bool:
    """Tell whether a layer convolves over time: Keras' own, or one with a kernel [taps, channels, filters]."""
    import keras

    if type(call.layer).__name__ in _NO_CONVOLUTIONS or call.result.shape.rank != 3:
        return False
    known = (keras.layers.Conv1D, keras.layers.Conv1DTranspose, keras.layers.SeparableConv1D,
             keras.layers.DepthwiseConv1D)
    return isinstance(call.layer, known) or len(getattr(getattr(call.layer, "kernel", None), "shape", ())) == 3
