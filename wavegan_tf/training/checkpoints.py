"""Checkpoints of a run: weights, optimiser slots and step, written completely or not at all.

    RUN/checkpoints/step-000001234/
        generator.npz  discriminator.npz  q_network.npz      weights by layer name, as in the networks
        generator_optimizer.npz  ...                          slots and counter of each optimiser
        state.json                                            step, position in the data, seed, versions
        manifest.json                                         size and SHA-256 of each file above

Random numbers need no state: all are functions of seed and step, and the data of seed and position.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from wavegan_tf.checkpoint_folders import (
    assign_variables,
    locate_checkpoint,
    read_state,
    variables_by_path,
    write_checkpoint,
)
from wavegan_tf.config import RunConfig
from wavegan_tf.models.family import Networks, build_networks
from wavegan_tf.tensors import KerasVariable
from wavegan_tf.training.runs import CONFIG_NAME, versions
from wavegan_tf.training.updates.round import TrainingRound

__all__ = ["load_networks", "load_training", "restore_checkpoint", "save_checkpoint"]


def save_checkpoint(training: TrainingRound, run: str | Path, *, data_fingerprint: str | None = None) -> Path:
    """Write a checkpoint of the current step; it replaces an older one of that step.

    Args:
        training: networks, optimisers and step.
        run: the folder of the run.
        data_fingerprint: of the training data, to notice when they change; None when they are not known.

    Returns:
        The folder of the checkpoint.

    Raises:
        ExportError: it cannot be written, as on a full disk; older checkpoints are as they were.
    """
    step, train = int(training.step.numpy()), training.config.train
    state = {"format": 1, "batches": step * train.disc_nupdates, "seed": train.seed,
             "data_fingerprint": data_fingerprint, "versions": versions(),
             "saved": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")}
    return write_checkpoint(run, step, _variables(training), state)


def restore_checkpoint(training: TrainingRound, folder: Path) -> dict[str, Any]:
    """Load a checkpoint's weights, slots and step into a training round; call it in the scope of its strategy.

    Returns:
        What `state.json` holds: `step`, `batches`, `seed`, `data_fingerprint`, `versions`.

    Raises:
        ExportError: the checkpoint is of other networks or optimisers.
    """
    for name, variables in _variables(training).items():
        assign_variables(folder / f"{name}.npz", variables)
    state = read_state(folder)
    training.step.assign(state["step"])
    return state


def load_networks(run_or_checkpoint: str | Path, step: int | None = None) -> tuple[RunConfig, Networks, int]:
    """Load trained networks from a run or from one of its checkpoints.

    Args:
        run_or_checkpoint: the folder of a run, or `RUN/checkpoints/step-...`.
        step: of a run, which checkpoint; the newest whole one by default.

    Returns:
        Settings, networks, step.

    Raises:
        ConfigError: the folder has no settings that can be read.
        ExportError: no such checkpoint, or a damaged one.

    Example:
        >>> from wavegan_tf.training import load_networks
        >>> config, networks, step = load_networks("run")
        >>> step, list(networks.named())
        (1, ['generator', 'discriminator', 'q_network'])
    """
    run, folder = locate_checkpoint(run_or_checkpoint, step)
    config = RunConfig.load(run / CONFIG_NAME)
    networks = build_networks(config.network, seed=config.train.seed)
    for name, variables in _weights(networks).items():
        assign_variables(folder / f"{name}.npz", variables)
    return config, networks, int(read_state(folder)["step"])


def load_training(run_or_checkpoint: str | Path, step: int | None = None) -> TrainingRound:
    """Load networks, optimisers and step from a checkpoint; arguments and errors as in `load_networks`."""
    run, folder = locate_checkpoint(run_or_checkpoint, step)
    config = RunConfig.load(run / CONFIG_NAME)
    training = TrainingRound(build_networks(config.network, seed=config.train.seed), config)
    restore_checkpoint(training, folder)
    return training


def _weights(networks: Networks) -> dict[str, dict[str, KerasVariable]]:
    return {name: variables_by_path(network.weights) for name, network in networks.named().items()}


def _variables(training: TrainingRound) -> dict[str, dict[str, KerasVariable]]:
    """List the variables of every file, by the file's stem and the name inside it."""
    return _weights(training.networks) | {f"{name}_optimizer": variables_by_path(optimizer.variables)
                                          for name, optimizer in training.optimizers.items()}
