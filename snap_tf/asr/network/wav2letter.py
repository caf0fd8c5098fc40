"""The W2L networks (Wav2Letter) as plain Keras models: batch normalisation before every convolution, any length.

They hold Keras' own layers only, so a saved network loads without this package.

Source: Krug et al. 2021, Table 1.
"""

from __future__ import annotations

import keras
import numpy as np

from snap_tf.asr.network.layer_table import MODELS, LayerSpec, ModelSpec, layer_table
from snap_tf.asr.spectrograms.spectrogram_geometry import INPUT_RATE_HZ, N_MELS
from snap_tf.layer_info import LayerInfo

__all__ = ["NORM_EPSILON", "NORM_MOMENTUM", "build_network", "layers_of", "spec_of"]

NORM_MOMENTUM = 0.9
"""Share of the old value in the moving statistics; Keras' .99 is too slow for runs of a few hundred updates."""
NORM_EPSILON = 1e-3


def build_network(model: str, width: float = 1.0, seed: int | None = None) -> keras.Model:
    """Build a W2L network (Wav2Letter) with random initial weights.

    Args:
        model: one of `layer_table.MODELS`.
        width: factor on the filters of all hidden layers; 1 is the published network.
        seed: of the initial kernels (Glorot-uniform; the paper does not say).

    Returns:
        A functional model named `model`: float32 log-mel spectrograms [batch, n_steps, 128] -> logits
        [batch, ceil(n_steps / 2), classes], blank last. Its layers are `features`, `norm_1`, `layer_1` (after the
        ReLU), `norm_2`, ..., the last `layer_N` holds the logits.

    Raises:
        ConfigError: an unknown model, or a width that leaves a layer without filters.

    Example:
        >>> from snap_tf.asr import build_network
        >>> network = build_network("W2P_shallow", width=1 / 64, seed=0)
        >>> network.input_shape, network.output_shape, len(network.layers)
        ((None, None, 128), (None, None, 62), 13)

    Source: Krug et al. 2021, Table 1.
    """
    table = layer_table(model, width)
    inputs = keras.Input((None, N_MELS), name="features")
    x = inputs
    for layer, layer_seed in zip(table, _seeds(seed, len(table)), strict=True):
        x = keras.layers.BatchNormalization(momentum=NORM_MOMENTUM, epsilon=NORM_EPSILON, name=layer.norm_name)(x)
        x = _convolution(layer, layer_seed)(x)
    return keras.Model(inputs, x, name=model)


def layers_of(network: keras.Model) -> tuple[LayerInfo, ...]:
    """List the input and every convolution of a network, input first.

    Rates are in steps per second: 125 for the input (8 ms from one step to the next), 62.5 for all others (16 ms). All
    layers are any number of steps long.
    """
    features = network.inputs[0]
    rate_hz = INPUT_RATE_HZ
    layers = [LayerInfo(features.name, "input", None, int(features.shape[-1]), rate_hz, "linear")]
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv1D):
            rate_hz /= layer.strides[0]
            layers.append(LayerInfo(layer.name, f"L{len(layers)}", None, layer.filters, rate_hz,
                                    layer.activation.__name__))
    return tuple(layers)


def spec_of(network: keras.Model) -> ModelSpec | None:
    """Tell which W2L network this is: by its name, if it also has exactly the layers of that one.

    Sizes of inputs and outputs are not enough: any network may have 29 outputs, in another order.

    Returns:
        None where `build_network` did not make it.
    """
    spec = MODELS.get(str(getattr(network, "name", "")))
    if spec is None or not isinstance(network, keras.Model) or len(getattr(network, "inputs", None) or ()) != 1:
        return None
    table = layer_table(spec.name)
    expected = ["features", *(name for layer in table for name in (layer.norm_name, layer.name))]
    if [layer.name for layer in network.layers] != expected or tuple(network.inputs[0].shape) != (None, None, N_MELS):
        return None
    convolutions = [network.get_layer(layer.name) for layer in table]
    fits = (isinstance(found, keras.layers.Conv1D)
            and (found.kernel_size, found.strides, found.padding) == ((layer.kernel,), (layer.stride,), "same")
            and found.activation.__name__ == layer.activation for found, layer in zip(convolutions, table, strict=True))
    return spec if all(fits) and convolutions[-1].filters == spec.alphabet.size else None


def _convolution(layer: LayerSpec, seed: int | None) -> keras.layers.Conv1D:
    return keras.layers.Conv1D(layer.filters, layer.kernel, strides=layer.stride, padding="same",
                               activation=layer.activation, name=layer.name,
                               kernel_initializer=keras.initializers.GlorotUniform(seed))


def _seeds(seed: int | None, n_layers: int) -> list[int | None]:
    """Draw one seed per layer: layers of one shape would start equal if all had the network's own."""
    if seed is None:
        return [None] * n_layers
    return np.random.SeedSequence(seed).generate_state(n_layers).astype(int).tolist()
