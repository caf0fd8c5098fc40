"""Export of a recogniser: Keras file, SavedModel that takes spectrograms or audio, and a description."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from snap_tf.asr.card import recogniser_card
from snap_tf.asr.evaluation import Evaluation
from snap_tf.asr.network.layer_table import layer_table
from snap_tf.asr.network.receptive_field import receptive_field
from snap_tf.asr.network.wav2letter import layers_of
from snap_tf.asr.runs import NETWORK_NAME, SCORES_NAME, Recogniser
from snap_tf.asr.settings import CONFIG_NAME
from snap_tf.asr.spectrograms.features import FLOOR, log_mel
from snap_tf.asr.spectrograms.spectrogram_geometry import HOP_SAMPLES, N_FFT, N_MELS, RATE_HZ
from wavegan_tf import __version__
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.export.checksums import write_checksums
from wavegan_tf.export.disk import disk_errors
from wavegan_tf.formats.json_files import json_text, read_json
from wavegan_tf.formats.plain_files import is_there

__all__ = ["CARD_NAME", "SAVED_MODEL_FOLDER", "describe", "export_recogniser"]

SAVED_MODEL_FOLDER = "saved_model"
DESCRIPTION_NAME = "recogniser.json"
CARD_NAME = "CARD.md"


def export_recogniser(recogniser: Recogniser, out: str | Path, test: Evaluation | None = None,
                      tested_on: str = "", *, compact: bool = False) -> Path:
    """Export a recogniser as a Keras file and a SavedModel, for programs that do not have this package.

    The folder holds `network.keras` (Keras' own layers only), `saved_model/` with the signatures `serving_default`
    (`features` float32 [batch, n_steps, 128] -> `logits`) and `from_audio` (`audio` float32 [batch, n_samples] at
    16 kHz -> `features`, `logits`), `recogniser.json` (see `describe`), a model card (`CARD.md`), where known the run's
    `config.json`, and checksums.

    Args:
        recogniser: see `open_recogniser`.
        out: a new or empty folder.
        test: scores for the model card, see `evaluate_corpus`.
        tested_on: the data of these scores, in words.
        compact: a small export without SavedModel; kernels are rounded to 8 significant bits (as bfloat16), so that
            the compressed Keras file takes about 40 % of the bytes. Logits change by about 1 %.

    Returns:
        The folder.

    Raises:
        ExportError: `out` is not empty.
        OSError: a file cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from snap_tf.asr import PHONES, Recogniser, build_network, export_recogniser
        >>> network = build_network("W2P_shallow", width=1 / 64)  # or that of open_recogniser
        >>> recogniser = Recogniser(network, PHONES, config=None, source=Path("network.keras"))
        >>> folder = export_recogniser(recogniser, "exported", compact=True)
        >>> sorted(path.name for path in folder.iterdir())
        ['CARD.md', 'SHA256SUMS', 'network.keras', 'recogniser.json']
    """
    with atomic_folder(out) as folder, disk_errors(out):
        if compact:
            _save_compact(recogniser.network, folder / NETWORK_NAME)
        else:
            recogniser.network.save(folder / NETWORK_NAME)
            _write_saved_model(recogniser, folder / SAVED_MODEL_FOLDER)
        (folder / DESCRIPTION_NAME).write_text(json_text(describe(recogniser)), encoding="utf-8")
        if recogniser.config is not None:
            (folder / CONFIG_NAME).write_text(recogniser.config.to_json(), encoding="utf-8")
        (folder / CARD_NAME).write_text(recogniser_card(recogniser, Path(out).name, test, tested_on, compact),
                                        encoding="utf-8")
        write_checksums(folder)
    return Path(out)


def describe(recogniser: Recogniser) -> dict[str, Any]:
    """Describe a recogniser for programs that read its export, as plain JSON values.

    Returns:
        Model, classes in order (blank last), settings of the spectrograms, layers with rates, receptive field in steps
        (of published models), validation scores where the network's folder has them, version.
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
        "validation": read_json(scores, "validation scores", finite=False) if is_there(scores) else None,
        "version": __version__,
    }


def _save_compact(network: keras.Model, path: Path) -> None:
    """Save a copy with rounded kernels in a compressed archive, which Keras reads like any other."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    for layer in copy.layers:
        if isinstance(layer, keras.layers.Conv1D):
            rounded = tf.cast(tf.cast(layer.kernel.value, tf.bfloat16), tf.float32)
            layer.kernel.assign(rounded)
    loose = path.with_name(f"loose-{path.name}")
    copy.save(loose)
    with zipfile.ZipFile(loose) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    loose.unlink()


def _write_saved_model(recogniser: Recogniser, folder: Path) -> None:
    network = recogniser.network
    module = tf.Module()
    module.variables_ = [weight.value for weight in network.weights]  # a SavedModel keeps what its module holds

    def logits_of(features: tf.Tensor) -> dict[str, tf.Tensor]:
        features = tf.ensure_shape(features, [None, None, N_MELS])
        n = tf.shape(features)[0]  # TensorFlow's convolutions give an empty batch a wrong length: compute on zeros
        some = tf.pad(features, [[0, tf.cast(n == 0, tf.int32)], [0, 0], [0, 0]])
        return {"logits": network(some, training=False)[:n]}

    @tf.function(input_signature=[tf.TensorSpec([None, None, N_MELS], tf.float32, name="features")])
    def from_features(features: tf.Tensor) -> dict[str, tf.Tensor]:
        return logits_of(features)

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="audio")])
    def from_audio(audio: tf.Tensor) -> dict[str, tf.Tensor]:
        # a loaded signature takes whatever it is given: shapes are checked when it runs
        features = log_mel(tf.ensure_shape(audio, [None, None]))
        return {"features": features, **logits_of(features)}

    module.from_features, module.from_audio = from_features, from_audio
    tf.saved_model.save(module, str(folder), signatures={"serving_default": from_features, "from_audio": from_audio})
