"""Masked forward pass: in a padded batch every utterance gives the logits that it gives alone.

An utterance alone is followed by the zeros of SAME padding at every layer. In a batch, batch normalisation and biases
turn the padding into other values, which the next convolution reads and which change the statistics of the batch.
Here the statistics leave padding out, and padding is set back to zero before every convolution.
"""

from __future__ import annotations

import keras
import tensorflow as tf

__all__ = ["masked_logits"]


def masked_logits(network: keras.Model, features: tf.Tensor, n_steps: tf.Tensor, *,
                  training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute the logits of a padded batch of spectrograms, with the padding masked.

    In inference they equal those of each utterance alone; in training the statistics are those of all real steps.

    Args:
        network: as `build_network` makes it: batch normalisation and convolutions in one chain.
        features: float32 [batch, time, 128], any values in the padding.
        n_steps: int32 [batch], real steps of each utterance.
        training: whether batch normalisation uses and updates the statistics of the batch.

    Returns:
        logits: float32 [batch, ceil(time / 2), classes]; what lies beyond an utterance's end means nothing.
        n_output_steps: int32 [batch], ceil(n_steps / 2).

    Raises:
        TypeError: the network has a layer of another kind.

    Example:
        >>> import tensorflow as tf
        >>> from snap_tf.asr import build_network, masked_logits
        >>> batch = tf.fill([2, 40, 128], -10.0)  # two spectrograms, of 40 and 21 steps
        >>> network = build_network("W2P_shallow", width=1 / 64)
        >>> logits, n_output_steps = masked_logits(network, batch, tf.constant([40, 21]))
        >>> tuple(logits.shape), n_output_steps.numpy().tolist()
        ((2, 20, 62), [20, 11])
    """
    x = features
    mask = tf.sequence_mask(n_steps, tf.shape(x)[1])
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            x = layer(x, training=training, mask=mask)
            x = tf.where(mask[..., None], x, 0.0)
        elif isinstance(layer, keras.layers.Conv1D):
            x = layer(x)
            if layer.strides[0] > 1:
                n_steps = -(-n_steps // layer.strides[0])
                mask = tf.sequence_mask(n_steps, tf.shape(x)[1])
        elif not isinstance(layer, keras.layers.InputLayer):
            raise TypeError(f"layer `{layer.name}` ({type(layer).__name__}) must be a convolution or batch "
                            "normalisation")
    return x, n_steps
