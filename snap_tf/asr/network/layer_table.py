"""Layer tables of the W2L networks (Wav2Letter) as published: kernels, strides, filters. Needs no TensorFlow.

Source: Krug et al. 2021, Table 1; Collobert et al. 2016, section 2.4 (where the layers come from).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snap_tf.asr.spectrograms.spectrogram_geometry import N_MELS
from snap_tf.asr.transcripts.alphabet import LETTERS, PHONES, Alphabet
from wavegan_tf.errors import ConfigError

__all__ = ["MODELS", "SHARED_LAYERS", "LayerSpec", "ModelSpec", "layer_table", "n_moving_statistics", "n_parameters"]

SHARED_LAYERS = 5
"""Layers that transfer takes from W2P_shallow."""


@dataclass(frozen=True)
class LayerSpec:
    """One convolution with SAME padding; batch normalisation comes before it.

    Attributes:
        name: `layer_1`, `layer_2`, ...; its batch normalisation is `norm_1`, `norm_2`, ...
        filters: output channels.
        kernel: length of the filters in steps of the layer's input.
        stride: in steps of the layer's input.
        activation: `relu`, or `linear` for the logits.
    """

    name: str
    filters: int
    kernel: int
    stride: int
    activation: str

    @property
    def norm_name(self) -> str:
        """Name of the batch normalisation in front of this layer."""
        return self.name.replace("layer", "norm")


@dataclass(frozen=True)
class ModelSpec:
    """One network of the W2L family: name, alphabet, depth.

    Attributes:
        name: as in the paper.
        alphabet: the classes of its output.
        depth: convolutions, the output included: 12, or 6 for the shallow one.
        source: the model whose weights it starts from; empty when it starts from random ones.
    """

    name: str
    alphabet: Alphabet
    depth: int
    source: str = ""


MODELS = {spec.name: spec for spec in (
    ModelSpec("W2L", LETTERS, 12),
    ModelSpec("W2P", PHONES, 12),
    ModelSpec("W2P_shallow", PHONES, 6),
    ModelSpec("W2L_TL_frozen", LETTERS, 12, source="W2P_shallow"),
    ModelSpec("W2L_TL_finetuned", LETTERS, 12, source="W2L_TL_frozen"),
)}


def layer_table(model: str, width: float = 1.0) -> tuple[LayerSpec, ...]:
    """List the convolutions of a W2L network from input to output: filters, kernel, stride, activation.

    Args:
        model: one of `MODELS`.
        width: factor on the filters of all hidden layers; 1 is the published network.

    Raises:
        ConfigError: an unknown model, or a width that leaves a layer without filters.

    Example:
        >>> from snap_tf.asr import layer_table
        >>> for layer in layer_table("W2P_shallow")[:2]:
        ...     print(layer.name, layer.filters, layer.kernel, layer.stride, layer.activation)
        layer_1 256 48 2 relu
        layer_2 256 7 1 relu

    Source: Krug et al. 2021, Table 1.
    """
    if model not in MODELS:
        raise ConfigError(f"`model` (={model}) must be one of {', '.join(MODELS)}")
    spec = MODELS[model]
    if not 1 / 256 <= width <= 16:
        raise ConfigError(f"`width` (={width}) must be from 1/256 to 16; 1 is the published network, 0.25 "
                          "suits a laptop")
    narrow, wide = round(256 * width), round(2048 * width)
    hidden = [(narrow, 48, 2), *[(narrow, 7, 1)] * 8, (wide, 32, 1), (wide, 1, 1)]
    hidden = hidden[:spec.depth - 1]
    layers = [LayerSpec(f"layer_{i}", *sizes, "relu") for i, sizes in enumerate(hidden, start=1)]
    return (*layers, LayerSpec(f"layer_{spec.depth}", spec.alphabet.size, 1, 1, "linear"))


def n_parameters(table: Sequence[LayerSpec], channels: int = N_MELS) -> int:
    """Count kernels, biases, and gamma and beta of batch normalisation; `channels` go into the first layer."""
    count = 0
    for layer in table:
        count += 2 * channels + layer.kernel * channels * layer.filters + layer.filters
        channels = layer.filters
    return count


def n_moving_statistics(table: Sequence[LayerSpec], channels: int = N_MELS) -> int:
    """Count moving means and variances."""
    return 2 * (channels + sum(layer.filters for layer in table[:-1]))
