"""Cascading randomisation: the weights of a network are shuffled layer by layer, from the output down.

Source: Adebayo et al. 2018, Sanity checks for saliency maps, section 3.1 (cascading randomisation).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snap_tf.snap.network.networks import Network, open_network
from wavegan_tf.errors import ConfigError
from wavegan_tf.tensors import KerasLayer, KerasModel

__all__ = ["cascade", "copied", "layers_with_kernels"]


def copied(network: Network) -> Network:
    """Return a network of its own with the same weights, to be changed.

    Raises:
        ConfigError: it cannot be copied.
    """
    import keras

    model = network.probe.network
    try:
        copy = keras.models.clone_model(model)
        if not copy.built:
            copy.build((None, *network.probe.input_shape))
        copy.set_weights(model.get_weights())
    except (NotImplementedError, TypeError, ValueError) as error:
        reason = " ".join(str(error).strip().split("\n\n")[0].split())  # Keras goes on with a page of example
        raise ConfigError(f"model (={network.probe.name}) must be a Keras network that can be copied: {reason}; give "
                          "it a get_config") from error
    return open_network(copy, layers=[layer.name for layer in network.probe.layers], rate_hz=network.probe.rate_hz,
                        classes=network.classes)


def cascade(network: Network, seed: int) -> Iterator[tuple[str, Network]]:
    """Yield a copy of a network with one more layer randomised each time (cascading randomisation).

    The entries of each weight of a layer are shuffled, so that their distribution stays; layers without a kernel, such
    as batch normalisation, stay as they are.

    Args:
        network: stays as it is.
        seed: of the shuffles.

    Yields:
        Name of the lowest randomised layer, and the copy; first the copy as it is, with an empty name. It is the same
        copy each time.

    Raises:
        ConfigError: see `copied`.
    """
    rng = np.random.default_rng(seed)
    copy = copied(network)
    yield "", copy
    for layer in reversed(layers_with_kernels(copy.probe.network)):
        for weight in layer.weights:
            weight.assign(rng.permutation(weight.numpy().ravel()).reshape(weight.shape))
        yield layer.name, copy


def layers_with_kernels(model: KerasModel) -> list[KerasLayer]:
    """List the layers that have a weight of more than one axis, in the order of the network, nested ones included."""
    found = []
    for layer in model.layers:
        if getattr(layer, "layers", None):
            found += layers_with_kernels(layer)
        elif any(len(weight.shape) > 1 for weight in layer.weights):
            found.append(layer)
    return found
