"""Say which layers of a network cannot be looked into."""

from __future__ import annotations

from typing import Any

__all__ = ["tell_left_out"]


def tell_left_out(probe: Any) -> None:
    """Print a line for each reason why layers are left out."""
    from snap_tf.layer_info import LeftOut

    for line in LeftOut.lines(probe.left_out):
        print(line)
