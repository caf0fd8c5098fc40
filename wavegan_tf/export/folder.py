"""Writing the folder of an exported model, completely or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import keras

from wavegan_tf.atomic import atomic_folder
from wavegan_tf.config import RunConfig
from wavegan_tf.errors import ExportError
from wavegan_tf.export.card import model_card
from wavegan_tf.export.checksums import CHECKSUMS_NAME, verify_checksums, write_checksums
from wavegan_tf.export.disk import disk_errors
from wavegan_tf.export.layout import (
    CARD_NAME,
    CONFIG_NAME,
    METADATA_NAME,
    SAVED_MODEL_NAME,
    WEIGHTS_FOLDER,
    is_export,
    is_run,
    run_root,
    weights_file,
)
from wavegan_tf.export.metadata import ModelMetadata
from wavegan_tf.export.opening import open_model
from wavegan_tf.export.provenance import run_facts
from wavegan_tf.export.saved_model import VARIABLES_FOLDER, write_saved_model
from wavegan_tf.files.room import check_room
from wavegan_tf.formats.plain_files import read_text
from wavegan_tf.models.family import Networks
from wavegan_tf.training.checkpoints import load_networks

__all__ = ["export_again", "export_run", "write_model"]

_HDF5_BYTES = 1 << 13
"""What a file takes besides the numbers, and each of its arrays: 2 to 4 KB as measured, and as much again."""


def export_run(run: str | Path, out: str | Path, step: int | None = None, *,
               facts: dict[str, list[str]] | None = None, limits: Sequence[str] = ()) -> Path:
    """Export a run as a SavedModel with weights, settings and a model card; see `write_model`.

    Args:
        run: the folder of a run, or of one of its checkpoints.
        out: a new or empty folder.
        step: which checkpoint; the last one by default.
        facts: more for the model card than the run tells, lines by heading.
        limits: sentences for the card, on what the model does not show.

    Raises:
        ExportError: no such run or checkpoint, or `out` is not empty.
        OSError: a file cannot be written.

    Example:
        >>> from wavegan_tf.export import export_run, open_model
        >>> folder = export_run("run", "model")
        >>> (folder / "saved_model.pb").is_file(), open_model(folder).step
        (True, 1)
    """
    if not is_run(run):
        what = ("it is an exported model already; step, score and notes go with a run" if is_export(run) else
                "it has no config.json; train one first" if Path(run).is_dir() else "it does not exist; check the path")
        raise ExportError(f"run (={run}) must be the folder of a run; {what}")
    config, networks, found = load_networks(run, step)
    return write_model(networks, config, found, f"run {run_root(run).name}", out,
                       run_facts(run, found) | (facts or {}), limits)


def export_again(model: str | Path, out: str | Path) -> Path:
    """Export an exported model again: SavedModel signatures of this version, the same weights, card and settings.

    Args:
        model: what `export_run` or `import-tf1` wrote, with any version.
        out: a new or empty folder.

    Raises:
        ExportError: it is no exported model of ours, it is damaged, or `out` is not empty.
        OSError: a file cannot be written.

    Example:
        >>> from wavegan_tf.export import export_again, open_model
        >>> folder = export_again("saved_models/fiwgan", "model")
        >>> open_model(folder).step == open_model("saved_models/fiwgan").step
        True
    """
    model = Path(model)
    opened = open_model(model)
    written = (SAVED_MODEL_NAME, VARIABLES_FOLDER, "fingerprint.pb", CHECKSUMS_NAME)
    kept = [path.relative_to(model).as_posix() for path in sorted(model.rglob("*"))
            if path.is_file() and path.relative_to(model).parts[0] not in written]
    verify_checksums(model, kept)
    with atomic_folder(out) as folder, disk_errors(out):
        assert opened.networks is not None  # a SavedModel that is not ours was refused
        write_saved_model(opened.networks, opened.config.network.code,
                          read_text(model / METADATA_NAME, "description of the model"), folder)
        for name in kept:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(model / name, folder / name)
        write_checksums(folder)
    return Path(out)


def write_model(networks: Networks, config: RunConfig, step: int, source: str, out: str | Path,
                facts: dict[str, list[str]] | None = None, limits: Sequence[str] = ()) -> Path:
    """Write networks as a SavedModel with weights, settings, a model card and checksums.

    The folder holds a SavedModel (`saved_model.pb`, `variables/`), the Keras weights of each network (`weights/`), the
    settings (`config.json`), settings with step and layers (`model.json`), a model card (`CARD.md`) and checksums.

    Args:
        networks: the trained networks.
        config: their settings.
        step: generator updates that made the weights.
        source: where they come from, in words.
        out: a new or empty folder.
        facts: more for the model card, by heading.
        limits: see `export_run`.

    Returns:
        The folder.

    Raises:
        ExportError: `out` is not empty.
        OSError: a file cannot be written.

    Example:
        >>> from wavegan_tf.config import NetworkConfig, RunConfig
        >>> from wavegan_tf.export import open_model, write_model
        >>> from wavegan_tf.models import build_networks
        >>> config = RunConfig(network=NetworkConfig(dim=1))
        >>> folder = write_model(build_networks(config.network, seed=0), config, 0, "untrained networks", "model")
        >>> open_model(folder).metadata.source
        'untrained networks'
    """
    metadata = ModelMetadata.of(networks, config, step, source)
    with atomic_folder(out) as folder, disk_errors(out):
        write_saved_model(networks, config.network.code, metadata.to_json(), folder)
        (folder / WEIGHTS_FOLDER).mkdir()
        for name, network in networks.named().items():
            _save_weights(network, folder / weights_file(name))
        (folder / CONFIG_NAME).write_text(config.to_json(), encoding="utf-8")
        (folder / METADATA_NAME).write_text(metadata.to_json(), encoding="utf-8")
        (folder / CARD_NAME).write_text(model_card(metadata, Path(out).name, facts or {}, limits), encoding="utf-8")
        write_checksums(folder)
    return Path(out)


def _save_weights(network: keras.Model, path: Path) -> None:
    """Write HDF5, whose library crashes the process in the end where it could not write."""
    check_room(path, sum(weight.numpy().nbytes + _HDF5_BYTES for weight in network.weights) + _HDF5_BYTES)
    network.save_weights(path)
