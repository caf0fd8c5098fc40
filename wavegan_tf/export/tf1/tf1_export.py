"""From a run or an exported model to a checkpoint that the original TensorFlow 1 code restores."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wavegan_tf.atomic import atomic_file, atomic_files
from wavegan_tf.config import RunConfig
from wavegan_tf.errors import ConfigError, ExportError
from wavegan_tf.export.disk import disk_errors
from wavegan_tf.export.layout import is_run
from wavegan_tf.export.opening import open_model
from wavegan_tf.export.tf1.tf1_checkpoint import STATE_NAME, write_checkpoint
from wavegan_tf.export.tf1.tf1_names import GLOBAL_STEP, original_weights
from wavegan_tf.export.tf1.tf1_settings import ARGS_NAME
from wavegan_tf.export.tf1.tf1_slots import slot_tensors
from wavegan_tf.files.claims import claim
from wavegan_tf.files.outputs import files_in
from wavegan_tf.models.family import Networks
from wavegan_tf.training.checkpoints import load_training
from wavegan_tf.training.updates.round import TrainingRound

__all__ = ["Exported", "export_tf1", "tensors_of", "write_tf1"]


@dataclass(frozen=True)
class Exported:
    """Result of an export: number of variables, and whether the optimisers' slots are among them."""

    n_variables: int
    with_slots: bool


def export_tf1(model: str | Path, prefix: str | Path, step: int | None = None) -> Exported:
    """Write a checkpoint with the original's names and shapes.

    Beside it go, where they do not exist yet, `checkpoint` (which names it) and `args.txt` (the settings by the
    original's flags).

    Args:
        model: a run folder (weights, slots and step are written) or an exported model (weights and step).
        prefix: path without suffix, such as `tf1/model.ckpt-1000`.
        step: of a run, which checkpoint; the last one by default.

    Raises:
        ExportError: no such model, one that the original does not have, or the checkpoint exists already.
        OSError: a file cannot be written.

    Example:
        >>> from wavegan_tf.export import export_tf1
        >>> exported = export_tf1("saved_models/fiwgan", "tf1/model.ckpt-1")
        >>> exported.n_variables, exported.with_slots
        (37, False)
    """
    with _claimed(Path(prefix)):
        if is_run(model):
            training = load_training(model, step)
            tensors, config = tensors_of(training.networks, int(training.step), training), training.config
        else:
            opened = open_model(model, step)
            if opened.networks is None:
                raise ExportError(f"model (={model}) must hold its weights; only a SavedModel is there; copy the "
                                  "whole folder")
            tensors, config = tensors_of(opened.networks, opened.step), opened.config
        write_tf1(tensors, config, prefix)
    return Exported(len(tensors), is_run(model))


def tensors_of(networks: Networks, step: int, training: TrainingRound | None = None) -> dict[str, np.ndarray]:
    """Return all variables by the original's names: weights and step, and of a training round the slots too."""
    tensors = {weight.name: weight.to_original(weight.variable) for weight in original_weights(networks)}
    if training is not None:
        return tensors | slot_tensors(training)
    return tensors | {GLOBAL_STEP: np.asarray(step, np.int64)}


def write_tf1(tensors: dict[str, np.ndarray], config: RunConfig, prefix: str | Path) -> None:
    """Write the files of a checkpoint; see `export_tf1`.

    Raises:
        ConfigError: the original has no such networks.
        ExportError: the checkpoint exists already.
        OSError: a file cannot be written.
    """
    prefix = Path(prefix)
    network = config.network
    if network.batchnorm == "on":
        raise ConfigError("`batchnorm` (=on) must be off or tf1 for the original; its discriminator and Q-network know "
                          "the statistics of the batch only")
    if network.post_filter and network.channels > 1:
        raise ConfigError(f"`channels` (={network.channels}) must be 1 with a post filter for the original")
    # in the order of their names the index is the last: without it there is no checkpoint
    with (_claimed(prefix), atomic_files(prefix.parent, prefix.name) as folder, disk_errors(prefix)):
        write_checkpoint(folder / prefix.name, tensors)
    _write_beside(prefix.parent / STATE_NAME,
                  f'model_checkpoint_path: "{prefix.name}"\nall_model_checkpoint_paths: "{prefix.name}"\n')
    _write_beside(prefix.parent / ARGS_NAME, _args_text(config))


@contextmanager
def _claimed(prefix: Path) -> Iterator[None]:
    """Lock the files of a checkpoint against other processes; an existing checkpoint is an error."""
    if prefix.name in ("", ".", "..") or prefix.is_dir():
        raise ConfigError(f"prefix (={prefix}) must be a folder and a name, such as tf1/model.ckpt-1000")
    with claim(files_in(prefix.parent, prefix.name)) as taken:
        index = f"{prefix.name}.index"
        if index in taken.before:
            raise ExportError(f"checkpoint (={prefix.parent / index}) must be new; choose another prefix or remove it "
                              "first")
        yield


def _write_beside(path: Path, text: str) -> None:
    if not path.exists():
        with atomic_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def _args_text(config: RunConfig) -> str:
    """Write settings as the original does: `flag,value` lines in the order of the flags."""
    lines = []
    for section in (config.data, config.network, config.train):
        for item in dataclasses.fields(section):
            flag, value = item.metadata.get("flag"), getattr(section, item.name)
            if flag == "wavegan_batchnorm":
                value = value != "off"
            if flag and not (flag == "num_categ" and config.network.code == "none"):
                lines.append(f"{flag},{value}")
    return "\n".join(sorted(set(lines)))
