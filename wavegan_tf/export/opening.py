"""Opening a trained model: a run folder, one of its checkpoints, or an exported model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from wavegan_tf.errors import ConfigError, ExportError
from wavegan_tf.export.checksums import verify_checksums
from wavegan_tf.export.layout import (
    METADATA_NAME,
    SAVED_MODEL_NAME,
    WEIGHTS_FOLDER,
    is_export,
    is_of_another_program,
    is_run,
    run_root,
    weights_file,
)
from wavegan_tf.export.metadata import ModelMetadata
from wavegan_tf.export.model import Model
from wavegan_tf.export.saved_model import VARIABLES_FOLDER, load_saved_model, read_variables
from wavegan_tf.export.signatures import signature_functions
from wavegan_tf.formats.plain_files import check_plain, read_text
from wavegan_tf.models.family import Networks, build_networks
from wavegan_tf.tensors import Tensor
from wavegan_tf.training.checkpoints import load_networks

__all__ = ["open_model"]


def open_model(path: str | Path, step: int | None = None, *, trust: bool = False) -> Model:
    """Open a trained model: a run folder, one of its checkpoints, or an exported model.

    Args:
        path: a run folder or one of its checkpoints (`RUN/checkpoints/step-...`), or a folder that `wavegan-tf export`
            or `import-tf1` wrote. Of the latter the weights are read into our classes, from `weights/` or where that
            is missing from the SavedModel's `variables/`; nothing in the SavedModel is run.
        step: of a run, which checkpoint; the last one by default.
        trust: run a SavedModel without the `model.json` that makes it one of ours. It is a program, and may read and
            write files.

    Raises:
        ExportError: it is neither, it is damaged, or it is a SavedModel of another kind, or one that is not trusted.
        ConfigError: `step` with an exported model, which has only one.

    Example:
        >>> from wavegan_tf.export import open_model
        >>> from wavegan_tf.use import draw_vectors
        >>> model = open_model("saved_models/fiwgan")
        >>> audio = model.generate(draw_vectors(2, model.config.network, seed=0).z)
        >>> audio.shape
        (2, 16384, 1)
        >>> logits, probabilities = model.classify(audio)
        >>> probabilities.shape
        (2, 3)
    """
    path = Path(path)
    if not path.is_dir():
        what = "it is a file; name its folder" if path.exists() else "it does not exist; check the path"
        raise ExportError(f"model (={path}) must be a run folder or an exported model; {what}")
    if is_export(path):
        if step is not None:
            raise ConfigError(f"`step` (={step}) must be left out for an exported model (={path}); export the run at "
                              "that step, or name the run")
        return _open_foreign(path, trust) if _is_foreign(path) else _open_export(path)
    if is_run(path) and is_of_another_program(path):
        raise ExportError(f"model (={path}) must be a run or an exported model of wavegan-tf; its settings are those "
                          "of another program; recognisers go with snap-tf asr, profile and saliency")
    if is_run(path):
        return _open_run(path, step)
    there = ", ".join(sorted(item.name for item in path.iterdir())[:8]) or "nothing"
    raise ExportError(f"model (={path}) must be a run folder (config.json, checkpoints/) or an exported model "
                      f"({SAVED_MODEL_NAME}, {METADATA_NAME}); it holds {there}")


def _open_run(run: Path, step: int | None) -> Model:
    config, networks, found = load_networks(run, step)
    return _of_networks(networks, ModelMetadata.of(networks, config, found, f"run {run_root(run).name}"))


def _is_foreign(folder: Path) -> bool:
    """Tell whether a SavedModel has neither `model.json` nor `weights`; with `weights` alone it is a damaged export."""
    return not (folder / METADATA_NAME).is_file() and not (folder / WEIGHTS_FOLDER).is_dir()


def _open_export(folder: Path) -> Model:
    """Read numbers into networks that `model.json` describes."""
    verify_checksums(folder, [METADATA_NAME])
    path = folder / METADATA_NAME
    if not path.is_file():
        raise ExportError(f"exported file (={path}) must exist; it is missing; copy the folder again")
    metadata = ModelMetadata.from_json(read_text(path, "description of the model"), str(path))
    networks = build_networks(metadata.config.network, seed=0)
    if (folder / WEIGHTS_FOLDER).is_dir():
        _read_weights(folder, networks)
    else:
        verify_checksums(folder, [file.relative_to(folder).as_posix()
                                  for file in sorted((folder / VARIABLES_FOLDER).glob("*"))])
        read_variables(folder, networks)
    return _of_networks(networks, metadata)


def _read_weights(folder: Path, networks: Networks) -> None:
    named = networks.named()
    verify_checksums(folder, [weights_file(name) for name in named])
    for name, network in named.items():
        file = folder / weights_file(name)
        check_plain(file, "weights")
        try:
            network.load_weights(file)
        # h5py and Keras report damage in many ways
        except Exception as error:
            raise ExportError(f"weights (={file}) must be readable and fit the settings in {METADATA_NAME}: {error}; "
                              "copy the folder again or export the run again") from error


def _of_networks(networks: Networks, metadata: ModelMetadata) -> Model:
    functions = signature_functions(networks, metadata.config.network.code)
    return Model({name: _calling(function) for name, function in functions.items()}, metadata, networks)


def _open_foreign(folder: Path, trust: bool) -> Model:
    """Load a SavedModel without `model.json`, if the user trusts it: its program runs."""
    if not trust:
        raise ExportError(f"SavedModel (={folder}) must have the {METADATA_NAME} of `wavegan-tf export` beside it; "
                          "without it whose it is is not known, and a SavedModel is a program that may read and write "
                          "files; copy the whole folder; or, where you know its maker, run it with --trust, in Python "
                          "trust=True")
    loaded, text = load_saved_model(folder)
    metadata = ModelMetadata.from_json(text, f"{folder / SAVED_MODEL_NAME}")
    functions = {name: _calling(signature, *signature.structured_input_signature[1])
                 for name, signature in loaded.signatures.items() if name != "serving_default"}
    return Model(functions, metadata, saved_model=loaded)


def _calling(function: Callable[..., dict[str, Tensor]], keyword: str | None = None
             ) -> Callable[[Tensor], dict[str, Tensor]]:
    """Give TensorFlow a tensor; signatures of a loaded SavedModel want theirs by name."""
    if keyword is None:
        return lambda inputs: function(tf.constant(inputs))
    return lambda inputs: function(**{keyword: tf.constant(inputs)})
