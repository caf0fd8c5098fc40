"""Profiles (SNAP, NAP, NAvAI) of every group and layer, computed from the sums over frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snap_tf.layer_info import LayerInfo
from snap_tf.snap.profiles.sums import GroupSums

__all__ = ["PROFILE_KINDS", "LayerProfiles", "Profiles", "finalise", "normalised", "scaled_mask"]

PROFILE_KINDS = ("snap", "normalised", "mask", "navai", "nap")
"""`snap` = mask x normalised; `mask` = scaled mean |saliency|; `navai`: input layer only; `nap`: sorted over time."""


@dataclass(frozen=True)
class LayerProfiles:
    """Profiles of one layer.

    Attributes:
        layer: its name, rate and channels; `steps` is T. The input layer is called `input`.
        centre: T // 2, the step at which frames are aligned.
        values: float64 [groups, T, channels]; T is 1 for layers without time.
    """

    layer: LayerInfo
    centre: int
    values: np.ndarray

    @property
    def times_s(self) -> np.ndarray:
        """Time of every step in seconds from the alignment step, float64 [T]; zeros where there is no rate."""
        steps = np.arange(self.values.shape[1]) - self.centre
        return steps / self.layer.rate_hz if self.layer.rate_hz else np.zeros(len(steps))


@dataclass(frozen=True)
class Profiles:
    """Profiles of all groups in all layers.

    Attributes:
        kind: one of `PROFILE_KINDS`.
        grouping: which grouping of the frames, such as `phone`.
        groups: their names, without the catch-all of frames that belong to none.
        counts: frames in each group, int64 [groups].
        layers: by name in the order of the network, input first, output last.
    """

    kind: str
    grouping: str
    groups: tuple[str, ...]
    counts: np.ndarray
    layers: dict[str, LayerProfiles]


def finalise(sums: GroupSums, layers: Sequence[LayerInfo], kind: str, rows: np.ndarray, folds: Sequence[int], *,
             mask: str = "mean_abs", mask_scale: str = "group", mask_output: bool = True,
             global_mean: str = "frames") -> Profiles:
    """Compute the profiles of one grouping from its sums.

    Args:
        sums: of one grouping.
        layers: all layers of the pass, input first, output last.
        kind: one of `PROFILE_KINDS`.
        rows: int, which groups.
        folds: which folds of the frames.
        mask: `mean_abs`: mean |saliency|; `abs_mean`: |mean saliency|.
        mask_scale: `group`: the largest value of each group and layer becomes 1; `layer`: that of each layer.
        mask_output: False leaves the output layer unmasked.
        global_mean: `frames`: mean over all frames, in whatever group, or none; `groups`: mean of all groups' means.

    Source: Krug et al. 2021, section 3.3, steps 7 to 9; Krug & Stober 2018 (NAvAI); Krug, Knaebel & Stober 2018 (NAP).
    """
    counts = sums.counts[list(folds)].sum(axis=0)  # [groups + 1]
    quantity = {"navai": "navai", "nap": "plain"}.get(kind, "aligned")
    found = {}
    for layer in layers:
        if layer.name not in sums.values[quantity if kind != "mask" else "saliency"]:
            continue  # NAvAI is of the input alone
        masked = kind in ("snap", "mask") and (mask_output or layer is not layers[-1])
        values = np.ones((len(rows), 1, 1)) if kind == "mask" and not masked else None
        if masked:
            which = "saliency" if mask == "mean_abs" else "signed"
            total = sums.values[which][layer.name][list(folds)].sum(axis=0)
            values = scaled_mask(total[rows] / counts[rows, None, None], mask_scale)
        if kind != "mask":
            total = sums.values[quantity][layer.name][list(folds)].sum(axis=0)
            deviation = normalised(total, counts, rows, global_mean)
            values = deviation if values is None else values * deviation
        assert values is not None
        if kind == "nap":
            values = np.sort(values, axis=1)[:, ::-1]
        centre = values.shape[1] // 2
        found[layer.name] = LayerProfiles(layer, centre, values)
    groups = tuple(sums.groups[row] for row in rows)
    return Profiles(kind, sums.name, groups, counts[rows], found)


def normalised(total: np.ndarray, counts: np.ndarray, rows: np.ndarray, global_mean: str = "frames") -> np.ndarray:
    """Subtract the mean of all frames from the mean of each group.

    Args:
        total: float64 [groups + 1, T, channels], sums; the last row is of frames in no group.
        counts: int64 [groups + 1].
        rows: which groups.
        global_mean: `frames` or `groups`.

    Returns:
        float64 [rows, T, channels].

    Source: Krug et al. 2021, section 3.3, step 7.
    """
    means = total[rows] / counts[rows, None, None]
    if global_mean == "frames":
        return means - total.sum(axis=0) / counts.sum()
    there = np.flatnonzero(counts[:-1])
    return means - (total[there] / counts[there, None, None]).mean(axis=0)


def scaled_mask(saliency: np.ndarray, scale: str = "group") -> np.ndarray:
    """Scale mean saliency to [0, 1] so that zero stays zero.

    Args:
        saliency: float64 [groups, T, channels], mean |saliency|, or the mean of signed saliency.
        scale: `group`: by the maximum of each group; `layer`: by that of all groups.

    Returns:
        The same shape; zeros where the maximum is zero.

    Source: Krug et al. 2021, section 3.3, step 8.
    """
    size = np.abs(saliency)
    largest = size.max(axis=(1, 2), keepdims=True) if scale == "group" else size.max(keepdims=True)
    return np.divide(size, largest, out=np.zeros_like(size), where=largest > 0)
