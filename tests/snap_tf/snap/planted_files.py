"""Profile files with a planted truth: groups that belong together, alignment that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snap_tf.layer_info import LayerInfo
from snap_tf.snap.alignment_counts import AlignmentCounts
from snap_tf.snap.profile_file import ProfileFile
from snap_tf.snap.profiles import LayerProfiles, Profiles
from snap_tf.snap.settings import ProfileOptions

GROUPS = ("a", "i", "u", "s", "z", "f", "p", "t", "k")
FAMILIES = (0, 0, 0, 1, 1, 1, 2, 2, 2)
RATE_HZ = 125.0


def layer_info(name: str, steps: int, channels: int, rate_hz: float) -> LayerInfo:
    return LayerInfo(name, name if name == "input" else f"L{name[-1]}", steps, channels, rate_hz, "relu")


LAYERS = (layer_info("input", 12, 8, RATE_HZ), layer_info("conv_1", 6, 5, RATE_HZ / 2),
          layer_info("conv_2", 6, 4, RATE_HZ / 2), layer_info("conv_3", 6, 3, RATE_HZ / 2))


def planted_values(info: LayerInfo, number: int, spread: float, seed: int = 0, n: int = 9) -> np.ndarray:
    """Give every family its own place; layer `conv_2` forgets the first two families."""
    rng = np.random.default_rng([seed, number])
    centres = rng.normal(size=(3, info.steps or 1, info.channels))
    if info.name == "conv_2":
        centres[1] = centres[0]
    return centres[list(FAMILIES[:n])] + spread * rng.normal(size=(n, info.steps or 1, info.channels))


@dataclass(frozen=True)
class PlantedFile(ProfileFile):
    """A file whose profiles are made up: families of groups, and noise that differs between folds."""

    noise: float = 0.0
    spread: float = 0.05
    few: dict[str, int] = field(default_factory=dict)

    def profiles(self, kind: str = "snap", grouping: str | None = None, *, min_frames: int = 1,
                 folds: Sequence[int] | None = None, **choices: Any) -> Profiles:
        folds = tuple(range(self.options.folds)) if folds is None else tuple(folds)
        counts = np.array([self.few.get(group, 80 * len(folds)) for group in GROUPS])
        kept = counts >= min_frames
        layers = {}
        for number, info in enumerate(self.layers):
            values = planted_values(info, number, self.spread)
            values = values + self.noise * np.mean([np.random.default_rng([9, fold, number]).normal(size=values.shape)
                                                    for fold in folds], axis=0)
            layers[info.name] = LayerProfiles(info, (info.steps or 1) // 2, values[kept])
        return Profiles(kind, grouping or "phone", tuple(np.array(GROUPS)[kept].tolist()), counts[kept], layers)

    def rare_groups(self, grouping: str | None = None, min_frames: int = 1) -> dict[str, int]:
        return {group: n for group, n in self.few.items() if n < min_frames}


def planted_file(name: str = "model", folds: int = 1, alignment: dict[str, AlignmentCounts] | None = None,
                 **planted: Any) -> PlantedFile:
    return PlantedFile(ProfileOptions(folds=folds), {"name": name, "hash": "0", "classes": list(GROUPS)},
                       {"name": "planted", "n_frames": 1000, "n_blank": 10}, LAYERS, {}, {}, alignment, {}, **planted)
