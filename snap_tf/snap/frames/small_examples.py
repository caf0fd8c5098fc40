"""A tiny network with frames of noise, to try the functions of this package on: nothing is loaded, all is instant."""

from __future__ import annotations

import numpy as np

from snap_tf.snap.frames.clip_frames import ClipFrames
from snap_tf.snap.frames.frame_blocks import SequenceFrames
from wavegan_tf.tensors import KerasModel

__all__ = ["small_clips", "small_sequences"]

_WORDS = ("ask", "suit", "wash", "year")
_STEPS, _CHANNELS = 20, 4


def small_clips(n_clips: int = 12, *, rate_hz: float = 0.0) -> tuple[KerasModel, ClipFrames]:
    """Make a network of one convolution and clips of noise that belong to four words in turn.

    Args:
        n_clips: clips, a multiple of 4.
        rate_hz: steps of a clip per second, where axes are to be in seconds; 0 where there is none.

    Returns:
        A `keras.Model` from [batch, 20, 4] to [batch, 16, 3], and the clips, with the column `word`.

    Example:
        >>> from snap_tf.snap import small_clips
        >>> network, clips = small_clips()
        >>> network.input_shape, network.output_shape, type(clips).__name__
        ((None, 20, 4), (None, 16, 3), 'ClipFrames')
    """
    noise = np.random.default_rng(0).normal(size=(n_clips, _STEPS, _CHANNELS))
    labels = {"word": list(_WORDS) * (n_clips // len(_WORDS))}
    return _network(3), ClipFrames(noise, labels, rate_hz=rate_hz)


def small_sequences() -> tuple[KerasModel, SequenceFrames]:
    """Make a network of one convolution with two classes, and a sequence of noise that is annotated as [s], then [t].

    Returns:
        A `keras.Model` from [batch, 20, 4] to [batch, 16, 2], and frames of 20 steps at 100 Hz.

    Example:
        >>> from snap_tf.snap import small_sequences
        >>> network, frames = small_sequences()
        >>> network.input_shape, network.output_shape, type(frames).__name__
        ((None, 20, 4), (None, 16, 2), 'SequenceFrames')
    """
    noise = np.random.default_rng(0).normal(size=(100, _CHANNELS))
    return _network(2), SequenceFrames([noise], _STEPS, annotations=[["s"] * 50 + ["t"] * 50], rate_hz=100.0)


def _network(n_classes: int) -> KerasModel:
    import keras  # not at the top: frames are read without TensorFlow too

    return keras.Sequential([keras.Input((_STEPS, _CHANNELS)), keras.layers.Conv1D(n_classes, 5)], name="small")
