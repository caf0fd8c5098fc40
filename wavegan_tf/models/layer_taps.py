"""Inner layers of a network by name, their sampling rates, and models that return their feature maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from wavegan_tf.errors import ConfigError
from wavegan_tf.tensors import KerasModel

if TYPE_CHECKING:
    import keras

__all__ = ["STAGES", "LayerTap", "tapped_model"]

STAGES = ("post", "pre")
"""After the activation (what the papers average), or before it (bias and batch normalisation included)."""


@dataclass(frozen=True)
class LayerTap:
    """Description of one inner layer: name, time steps, channels, sampling rate, activation function.

    Attributes:
        name: as in the released code, such as `upconv_2`.
        paper_name: as in Beguš & Zhou 2022, such as `Conv3`.
        steps: time steps; 0 for an output without time (score, logits).
        channels: feature maps.
        rate_hz: steps per second of audio; 0 without time.
        activation: what turns `pre` into `post`: relu, leaky_relu, tanh or linear.
    """

    name: str
    paper_name: str
    steps: int
    channels: int
    rate_hz: float
    activation: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return asdict(self)


def tapped_model(network: KerasModel, layers: Sequence[str] | None = None, stage: str = "post") -> keras.Model:
    """Make a Keras model that returns the feature maps of inner layers, by name; phase shuffle is off.

    Args:
        network: a `Generator`, `Discriminator` or `QNetwork`; weights are shared, not copied.
        layers: names out of `network.layer_taps()`; all by default.
        stage: `post` or `pre` the activation.

    Returns:
        A functional model whose output is a dictionary: float [batch, steps, channels] by layer name.

    Raises:
        ConfigError: an unknown layer or stage; the message lists those that exist.

    Example:
        >>> import numpy as np
        >>> from wavegan_tf.models import Generator, tapped_model
        >>> inner = tapped_model(Generator(dim=1), ["upconv_0", "upconv_1"])
        >>> {name: list(values.shape) for name, values in inner(np.zeros([2, 100], np.float32)).items()}
        {'upconv_0': [2, 64, 8], 'upconv_1': [2, 256, 4]}
    """
    import keras

    known = [tap.name for tap in network.layer_taps()]
    wanted = known if layers is None else list(layers)
    for name in wanted:
        if name not in known:
            raise ConfigError(f"layer (={name}) must be one of {', '.join(known)}")
    if stage not in STAGES:
        raise ConfigError(f"stage (={stage}) must be one of {', '.join(STAGES)}")
    inputs = keras.Input(network.example_shape, name=network.input_name)
    pre, post = network.trace(inputs)
    chosen = post if stage == "post" else pre
    return keras.Model(inputs, {name: chosen[name] for name in wanted}, name=f"{network.name}_layers")
