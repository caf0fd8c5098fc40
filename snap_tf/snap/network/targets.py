"""Target of the gradient: a unit of the output, or of a code layer, at one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snap_tf.snap.network.networks import Network
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.errors import ConfigError
from wavegan_tf.tensors import Tensor

__all__ = ["Choose", "Target", "make_target"]

Choose = Callable[[np.ndarray], np.ndarray]
"""From float32 [n_frames, units] at the target step to the units that the gradient is taken of: int [n_frames]."""


@dataclass(frozen=True)
class Target:
    """The rule that says which unit of which layer the gradient of each frame is taken of.

    Attributes:
        layer: name of the layer whose unit it is.
        units: names of the layer's units, for groups by prediction.
        blank: index of CTC's blank among them, or None.
        unit: the unit that all frames share, or None: the largest one.
        is_norm: whether the target is the length of the vector of all units.
        skip_blank: whether the largest unit other than the blank counts.
        drop_blank: whether frames are dropped whose largest unit is the blank.
        choose: a user's own rule, or None.
    """

    layer: str
    units: tuple[str, ...]
    blank: int | None
    unit: int | None = None
    is_norm: bool = False
    skip_blank: bool = False
    drop_blank: bool = False
    choose: Choose | None = None

    @property
    def is_of_each_frame(self) -> bool:
        """Whether every frame has a unit of its own, predicted or chosen, so that its place may be looked for."""
        return self.unit is None and not self.is_norm

    def predicted(self, values: np.ndarray) -> np.ndarray:
        """Return the largest unit of each frame, int64 [n_frames], given float [n_frames, units]."""
        if self.skip_blank and self.blank is not None:
            values = values.copy()
            values[:, self.blank] = -np.inf
        return np.argmax(values, axis=1)

    def scores(self, values: Tensor, units: Tensor) -> tuple[Tensor, Tensor]:
        """Make the tensor that is differentiated.

        Args:
            values: float tensor [batch, units] at the target step.
            units: int32 tensor [batch], the units to take; -1 for the rule of the target.

        Returns:
            The score [batch], and the largest unit int32 [batch].
        """
        import tensorflow as tf

        shown = values
        if self.skip_blank and self.blank is not None:
            shown = values + tf.one_hot(self.blank, len(self.units), on_value=-np.inf, off_value=0.0)
        largest = tf.argmax(shown, axis=1, output_type=tf.int32)
        if self.is_norm:
            return tf.norm(values, axis=1), largest
        usual = largest if self.unit is None else tf.fill(tf.shape(largest), self.unit)
        return tf.gather(values, tf.where(units >= 0, units, usual), batch_dims=1), largest


def make_target(network: Network, options: ProfileOptions, choose: Choose | None = None) -> Target:
    """Find the target that the options name.

    Args:
        network: whose layers there are.
        options: `target` and `blank`.
        choose: a user's own rule, for `target="callable"`.

    Raises:
        ConfigError: no such class or layer; `callable` without a rule.
    """
    kind, _, name = options.target.partition(":")
    if (kind == "callable") != (choose is not None):
        raise ConfigError(f"`target` (={options.target}) must be callable, and a function be given, or neither")
    if kind in ("layer", "norm"):
        layer = next((x for x in network.layers if name in (x.name, x.paper_name)), None)
        if layer is None:
            raise ConfigError(f"`target` (={options.target}) must name a layer; there are "
                              f"{', '.join(x.title for x in network.layers)}")
        if layer.name != network.output:
            return Target(layer.name, tuple(f"unit_{i}" for i in range(layer.channels)), None,
                          is_norm=kind == "norm")
    unit = None
    if kind == "class":
        if name not in network.classes and not (name.isdecimal() and int(name) < len(network.classes)):
            raise ConfigError(f"`target` (={options.target}) must name a class: {', '.join(network.classes)}, or its "
                              "number")
        unit = network.classes.index(name) if name in network.classes else int(name)
    has_blank = network.blank is not None
    return Target(network.output, network.classes, network.blank, unit, kind == "norm",
                  has_blank and options.blank == "nonblank", has_blank and options.blank == "drop", choose)
