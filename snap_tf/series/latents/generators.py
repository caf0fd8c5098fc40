"""Open the generator of a model and generate audio from latent vectors, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from snap_tf.keras_files import is_keras_file
from snap_tf.layer_choice import Layers
from snap_tf.layer_info import LayerInfo
from snap_tf.probe import Probe, probe
from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.tensors import KerasModel

__all__ = ["generated_audio", "latent_names", "network_config", "open_generator", "output_layer"]


def open_generator(model: str | Path | KerasModel, layers: Layers = None, *, step: int | None = None,
                   stage: str = "post", with_output: bool = False, trust: bool = False) -> Probe:
    """Open the generator of a model, to read its layers and its audio.

    Args:
        model: a run folder, an exported model, a Keras file or a Keras model.
        layers: which layers; see `snap_tf.probe.probe`.
        step: which checkpoint of a run.
        stage: which tensor of a layer.
        with_output: add the audio to the layers, if it is not among them.
        trust: see `snap_tf.probe.probe`.

    Raises:
        ConfigError: the model has no generator, or no such layer.
        ExportError: the path is no model.

    Example:
        >>> from snap_tf.series import open_generator
        >>> generator = open_generator("saved_models/fiwgan", ["Conv2"], with_output=True)
        >>> [(layer.paper_name, layer.rate_hz) for layer in generator.layers]
        [('Conv2', 250.0), ('Conv5', 16000.0)]
    """
    is_run = isinstance(model, str | Path) and not is_keras_file(model)
    options: dict[str, Any] = {"trust": trust, **({"part": "generator", "step": step} if is_run else {})}
    opened = probe(model, layers, stage=stage, **options)
    if opened.takes_audio:
        raise ConfigError(f"model (={opened.name}) must be a generator, which takes latent vectors; it takes audio")
    if with_output and layers is not None and not callable(layers):
        every = probe(model, None, stage=stage, **options)
        if output_layer(every).name not in {layer.name for layer in opened.layers}:
            wanted = [layer.name for layer in opened.layers]
            opened = probe(model, [*wanted, output_layer(every).name], stage=stage, **options)
    return opened


def network_config(generator: Probe) -> NetworkConfig:
    """Return the settings of a generator's network; for a Keras model only the length of z is known."""
    return (generator.config.network if generator.config
            else NetworkConfig(latent_dim=int(generator.input_shape[0] or 0)))


def output_layer(generator: Probe) -> LayerInfo:
    """Return the layer that is the audio: the last one.

    Raises:
        ConfigError: the last layer has a lower rate than the audio.
    """
    last = generator.layers[-1]
    if last.steps != generator.length:
        raise ConfigError(f"layers must include the output to hear it; they are "
                          f"{', '.join(layer.title for layer in generator.layers)}; leave --layers out")
    return last


def generated_audio(generator: Probe, z: np.ndarray, *, progress: bool = False) -> Iterator[np.ndarray]:
    """Generate audio from latent vectors; several channels are averaged into one.

    Args:
        generator: opened with its output among the layers.
        z: float [n, latent_dim].
        progress: show a bar on stderr.

    Yields:
        float32 [batch, n_samples].

    Example:
        >>> import numpy as np
        >>> from snap_tf.series import generated_audio, open_generator
        >>> generator = open_generator("saved_models/fiwgan")
        >>> next(generated_audio(generator, np.zeros((2, 100)))).shape
        (2, 16384)
    """
    name = output_layer(generator).name
    for batch in generator.run(z, "mean", progress=progress):
        yield batch[name]


def latent_names(config: NetworkConfig) -> list[str]:
    """Name the latent variables: `code0`, ... for values of the code, `z8`, ... for noise; numbers count from 0."""
    return [f"{'code' if i < config.code_dim else 'z'}{i}" for i in range(config.latent_dim)]
