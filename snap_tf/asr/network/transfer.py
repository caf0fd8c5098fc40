"""Transfer learning in two steps: lower layers of a phone recogniser, frozen; then all layers fine-tuned.

W2L_TL_frozen takes layers 1 to 5 of W2P_shallow with their batch normalisation and gets fresh layers 6 to 12; what it
took is frozen, and its batch normalisation stays in inference mode. W2L_TL_finetuned starts from all of W2L_TL_frozen;
everything is trained except batch normalisation: gamma, beta and statistics stay as they are.

Source: Krug et al. 2021, section 3.2.
"""

from __future__ import annotations

import hashlib

import keras

from snap_tf.asr.network.layer_table import MODELS, SHARED_LAYERS, layer_table
from snap_tf.asr.network.wav2letter import build_network
from wavegan_tf.errors import ConfigError

__all__ = ["check_source", "freeze_for_training", "start_network", "transferred_layers", "weights_sha256"]


def start_network(model: str, width: float = 1.0, seed: int | None = None,
                  source: keras.Model | None = None) -> keras.Model:
    """Build the network that training starts from: random weights, or weights transferred from a source.

    Args:
        model: one of `layer_table.MODELS`.
        width: of the hidden layers; the source must have the same.
        seed: of the layers that start from random weights.
        source: the network to take layers from: a W2P_shallow for W2L_TL_frozen, a W2L_TL_frozen for
            W2L_TL_finetuned, None for all others. It is not changed.

    Returns:
        A new network, with layers frozen as in `freeze_for_training`.

    Raises:
        ConfigError: a source is missing, is not allowed, is another model, or has another width.

    Source: Krug et al. 2021, section 3.2.
    """
    check_source(model, width, source)
    network = build_network(model, width, seed)
    if source is not None:
        for name in transferred_layers(model):
            network.get_layer(name).set_weights(source.get_layer(name).get_weights())
    freeze_for_training(network)
    return network


def check_source(model: str, width: float, source: keras.Model | None) -> None:
    """Check that the source of transfer fits the model; arguments and errors as in `start_network`."""
    wanted = MODELS[model].source
    if source is None:
        if wanted:
            raise ConfigError(f"`from` must name a run of {wanted} for {model}; train one first: snap-tf asr train "
                              f"{wanted}")
        return
    if source.name != wanted:
        rule = f"a run of {wanted} for {model}" if wanted else f"left out for {model}, which starts from random weights"
        raise ConfigError(f"`from` (={source.name}) must be {rule}")
    for spec in layer_table(model, width)[:len(transferred_layers(model)) // 2]:
        theirs = source.get_layer(spec.name)
        if (theirs.filters, theirs.kernel_size, theirs.strides) != (spec.filters, (spec.kernel,), (spec.stride,)):
            raise ConfigError(f"`from` (={source.name}) must have the width of the new network (={width}); its "
                              f"{spec.name} has {theirs.filters} filters instead of {spec.filters}; set --width to "
                              "that of the source")


def freeze_for_training(network: keras.Model) -> None:
    """Freeze the layers that the model's name asks for; frozen batch normalisation runs in inference mode."""
    for layer in network.layers:
        if network.name == "W2L_TL_frozen":
            layer.trainable = layer.name not in transferred_layers(network.name)
        elif network.name == "W2L_TL_finetuned":
            layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)


def transferred_layers(model: str) -> tuple[str, ...]:
    """List the layers that a model takes from its source, batch normalisation included; none without a source."""
    if model == "W2L_TL_frozen":
        depth = SHARED_LAYERS
    elif model == "W2L_TL_finetuned":
        depth = MODELS[model].depth
    else:
        depth = 0
    return tuple(f"{kind}_{i}" for i in range(1, depth + 1) for kind in ("norm", "layer"))


def weights_sha256(network: keras.Model) -> str:
    """Return a checksum of all weights, moving statistics included."""
    digest = hashlib.sha256()
    for weight in network.weights:
        digest.update(weight.numpy().tobytes())
    return digest.hexdigest()
