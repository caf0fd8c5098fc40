"""Layers of any Keras model: their names, sampling rates and tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from snap_tf.keras_files import one_line
from snap_tf.keras_trial import TRIAL_STEPS, Trial, steps_of, try_any_length, try_model
from snap_tf.layer_calls import LayerCall, record_calls
from snap_tf.layer_info import LayerInfo, LeftOut
from wavegan_tf.errors import ConfigError
from wavegan_tf.tensors import KerasLayer, KerasModel, KerasVariable, Tensor

__all__ = ["KerasSource"]

LEAKY = ("leaky_relu",)


class KerasSource:
    """Source of layers for any Keras model with one input: functional, sequential, subclassed or nested.

    Convolutions over time are counted Conv1, Conv2, ... in the order in which they run; the model's output is a layer
    too, before its softmax or sigmoid if it ends in one. Rates come from numbers of steps: where a convolution drops
    steps at the edges (`valid`) and the input has a fixed length, the rate comes out a little low.

    A model that takes [samples] takes audio if its first layer with weights gets time steps; its inputs here are
    [samples, 1], as those of other models. If its first layer gets all values at once, it takes latent vectors.
    """

    may_pad = False

    def __init__(self, model: KerasModel, rate_hz: float, input_shape: tuple[int | None, ...] | None = None) -> None:
        self.network = model
        native = _native_shape(model)
        shape = tuple(input_shape) if input_shape is not None else native
        if shape is None:
            raise ConfigError(f"`input_shape` must be given for the model {model.name}, which has not been called yet; "
                              "for example input_shape=(16384, 1)")
        if native is not None and len(native) == 1 and len(shape) == 2 and shape[1] == 1:
            shape = shape[:1]  # audio with an axis of one channel
        if not shape or None in shape[1:]:
            shown = ", ".join("any" if n is None else str(n) for n in shape)
            raise ConfigError(f"model (={model.name}) must take inputs whose steps alone may vary; it takes [{shown}]; "
                              "give `input_shape`")
        inputs = getattr(model, "inputs", None)
        self.batch: int | None = inputs[0].shape[0] if inputs else None
        self.any_length = shape[0] is None
        self._build(shape)
        trial, rates = self._try(shape, rate_hz)
        without_channels = len(shape) == 1 and (self.any_length or trial.steps_first)
        self.input_shape: tuple[int | None, ...] = (*shape, 1) if without_channels else shape
        if without_channels:
            self.network = _with_channel(model, self.input_shape)
        steps = [steps_of(call) for call in trial.calls]
        self.length = (self.input_shape[0] or 0) if len(self.input_shape) > 1 else max(steps, default=0)
        if not self.any_length:
            rates = [rate_hz * n / self.length if n else 0.0 for n in steps]
        stuck = {call.name for call, n, rate in zip(trial.calls, steps, rates, strict=True) if n and not rate}
        self.left_out = (*trial.left_out, *(LeftOut(call.name, f"its {n} steps do not follow those of the input")
                                            for call, n in zip(trial.calls, steps, strict=True) if call.name in stuck))
        calls = [call for call in trial.calls if call.name not in stuck]
        if not calls:
            raise ConfigError("; ".join([
                f"model (={model.name}) must return [batch, steps, channels] or [batch, values], or call layers that "
                "do; it does neither", *LeftOut.lines(self.left_out)]))
        self.layers = tuple(
            LayerInfo(call.name, paper_name, None if self.any_length and n else n, call.post.shape[-1], rate,
                      call.activation)
            for (call, n, rate), paper_name in zip(
                [row for row in zip(trial.calls, steps, rates, strict=True) if row[0].name not in stuck],
                _paper_names(calls), strict=True))
        self.default = tuple(call.name for call in calls if call.is_convolution or call.is_output)
        self.output = next((call.name for call in calls if call.is_output), "")
        self._parts = {call.name: call.layer for call in calls}

    def tensors(self, inputs: Tensor, stage: str) -> dict[str, Tensor]:
        import tensorflow as tf

        def choose(call: LayerCall) -> Tensor | None:
            if stage == "relu" and call.activation in LEAKY:
                return None if call.pre is None else tf.nn.relu(call.pre)
            return call.pre if stage == "pre" else call.post

        chosen = {call.name: choose(call) for call in record_calls(self.network, inputs).calls
                  if call.name in self._parts}
        return {name: tensor for name, tensor in chosen.items() if tensor is not None}

    def parts(self) -> dict[str, KerasLayer]:
        return self._parts

    def weights(self) -> Sequence[KerasVariable]:
        return self.network.weights

    @contextmanager
    def fresh_state(self) -> Iterator[None]:
        """Reset stateful layers, so that one clip does not influence the next, and restore their states at the end."""
        import keras

        stateful = [layer for layer in getattr(self.network, "_flatten_layers", list)()
                    if getattr(layer, "stateful", False) and isinstance(layer, keras.layers.RNN)]
        states = [(state, state.numpy()) for layer in stateful for state in keras.tree.flatten(layer.states)
                  if hasattr(state, "assign")]
        for layer in stateful:
            layer.reset_state()
        try:
            yield
        finally:
            for state, value in states:
                state.assign(value)

    def _build(self, shape: tuple[int | None, ...]) -> None:
        """Make the weights of a model that has not been called yet, with an input as short as possible."""
        lengths = TRIAL_STEPS if self.any_length else (shape[0],)
        for n in lengths:
            if getattr(self.network, "built", True):
                return
            try:
                self.network(np.zeros((self.batch or 1, n or 0, *(m or 0 for m in shape[1:])), np.float32))
            except Exception as error:  # a layer may raise anything
                if n == lengths[-1]:
                    raise ConfigError(f"model (={self.network.name}) must run on inputs of shape "
                                      f"{[n, *shape[1:]]}; it fails: {one_line(error)}; give the `input_shape` it is "
                                      "for") from error

    def _try(self, shape: tuple[int | None, ...], rate_hz: float) -> tuple[Trial, list[float]]:
        """Find the layers, and for inputs of any length their rates in hertz."""
        if not self.any_length:
            return try_model(self.network, self.batch, [n or 0 for n in shape]), []
        once, twice, n = try_any_length(self.network, self.batch, [n or 0 for n in shape[1:]])
        return once, [rate_hz * (steps_of(b) - steps_of(a)) / n
                      for a, b in zip(once.calls, twice.calls, strict=True)]


def _with_channel(model: KerasModel, shape: tuple[int | None, ...]) -> KerasModel:
    """Copy a model that takes [samples], with an axis of one channel at its input; a subclassed one is wrapped."""
    import keras

    inputs = keras.Input(shape)
    x = keras.ops.squeeze(inputs, -1)
    if not hasattr(model, "_run_through_graph") and not isinstance(model, keras.Sequential):
        return keras.Model(inputs, model(x), name=model.name)
    # copies, because the model's layers belong to its own input
    copies = {layer.name: type(layer).from_config(layer.get_config()) for layer in model.layers
              if not isinstance(layer, keras.layers.InputLayer)}
    if isinstance(model, keras.Sequential):
        for copy in copies.values():
            x = copy(x)
    else:
        x = model._run_through_graph(x, operation_fn=lambda operation: copies.get(operation.name, operation))
    for layer in model.layers:
        if layer.name in copies:
            copies[layer.name].set_weights(layer.get_weights())
    return keras.Model(inputs, x, name=model.name)


def _native_shape(model: KerasModel) -> tuple[int | None, ...] | None:
    """Return the shape of one input of a Keras model, without the batch; None where it does not know its own."""
    shape = getattr(model, "input_shape", None) if getattr(model, "inputs", None) else None
    if shape is None:
        shape = (model.get_build_config() or {}).get("input_shape")
    if shape is None:
        return None
    if not shape or isinstance(shape, dict) or isinstance(shape[0], tuple | list):
        raise ConfigError(f"model (={model.name}) must have one input; its input shape is {shape}")
    return tuple(shape[1:])


def _paper_names(calls: Sequence[LayerCall]) -> list[str]:
    """Count convolutions from 1; the output without convolution is `logits`."""
    names, n_convolutions = [], 0
    for call in calls:
        n_convolutions += call.is_convolution
        names.append(f"Conv{n_convolutions}" if call.is_convolution else "logits" if call.is_output else call.name)
    return names
