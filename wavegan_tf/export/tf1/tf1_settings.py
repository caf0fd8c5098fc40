"""All settings of a run of the original, from its checkpoint, its `args.txt` and what the user says."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig, TrainConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.export.tf1.tf1_checkpoint import Checkpoint
from wavegan_tf.export.tf1.tf1_names import GLOBAL_STEP, power_names
from wavegan_tf.export.tf1.tf1_powers import power_after, updates_of_power
from wavegan_tf.export.tf1.tf1_shapes import is_long, network_from_shapes
from wavegan_tf.formats.plain_files import read_text
from wavegan_tf.training.updates.optimizers import WGAN_CLIP

__all__ = ["ARGS_NAME", "InferredSettings", "infer_settings", "updates_from_powers"]

ARGS_NAME = "args.txt"
_SECTIONS = {"data": DataConfig, "network": NetworkConfig, "train": TrainConfig}
_BETA_2 = {"wgan-gp": 0.9, "dcgan": 0.999}


@dataclass(frozen=True)
class InferredSettings:
    """Settings of a run of the original; `notes` say what was taken from where when weights do not tell."""

    config: RunConfig
    notes: tuple[str, ...]


def infer_settings(checkpoint: Checkpoint, code: str | None = None, given: Mapping[str, Any] | None = None
                   ) -> InferredSettings:
    """Find the settings behind a checkpoint.

    Shapes and optimiser slots decide what they can; then what is given; then `args.txt` beside the checkpoint, unless
    it contradicts the checkpoint (every mode of the original overwrites it); then the original's defaults.

    Args:
        checkpoint: the original's.
        code: `none`, `ciw` or `fiw`.
        given: fields of `DataConfig`, `NetworkConfig` and `TrainConfig` by name, such as `slice_len`.

    Raises:
        ConfigError: something given contradicts the checkpoint, or something is needed that nothing tells.
        ExportError: the checkpoint is not one of the original.
    """
    told = {**network_from_shapes(checkpoint, code), **_training_from_slots(checkpoint)}
    given = {name: value for name, value in (given or {}).items() if value is not None}
    for name, value in given.items():
        if name in told and told[name] != value:
            raise ConfigError(f"`{name}` (={value}) must be {told[name]} for this checkpoint (={checkpoint.prefix}); "
                              f"its variables say so; leave `{name}` out")
    hints, notes = _args_file(checkpoint, told)
    used = {name: value for name, value in hints.items() if name not in told and name not in given}
    values = {**used, **given, **told}
    if "slice_len" not in values:
        raise ConfigError(f"`slice_len` must be given for this checkpoint (={checkpoint.prefix}): 32768 or 65536; the "
                          "two have the same variables; add --slice-len")
    if is_long(checkpoint) and values["slice_len"] not in (32768, 65536):
        raise ConfigError(f"`slice_len` (={values['slice_len']}) must be 32768 or 65536 for this checkpoint "
                          f"(={checkpoint.prefix}); it has a sixth convolution")
    if used:
        notes.append(f"from {ARGS_NAME}: " + ", ".join(f"{name} {value}" for name, value in sorted(used.items())))
    if "phaseshuffle" not in values:
        notes.append(f"phaseshuffle {NetworkConfig.phaseshuffle}: the original's default; weights do not tell it")
    return InferredSettings(_build(values), tuple(notes))


def updates_from_powers(checkpoint: Checkpoint, network: str, beta_2: float) -> int | None:
    """Read from Adam's power of beta 2 how many updates it has made.

    Args:
        checkpoint: the original's.
        network: `generator` or `discriminator`.
        beta_2: of that optimiser.

    Returns:
        The number, or None when the power has vanished, is missing, or is of another beta.
    """
    name = power_names(network)[1]
    return updates_of_power(float(checkpoint.read(name)), beta_2) if name in checkpoint else None


def _training_from_slots(checkpoint: Checkpoint) -> dict[str, Any]:
    """Infer loss and number of discriminator updates, where optimiser slots tell them."""
    if "Q/Qoutput/dense/bias" in checkpoint:
        loss: str | None = "wgan-gp"
    elif "G/z_project/dense/kernel/Adam" in checkpoint:
        loss = _adam_loss(checkpoint)
    elif "G/z_project/dense/kernel/RMSProp" in checkpoint:
        loss = _rmsprop_loss(checkpoint)
    else:
        loss = None
    if loss is None:
        return {}
    told: dict[str, Any] = {"loss": loss}
    if loss in _BETA_2:
        g, d = (updates_from_powers(checkpoint, name, _BETA_2[loss]) for name in ("generator", "discriminator"))
        if g and d and d % g == 0:
            told["disc_nupdates"] = d // g
    return told


def _adam_loss(checkpoint: Checkpoint) -> str | None:
    if GLOBAL_STEP not in checkpoint:
        return None
    step = int(checkpoint.read(GLOBAL_STEP))
    for loss, beta_2 in _BETA_2.items():
        if updates_from_powers(checkpoint, "generator", beta_2) == step:
            return loss
    # the power has vanished; .999's does so much later
    return "wgan-gp" if power_after(step, _BETA_2["dcgan"]) else None


def _rmsprop_loss(checkpoint: Checkpoint) -> str | None:
    if GLOBAL_STEP not in checkpoint or int(checkpoint.read(GLOBAL_STEP)) == 0:
        return None
    largest = max(float(np.abs(checkpoint.read(f"D/{layer}/kernel")).max())
                  for layer in ("downconv_0/conv1d", "output/dense"))
    return "wgan" if largest <= WGAN_CLIP * (1 + 1e-6) else "lsgan"


def _args_file(checkpoint: Checkpoint, told: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Read `key,value` lines by the original's flag names."""
    path = checkpoint.prefix.parent / ARGS_NAME
    if not path.is_file():
        return {}, []
    lines = read_text(path, "settings", lenient=True).splitlines()
    raw = {key.strip(): value.strip() for key, _, value in (line.partition(",") for line in lines)}
    hints: dict[str, Any] = {}
    for section in _SECTIONS.values():
        kinds = typing.get_type_hints(section)
        for item in dataclasses.fields(section):
            flag = item.metadata.get("flag")
            # the original never passes its flag for normalisation on; its training always normalises
            if flag in raw and item.name != "normalize":
                value = _parse(raw[flag], kinds[item.name])
                if value is not None:
                    hints[item.name] = value
    if told["code"] == "none":
        hints.pop("code_dim", None)
    if not told["post_filter"]:
        hints.pop("post_filter_len", None)
    wrong = [name for name in hints if name in told and hints[name] != told[name]]
    if is_long(checkpoint) and hints.get("slice_len") == 16384:
        wrong.append("slice_len")
    if wrong:
        return {}, [f"{ARGS_NAME} is passed over: it contradicts the checkpoint in {', '.join(wrong)}"]
    return hints, []


def _parse(text: str, kind: Any) -> Any:
    """Read a value of `args.txt`, or None when it is none of that kind."""
    if isinstance(kind, types.UnionType):
        kind = typing.get_args(kind)[0]
    if kind is bool:
        return {"True": True, "False": False}.get(text)
    if text in ("True", "False"):  # batch normalisation, a switch there and a word here
        return {"True": "tf1", "False": "off"}[text]
    try:
        return kind(text)
    except ValueError:
        return None


def _build(values: Mapping[str, Any]) -> RunConfig:
    parts = {}
    for section, kind in _SECTIONS.items():
        known = {item.name for item in dataclasses.fields(kind)}
        parts[section] = kind(**{name: value for name, value in values.items() if name in known})
    unknown = set(values) - {item.name for kind in _SECTIONS.values() for item in dataclasses.fields(kind)}
    if unknown:
        raise ConfigError(f"setting (={sorted(unknown)[0]}) must be a field of the configuration")
    return RunConfig(**parts)
