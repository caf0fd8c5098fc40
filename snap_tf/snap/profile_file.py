"""The file that `snap-tf profile` writes: sums, counts, alignment, and everything that was chosen to get them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snap_tf.layer_info import LayerInfo
from snap_tf.snap.alignment_counts import AlignmentCounts
from snap_tf.snap.profiles import Profiles
from snap_tf.snap.settings import ProfileOptions
from snap_tf.snap.sums import GroupSums

__all__ = ["SCHEMA", "ProfileFile", "merge_profiles", "read_profiles", "write_profiles"]

SCHEMA = 1


@dataclass(frozen=True)
class ProfileFile:
    """Results of a pass over the data, before they are finalised.

    Attributes:
        options: every setting of the pass.
        model: `name`, `hash` of the weights, `source` path, `classes` (names of the output's classes), `blank` (index
            or None), `output` (name of the layer whose unit is the target), `target_step`.
        source: what was run through it: `name`, `fingerprint`, `n_frames` seen, `n_blank` dropped, `shards`.
        layers: input first, output last; `steps` are those of a frame (0 without time).
        sums: by name of the grouping.
        shifts: by layer, int64 [T]: how many frames had their maximum at each step (the shift is T // 2 minus it).
        alignment: counts of predicted against annotated symbols by name of the annotation (`phone`); None where the
            data has no annotations.
        versions: of the programs that made it.
    """

    options: ProfileOptions
    model: dict[str, Any]
    source: dict[str, Any]
    layers: tuple[LayerInfo, ...]
    sums: dict[str, GroupSums]
    shifts: dict[str, np.ndarray]
    alignment: dict[str, AlignmentCounts] | None
    versions: dict[str, str]

    @property
    def groupings(self) -> tuple[str, ...]:
        """Names of the groupings, in the order in which they were asked for."""
        return tuple(self.sums)

    def profiles(self, kind: str = "snap", grouping: str | None = None, *, min_frames: int = 1,
                 folds: Sequence[int] | None = None, **choices: Any) -> Profiles:
        """Finalise the sums of one grouping.

        Args:
            kind: one of `profiles.PROFILE_KINDS`.
            grouping: its name; the first one by default.
            min_frames: groups with fewer frames are left out, see `rare_groups`.
            folds: which folds of the frames to take; all by default.
            choices: `mask`, `mask_scale`, `mask_output`, `global_mean` in the place of those of the options.

        Raises:
            ConfigError: no such kind, grouping or fold, or the pass did not keep the sums for that kind.
        """
        raise NotImplementedError

    def rare_groups(self, grouping: str | None = None, min_frames: int = 1) -> dict[str, int]:
        """Return the groups with fewer than `min_frames` frames, and how many they have."""
        raise NotImplementedError


def write_profiles(file: ProfileFile, path: str | Path) -> None:
    """Write a profile file, whole or not at all."""
    raise NotImplementedError


def read_profiles(path: str | Path) -> ProfileFile:
    """Read a profile file."""
    raise NotImplementedError


def merge_profiles(files: Sequence[ProfileFile]) -> ProfileFile:
    """Add up the files of several shards."""
    raise NotImplementedError
