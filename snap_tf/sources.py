"""Sources of layers: the networks of `wavegan_tf`, or a SavedModel's signature; `keras_model.py` has all other models.

Each source lists the layers that it has and computes their tensors; `probe.py` chooses among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from snap_tf.keras_model import LEAKY
from snap_tf.layer_info import LayerInfo, LeftOut
from wavegan_tf.errors import ConfigError
from wavegan_tf.tensors import KerasLayer, KerasModel, KerasVariable, Tensor

__all__ = ["OwnNetwork", "SavedSignature", "Source"]


class Source(Protocol):
    """A network whose layers can be computed.

    Attributes:
        layers: all that it has, first to last.
        default: names of those that are taken when none is named.
        output: name of the one that is the output; empty where there are several outputs.
        input_shape: of one input, without the batch.
        length: steps or samples that `rate_hz` counts, those of the input or, for a generator, of the output; 0 where
            the input may have any number.
        may_pad: whether what one input gives is known not to depend on the others in the batch.
        batch: how many inputs it takes at once, where it takes only so many.
        left_out: layers whose activations cannot be read.
        network: the Keras model itself; None where there is none, as in a SavedModel.
    """

    layers: tuple[LayerInfo, ...]
    default: tuple[str, ...]
    output: str
    input_shape: tuple[int | None, ...]
    length: int
    may_pad: bool
    batch: int | None
    left_out: tuple[LeftOut, ...]
    network: KerasModel | None

    def fresh_state(self) -> AbstractContextManager[None]:
        """Reset the state of a recurrent network until the end of the block."""

    def tensors(self, inputs: Tensor, stage: str) -> dict[str, Tensor]:
        """Compute every layer: float [batch, steps, channels] by name."""

    def parts(self) -> dict[str, KerasLayer | LayerInfo]:
        """Return by name what a user's function that chooses layers gets."""

    def weights(self) -> Sequence[KerasVariable]:
        """Return all weights as variables, in a fixed order."""


class _Plain:
    """What networks of `wavegan_tf` have in common: any batch size, no state, and no layer is left out."""

    batch: int | None = None
    left_out: tuple[LeftOut, ...] = ()

    def fresh_state(self) -> AbstractContextManager[None]:
        return nullcontext()


class OwnNetwork(_Plain):
    """A network of `wavegan_tf`: it lists and traces its layers itself."""

    def __init__(self, network: KerasModel, rate_hz: float) -> None:
        self.network = network
        self.layers = tuple(LayerInfo(**tap.to_dict()) for tap in network.layer_taps(rate_hz))
        self.default = tuple(layer.name for layer in self.layers)
        self.output = self.layers[-1].name
        self.input_shape: tuple[int | None, ...] = network.example_shape
        self.length = network.slice_len
        # D and Q with the original's batch normalisation always use the statistics of the batch
        self.may_pad = network.batchnorm != "tf1" or network.input_name == "z"

    def tensors(self, inputs: Tensor, stage: str) -> dict[str, Tensor]:
        import tensorflow as tf

        pre, post = self.network.trace(inputs, training=False)
        if stage == "relu":
            return {layer.name: tf.nn.relu(pre[layer.name]) if layer.activation in LEAKY else post[layer.name]
                    for layer in self.layers}
        return pre if stage == "pre" else post

    def parts(self) -> dict[str, KerasLayer | LayerInfo]:
        own = {layer.name: layer for layer in self.network.layers}
        return {layer.name: own.get(layer.name, layer) for layer in self.layers}

    def weights(self) -> Sequence[KerasVariable]:
        return self.network.weights


class SavedSignature(_Plain):
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

    def tensors(self, inputs: Tensor, stage: str) -> dict[str, Tensor]:
        if stage != "post":
            raise ConfigError(f"`stage` (={stage}) must be post for a SavedModel that runs itself, which gives "
                              "layers after the activation only; use the run, or the whole exported folder")
        return self._signature(**{self._keyword: inputs})

    def parts(self) -> dict[str, KerasLayer | LayerInfo]:
        return {layer.name: layer for layer in self.layers}

    def weights(self) -> Sequence[KerasVariable]:
        return self._signature.variables
