"""Reduce the feature maps of a layer to one time series: mean (the papers), maximum, RMS, mean magnitude, one map."""

from __future__ import annotations

from collections.abc import Callable

from wavegan_tf.errors import ConfigError
from wavegan_tf.tensors import Tensor

__all__ = ["REDUCTIONS", "average", "highest", "mean_magnitude", "reduction", "root_mean_square", "single_map"]


def average(maps: Tensor) -> Tensor:
    """Average feature maps: t = (1/n) sum of C_i over the n channels.

    Args:
        maps: float [..., steps, channels], array or tensor.

    Returns:
        float [..., steps], as Keras gives it.

    Source: Beguš & Zhou, ICASSP 2022, Eq. 1; Beguš & Zhou, IEEE/ACM TASLP 30, 2022.

    Example:
        >>> import numpy as np
        >>> from snap_tf.reduction import average
        >>> maps = np.array([[[1.0, 3.0], [0.0, 8.0]]])  # one input, two steps, two feature maps
        >>> np.asarray(average(maps)).tolist()
        [[2.0, 4.0]]
    """
    from keras import ops

    return ops.mean(maps, axis=-1)


def highest(maps: Tensor) -> Tensor:
    """Take the maximum over feature maps at every step: [..., steps, channels] -> [..., steps].

    Example:
        >>> import numpy as np
        >>> from snap_tf.reduction import highest
        >>> maps = np.array([[[1.0, 3.0], [0.0, 8.0]]])
        >>> np.asarray(highest(maps)).tolist()
        [[3.0, 8.0]]
    """
    from keras import ops

    return ops.max(maps, axis=-1)


def root_mean_square(maps: Tensor) -> Tensor:
    """Take the root mean square over feature maps: [..., steps, channels] -> [..., steps].

    Example:
        >>> import numpy as np
        >>> from snap_tf.reduction import root_mean_square
        >>> maps = np.array([[[1.0, -7.0], [2.0, 2.0]]])
        >>> np.asarray(root_mean_square(maps)).tolist()
        [[5.0, 2.0]]
    """
    from keras import ops

    return ops.sqrt(ops.mean(ops.square(maps), axis=-1))


def mean_magnitude(maps: Tensor) -> Tensor:
    """Average absolute values over feature maps: [..., steps, channels] -> [..., steps].

    Example:
        >>> import numpy as np
        >>> from snap_tf.reduction import mean_magnitude
        >>> maps = np.array([[[1.0, -7.0], [2.0, 2.0]]])
        >>> np.asarray(mean_magnitude(maps)).tolist()
        [[4.0, 2.0]]
    """
    from keras import ops

    return ops.mean(ops.absolute(maps), axis=-1)


def single_map(k: int) -> Callable[[Tensor], Tensor]:
    """Make a function that takes feature map number `k` only, counted from 0.

    Returns:
        A function [..., steps, channels] -> [..., steps] that raises ConfigError where there is no such map.

    Example:
        >>> import numpy as np
        >>> from snap_tf.reduction import single_map
        >>> maps = np.array([[[1.0, 3.0], [0.0, 8.0]]])
        >>> single_map(1)(maps).tolist()
        [[3.0, 8.0]]
    """
    def take(maps: Tensor) -> Tensor:
        channels = maps.shape[-1]
        if not 0 <= k < channels:
            raise ConfigError(f"`reduce` (=map:{k}) must name a feature map that the layer has; it has {channels}, 0 "
                              f"to {channels - 1}; choose one of them, or other layers")
        return maps[..., k]

    return take


REDUCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "mean": average, "max": highest, "rms": root_mean_square, "abs": mean_magnitude}
"""Functions by name that reduce the feature maps of a layer to one series."""


def reduction(name: str) -> Callable[[Tensor], Tensor]:
    """Return a reduction of feature maps by its name: mean, max, rms, abs, or `map:K` for a single map.

    Raises:
        ConfigError: no such name.

    Example:
        >>> import numpy as np
        >>> from snap_tf.reduction import reduction
        >>> maps = np.array([[[1.0, 3.0], [0.0, 8.0]]])
        >>> np.asarray(reduction("max")(maps)).tolist()
        [[3.0, 8.0]]
        >>> reduction("map:0")(maps).tolist()
        [[1.0, 0.0]]
    """
    if name in REDUCTIONS:
        return REDUCTIONS[name]
    kind, _, number = name.partition(":")
    if kind == "map" and number.isdecimal():
        return single_map(int(number))
    raise ConfigError(f"`reduce` (={name}) must be one of {', '.join(REDUCTIONS)}, or map:K for feature map number K")
