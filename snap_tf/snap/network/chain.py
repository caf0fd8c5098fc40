"""A network as a chain of operations that are local in time: convolution, padding, pointwise operations.

Such a network gives the same for a stretch of input wherever that lies, and one output step depends on a cone of the
steps before it; see `cone.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from snap_tf.snap.network.convolution import Kernel
from wavegan_tf.errors import UserError
from wavegan_tf.tensors import KerasLayer, KerasModel, Tensor

__all__ = ["Chain", "NoChain", "Operation", "make_chain"]

_BETWEEN = ("BatchNormalization",)
_NOTHING = ("Dropout", "SpatialDropout1D", "GaussianDropout", "GaussianNoise", "AlphaDropout", "Identity",
            "ActivityRegularization")
_ACTIVATIONS = ("ReLU", "LeakyReLU", "ELU")
_LAST = ("softmax", "log_softmax", "sigmoid")


class NoChain(UserError):
    """The network is no chain of local operations; the message says why."""


@dataclass(frozen=True)
class Operation:
    """One operation of a network: convolution, padding, cropping, or a pointwise function.

    Attributes:
        layer: the Keras layer.
        kind: `convolution`, `pad`, `crop`, or `pointwise`, which changes no step by another.
        kernel: steps that an output step looks at (a convolution's, dilation included).
        stride: input steps from one output step to the next.
        padding: `same`, `valid` or `causal` for convolutions.
        before: steps added (pad) or taken away (crop) at the start.
        after: the same at the end.
        record: name of the layer whose value is complete after this operation; empty for none.
        to_logits: whether a softmax or sigmoid of the layer is left off.
        weights: of a convolution, with a quicker gradient; None for those with dilation.
    """

    layer: KerasLayer
    kind: str
    kernel: int = 1
    stride: int = 1
    padding: str = "valid"
    before: int = 0
    after: int = 0
    record: str = ""
    to_logits: bool = False
    weights: Kernel | None = None

    def output_steps(self, n_steps: int) -> int:
        """Return the steps that come out of `n_steps`."""
        if self.kind == "convolution":
            n_steps += sum(self.zeros(n_steps))
            return max((n_steps - self.kernel) // self.stride + 1, 0)
        return n_steps + self.before + self.after if self.kind == "pad" else n_steps - self.before - self.after

    def zeros(self, n_steps: int) -> tuple[int, int]:
        """Return the zeros that a convolution puts before and after `n_steps` input steps.

        Source: TensorFlow, tf.nn.convolution (SAME padding).
        """
        if self.padding == "causal":
            return self.kernel - 1, 0
        if self.padding == "valid":
            return 0, 0
        total = max((-(-n_steps // self.stride) - 1) * self.stride + self.kernel - n_steps, 0)
        return total // 2, total - total // 2

    def seen(self, first: int, last: int, n_steps: int) -> tuple[int, int]:
        """Return first and last input step that output steps `first` to `last` look at; outside of 0..n-1 are zeros."""
        if self.kind == "convolution":
            left = self.zeros(n_steps)[0]
            return first * self.stride - left, last * self.stride - left + self.kernel - 1
        moved = self.before if self.kind == "crop" else -self.before
        return first + moved, last + moved

    def __call__(self, x: Tensor) -> Tensor:
        """Compute the operation without its padding: [batch, steps, channels], any number of steps."""
        import tensorflow as tf

        if self.kind != "convolution":
            return self.layer(x, training=False) if self.kind == "pointwise" else x
        layer = self.layer
        if self.weights is not None:
            y = self.weights(x)
        else:  # tf.nn.conv1d has no gradient for dilated kernels on a CPU
            y = tf.nn.convolution(x, tf.convert_to_tensor(layer.kernel), [self.stride], "VALID",
                                  dilations=list(layer.dilation_rate))
        if layer.use_bias:
            y = tf.nn.bias_add(y, tf.convert_to_tensor(layer.bias))
        return y if self.to_logits else layer.activation(y)


@dataclass(frozen=True)
class Chain:
    """The operations of a network, first to last.

    Attributes:
        operations: up to the one that gives the logits.
    """

    operations: tuple[Operation, ...]

    @property
    def stride(self) -> int:
        """Input steps from one output step to the next."""
        total = 1
        for operation in self.operations:
            total *= operation.stride
        return total

    def lengths(self, n_steps: int) -> list[int]:
        """Return the steps before the first and after every operation."""
        found = [n_steps]
        for operation in self.operations:
            found.append(operation.output_steps(found[-1]))
        return found

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Compute the layers of whole inputs: by name [batch, steps, channels]; any number of steps.

        The padding of convolutions is worked out in the graph, so one graph does for all lengths.
        """
        import tensorflow as tf

        found = {}
        for operation in self.operations:
            if operation.kind == "crop":
                x = x[:, operation.before:tf.shape(x)[1] - operation.after]
            elif operation.kind == "pad":
                x = tf.pad(x, [[0, 0], [operation.before, operation.after], [0, 0]])
            elif operation.kind == "convolution" and operation.padding != "valid":
                x = tf.pad(x, [[0, 0], _zeros_in_graph(operation, tf.shape(x)[1]), [0, 0]])
            x = operation(x)
            if operation.record:
                found[operation.record] = x
        return found


def _zeros_in_graph(operation: Operation, n_steps: Tensor) -> Tensor:
    """Compute `Operation.zeros` of a number of steps that is a tensor."""
    import tensorflow as tf

    if operation.padding == "causal":
        return tf.stack([operation.kernel - 1, 0])
    total = tf.maximum((-(-n_steps // operation.stride) - 1) * operation.stride + operation.kernel - n_steps, 0)
    return tf.stack([total // 2, total - total // 2])


def make_chain(model: KerasModel, layers: Sequence[str]) -> Chain:
    """Find the chain of local operations of a Keras model.

    Whether the layers really follow each other as they are listed is not known here: compare the result with the
    model.

    Args:
        model: functional or sequential.
        layers: names of the layers whose values are wanted, after their activation.

    Raises:
        NoChain: a layer that is not local in time, or more than one input or output.
    """
    if len(getattr(model, "inputs", None) or ()) != 1 or len(getattr(model, "outputs", None) or ()) != 1:
        raise NoChain("the model must have one input and one output")
    found: list[Operation] = []
    listed = [layer for layer in model.layers if type(layer).__name__ not in ("InputLayer", *_NOTHING)]
    while listed and _name_of_activation(listed[-1]) in _LAST:
        listed.pop()
    for layer in listed:
        found.append(_operation(layer))
    if found and getattr(getattr(found[-1].layer, "activation", None), "__name__", "") in _LAST:
        found[-1] = replace(found[-1], to_logits=True)
    wanted = set(layers)
    for i, operation in enumerate(found):
        if operation.layer.name in wanted:
            there = _after_activation(found, i)
            found[there] = replace(found[there], record=operation.layer.name)
    recorded = {operation.record for operation in found}
    if missing := [name for name in layers if name not in recorded]:
        raise NoChain(f"layer {missing[0]} is not in the chain of the model's layers")
    return Chain(tuple(found))


def _operation(layer: KerasLayer) -> Operation:
    kind = type(layer).__name__
    if layer.compute_dtype != "float32":
        raise NoChain(f"layer {layer.name} computes in {layer.compute_dtype}, not in float32")
    if getattr(layer, "groups", 1) != 1:
        raise NoChain(f"layer {layer.name} ({kind}) has groups of channels")
    if kind == "Conv1D" and layer.data_format == "channels_last":
        plain = layer.dilation_rate[0] == 1
        return Operation(layer, "convolution", (layer.kernel_size[0] - 1) * layer.dilation_rate[0] + 1,
                         layer.strides[0], layer.padding,
                         weights=Kernel(layer.kernel, layer.strides[0]) if plain else None)
    if kind in ("ZeroPadding1D", "Cropping1D"):
        before, after = getattr(layer, "padding", None) or layer.cropping
        return Operation(layer, "pad" if kind == "ZeroPadding1D" else "crop", before=before, after=after)
    if kind == "BatchNormalization" and layer.axis in (-1, 2):
        return Operation(layer, "pointwise")
    if kind in _ACTIVATIONS or (kind == "Activation" and _name_of_activation(layer) != "softmax"):
        return Operation(layer, "pointwise")
    raise NoChain(f"layer {layer.name} ({kind}) may look at the whole input")


def _name_of_activation(layer: KerasLayer) -> str:
    """Name the activation that a layer is; empty for other layers."""
    kind = type(layer).__name__
    if kind == "Activation":
        return str(getattr(layer.activation, "__name__", ""))
    return kind.lower() if kind == "Softmax" else ""


def _after_activation(operations: Sequence[Operation], position: int) -> int:
    """Find where the layer at `position` has its activation behind it, as `layer_calls` sees it."""
    own = getattr(operations[position].layer, "activation", None)
    if operations[position].to_logits or getattr(own, "__name__", "linear") != "linear":
        return position
    for i in range(position + 1, len(operations)):
        kind = type(operations[i].layer).__name__
        if kind in _ACTIVATIONS or kind == "Activation":
            return i
        if kind not in _BETWEEN:
            break
    return position
