"""A SavedModel that `tf.saved_model.load` reads without this package; and how its numbers are read without running it.

A SavedModel is a program: loading and calling it runs the operations in it, which can read and write any file. Of our
own exports only the numbers are taken, into networks of our classes; what else is in the file never runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

from wavegan_tf.errors import ExportError
from wavegan_tf.export.layout import METADATA_NAME
from wavegan_tf.export.signatures import signature_functions
from wavegan_tf.formats.plain_files import check_all_plain
from wavegan_tf.models.family import Networks
from wavegan_tf.models.trilinear import standard_gradients

__all__ = ["VARIABLES_FOLDER", "load_saved_model", "read_variables", "write_saved_model"]

VARIABLES_FOLDER = "variables"


def write_saved_model(networks: Networks, code: str, metadata: str, folder: str | Path) -> None:
    """Write a SavedModel with the functions of `signature_functions` as signatures, `generate` being the default.

    Gradients for the inputs can be taken through it. Loaded, it also has a function `metadata()` that returns a string.

    Args:
        networks: the trained networks.
        code: kind of code.
        metadata: JSON text that the function `metadata` returns.
        folder: where `saved_model.pb` and `variables/` go.
    """
    functions = signature_functions(networks, code)
    root = tf.Module(name="wavegan_tf")
    root.weights = {weight.path: weight.value for network in networks.named().values() for weight in network.weights}
    root.metadata = tf.function(lambda: tf.constant(metadata), input_signature=[])
    with standard_gradients():  # saving traces
        tf.saved_model.save(root, str(folder), signatures={**functions, "serving_default": functions["generate"]})


def read_variables(folder: str | Path, networks: Networks) -> None:
    """Load the weights in the `variables/` of our own SavedModel into networks; the SavedModel itself does not run.

    Raises:
        ExportError: they cannot be read, or are not those of such networks.
    """
    prefix = Path(folder) / VARIABLES_FOLDER / VARIABLES_FOLDER
    check_all_plain(prefix.parent.glob("*"), "variables")
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        for network in networks.named().values():
            for weight in network.weights:
                weight.assign(reader.get_tensor(_key(weight.path)))
    # a damaged file raises whatever its parser happens to meet
    except Exception as error:
        raise ExportError(f"variables (={prefix}) must be readable and fit the settings in {METADATA_NAME}: "
                          f"{_first_line(error)}; copy the folder again or export the run again") from error


def load_saved_model(folder: str | Path) -> tuple[Any, str]:
    """Load a SavedModel of unknown origin, a program that then runs, with the signatures of `write_saved_model`.

    Returns:
        The loaded object, whose `signatures` are callable, and its metadata.

    Raises:
        ExportError: it cannot be read, or is a SavedModel of another kind; the message lists its signatures.
    """
    check_all_plain(Path(folder).rglob("*"), "part of a SavedModel")
    try:
        loaded = tf.saved_model.load(str(folder))
    # a damaged file raises whatever its parser happens to meet
    except Exception as error:
        raise ExportError(f"SavedModel (={folder}) must be readable; TensorFlow says: {_first_line(error)}; export "
                          "the run again") from error
    signatures = sorted(getattr(loaded, "signatures", {}))
    if "generate" not in signatures or not hasattr(loaded, "metadata"):
        raise ExportError(f"SavedModel (={folder}) must be one that `wavegan-tf export` wrote, with the signatures "
                          f"generate, discriminate, ...; it has {', '.join(signatures) or 'no signatures'}")
    try:
        return loaded, loaded.metadata().numpy().decode("utf-8")
    except Exception as error:
        raise ExportError(f"SavedModel (={folder}) must say what it is in metadata(); that fails: "
                          f"{_first_line(error)}; export the run again") from error


def _key(path: str) -> str:
    """Name a weight as TensorFlow does in the checkpoint of a module that holds it in a dictionary `weights`."""
    return f"weights/{path.replace('.', '..').replace('/', '.S')}/.ATTRIBUTES/VARIABLE_VALUE"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
