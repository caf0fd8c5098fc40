"""Phase shuffle: shift a feature map by a few random time steps, so that D cannot learn the phase of artefacts."""

from __future__ import annotations

import keras
from keras import ops

from wavegan_tf.tensors import Tensor

__all__ = ["SHUFFLED_LAYERS", "phase_shuffle"]

SHUFFLED_LAYERS = 4
"""Phase shuffle follows the first four convolutions, at every length of audio."""


def phase_shuffle(x: Tensor, shift: Tensor | int, radius: int) -> Tensor:
    """Shift the feature maps of a batch by the same number of time steps, with reflection at the edge.

    Args:
        x: float [batch, steps, channels].
        shift: int scalar in [-radius, radius]; positive moves right: [1..7] by +1 is [2, 1, 2, 3, 4, 5, 6].
        radius: the largest shift, less than `steps`.

    Returns:
        float [batch, steps, channels].

    Example:
        >>> import numpy as np
        >>> from wavegan_tf.models import phase_shuffle
        >>> x = np.arange(1, 8, dtype=np.float32).reshape(1, 7, 1)
        >>> np.ravel(phase_shuffle(x, shift=1, radius=2)).tolist()
        [2.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]

    Source: Donahue et al. 2019, section 3.3; the released code (one shift for the batch in every layer call).
    """
    if radius == 0:
        return x
    batch, steps, channels = ops.shape(x)
    padded = ops.pad(x, [[0, 0], [radius, radius], [0, 0]], mode="reflect")
    # a slice, not a gather: its gradient is fast and sums in a fixed order
    if keras.backend.backend() == "tensorflow":
        from wavegan_tf.models.windows import window

        return window(padded, radius - shift, steps)
    return ops.slice(padded, (0, radius - shift, 0), (batch, steps, channels))
