"""Read Keras files (`.keras`, `.h5`) without running Python code in them; an error says what to do where that fails."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from wavegan_tf.errors import ExportError
from wavegan_tf.formats.json_files import parse_json
from wavegan_tf.tensors import KerasModel

__all__ = ["is_keras_file", "one_line", "read_keras"]

SUFFIXES = (".keras", ".h5", ".hdf5")
_INERT = {"time_major": False}
"""Settings of Keras 2 that Keras 3 no longer has, with the value that means what Keras 3 does."""
_LONGEST = 300
# pattern of Keras' message; what is wrong (the message itself where empty); what to do
_KINDS = (
    (r"`?Lambda`? layer|unsafe deserialization|safe_mode|unsafe", "it brings Python code along, such as a Lambda layer",
     "code may do anything: where you know its maker, run it with --trust, in Python trust=True"),
    (r"(?:Could not locate (?:class|function)|Unknown (?:layer|object|activation function|initializer)):? '([^']+)'",
     "it has parts of its maker's own ({0})", "Keras needs their Python class: in Python, load it with "
     "keras.saving.load_model(FILE, custom_objects=...) and give the model to snap_tf.probe.probe"),
    (r"[Uu]nrecognized keyword", "", "it was written by another version of Keras: build the same model in Keras 3, "
     "take over the weights (new.set_weights(old.get_weights()) or new.load_weights(FILE)) and save it as .keras; "
     "for a file of a newer Keras 3, update Keras"),
    (r"model_config|No model config", "it holds weights and no model", "save the whole model with model.save"),
    (r"accessible `.keras` zip|file signature not found|truncated", "it is damaged, or no such file",
     "copy or save it again"),
)


def is_keras_file(path: Any) -> bool:
    """Tell whether something is a path with the suffix of a Keras file."""
    return isinstance(path, str | Path) and Path(path).suffix.lower() in SUFFIXES


def read_keras(path: str | Path, trust: bool = False) -> KerasModel:
    """Read a Keras model from a file.

    Args:
        path: `.keras`, or a whole model in `.h5`, also of Keras 2.
        trust: run Python code in the file, such as that of Lambda layers.

    Raises:
        ExportError: no such file, a damaged file, code that is not trusted, custom layers, settings of other versions.
    """
    path = Path(path)
    if not path.is_file():
        raise ExportError(f"model (={path}) must be an existing file; check the path")
    try:
        try:
            return _load(path, trust)
        except (TypeError, ValueError):
            if path.suffix.lower() == ".keras":
                raise
            return _load_without_inert_settings(path, trust)
    except Exception as error:  # h5py, zipfile and Keras report damage in many ways
        said, remedy = _told(error)
        raise ExportError(f"model (={path}) must be readable by Keras: {said}; {remedy}") from error


def _told(error: Exception) -> tuple[str, str]:
    """Say what is wrong with a Keras file, and what to do."""
    for pattern, what, remedy in _KINDS:
        found = re.search(pattern, str(error))
        if found:
            return what.format(*found.groups()) or one_line(error), remedy
    return one_line(error), "copy or save it again"


def one_line(error: BaseException) -> str:
    """Shorten an error message of Keras or TensorFlow to one line: its first paragraph, without colours."""
    text = str(error).replace("\x1b[1m", "").replace("\x1b[0m", "")
    parts = [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
    if len(parts) > 1 and parts[0].startswith("Exception encountered when calling"):
        parts = [f"{parts[0].rstrip('.')}: {parts[1]}"]
    said = (parts[0] if parts else type(error).__name__).rstrip(".:;")
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."


def _load(path: Path, trust: bool) -> KerasModel:
    import keras

    return keras.saving.load_model(path, compile=False, safe_mode=not trust)


def _load_without_inert_settings(path: Path, trust: bool) -> KerasModel:
    """Read a copy of an HDF5 file without the settings that Keras 3 does not know but agrees with."""
    import h5py

    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(path, folder)
        with h5py.File(copy, "r+") as file:
            text = file.attrs["model_config"]
            config = parse_json(text, f"configuration of the model (={path})", finite=False)
            file.attrs["model_config"] = json.dumps(_without_inert(config))
        return _load(Path(copy), trust)


def _without_inert(config: Any) -> Any:
    if isinstance(config, list):
        return [_without_inert(part) for part in config]
    if not isinstance(config, dict):
        return config
    return {name: _without_inert(value) for name, value in config.items()
            if not (name in _INERT and value is _INERT[name])}
