"""A SavedModel that `tf.saved_model.load` reads without this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf

from wavegan_tf.errors import ExportError
from wavegan_tf.export.signatures import signature_functions
from wavegan_tf.models.family import Networks
from wavegan_tf.models.trilinear import standard_gradients

__all__ = ["load_saved_model", "write_saved_model"]


def write_saved_model(networks: Networks, code: str, metadata: str, folder: str | Path) -> None:
    """Write a SavedModel with the functions of `signature_functions` as signatures, `generate` being the default.

    Gradients for the inputs can be taken through it. Loaded, it also has a function `metadata()` that returns a string.

    Args:
        networks: the trained networks.
        code: kind of code.
        metadata: JSON text to travel inside.
        folder: where `saved_model.pb` and `variables/` go.
    """
    functions = signature_functions(networks, code)
    root = tf.Module(name="wavegan_tf")
    root.weights = {weight.path: weight.value for network in networks.named().values() for weight in network.weights}
    root.metadata = tf.function(lambda: tf.constant(metadata), input_signature=[])
    with standard_gradients():  # saving traces
        tf.saved_model.save(root, str(folder), signatures={**functions, "serving_default": functions["generate"]})


def load_saved_model(folder: str | Path) -> tuple[Any, str]:
    """Load a SavedModel of `write_saved_model`.

    Returns:
        The loaded object, whose `signatures` are callable, and its metadata.

    Raises:
        ExportError: it cannot be read, or is a SavedModel of another kind; the message lists its signatures.
    """
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
    return loaded, loaded.metadata().numpy().decode("utf-8")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
