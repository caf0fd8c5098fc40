"""A trained model on NumPy arrays: generate, score, classify, read layers; batch by batch, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from wavegan_tf.config import RunConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.export.metadata import ModelMetadata
from wavegan_tf.export.signatures import LAYER_SIGNATURES
from wavegan_tf.models.family import Networks
from wavegan_tf.models.layer_taps import LayerTap
from wavegan_tf.tensors import Tensor

__all__ = ["Model"]

SAMPLES_AT_ONCE = 2**20
"""Audio samples in a batch: 64 examples of 16384 samples need about half a gigabyte with `dim` 64."""


class Model:
    """Trained networks, from a run or from an export; NumPy arrays in and out.

    Attributes:
        metadata: settings, step, layers.
        networks: our classes with the weights; None for a SavedModel that is trusted to run itself.
        saved_model: that SavedModel, loaded; else None.
        batch_size: examples computed at once; results for one model depend on it only through rounding (and, with
            `batchnorm` = tf1, through the statistics of the batch).
    """

    def __init__(self, functions: dict[str, Callable[[Tensor], dict[str, Tensor]]], metadata: ModelMetadata,
                 networks: Networks | None = None, saved_model: Any = None) -> None:
        self.metadata = metadata
        self.networks = networks
        self._functions = functions
        self.saved_model = saved_model  # its functions work only as long as it lives
        network = metadata.config.network
        self.batch_size = max(1, SAMPLES_AT_ONCE // (network.slice_len * network.channels))

    @property
    def config(self) -> RunConfig:
        """Settings of the run."""
        return self.metadata.config

    @property
    def step(self) -> int:
        """Generator updates that made the weights."""
        return self.metadata.step

    @property
    def has_classifier(self) -> bool:
        """Whether there is a Q-network."""
        return "classify" in self._functions

    def generate(self, z: np.ndarray) -> np.ndarray:
        """Generate audio.

        Args:
            z: float [n, latent_dim], the code first; see `wavegan_tf.latent`.

        Returns:
            float32 [n, slice_len, channels], in [-1, 1] without a post filter.

        Raises:
            ConfigError: z has another shape.
        """
        return _join(self.stream("generate", z))["audio"]

    def discriminate(self, audio: np.ndarray) -> np.ndarray:
        """Score audio: float [n, slice_len, channels] -> float32 [n].

        Raises:
            ConfigError: audio of another shape.
        """
        return _join(self.stream("discriminate", audio))["score"]

    def classify(self, audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Classify audio: estimate its code with the Q-network.

        Args:
            audio: float [n, slice_len, channels].

        Returns:
            logits: float32 [n, code_dim].
            probabilities: float32 [n, code_dim]; softmax for one-hot codes, one sigmoid for each bit.

        Raises:
            ConfigError: audio of another shape, or a model without Q-network.
        """
        answer = _join(self.stream("classify", audio))
        return answer["logits"], answer["probabilities"]

    def layer_taps(self, network: str) -> tuple[LayerTap, ...]:
        """List the layers of `generator`, `discriminator` or `q_network`.

        Raises:
            ConfigError: the model has no such network.
        """
        if network not in self.metadata.layers:
            raise ConfigError(f"network (={network}) must be one of {', '.join(self.metadata.layers)}")
        return self.metadata.layers[network]

    def layers(self, network: str, inputs: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
        """Run a network and yield, batch by batch, every layer after its activation.

        Args:
            network: `generator`, `discriminator` or `q_network`.
            inputs: float [n, latent_dim] for the generator, float [n, slice_len, channels] for the others.

        Yields:
            By layer name, first to last, float32 [batch, steps, channels]; score and logits are [batch, values].

        Raises:
            ConfigError: the model has no such network, or inputs of another shape.
        """
        names = [tap.name for tap in self.layer_taps(network)]
        return ({name: answer[name] for name in names} for answer in self.stream(LAYER_SIGNATURES[network], inputs))

    def stream(self, signature: str, inputs: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
        """Call a signature batch by batch; the results, concatenated, are those for all inputs."""
        if signature not in self._functions:
            why = "" if self.has_classifier else "; it was trained without a code and has no Q-network"
            raise ConfigError(f"signature (={signature}) must be one of {', '.join(self._functions)} for this "
                              f"model{why}")
        network = self.config.network
        of_z = signature in ("generate", "generator_layers")
        shape = (network.latent_dim,) if of_z else (network.slice_len, network.channels)
        inputs = np.asarray(inputs, np.float32)
        if inputs.ndim != len(shape) + 1 or inputs.shape[1:] != shape:
            raise ConfigError(f"{'z' if of_z else 'audio'} (shape {list(inputs.shape)}) must be of shape "
                              f"[n, {', '.join(map(str, shape))}] for this model")
        return self._batches(self._functions[signature], inputs)

    def _batches(self, function: Callable[[Tensor], dict[str, Tensor]], inputs: np.ndarray
                 ) -> Iterator[dict[str, np.ndarray]]:
        for start in range(0, max(len(inputs), 1), self.batch_size):
            answer = function(inputs[start : start + self.batch_size])
            yield {name: np.asarray(values) for name, values in answer.items()}


def _join(batches: Iterator[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    parts = list(batches)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
