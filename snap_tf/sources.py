"""Where layers come from: a network that knows its own, a SavedModel's signature, or any Keras model.

Each source lists the layers that it has and computes their tensors; `probe.py` chooses among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from snap_tf.layer_calls import LayerCall, record_calls
from snap_tf.layer_info import LayerInfo
from wavegan_tf.errors import ConfigError

__all__ = ["KerasModel", "OwnNetwork", "SavedSignature", "Source"]

LEAKY = ("leaky_relu",)
_LONG = 2**14  # steps of a trial input, for models that take any number


class Source(Protocol):
    """A network whose layers can be computed.

    Attributes:
        layers: all that it has, first to last.
        default: names of those that are meant when none is named.
        output: name of the one that is the output; empty where there are several outputs.
        input_shape: of one input, without the batch.
        length: steps or samples that `rate_hz` counts, those of the input or, for a generator, of the output; 0 where
            the input may have any number.
        may_pad: whether what one input gives is known not to depend on the others in the batch.
        network: the Keras model itself; None where there is none, as in a SavedModel.
    """

    layers: tuple[LayerInfo, ...]
    default: tuple[str, ...]
    output: str
    input_shape: tuple[int | None, ...]
    length: int
    may_pad: bool
    network: Any

    def tensors(self, inputs: Any, stage: str) -> dict[str, Any]:
        """Compute every layer: float [batch, steps, channels] by name."""

    def parts(self) -> dict[str, Any]:
        """Return by name the objects that a user's predicate gets."""

    def weights(self) -> Sequence[Any]:
        """Return all weights as variables, in a fixed order."""


class OwnNetwork:
    """A network of `wavegan_tf`: it lists and traces its layers itself."""

    def __init__(self, network: Any, rate_hz: float) -> None:
        self.network = network
        self.layers = tuple(LayerInfo(**tap.to_dict()) for tap in network.layer_taps(rate_hz))
        self.default = tuple(layer.name for layer in self.layers)
        self.output = self.layers[-1].name
        self.input_shape: tuple[int | None, ...] = network.example_shape
        self.length = network.slice_len
        # D and Q with the original's batch normalisation always use the statistics of the batch
        self.may_pad = network.batchnorm != "tf1" or network.input_name == "z"

    def tensors(self, inputs: Any, stage: str) -> dict[str, Any]:
        import tensorflow as tf

        pre, post = self.network.trace(inputs, training=False)
        if stage == "relu":
            return {layer.name: tf.nn.relu(pre[layer.name]) if layer.activation in LEAKY else post[layer.name]
                    for layer in self.layers}
        return pre if stage == "pre" else post

    def parts(self) -> dict[str, Any]:
        own = {layer.name: layer for layer in self.network.layers}
        return {layer.name: own.get(layer.name, layer) for layer in self.layers}

    def weights(self) -> Sequence[Any]:
        return self.network.weights


class SavedSignature:
    """A signature of a SavedModel that returns layers after their activation, and nothing else."""

    may_pad = False
    network = None

    def __init__(self, loaded: Any, name: str, layers: Sequence[LayerInfo], length: int) -> None:
        self._loaded = loaded  # its functions work only as long as it lives
        self._signature = loaded.signatures[name]
        (self._keyword, spec), = self._signature.structured_input_signature[1].items()
        self.layers = tuple(layers)
        self.default = tuple(layer.name for layer in self.layers)
        self.output = self.layers[-1].name
        self.input_shape: tuple[int | None, ...] = tuple(spec.shape[1:])
        self.length = length

    def tensors(self, inputs: Any, stage: str) -> dict[str, Any]:
        if stage != "post":
            raise ConfigError(f"`stage` (={stage}) must be post for a SavedModel that runs itself, which gives "
                              "layers after the activation only; use the run, or the whole exported folder")
        return self._signature(**{self._keyword: inputs})

    def parts(self) -> dict[str, Any]:
        return {layer.name: layer for layer in self.layers}

    def weights(self) -> Sequence[Any]:
        return self._signature.variables


class KerasModel:
    """Any Keras model of one input: functional, sequential, subclassed, nested.

    Convolutions over time are counted Conv1, Conv2, ... in the order in which they run; the model's output is a layer
    too, before its softmax or sigmoid if it ends in one. Rates come from numbers of steps: where a convolution drops
    steps at the edges (`valid`) and the input has a fixed length, the rate comes out a little low.
    """

    may_pad = False

    def __init__(self, model: Any, rate_hz: float, input_shape: tuple[int | None, ...] | None = None) -> None:
        self.network = model
        self.input_shape = tuple(input_shape) if input_shape is not None else _input_shape(model)
        any_length = len(self.input_shape) > 1 and self.input_shape[0] is None
        if not getattr(model, "built", True):
            model(np.zeros((1, *(n or _LONG for n in self.input_shape)), np.float32))
        calls = self._trial(self.input_shape if not any_length else (_LONG, *self.input_shape[1:]))
        steps = [_steps(call) for call in calls]
        self.length = (self.input_shape[0] or 0) if len(self.input_shape) > 1 else max(steps, default=0)
        if any_length:
            twice = self._trial((2 * _LONG, *self.input_shape[1:]))
            rates = [rate_hz * (_steps(call) - n) / _LONG for call, n in zip(twice, steps, strict=True)]
        else:
            rates = [rate_hz * n / self.length if n else 0.0 for n in steps]
        self.layers = tuple(
            LayerInfo(call.name, paper_name, None if any_length and n else n, call.post.shape[-1], rate,
                      call.activation)
            for call, paper_name, n, rate in zip(calls, _paper_names(calls), steps, rates, strict=True))
        self.default = tuple(call.name for call in calls if call.is_convolution or call.is_output)
        self.output = next((call.name for call in calls if call.is_output), "")
        self._parts = {call.name: call.layer for call in calls}

    def _trial(self, shape: tuple[int | None, ...]) -> list[LayerCall]:
        """Trace the model for the names and shapes of its layers; nothing is computed."""
        import tensorflow as tf

        calls: list[LayerCall] = []

        def look(inputs: Any) -> None:
            calls[:] = self._calls(inputs)

        tf.function(look, autograph=False).get_concrete_function(tf.TensorSpec((None, *shape), tf.float32))
        if not calls:
            raise ConfigError(f"model (={self.network.name}) must return [batch, steps, channels] or [batch, values], "
                              "or call layers that do; it does neither")
        for call in calls:
            if call.is_convolution and getattr(call.layer, "data_format", None) == "channels_first":
                raise ConfigError(f"layer (={call.name}) must have its channels last, [batch, steps, channels]; it is "
                                  'channels_first; build the model with data_format="channels_last" (the weights '
                                  "are the same)")
        return calls

    def _calls(self, inputs: Any) -> list[LayerCall]:
        calls = record_calls(self.network, inputs)
        return [call for call in calls if call.post.shape.rank in (2, 3) and None not in call.post.shape[1:]]

    def tensors(self, inputs: Any, stage: str) -> dict[str, Any]:
        import tensorflow as tf

        def choose(call: LayerCall) -> Any:
            if stage == "relu" and call.activation in LEAKY:
                return tf.nn.relu(call.pre)
            return call.pre if stage == "pre" else call.post

        return {call.name: choose(call) for call in self._calls(inputs)}

    def parts(self) -> dict[str, Any]:
        return self._parts

    def weights(self) -> Sequence[Any]:
        return self.network.weights


def _input_shape(model: Any) -> tuple[int | None, ...]:
    """Return the shape of one input of a Keras model, without the batch."""
    shape = getattr(model, "input_shape", None) if getattr(model, "inputs", None) else None
    if shape is None:
        shape = (model.get_build_config() or {}).get("input_shape")
    if shape is None:
        raise ConfigError(f"`input_shape` must be given for the model {model.name}, which has not been called yet; for "
                          "example input_shape=(16384, 1)")
    if not shape or isinstance(shape, dict) or isinstance(shape[0], tuple | list):
        raise ConfigError(f"model (={model.name}) must have one input; its input shape is {shape}")
    return tuple(shape[1:])


def _steps(call: LayerCall) -> int:
    return call.post.shape[1] if call.post.shape.rank == 3 else 0


def _paper_names(calls: Sequence[LayerCall]) -> list[str]:
    """Count convolutions from 1; the output without convolution is `logits`."""
    names, n_convolutions = [], 0
    for call in calls:
        n_convolutions += call.is_convolution
        names.append(f"Conv{n_convolutions}" if call.is_convolution else "logits" if call.is_output else call.name)
    return names
