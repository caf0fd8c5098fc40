"""Print which layers of a network are left out, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snap_tf.probe import Probe

__all__ = ["tell_left_out"]


def tell_left_out(probe: Probe) -> None:
    """Print a line for each reason why layers are left out."""
    from snap_tf.layer_info import LeftOut

    for line in LeftOut.lines(probe.left_out):
        print(line)
