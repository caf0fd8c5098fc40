"""Trace a Keras model on a short input, to find its layers and those whose activations cannot be read.

How many steps a layer has for each step of an input of any length is the difference between two trials. They begin
short, because a model may repeat its operations for every step, and grow until the numbers are certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snap_tf.keras_files import one_line
from snap_tf.layer_calls import LayerCall, Recorded, record_calls
from snap_tf.layer_info import LeftOut
from wavegan_tf.errors import ConfigError, UserError
from wavegan_tf.tensors import KerasModel, Tensor

__all__ = ["Trial", "steps_of", "try_any_length", "try_model"]

TRIAL_STEPS = (60, 240, 960, 3840, 15360)
"""Lengths with many divisors, so that a stride is one of them: 2^2 to 2^10 times 15."""


@dataclass(frozen=True)
class Trial:
    """Result of tracing a model once.

    Attributes:
        calls: layers that give [batch, steps, channels] or [batch, values].
        left_out: the others.
        steps_first: whether the first layer with weights got steps, see `layer_calls.Recorded`.
        n_operations: in the graph; grows with the length where a model repeats itself for every step.
    """

    calls: tuple[LayerCall, ...]
    left_out: tuple[LeftOut, ...]
    steps_first: bool
    n_operations: int


def try_model(model: KerasModel, batch: int | None, shape: Sequence[int]) -> Trial:
    """Trace a Keras model with TensorFlow; nothing is computed.

    Args:
        model: a Keras model.
        batch: inputs at once, where it takes only so many.
        shape: of one input.

    Raises:
        ConfigError: the model fails on such an input, or its layers have their channels first.
    """
    import tensorflow as tf

    seen: list[Recorded] = []

    def look(inputs: Tensor) -> None:
        seen.append(record_calls(model, inputs))

    try:
        traced = tf.function(look, autograph=False).get_concrete_function(tf.TensorSpec((batch, *shape), tf.float32))
    except UserError:
        raise
    except Exception as error:  # a layer may raise anything
        shown = ", ".join(map(str, ("any" if batch is None else batch, *shape)))
        raise ConfigError(f"model (={model.name}) must run on inputs of shape [{shown}]; tried without computing, it "
                          f"fails: {one_line(error)}; mend the model, or give the `input_shape` it is for") from error
    recorded = seen[-1]
    for call in recorded.calls:
        if call.is_convolution and getattr(call.layer, "data_format", None) == "channels_first":
            raise ConfigError(f"layer (={call.name}) must have its channels last, [batch, steps, channels]; it is "
                              'channels_first; build the model with data_format="channels_last" (the weights '
                              "are the same)")
    reasons = {call.name: _reason(call) for call in recorded.calls}
    left_out = [*recorded.left_out, *(LeftOut(name, reason) for name, reason in reasons.items() if reason)]
    return Trial(tuple(call for call in recorded.calls if not reasons[call.name]), tuple(left_out),
                 recorded.steps_first, len(traced.graph.get_operations()))


def try_any_length(model: KerasModel, batch: int | None, rest: Sequence[int]) -> tuple[Trial, Trial, int]:
    """Trace a model that takes any number of steps, at some length and at twice that.

    Args:
        model: a Keras model.
        batch: see `try_model`.
        rest: axes of one input after its steps.

    Returns:
        Both trials, and the shorter length. A layer's steps for each of the input's are exact where the stride divides
        15360, else within 1 in 15360; where a model repeats itself for every step, the lengths do not grow.

    Raises:
        ConfigError: the model fails at every length, or calls other layers at other lengths.
    """
    found, failed = None, None
    for n in TRIAL_STEPS:
        try:
            once, twice = try_model(model, batch, (n, *rest)), try_model(model, batch, (2 * n, *rest))
        except ConfigError as error:
            failed = failed or error
            continue
        if [call.name for call in once.calls] != [call.name for call in twice.calls]:
            raise ConfigError(f"model (={model.name}) must call the same layers whatever the length; it calls "
                              f"{len(once.calls)} for {n} steps and {len(twice.calls)} for {2 * n}; give `input_shape`")
        found = once, twice, n
        if twice.n_operations > once.n_operations or all(
                _is_sure(n, steps_of(b) - steps_of(a)) for a, b in zip(once.calls, twice.calls, strict=True)):
            break
    if found is None:
        assert failed is not None
        raise failed
    return found


def steps_of(call: LayerCall) -> int:
    """Return a layer's number of steps; 0 without time."""
    return call.post.shape[1] if call.post.shape.rank == 3 else 0


def _is_sure(n: int, more: int) -> bool:
    """Tell whether `more` steps for `n` more of the input leave one stride only (or one upsampling factor)."""
    return more == 0 or more % n == 0 or (n % more == 0 and more * more >= n)


def _reason(call: LayerCall) -> str:
    """Say why a layer's output is no time series; empty where it is one, or values without time."""
    shape = call.post.shape
    if shape.rank is None:
        return "the number of axes of its output is not known before it runs"
    if shape.rank not in (2, 3):
        axes = ", ".join(["batch", *("any" if n is None else str(n) for n in shape[1:])])
        return f"its output is [{axes}]; a series is [batch, steps, channels]"
    if None in shape[1:]:
        return "the size of its output is not known before it runs"
    return ""
