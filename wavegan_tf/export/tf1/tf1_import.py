"""From a checkpoint of the original TensorFlow 1 code to an exported model and, if wanted, a run to resume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wavegan_tf.atomic import atomic_folder
from wavegan_tf.config import RunConfig
from wavegan_tf.errors import ConfigError, ExportError
from wavegan_tf.export.folder import write_model
from wavegan_tf.export.tf1.tf1_checkpoint import Checkpoint
from wavegan_tf.export.tf1.tf1_names import GLOBAL_STEP, original_weights
from wavegan_tf.export.tf1.tf1_settings import infer_settings
from wavegan_tf.export.tf1.tf1_slots import read_slots
from wavegan_tf.files.outputs import real_path
from wavegan_tf.models.family import Networks, build_networks
from wavegan_tf.training.checkpoints import save_checkpoint
from wavegan_tf.training.runs import create_run
from wavegan_tf.training.updates.round import TrainingRound

__all__ = ["Import", "import_tf1", "read_weights"]

_NAMED = 5
"""How many variables an error names."""


@dataclass(frozen=True)
class Import:
    """Result of an import: checkpoint, settings, step, and notes on settings that the weights do not determine."""

    prefix: Path
    config: RunConfig
    step: int
    notes: tuple[str, ...]


def import_tf1(checkpoint: str | Path, out: str | Path, code: str | None = None, run: str | Path | None = None,
               settings: Mapping[str, Any] | None = None) -> Import:
    """Import a checkpoint of WaveGAN, ciwGAN or fiwGAN, TensorFlow 1.

    Writes the same folder as `wavegan-tf export`; with `run` also a run folder with optimiser slots and step. Moving
    statistics of the discriminator's and the Q-network's batch normalisation are not read: the original never updates
    or uses them.

    Args:
        checkpoint: its prefix (`train/model.ckpt-1000`) or its folder.
        out: a new or empty folder.
        code: `none`, `ciw` or `fiw`; needed when the checkpoint has a Q-network.
        run: a new folder, for training to go on in.
        settings: fields of the configuration that weights do not tell, such as `slice_len` (needed for the long
            networks), `phaseshuffle`, `sample_rate_hz`, `loss`.

    Raises:
        ConfigError: a setting contradicts the checkpoint, or one is needed.
        ExportError: no such checkpoint, it is damaged, incomplete or of another program, or a folder is not empty.
        OSError: a file cannot be written.

    Example:
        >>> from wavegan_tf.export import export_tf1, import_tf1, open_model
        >>> exported = export_tf1("saved_models/fiwgan", "tf1/model.ckpt-1")
        >>> imported = import_tf1("tf1/model.ckpt-1", "model", code="fiw")
        >>> imported.config.network.code, open_model("model").has_classifier
        ('binary', True)
    """
    source = Checkpoint(checkpoint)
    inferred = infer_settings(source, code, settings)
    networks = read_weights(source, inferred.config)
    step = int(source.read(GLOBAL_STEP)) if GLOBAL_STEP in source else 0
    notes = inferred.notes
    if GLOBAL_STEP not in source:
        notes = (*notes, "step unknown: the checkpoint does not hold it")
    training = None
    if run is not None:
        _require_free(Path(run), Path(out))
        training = TrainingRound(networks, inferred.config)
        read_slots(training, source)
    facts = {"Import": [f"- {note}" for note in notes]} if notes else {}
    write_model(networks, inferred.config, step, f"the original code's checkpoint {source.prefix.name}", out, facts)
    if training is not None and run is not None:
        with atomic_folder(run) as folder:  # settings without a checkpoint would be a run that begins anew
            create_run(folder, inferred.config)
            save_checkpoint(training, folder)
    return Import(source.prefix, inferred.config, step, notes)


def read_weights(checkpoint: Checkpoint, config: RunConfig) -> Networks:
    """Make networks with the weights of a checkpoint.

    Raises:
        ExportError: variables are missing or have other shapes, or the checkpoint is damaged.
    """
    networks = build_networks(config.network, seed=0)
    weights = [weight for weight in original_weights(networks) if weight.used]
    missing = [weight.name for weight in weights if weight.name not in checkpoint]
    if missing:
        raise ExportError(f"checkpoint (={checkpoint.prefix}) must hold every weight of the networks; it lacks "
                          f"{len(missing)}: {_some(missing)}; use a checkpoint of the original's train mode")
    wrong = [f"{weight.name} {list(checkpoint.shapes[weight.name])} instead of {list(weight.shape)}"
             for weight in weights if checkpoint.shapes[weight.name] != weight.shape]
    if wrong:
        raise ExportError(f"checkpoint (={checkpoint.prefix}) must fit the original networks; {len(wrong)} variables "
                          f"have other shapes: {_some(wrong)}")
    for weight in weights:
        weight.variable.assign(weight.from_original(checkpoint.read(weight.name)))
    return networks


def _require_free(run: Path, out: Path) -> None:
    if real_path(run) == real_path(out):
        raise ConfigError(f"`run` (={run}) must be another folder than the exported model's; choose another name")
    if run.exists() and (not run.is_dir() or any(run.iterdir())):
        raise ExportError(f"run folder (={run}) must be new or empty; choose another name or remove it first")


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
