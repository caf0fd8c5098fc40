"""A network that takes audio or spectrograms, its classes, and the input made from a recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snap_tf.asr.spectrograms.spectrogram_geometry import INPUT_RATE_HZ, N_MELS, RATE_HZ
from snap_tf.probe import Probe
from snap_tf.snap.network.networks import RECOGNISER_FRAME_STEPS, Network, open_network
from wavegan_tf.data.audio.recording_audio import is_silence, normalize_peak, read_audio, silence_in_words
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.tensors import KerasModel

if TYPE_CHECKING:
    from snap_tf.asr.runs import Recogniser

__all__ = ["HeardBy", "open_listener"]


@dataclass(frozen=True)
class HeardBy:
    """A network whose inputs come from audio: log-mel spectrograms, or samples.

    Attributes:
        opened: the network.
        takes_mel: whether its inputs are spectrograms [steps, 128]; else audio [samples, channels].
        classes: names of its outputs.
        blank: number of CTC's blank among them, or None.
        output: name of the layer that holds the logits.
        own_names: the network's own names of its layers, by those that figures use, such as L5.
    """

    opened: Probe
    takes_mel: bool
    classes: tuple[str, ...]
    blank: int | None
    output: str
    own_names: Mapping[str, str]

    @property
    def output_rate_hz(self) -> float:
        """Steps per second of the output; 0 without time."""
        return self.opened.layer(self.output).rate_hz

    @property
    def rate_hz(self) -> float:
        """Steps per second of an input."""
        return self.opened.rate_hz

    @property
    def silence(self) -> float:
        """The lowest value that an input has where nothing sounds."""
        from snap_tf.asr.spectrograms.features import FLOOR

        return float(np.log(FLOOR)) if self.takes_mel else 0.0

    def read(self, path: str | Path) -> np.ndarray:
        """Make the input from a recording, as in training; audio is cut or filled up to the network's length.

        Returns:
            float32 [steps, channels].

        Raises:
            DataError: it cannot be decoded, or is empty.
            OSError: it cannot be read.
        """
        if self.takes_mel:
            import tensorflow as tf

            from snap_tf.asr.spectrograms.features import log_mel

            waveform = _not_empty(read_audio(path, RATE_HZ), path)
            return np.asarray(log_mel(tf.constant(waveform[:, 0])))
        channels = int(self.opened.input_shape[1] or 1)
        waveform = _not_empty(read_audio(path, round(self.opened.rate_hz), channels), path)
        config = self.opened.config
        if config is not None and config.data.normalize:
            if is_silence(waveform):
                raise DataError(f"audio file (={path}) must be louder; "
                                f"{silence_in_words(float(np.abs(waveform).max(initial=0.0)))}; record it again")
            waveform = normalize_peak(waveform)
        length = self.opened.input_shape[0] or len(waveform)
        return np.pad(waveform[:length], ((0, max(0, length - len(waveform))), (0, 0)))

    def neutral(self) -> np.ndarray:
        """Return an input that says nothing: what batch normalisation takes for the mean, or zeros.

        Returns:
            float32 [steps, channels]; 206 steps for spectrograms, a second for audio of any length.
        """
        if not self.takes_mel:
            length = self.opened.input_shape[0] or round(self.opened.rate_hz)
            return np.zeros((length, int(self.opened.input_shape[1] or 1)), np.float32)
        layers = getattr(self.opened.network, "layers", [])
        means = [layer.moving_mean.numpy() for layer in layers[:2] if hasattr(layer, "moving_mean")]
        mean = means[0] if means and means[0].shape == (N_MELS,) else np.zeros(N_MELS)
        return np.tile(mean.astype(np.float32), (self.opened.input_shape[0] or RECOGNISER_FRAME_STEPS, 1))

    def class_number(self, name: str) -> int:
        """Return the number of a class, given its name or number; a space may be called `space`.

        Raises:
            ConfigError: no such class; lists them.
        """
        called = ["space" if known == " " else known for known in self.classes]
        for names in (self.classes, called):
            if name in names:
                return names.index(name)
        if name.isdecimal() and int(name) < len(self.classes):
            return int(name)
        raise ConfigError(f"`class` (={name}) must be one of {' '.join(called)}, or a number")


def open_listener(model: Network | Recogniser | KerasModel | str | Path, *, part: str | None = None,
                  step: int | None = None, trust: bool = False) -> HeardBy:
    """Open a network for saliency maps of recordings: its inputs are log-mel spectrograms or samples.

    Args:
        model: a recogniser (run, exported folder), a run or exported model of `wavegan-tf`, a Keras file or model.
            Inputs of 128 channels are taken for log-mel spectrograms, of 1 or 2 for audio.
        part: of a model of `wavegan-tf`: `q_network` (default) or `discriminator`.
        step: which checkpoint of its run.
        trust: see `snap_tf.probe.probe`.

    Raises:
        ConfigError: a network that hears no audio, a wrong part, a SavedModel that runs itself.
        ExportError: the path is no model.

    Example:
        >>> from snap_tf.snap import open_listener
        >>> network = open_listener("saved_models/fiwgan")
        >>> network.takes_mel, network.rate_hz, len(network.classes)
        (False, 16000.0, 3)
    """
    network = open_network(model, part=part, step=step, trust=trust)
    opened, shape = network.probe, network.probe.input_shape
    if len(shape) != 2 or shape[1] not in (1, 2, N_MELS) or opened.network is None:
        what = "a SavedModel that runs itself" if opened.network is None else f"inputs of shape {list(shape)}"
        raise ConfigError(f"model (={opened.name}) must be a Keras network that hears audio [samples, channels] or "
                          f"log-mel spectrograms [steps, {N_MELS}]; it has {what}")
    if shape[1] == N_MELS and opened.rate_hz != INPUT_RATE_HZ:  # a Keras model does not say at which rate inputs come
        network = open_network(opened.network, rate_hz=INPUT_RATE_HZ)
    classes = ("score",) if network.output == "score" else network.classes
    return HeardBy(network.probe, shape[1] == N_MELS, classes, network.blank, network.output,
                   {layer.paper_name: layer.name for layer in network.layers})


def _not_empty(waveform: np.ndarray, path: str | Path) -> np.ndarray:
    if not len(waveform):
        raise DataError(f"audio file (={path}) must hold samples; it is empty; record it again")
    return waveform
