"""The folder of a recogniser's run, and how to open a trained recogniser from it.

    RUN/config.json       the settings, written once
    RUN/best/             the network with the lowest validation error so far (network.keras), and what it scored
    RUN/checkpoints/      everything that training goes on from, with checksums
    RUN/metrics.csv       losses and error rates
    RUN/logs/             for TensorBoard
    RUN/sessions.jsonl    a line for every start and every end
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from snap_tf.asr.network.layer_table import MODELS
from snap_tf.asr.network.wav2letter import spec_of
from snap_tf.asr.settings import CONFIG_NAME, RecogniserConfig
from snap_tf.asr.spectrograms.spectrogram_geometry import N_MELS
from snap_tf.asr.transcripts.alphabet import Alphabet
from snap_tf.keras_files import read_keras
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.config import changed_fields
from wavegan_tf.errors import ConfigError, DataError, ExportError
from wavegan_tf.export.checksums import verify_checksums
from wavegan_tf.formats.json_files import read_json
from wavegan_tf.formats.plain_files import is_there
from wavegan_tf.training import runs

__all__ = ["NETWORK_NAME", "Recogniser", "check_run", "create_run", "open_recogniser", "save_best"]

BEST_FOLDER = "best"
NETWORK_NAME = "network.keras"
SCORES_NAME = "validation.json"


@dataclass(frozen=True)
class Recogniser:
    """A trained speech recogniser: its network and its alphabet.

    Attributes:
        network: functional Keras model, log-mel spectrograms [batch, steps, 128] -> logits [batch, steps / 2, classes].
        alphabet: the classes of its output.
        config: the settings of its run; None where only the network's file is known.
        source: the file it was read from.
    """

    network: keras.Model
    alphabet: Alphabet
    config: RecogniserConfig | None
    source: Path


def check_run(run: str | Path, config: RecogniserConfig) -> bool:
    """Tell whether a run exists already, and refuse one with other settings; see `wavegan_tf.training.runs`."""
    return runs.check_run(run, config, differ=changed_fields)


def create_run(run: str | Path, config: RecogniserConfig) -> None:
    """Make the folder of a run and write its settings; see `wavegan_tf.training.runs`."""
    runs.create_run(run, config, differ=changed_fields)


def save_best(run: str | Path, network: keras.Model, scores: dict[str, Any]) -> None:
    """Save a network as the best one so far, with its step and its validation scores."""
    with atomic_folder(Path(run) / BEST_FOLDER, replace=True) as folder:
        network.save(folder / NETWORK_NAME)
        (folder / SCORES_NAME).write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")


def is_run_of_recogniser(path: Path) -> bool:
    """Tell whether a folder holds the settings of `snap-tf asr train`, and not those of another program."""
    try:
        return read_json(path / CONFIG_NAME).get("model") in MODELS
    except (DataError, TypeError):
        return False


def open_recogniser(path: str | Path, trust: bool = False) -> Recogniser:
    """Read a trained recogniser from a run, an export or a Keras file.

    Args:
        path: the folder of a run (its best network is taken), an exported folder, or a `.keras` file. The alphabet is
            known because it is one of our networks, never from the number of its outputs.
        trust: see `keras_files.read_keras`; our networks need none.

    Raises:
        ConfigError: `path` is none of these.
        ExportError: the run has no network yet, or the file cannot be read or is not as it was exported.
        DataError: the network is no recogniser of this family.

    Example:
        >>> from snap_tf.asr import open_recogniser
        >>> recogniser = open_recogniser("saved_models/W2P_shallow")
        >>> recogniser.network.name, recogniser.alphabet.kind, recogniser.alphabet.size
        ('W2P_shallow', 'phone', 62)
    """
    path = Path(path)
    if path.is_dir():
        candidates = [path / BEST_FOLDER / NETWORK_NAME, path / NETWORK_NAME]
        file = next((c for c in candidates if c.is_file()), None)
        if file is None:
            if is_run_of_recogniser(path):
                raise ExportError(f"run (={path}) must have a validated network; it has none yet; train it further: "
                                  "snap-tf asr train")
            raise ConfigError(f"model (={path}) must be a run of `snap-tf asr train`, an exported recogniser or a "
                              f".keras file; the folder holds no {NETWORK_NAME}")
    else:
        file = path
    if not file.is_file() or file.suffix != ".keras":
        raise ConfigError(f"model (={path}) must be an existing run of `snap-tf asr train`, an exported recogniser or "
                          "a .keras file; check the path")
    verify_checksums(file.parent, [file.name])
    network = read_keras(file, trust)
    alphabet = _alphabet(network, file)
    config = path / CONFIG_NAME
    return Recogniser(network, alphabet, RecogniserConfig.load(config) if is_there(config) else None, file)


def _alphabet(network: keras.Model, file: Path) -> Alphabet:
    spec = spec_of(network)
    if spec is not None:
        return spec.alphabet
    shapes = [tuple(t.shape) for t in (*(getattr(network, "inputs", None) or ()),
                                       *(getattr(network, "outputs", None) or ()))]
    maps = f"it maps {', '.join(map(str, shapes[:-1]))} to {shapes[-1]}; " if len(shapes) > 1 else ""
    raise DataError(f"network (={file}) must map [batch, steps, {N_MELS}] to letters or phones as one that `snap-tf "
                    f"asr train` made; {maps}what its outputs mean is not known; it is no recogniser of this family; "
                    "snap-tf layers, profile and saliency take it as a network of another kind")
