"""Finalised profiles: what the sums over frames say about every group and layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snap_tf.layer_info import LayerInfo

__all__ = ["PROFILE_KINDS", "LayerProfiles", "Profiles"]

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
