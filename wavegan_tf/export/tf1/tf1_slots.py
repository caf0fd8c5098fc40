"""Optimiser slots in the original's checkpoints, and the variables of our optimisers that hold the same.

| | original's name | ours |
|---|---|---|
| Adam | `v/Adam`, `v/Adam_1` | first and second moment |
| RMSProp | `v/RMSProp` | mean square, starts at one |
| RMSProp | `v/RMSProp_1` | none: momentum is 0, the slot is written and never read |

The generator's weights carry Adam's slots (adversarial loss) and RMSProp's (Q-network's loss).
"""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from wavegan_tf.errors import ExportError
from wavegan_tf.export.tf1.tf1_checkpoint import Checkpoint
from wavegan_tf.export.tf1.tf1_names import GLOBAL_STEP, OriginalWeight, original_weights, power_names
from wavegan_tf.export.tf1.tf1_powers import power_after
from wavegan_tf.export.tf1.tf1_settings import updates_from_powers
from wavegan_tf.tensors import KerasVariable
from wavegan_tf.training.updates.round import TrainingRound

__all__ = ["read_slots", "slot_tensors"]


def read_slots(training: TrainingRound, checkpoint: Checkpoint) -> None:
    """Set optimisers and step to what the checkpoint holds.

    Raises:
        ExportError: a slot or the step is missing or has another shape.
    """
    slots = list(_slots(training))
    missing = [name for _, name, _ in slots if name not in checkpoint]
    if missing or GLOBAL_STEP not in checkpoint:
        names = [*missing, *([] if GLOBAL_STEP in checkpoint else [GLOBAL_STEP])]
        raise ExportError(f"checkpoint (={checkpoint.prefix}) must hold the optimisers' slots when training is to go "
                          f"on; it lacks {len(names)}: {', '.join(names[:3])}, ...; leave --run out, or name the loss "
                          f"it was trained with (here {training.config.train.loss})")
    for weight, name, variable in slots:
        if checkpoint.shapes[name] != weight.shape:
            raise ExportError(f"{name} (shape {list(checkpoint.shapes[name])}) must have the shape "
                              f"{list(weight.shape)} of its weight; {checkpoint.prefix} is damaged")
        variable.assign(weight.from_original(checkpoint.read(name)))
    step = int(checkpoint.read(GLOBAL_STEP))
    training.step.assign(step)
    for name, optimizer in training.optimizers.items():
        updates: int | None = None
        if isinstance(optimizer, keras.optimizers.Adam):
            updates = updates_from_powers(checkpoint, name, optimizer.beta_2)
        if updates is None:
            updates = step * (training.config.train.disc_nupdates if name == "discriminator" else 1)
        optimizer.iterations.assign(updates)


def slot_tensors(training: TrainingRound) -> dict[str, np.ndarray]:
    """Return slots, powers of beta and step by the original's names.

    The slots `RMSProp_1` are zero: the original restores them and multiplies them by 0.
    """
    tensors: dict[str, np.ndarray] = {GLOBAL_STEP: np.asarray(int(training.step), np.int64)}
    for weight, name, variable in _slots(training):
        tensors[name] = weight.to_original(variable)
        if name.endswith("/RMSProp"):
            tensors[f"{name}_1"] = np.zeros(weight.shape, np.float32)
    for name, optimizer in training.optimizers.items():
        if isinstance(optimizer, keras.optimizers.Adam):
            for power, beta in zip(power_names(name), (optimizer.beta_1, optimizer.beta_2), strict=True):
                tensors[power] = power_after(int(optimizer.iterations), beta)
    return tensors


def _slots(training: TrainingRound) -> Iterator[tuple[OriginalWeight, str, KerasVariable]]:
    """Yield each slot: the weight it belongs to, its name in the original, our variable."""
    by_variable = {id(weight.variable): weight for weight in original_weights(training.networks)}
    for key, optimizer in training.optimizers.items():
        adam = isinstance(optimizer, keras.optimizers.Adam)
        for i, moved in enumerate(training.moved[key]):
            weight = by_variable[id(moved)]
            if adam:
                yield weight, f"{weight.name}/Adam", optimizer._momentums[i]
                yield weight, f"{weight.name}/Adam_1", optimizer._velocities[i]
            else:
                yield weight, f"{weight.name}/RMSProp", optimizer._velocities[i]
