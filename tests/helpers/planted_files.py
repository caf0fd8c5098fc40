"""Profile files with a planted truth: groups that belong together, alignment that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snap_tf.layer_info import LayerInfo
from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from snap_tf.snap.profiles.finalising import LayerProfiles, Profiles
from snap_tf.snap.profiles.profile_file import ProfileFile
from snap_tf.snap.profiles.sums import GroupSums
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

    def filled_folds(self, grouping: str | None = None) -> tuple[int, ...]:
        return tuple(range(self.options.folds))

    def rare_groups(self, grouping: str | None = None, min_frames: int = 1) -> dict[str, int]:
        return {group: n for group, n in self.few.items() if n < min_frames}


def planted_file(name: str = "model", folds: int = 1, alignment: dict[str, AlignmentCounts] | None = None,
                 **planted: Any) -> PlantedFile:
    return PlantedFile(ProfileOptions(folds=folds), {"name": name, "hash": "0", "classes": list(GROUPS)},
                       {"name": "planted", "n_frames": 1000, "n_blank": 10}, LAYERS, {}, {}, alignment, {}, **planted)


INPUT = layer_info("input", 30, 128, RATE_HZ)  # a spectrogram of a recogniser, whose channels have frequencies
SUMMED_LAYERS = (INPUT, *(layer_info(f"conv_{k}", 15, 4 + k, RATE_HZ / 2) for k in range(1, 7)),
                 LayerInfo("output", "L7", 0, 9, 0.0, "linear"))


def planted_sums(grouping: str = "phone", groups: Sequence[str] = GROUPS, folds: int = 4, seed: int = 0,
                 layers: Sequence[LayerInfo] = SUMMED_LAYERS, frames: int = 30) -> GroupSums:
    """Sums of frames whose relevance lies at the centre; the last group has two frames in each fold."""
    rng = np.random.default_rng(seed)
    n = len(groups) + 1
    counts = np.full((folds, n), frames, np.int64)
    counts[:, n - 2] = 2
    values: dict[str, dict[str, np.ndarray]] = {quantity: {} for quantity in ("aligned", "saliency", "plain", "navai")}
    for number, info in enumerate(layers):
        steps = info.steps or 1
        centres = rng.normal(size=(3, steps, info.channels))
        means = centres[np.arange(n) % 3] + 0.1 * rng.normal(size=(folds, n, steps, info.channels))
        near = np.exp(-((np.arange(steps) - steps // 2) / 3.0) ** 2)[:, None]
        weight = counts[:, :, None, None]
        values["aligned"][info.name] = means * weight
        values["saliency"][info.name] = np.abs(rng.normal(size=means.shape)) * near * weight
        values["plain"][info.name] = means * weight
        if number == 0:
            values["navai"][info.name] = means * weight
    return GroupSums(grouping, tuple(groups), counts, values)


def summed_file(name: str = "W2P_shallow", groupings: Sequence[str] = ("phone",), annotated: bool = True,
                seed: int = 0, layers: Sequence[LayerInfo] = SUMMED_LAYERS, kinds: str = "snap,navai,nap"
                ) -> ProfileFile:
    """A profile file like those of a pass, that can be written and read."""
    kept = {"snap": ("aligned", "saliency"), "navai": ("navai",), "nap": ("plain",)}
    quantities = [quantity for kind in kinds.split(",") for quantity in kept[kind]]
    sums = {}
    for number, grouping in enumerate(groupings):
        groups = GROUPS if grouping != "letter" else ("e", "h", "g", " ")
        sums[grouping] = planted_sums(grouping, groups, seed=seed + number, layers=layers)
        sums[grouping].values = {quantity: sums[grouping].values[quantity] for quantity in quantities}
    alignment = None
    if annotated:
        rng = np.random.default_rng(seed)
        counts = AlignmentCounts(GROUPS, GROUPS, layers[0].steps or 1)
        annotated_steps = np.repeat(rng.integers(0, 9, (400, 10)), 3, axis=1)
        tau = rng.integers(0, 30, 400)
        predicted = np.where(rng.random(400) < 0.7, annotated_steps[np.arange(400), tau], rng.integers(0, 9, 400))
        counts.add(predicted, annotated_steps, tau)
        alignment = {"phone": counts}
    shifts = {info.name: np.random.default_rng(seed).integers(0, 50, max(info.steps or 0, 1)) for info in layers}
    model = {"name": name, "hash": "0", "classes": list(GROUPS), "blank": None, "output": "output", "source": "",
             "target_step": 7}
    source = {"name": "planted", "fingerprint": "0", "n_blocks": 1, "n_frames": 1000, "n_blank": 10, "n_skipped": 0,
              "shards": [[1, 1]], "notice": ""}
    return ProfileFile(ProfileOptions(folds=4, kinds=kinds), model, source, tuple(layers), sums, shifts, alignment,
                       {"wavegan_tf": "0"})
