"""Settings of sanity checks; the command's flags are made from this."""

from __future__ import annotations

from dataclasses import dataclass

from wavegan_tf.config import CheckedSettings, option, require

__all__ = ["SanitySettings"]


@dataclass(frozen=True)
class SanitySettings(CheckedSettings):
    """Settings of sanity checks: how many frames and how many permutations."""

    frames_per_group: int = option(10, "frames of each group")
    utterances: int = option(60, "utterances (or blocks of 16 clips) to draw them from")
    min_frames: int = option(3, "leave groups with fewer frames out")
    permutations: int = option(19, "how often the labels are permuted; 19 are quick and cannot give p below .05, "
                                  "which takes 20 and better 99")
    seed: int = option(0, "of frames, weights, labels and noise")

    def __post_init__(self) -> None:
        self.check_fields()
        for name in ("frames_per_group", "utterances", "min_frames", "permutations"):
            require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        require(0 <= self.seed < 2**31, "seed", self.seed, "from 0 to 2147483647")
