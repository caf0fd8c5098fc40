"""Settings of a recogniser's training: of the run, of one session, and presets."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snap_tf.asr.network.layer_table import MODELS, layer_table
from wavegan_tf.config import CheckedSettings, option, require
from wavegan_tf.data.corpora.sa_policy import SA_POLICIES
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.json_files import read_json

__all__ = ["CONFIG_NAME", "PRESETS", "RecogniserConfig", "RecogniserSession", "change_settings", "preset_config"]

CONFIG_NAME = "config.json"
"""The settings in the folder of a run."""


@dataclass(frozen=True)
class RecogniserConfig(CheckedSettings):
    """Settings of a run: everything that decides the weights.

    Written once into the run's folder as `config.json`.
    The paper gives the layers, the spectrograms and the SA policy; optimiser, rates, batch and stopping are ours.
    """

    model: str = option("W2P_shallow", "which network", choices=tuple(MODELS))
    width: float = option(1.0, "factor on the filters of the hidden layers; 1 is the published network")
    batch_size: int = option(16, "utterances in a batch")
    learning_rate: float = option(1e-3, "Adam's step size")
    warmup_steps: int = option(100, "the step size rises over so many updates; 0: it does not")
    decay_steps: int = option(0, "the step size falls as a cosine to 0 over so many updates, and training ends there; "
                              "0: it stays")
    seed: int = option(0, "of weights, order of the data, held-out speakers")
    sa: str = option("keep7", "which of TIMIT's SA recordings to keep", choices=SA_POLICIES)
    sa_seed: int = option(0, "seed of the draw among them")
    validation_share: float = option(0.1, "share of the training speakers that are held out for validation")
    source: str = ""  # SHA-256 of the weights that transfer started from; no flag, training fills it in

    def __post_init__(self) -> None:
        self.check_fields()
        layer_table(self.model, self.width)  # refuses widths without filters
        require(self.batch_size > 0, "batch_size", self.batch_size, "positive")
        require(0.0 < self.learning_rate < 1.0, "learning_rate", self.learning_rate, "between 0 and 1")
        for name in ("warmup_steps", "decay_steps"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        require(0 <= self.seed < 2**31, "seed", self.seed, "from 0 to 2147483647")
        require(0.0 < self.validation_share < 1.0, "validation_share", self.validation_share, "between 0 and 1")

    def to_json(self) -> str:
        """Return the settings as indented JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def load(cls, path: str | Path) -> RecogniserConfig:
        """Read settings from a file.

        Raises:
            ConfigError: there is no such file, or it does not hold a recogniser's settings.
        """
        path = Path(path)
        if not path.is_file():
            raise ConfigError(f"configuration (={path}) must be an existing file; name a run of `snap-tf asr train`")
        try:
            return cls(**read_json(path, "configuration"))
        except ConfigError as error:
            raise ConfigError(f"{error}; see configuration (={path})") from error
        except (DataError, TypeError) as error:
            raise ConfigError(f"configuration (={path}) must be the JSON that `snap-tf asr train` wrote: "
                              f"{error}") from error


@dataclass(frozen=True)
class RecogniserSession(CheckedSettings):
    """This session: how one start of a run is carried out.

    Nothing here changes the weights that a step has.
    """

    max_steps: int = option(0, "stop when the run has so many updates in all; 0: at the end of the decay, or never")
    epochs: int = option(0, "the same in passes through the training data; 0: no such limit")
    validate_steps: int = option(0, "updates between two validations; 0: once an epoch")
    patience: int = option(20, "stop after so many validations without a better error rate or loss; 0: never")
    save_secs: float = option(300.0, "seconds between checkpoints, besides those at validations")
    picture_secs: float = option(120.0, "seconds between pictures in TensorBoard; 0: none")
    keep: int = option(2, "how many of the newest checkpoints stay")
    progress: bool = option(True, "show what is being done")

    def __post_init__(self) -> None:
        self.check_fields()
        for name in ("max_steps", "epochs", "validate_steps", "patience", "save_secs", "picture_secs"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        require(self.keep > 0, "keep", self.keep, "positive")


PRESETS: dict[str, dict[str, Any]] = {
    "published": {},
    "small": {"width": 0.375, "batch_size": 4, "learning_rate": 3e-3, "decay_steps": 1600},
}
"""Settings by name. `published` has the paper's width; `small` learns the synthetic corpus in minutes on a CPU."""


def preset_config(preset: str = "published", **settings: Any) -> RecogniserConfig:
    """Make the settings of a recogniser's training from a preset, with some of them changed.

    Args:
        preset: `published` (the paper's width) or `small` (learns the synthetic corpus in minutes on a CPU).
        **settings: fields of `RecogniserConfig`; None leaves a setting as the preset has it.

    Raises:
        ConfigError: an unknown preset, or a value that is not allowed.

    Example:
        >>> from snap_tf.asr import preset_config
        >>> config = preset_config("small", model="W2L", seed=3)
        >>> config.model, config.width, config.decay_steps, config.seed
        ('W2L', 0.375, 1600, 3)
    """
    if preset not in PRESETS:
        raise ConfigError(f"`preset` (={preset}) must be one of {', '.join(PRESETS)}")
    return change_settings(RecogniserConfig(**PRESETS[preset]), **settings)


def change_settings(config: RecogniserConfig, **settings: Any) -> RecogniserConfig:
    """Return the settings with some of them changed; None leaves one as it is.

    Raises:
        ConfigError: a value that is not allowed.
    """
    return dataclasses.replace(config, **{name: value for name, value in settings.items() if value is not None})
