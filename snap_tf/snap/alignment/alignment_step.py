"""Alignment step of a frame: the step at which the product of pooled saliency and activation is largest.

All functions take tensors of an interval of a layer's steps; saliency is zero elsewhere.

Source: Krug et al. 2021, section 3.3, steps 4 and 5.
"""

from __future__ import annotations

import numpy as np

from wavegan_tf.tensors import Tensor

__all__ = ["largest_gradient_step", "margins", "peak_step", "pool", "shift_of"]

_WINDOWS = {"same": ((0, 1), (0, 1)), "centred": ((-1, 0, 1), (-1, 0, 1)), "time": ((0, 1), (0,)), "none": ((0,), (0,))}
"""Steps and channels that are averaged for a cell, relative to it. TensorFlow's SAME pads 2 x 2 at the end only."""


def margins(pooling: str) -> tuple[int, int]:
    """Return how many steps before and after the saliency the pooled saliency reaches."""
    steps = _WINDOWS[pooling][0]
    return max(steps), -min(steps)


def pool(saliency: Tensor, pooling: str, first: int, n_steps: int) -> Tensor:
    """Average-pool saliency over neighbouring steps and channels; at the edges of the layer, over those that exist.

    Args:
        saliency: float tensor [batch, steps, channels], an interval of the layer.
        pooling: `same`, `centred`, `time` or `none`.
        first: first step of the interval.
        n_steps: steps of the whole layer.

    Returns:
        The same shape.

    Source: Krug et al. 2021, section 3.3, step 4.
    """
    import tensorflow as tf

    if pooling == "none":
        return saliency
    steps, channels = _WINDOWS[pooling]
    n, width = saliency.shape[1], saliency.shape[2]
    padded = tf.pad(saliency, [[0, 0], [-min(steps), max(steps)], [-min(channels), max(channels)]])
    over_time = tf.add_n([padded[:, i:i + n] for i in range(len(steps))])
    total = tf.add_n([over_time[:, :, i:i + width] for i in range(len(channels))])
    # the zeros outside of the interval are values of the layer, those outside of the layer are none
    position = first + np.arange(n)
    n_there = sum(((position + s >= 0) & (position + s < n_steps)).astype(np.float32) for s in steps)
    n_channels = sum(((np.arange(width) + c >= 0) & (np.arange(width) + c < width)).astype(np.float32)
                     for c in channels)
    return total / tf.constant(np.asarray(n_there)[:, None] * np.asarray(n_channels)[None, :], tf.float32)


def peak_step(saliency: Tensor, activation: Tensor, *, score: str, pooling: str, pooling_sign: str, first: int,
              n_steps: int) -> Tensor:
    """Find the alignment step of each frame: where the product of pooled saliency and activation is largest.

    Args:
        saliency: float [batch, steps, channels], an interval of the layer outside of which it is zero.
        activation: the same shape, with the sign that the score wants.
        score: `product`: the largest cell of |pooled saliency| x activation; `channel_sum`: the largest sum of that
            over channels; `grad_mean`: the largest mean of |saliency| over channels.
        pooling: see `pool`.
        pooling_sign: `signed`: pool, then take absolute values; `absolute`: take absolute values, then pool.
        first: first step of the interval.
        n_steps: steps of the whole layer.

    Returns:
        int32 [batch]: the first of the largest; n_steps // 2 where all scores of the layer are zero.

    Source: Krug et al. 2021, section 3.3, step 5.

    Example:
        >>> import numpy as np
        >>> from snap_tf.snap import peak_step
        >>> activation, saliency = np.ones((1, 9, 2), np.float32), np.zeros((1, 9, 2), np.float32)
        >>> saliency[0, 5] = 0.5
        >>> step = peak_step(saliency, activation, score="product", pooling="none", pooling_sign="signed",
        ...                  first=0, n_steps=9)
        >>> step.numpy().tolist()
        [5]
    """
    import tensorflow as tf

    if score == "grad_mean":
        scores = tf.reduce_mean(tf.abs(saliency), axis=2)
    else:
        pooled = pool(tf.abs(saliency) if pooling_sign == "absolute" else saliency, pooling, first, n_steps)
        cells = tf.abs(pooled) * activation
        scores = tf.reduce_max(cells, axis=2) if score == "product" else tf.reduce_sum(cells, axis=2)
    highest, nothing = tf.reduce_max(scores, axis=1), tf.reduce_all(tf.equal(scores, 0.0), axis=1)
    if score == "product":
        nothing = tf.reduce_all(tf.equal(cells, 0.0), axis=[1, 2])
    steps = first + tf.range(scores.shape[1])
    found = tf.reduce_min(tf.where(scores >= highest[:, None], steps, n_steps), axis=1)
    # the score is 0 at all steps outside; that is the maximum where scores inside are negative
    outside = 0 if first > 0 else first + scores.shape[1]
    if outside < n_steps:
        found = tf.where(highest < 0.0, outside, tf.where(tf.equal(highest, 0.0), tf.minimum(found, outside), found))
    return tf.where(nothing, n_steps // 2, found)


def largest_gradient_step(saliency: Tensor, first: int, n_steps: int) -> Tensor:
    """Find the step of the largest absolute gradient: int32 [batch]; n_steps // 2 where all are zero.

    Source: Krug & Stober 2018 (NAvAI).
    """
    import tensorflow as tf

    scores = tf.reduce_max(tf.abs(saliency), axis=2)
    highest = tf.reduce_max(scores, axis=1)
    steps = first + tf.range(scores.shape[1])
    found = tf.reduce_min(tf.where(scores >= highest[:, None], steps, n_steps), axis=1)
    return tf.where(tf.equal(highest, 0.0), n_steps // 2, found)


def shift_of(tau: np.ndarray, n_steps: int) -> np.ndarray:
    """Return by how many steps a frame is moved so that step `tau` comes to lie at n_steps // 2.

    Source: Krug et al. 2021, section 3.3, step 5.
    """
    return n_steps // 2 - np.asarray(tau, np.int64)
