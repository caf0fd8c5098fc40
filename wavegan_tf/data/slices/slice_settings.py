"""How tokens become files: silence, split, rate and length."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

from wavegan_tf.data.corpora.splits import SPLITS
from wavegan_tf.errors import ConfigError

__all__ = ["SliceSettings"]


def _option(default: Any, text: str, choices: tuple[str, ...] | None = None) -> Any:
    return field(default=default, metadata={"help": text, "choices": choices})


@dataclass(frozen=True)
class SliceSettings:
    """How tokens become files; every field is a command-line flag."""

    silence_s: float = _option(0.025, "silence around a token, in seconds")
    silence_side: str = _option("both", "where that silence goes", ("both", "before", "after"))
    split: str = _option("token", "training and test set: drawn by token, drawn by speaker, or the corpus' own", SPLITS)
    test_share: float = _option(0.2, "share of tokens or speakers in the test set")
    seed: int = _option(0, "seed of that draw")
    rate_hz: int = _option(0, "sampling rate of the slices, in hertz; 0 keeps the corpus' own")
    max_samples: int = _option(0, "longest slice, silence included, in samples; 0 for no limit")
    longer: str = _option("refuse", "longer tokens are left out, cut at the end, or kept; all are counted",
                          ("refuse", "crop", "keep"))
    subtype: str = _option("PCM_16", "samples of the files: 16 or 24 bits, or 32-bit floats; what does not fit is "
                           "counted", ("PCM_16", "PCM_24", "FLOAT"))
    level: str = _option("keep", "samples beyond full scale: keep the level and clip them, or fit all "
                         "slices by one factor; FLOAT holds them as they are", ("keep", "fit"))

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            value, choices = getattr(self, item.name), item.metadata["choices"]
            if choices and value not in choices:
                raise ConfigError(f"`{item.name}` (={value}) must be one of {', '.join(choices)}")
            if not choices and not (math.isfinite(value) and value >= 0):
                raise ConfigError(f"`{item.name}` (={value}) must be 0 or more")
        if self.test_share >= 1:
            raise ConfigError(f"`test_share` (={self.test_share}) must be in [0, 1)")
        if self.subtype == "FLOAT" and self.level != "keep":
            raise ConfigError(f"`level` (={self.level}) must be keep for floats, which hold samples beyond full scale; "
                              "leave it out")
