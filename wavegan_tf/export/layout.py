"""Names of the files in an exported model and in a run, and how to tell the two apart."""

from __future__ import annotations

from pathlib import Path

from wavegan_tf.errors import DataError
from wavegan_tf.files.outputs import real_path
from wavegan_tf.formats.json_files import read_json

__all__ = ["CARD_NAME", "CONFIG_NAME", "METADATA_NAME", "SAVED_MODEL_NAME", "WEIGHTS_FOLDER", "is_export",
           "is_of_another_program", "is_run", "run_root", "weights_file"]

CONFIG_NAME = "config.json"
METADATA_NAME = "model.json"
CARD_NAME = "CARD.md"
SAVED_MODEL_NAME = "saved_model.pb"
WEIGHTS_FOLDER = "weights"
CHECKPOINTS_FOLDER = "checkpoints"


def weights_file(network: str) -> str:
    """Return where in an export the Keras weights of `generator`, `discriminator` or `q_network` are."""
    return f"{WEIGHTS_FOLDER}/{network}.weights.h5"


def is_export(path: str | Path) -> bool:
    """Tell whether a folder is an exported model, or a SavedModel of another kind."""
    return (Path(path) / METADATA_NAME).is_file() or (Path(path) / SAVED_MODEL_NAME).is_file()


def is_run(path: str | Path) -> bool:
    """Tell whether a folder is that of a run, or of one of its checkpoints."""
    return (run_root(path) / CONFIG_NAME).is_file() and not is_export(path)


def is_of_another_program(path: str | Path) -> bool:
    """Tell whether the settings in a folder are not those of a GAN's run, such as those of a recogniser."""
    try:
        return "network" not in read_json(run_root(path) / CONFIG_NAME)
    except DataError:
        return False


def run_root(path: str | Path) -> Path:
    """Return the folder of a run, given that or one of its checkpoints."""
    path = real_path(path)
    return path.parent.parent if path.parent.name == CHECKPOINTS_FOLDER else path
