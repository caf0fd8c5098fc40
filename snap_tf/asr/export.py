"""A recogniser for elsewhere: Keras file, SavedModel that takes spectrograms or audio, and a description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tensorflow as tf

from snap_tf.asr.features import FLOOR, log_mel
from snap_tf.asr.layer_table import layer_table
from snap_tf.asr.receptive_field import receptive_field
from snap_tf.asr.runs import NETWORK_NAME, SCORES_NAME, Recogniser
from snap_tf.asr.settings import CONFIG_NAME
from snap_tf.asr.spectrogram_geometry import HOP_SAMPLES, N_FFT, N_MELS, RATE_HZ
from snap_tf.asr.wav2letter import layers_of
from wavegan_tf import __version__
from wavegan_tf.atomic import atomic_folder

__all__ = ["SAVED_MODEL_FOLDER", "describe", "export_recogniser"]

SAVED_MODEL_FOLDER = "saved_model"
DESCRIPTION_NAME = "recogniser.json"


def export_recogniser(recogniser: Recogniser, out: str | Path) -> Path:
    """Write a recogniser for use elsewhere.

    The folder holds `network.keras` (Keras' own layers only), `saved_model/` with the signatures `serving_default`
    (`features` float32 [batch, n_steps, 128] -> `logits`) and `from_audio` (`audio` float32 [batch, n_samples] at
    16 kHz -> `features`, `logits`), `recogniser.json` (see `describe`) and, where known, the run's `config.json`.

    Args:
        recogniser: see `runs.open_recogniser`.
        out: a new or empty folder.

    Raises:
        ExportError: `out` is not empty.
        OSError: a file cannot be written.
    """
    with atomic_folder(out) as folder:
        recogniser.network.save(folder / NETWORK_NAME)
        _write_saved_model(recogniser, folder / SAVED_MODEL_FOLDER)
        (folder / DESCRIPTION_NAME).write_text(json.dumps(describe(recogniser), indent=2, ensure_ascii=False) + "\n",
                                               encoding="utf-8")
        if recogniser.config is not None:
            (folder / CONFIG_NAME).write_text(recogniser.config.to_json(), encoding="utf-8")
    return Path(out)


def describe(recogniser: Recogniser) -> dict[str, Any]:
    """Say what a program that reads a recogniser must know, as plain JSON values.

    Returns:
        Model, classes in order (blank last), how spectrograms are made, layers with rates, receptive field in steps
        (of published models), validation scores where they lie beside the network, version.
    """
    network, config = recogniser.network, recogniser.config
    scores = recogniser.source.with_name(SCORES_NAME)
    return {
        "model": network.name,
        "classes": list(recogniser.alphabet.symbols),
        "features": {"rate_hz": RATE_HZ, "n_fft": N_FFT, "hop_samples": HOP_SAMPLES, "n_mels": N_MELS,
                     "scale": f"natural logarithm of (mel power + {FLOOR}), centred frames"},
        "layers": [layer.to_dict() for layer in layers_of(network)],
        "receptive_field_steps": None if config is None else receptive_field(layer_table(config.model, config.width)),
        "validation": json.loads(scores.read_text(encoding="utf-8")) if scores.is_file() else None,
        "version": __version__,
    }


def _write_saved_model(recogniser: Recogniser, folder: Path) -> None:
    network = recogniser.network
    module = tf.Module()
    module.variables_ = [weight.value for weight in network.weights]  # a SavedModel keeps what its module holds

    @tf.function(input_signature=[tf.TensorSpec([None, None, N_MELS], tf.float32, name="features")])
    def from_features(features: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"logits": network(features, training=False)}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="audio")])
    def from_audio(audio: tf.Tensor) -> dict[str, tf.Tensor]:
        features = log_mel(audio)
        return {"features": features, "logits": network(features, training=False)}

    module.from_features, module.from_audio = from_features, from_audio
    tf.saved_model.save(module, str(folder), signatures={"serving_default": from_features, "from_audio": from_audio})
