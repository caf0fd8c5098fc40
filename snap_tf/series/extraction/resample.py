"""Upsample a layer's time series to the sampling rate of the audio."""

from __future__ import annotations

import numpy as np

from wavegan_tf.errors import ConfigError

__all__ = ["upsample_linear"]


def upsample_linear(values: np.ndarray, n_samples: int) -> np.ndarray:
    """Upsample series to `n_samples` points by linear interpolation; the first and the last point do not change.

    For figures: interpolation adds images of the spectrum, so that nothing acoustic may be measured on the result.

    Args:
        values: float [..., steps].
        n_samples: wanted points, such as those of the audio.

    Returns:
        float32 [..., n_samples].

    Raises:
        ConfigError: fewer points than steps, or none.

    Source: Beguš & Zhou, ICASSP 2022, section 3 and Figure 2.

    Example:
        >>> import numpy as np
        >>> from snap_tf.series import upsample_linear
        >>> upsample_linear(np.array([[0.0, 2.0, 1.0]]), 5).tolist()
        [[0.0, 1.0, 2.0, 1.5, 1.0]]
    """
    values = np.asarray(values)
    n_steps = values.shape[-1]
    if n_samples < n_steps or not n_steps:
        raise ConfigError(f"`n_samples` (={n_samples}) must be at least the {n_steps} steps of the layer, of which "
                          "there must be one or more")
    place = np.linspace(0, n_steps - 1, n_samples)
    left = np.minimum(place.astype(np.int64), max(n_steps - 2, 0))
    right = np.minimum(left + 1, n_steps - 1)
    share = (place - left).astype(np.float32)
    return (values[..., left] * (1 - share) + values[..., right] * share).astype(np.float32)
