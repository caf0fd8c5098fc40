"""Settings of a training run (hyperparameters): frozen dataclasses, checked when they are made, stored as JSON.

Each field is one command-line flag. `flag` in the metadata is the name in the original WaveGAN code, where
the original has the option; the field's own name works as well. Settings that may change between two starts of
the same run (how long, how often to save, on how many devices) are in `SessionOptions`.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.json_files import parse_json
from wavegan_tf.formats.plain_files import read_text

__all__ = ["SLICE_LENGTHS", "CheckedSettings", "DataConfig", "NetworkConfig", "RunConfig", "TrainConfig", "differences",
           "option", "require"]

SLICE_LENGTHS = (16384, 32768, 65536)
"""Audio lengths in samples for which the original networks exist."""


def option(default: Any, text: str, *, flag: str | None = None, choices: tuple[str, ...] | None = None,
           bare: Any = None) -> Any:
    """Make a dataclass field with a help text, the flag's name in the original code and the allowed values.

    Args:
        default: value of the field when it is not given.
        text: help text of the command-line flag.
        flag: name of the flag in the original code, if it has one.
        choices: allowed values; any of the field's type when not given.
        bare: value of the flag when it is given without one, as the original allows for some flags.
    Example:
        >>> import dataclasses
        >>> from wavegan_tf.config import option
        >>> @dataclasses.dataclass(frozen=True)
        ... class Settings:
        ...     window: str = option("hann", "window of the spectrogram", choices=("hann", "hamming"))
        >>> Settings().window, dataclasses.fields(Settings)[0].metadata["choices"]
        ('hann', ('hann', 'hamming'))
    """
    return field(default=default, metadata={"help": text, "flag": flag, "choices": choices, "bare": bare})


def require(condition: bool, name: str, value: object, rule: str) -> None:
    """Check a setting, and raise `ConfigError` with the usual message where it is wrong.

    Args:
        condition: whether the value is right.
        name: of the setting.
        value: of the setting, for the message.
        rule: what the value must be, as in `must be positive`.

    Raises:
        ConfigError: the condition is false.
    Example:
        >>> from wavegan_tf.config import require
        >>> require(3 > 0, "n_layers", 3, "positive")
        >>> require(0 > 0, "n_layers", 0, "positive")
        Traceback (most recent call last):
        ...
        wavegan_tf.errors.ConfigError: `n_layers` (=0) must be positive
    """
    if not condition:
        raise ConfigError(f"`{name}` (={value}) must be {rule}")


class CheckedSettings:
    """Base class of settings: checks the types and the allowed values of the fields."""

    def check_fields(self) -> None:
        """Compare every field with its annotation and its `choices`; whole numbers become floats where asked for.

        Raises:
            ConfigError: a value has the wrong type, or is not one of the allowed ones.
        """
        hints = typing.get_type_hints(type(self))
        for item in dataclasses.fields(self):  # type: ignore[arg-type]
            value, kind = getattr(self, item.name), hints[item.name]
            kinds = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
            if int in kinds and isinstance(value, bool):
                raise ConfigError(f"`{item.name}` (={value}) must be a whole number")
            if float in kinds and isinstance(value, int):
                object.__setattr__(self, item.name, float(value))
                value = float(value)
            if not isinstance(value, kinds):
                names = " or ".join(k.__name__ for k in kinds)
                raise ConfigError(f"`{item.name}` (={value!r}) must be of type {names}")
            choices = item.metadata.get("choices")
            if choices:
                require(value in choices, item.name, value, f"one of {', '.join(choices)}")


@dataclass(frozen=True)
class DataConfig(CheckedSettings):
    """How audio files become training slices.

    Sampling rate, slice length, channels, overlap (frame length and hop), zero padding, peak normalisation.

    Source: Donahue et al. 2019, the released loader; the defaults are what it really does.
    """

    sample_rate_hz: int = option(16000, "sampling rate of the slices, in hertz", flag="data_sample_rate")
    slice_len: int = option(16384, "length of a slice in samples: 16384, 32768 or 65536", flag="data_slice_len")
    channels: int = option(1, "audio channels; files with more are averaged to one", flag="data_num_channels")
    overlap_ratio: float = option(0.0, "overlap of neighbouring slices, 0 up to 1", flag="data_overlap_ratio")
    first_slice: bool = option(False, "only the first slice of each file, zero-padded", flag="data_first_slice")
    pad_end: bool = option(False, "keep the last, zero-padded slice of a file", flag="data_pad_end")
    normalize: bool = option(True, "scale each file to a peak of 1 (silent files stay)", flag="data_normalize")

    def __post_init__(self) -> None:
        self.check_fields()
        require(self.sample_rate_hz > 0, "sample_rate_hz", self.sample_rate_hz, "positive")
        require(self.slice_len > 0, "slice_len", self.slice_len, "positive")
        require(self.channels > 0, "channels", self.channels, "positive")
        require(0.0 <= self.overlap_ratio < 1.0, "overlap_ratio", self.overlap_ratio, "in [0, 1)")


@dataclass(frozen=True)
class NetworkConfig(CheckedSettings):
    """The shapes of generator, discriminator and Q-network.

    Their architecture: latent dimension, filters, kernel length, upsampling, batch normalisation, phase shuffle, code.

    Source: Donahue et al. 2019, appendix D; Beguš 2021, section 3; the released code for what they leave out.
    """

    slice_len: int = option(16384, "length of the audio in samples: 16384, 32768 or 65536", flag="data_slice_len")
    channels: int = option(1, "audio channels", flag="data_num_channels")
    latent_dim: int = option(100, "length of z, the code included", flag="wavegan_latent_dim")
    dim: int = option(64, "model size: channels of the widest layers are multiples of it", flag="wavegan_dim")
    kernel_len: int = option(25, "length of the one-dimensional filters in taps", flag="wavegan_kernel_len")
    upsample: str = option("zeros", "zeros: transposed convolution; nn: repeat, then convolve",
                           flag="wavegan_genr_upsample", choices=("zeros", "nn"))
    batchnorm: str = option("off", "off; on: ordinary; tf1 (or no value): D and Q always use the batch's statistics, "
                            "as the original",
                            flag="wavegan_batchnorm", choices=("off", "on", "tf1"), bare="tf1")
    phaseshuffle: int = option(2, "radius of phase shuffle in steps; 0 turns it off",
                               flag="wavegan_disc_phaseshuffle")
    post_filter: bool = option(False, "filter the generator's output, one learnt filter", flag="wavegan_genr_pp")
    post_filter_len: int = option(512, "length of that filter in taps", flag="wavegan_genr_pp_len")
    code: str = option("none", "none: WaveGAN; onehot: ciwGAN; binary: fiwGAN", choices=("none", "onehot", "binary"))
    code_dim: int = option(0, "values of the code: classes (ciwGAN) or bits (fiwGAN)", flag="num_categ")

    def __post_init__(self) -> None:
        self.check_fields()
        require(self.slice_len in SLICE_LENGTHS, "slice_len", self.slice_len,
                f"one of {', '.join(map(str, SLICE_LENGTHS))}; pad or crop the clips to one of them")
        for name in ("channels", "latent_dim", "dim", "kernel_len", "post_filter_len"):
            require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        require(self.phaseshuffle >= 0, "phaseshuffle", self.phaseshuffle, "0 or more")
        # reflection needs more steps than the shift; the shortest shuffled layer has 64 steps
        require(self.phaseshuffle < 32, "phaseshuffle", self.phaseshuffle, "less than 32")
        if self.code == "none":
            require(self.code_dim == 0, "code_dim", self.code_dim, "0 when `code` is none; set `code`")
        else:
            least = 2 if self.code == "onehot" else 1
            require(least <= self.code_dim <= self.latent_dim, "code_dim", self.code_dim,
                    f"from {least} to `latent_dim` (={self.latent_dim}) when `code` is {self.code}")


@dataclass(frozen=True)
class TrainConfig(CheckedSettings):
    """Losses, optimisers and everything else that decides the weights.

    The hyperparameters of training: loss, batch size, updates of D for each of G, seed, learning rates, precision.

    Source: Gulrajani et al. 2017 (WGAN-GP); Donahue et al. 2019; Beguš 2021; the released code.
    """

    loss: str = option("wgan-gp", "adversarial loss", flag="wavegan_loss",
                       choices=("wgan-gp", "wgan", "lsgan", "dcgan"))
    batch_size: int = option(64, "examples in a batch, over all devices", flag="train_batch_size")
    disc_nupdates: int = option(5, "discriminator updates for each generator update", flag="wavegan_disc_nupdates")
    seed: int = option(0, "seed of weights, data order, latent vectors and phase shuffle")
    gp_weight: float = option(10.0, "weight of the gradient penalty (wgan-gp)")
    q_weight: float = option(1.0, "weight of the Q-network's loss")
    learning_rate: float = option(0.0, "of generator and discriminator; 0 takes the loss's own rate")
    q_learning_rate: float = option(1e-4, "of the update of Q and G on the Q-network's loss")
    precision: str = option("float32", "arithmetic of the convolutions (the gradient penalty stays in float32)",
                            choices=("float32", "bfloat16"))
    xla: bool = option(False, "compile the training round with XLA: for GPUs; on a CPU a round takes about five times "
                              "as long")

    def __post_init__(self) -> None:
        self.check_fields()
        require(self.batch_size > 0, "batch_size", self.batch_size, "positive")
        require(self.disc_nupdates > 0, "disc_nupdates", self.disc_nupdates, "positive")
        require(0 <= self.seed < 2**31, "seed", self.seed, "from 0 to 2147483647")
        for name in ("gp_weight", "q_weight", "learning_rate", "q_learning_rate"):
            require(getattr(self, name) >= 0.0, name, getattr(self, name), "0 or more")


@dataclass(frozen=True)
class RunConfig(CheckedSettings):
    """All settings of a training run (data, networks, training); written once into its folder as `config.json`.

    Example:
        >>> from wavegan_tf.config import RunConfig
        >>> config = RunConfig.load("saved_models/fiwgan/config.json")
        >>> config.network.code, config.network.code_dim, config.data.sample_rate_hz
        ('binary', 3, 16000)
    """

    data: DataConfig = field(default_factory=DataConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    preset: str = ""

    def __post_init__(self) -> None:
        for name in ("slice_len", "channels"):
            ours, theirs = getattr(self.network, name), getattr(self.data, name)
            require(ours == theirs, name, ours, f"the same for network and data (={theirs})")
        if self.network.code != "none":
            require(self.train.loss == "wgan-gp", "loss", self.train.loss,
                    "wgan-gp when there is a code; the Q-network has no other training")

    def to_json(self) -> str:
        """Return the settings as indented JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str = "config.json") -> RunConfig:
        """Read settings from JSON text.

        Raises:
            ConfigError: not JSON, an unknown or a missing section, a value that cannot be.
        """
        try:
            raw = parse_json(text, f"configuration (={where})")
            data, network, train = DataConfig(**raw.pop("data")), NetworkConfig(**raw.pop("network")), raw.pop("train")
            return cls(data=data, network=network, train=TrainConfig(**train), **raw)
        except (DataError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"configuration (={where}) must be the JSON that this program wrote: {error}") from error
        except ConfigError as error:
            raise ConfigError(f"{error}; see configuration (={where})") from error

    @classmethod
    def load(cls, path: str | Path) -> RunConfig:
        """Read settings from a file.

        Raises:
            ConfigError: there is no such file, or it does not hold settings.
        """
        path = Path(path)
        if not path.is_file():
            raise ConfigError(f"configuration (={path}) must be an existing file; name a run or an exported model")
        try:
            text = read_text(path, "configuration")
        except DataError as error:
            raise ConfigError(str(error)) from error
        return cls.from_json(text, str(path))


def changed_fields(old: Any, new: Any) -> list[str]:
    """List the fields in which two settings of one dataclass differ, as `field: old -> new`."""
    before, after = dataclasses.asdict(old), dataclasses.asdict(new)
    return [f"{name}: {before[name]!r} -> {after[name]!r}" for name in before if before[name] != after[name]]


def differences(old: RunConfig, new: RunConfig) -> list[str]:
    """List the settings in which two training runs differ, as `section.field: old -> new`.

    Args:
        old: settings of one run.
        new: settings of the other.
    Example:
        >>> from wavegan_tf.config import differences
        >>> from wavegan_tf.presets import load_preset
        >>> differences(load_preset("wavegan").config, load_preset("ciwgan").config)
        ["network.code: 'none' -> 'onehot'", 'network.code_dim: 0 -> 10']
    """
    return [f"{section}.{change}" for section in ("data", "network", "train")
            for change in changed_fields(getattr(old, section), getattr(new, section))]
