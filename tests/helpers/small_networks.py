"""Small networks with the structure of W2L, and sequences for them, for tests of profiles."""

import keras
import numpy as np

from snap_tf.asr.network.wav2letter import build_network

CLASSES = 5


def small_network(seed: int = 0, activation: str = "relu") -> keras.Model:
    """Normalisation before every convolution, even and odd kernels, stride 2, padding; 5 classes."""
    inputs = keras.Input((None, 6), name="features")
    x = inputs
    for i, (filters, kernel, stride) in enumerate([(8, 6, 2), (9, 8, 1)], start=1):
        x = keras.layers.BatchNormalization(name=f"norm_{i}")(x)
        x = keras.layers.Conv1D(filters, kernel, strides=stride, padding="same", activation=activation,
                                name=f"layer_{i}")(x)
    x = keras.layers.Conv1D(CLASSES, 1, name="layer_3")(keras.layers.BatchNormalization(name="norm_3")(x))
    return with_random_weights(keras.Model(inputs, x, name="small"), seed)


def with_random_weights(network: keras.Model, seed: int) -> keras.Model:
    """Draw all weights anew, moving statistics too, so that no normalisation is an identity."""
    rng = np.random.default_rng(seed)
    for weight in network.weights:
        scale = 1.0 / np.sqrt(np.prod(weight.shape[:-1])) if len(weight.shape) > 1 else 0.3
        values = rng.normal(0, scale, weight.shape)
        if weight.path.endswith(("gamma", "moving_variance")):
            values = np.exp(values)
        weight.assign(values)
    return network


def narrow_recogniser(model: str = "W2L", width: float = 1 / 64, seed: int = 0) -> keras.Model:
    return with_random_weights(build_network(model, width), seed)


def sequences(lengths=(50, 63, 41, 58), channels: int = 6, seed: int = 1) -> list[np.ndarray]:
    """Smooth noise."""
    rng = np.random.default_rng(seed)
    made = []
    for n in lengths:
        noise = rng.normal(0, 1, (n + 4, channels))
        made.append(sum(noise[i:i + n] for i in range(5)).astype(np.float32))
    return made


def annotations(lengths, words=("aa", "s", "t"), seed: int = 2, steps: int = 7) -> list[list[str]]:
    """Words of `steps` steps; the last stretch has none."""
    rng = np.random.default_rng(seed)
    return [[w for _ in range(-(-n // steps)) for w in [str(rng.choice(words))] * steps][:n - 3] + [""] * 3
            for n in lengths]


def parts_of(network: keras.Model) -> list:
    """The network as (layer, function) from input to logits, normalisation before its convolution."""
    layers = [layer for layer in network.layers if not isinstance(layer, keras.layers.InputLayer)]
    pairs = zip(layers[::2], layers[1::2], strict=True)
    return [(conv.name, lambda x, n=norm, c=conv: c(n(x, training=False))) for norm, conv in pairs]
