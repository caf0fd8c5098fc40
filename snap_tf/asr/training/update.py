"""One update of a recogniser: masked forward pass, CTC loss per label, Adam (the paper names no optimiser).

Source: Kingma and Ba 2015 (Adam); Loshchilov and Hutter 2017 (cosine).
"""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from snap_tf.asr.batches.bucketing import BATCH_SPEC
from snap_tf.asr.network.masking import masked_logits
from snap_tf.asr.settings import RecogniserConfig
from snap_tf.asr.transcripts.ctc import ctc_loss
from wavegan_tf.tensors import Tensor

__all__ = ["RecogniserUpdate", "WarmupCosine"]


class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Learning rate schedule: linear warm-up, then constant or a cosine decay to 0.

    CTC training starts with a long phase in which hardly more than blanks is written; the warm-up shortens it.
    """

    def __init__(self, rate: float, warmup_steps: int = 0, decay_steps: int = 0) -> None:
        """Set the shape.

        Args:
            rate: the largest learning rate.
            warmup_steps: updates until it is reached.
            decay_steps: updates until 0 is reached, counted from the first one; 0: no decay.
        """
        self.rate = rate
        self.warmup_steps = warmup_steps
        self.decay_steps = decay_steps

    def __call__(self, step: Tensor) -> tf.Tensor:
        """Return the learning rate of an update, counted from 0."""
        done = tf.cast(step, tf.float32)
        rate = tf.constant(self.rate)
        if self.warmup_steps:
            rate *= tf.minimum(1.0, (done + 1.0) / self.warmup_steps)
        if self.decay_steps:
            rate *= 0.5 * (1.0 + tf.cos(math.pi * tf.minimum(1.0, done / self.decay_steps)))
        return rate

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {"rate": self.rate, "warmup_steps": self.warmup_steps, "decay_steps": self.decay_steps}


class RecogniserUpdate:
    """A network, its optimiser and the compiled update of both.

    Attributes:
        network: the network in training; layers with `trainable` set to False are frozen.
        optimizer: its `iterations` count the updates.
    """

    def __init__(self, network: keras.Model, config: RecogniserConfig) -> None:
        self.network = network
        schedule = WarmupCosine(config.learning_rate, config.warmup_steps, config.decay_steps)
        self.optimizer = keras.optimizers.Adam(schedule)
        self.optimizer.build(network.trainable_variables)
        self._compiled = tf.function(self._update, input_signature=BATCH_SPEC)

    @property
    def step(self) -> int:
        """Updates done."""
        return int(self.optimizer.iterations.numpy())

    def __call__(self, batch: tuple[tf.Tensor, ...]) -> dict[str, tf.Tensor]:
        """Do one update.

        Args:
            batch: an element of `batches.padded_batches`.

        Returns:
            Scalars: `loss`, CTC loss per label in nats, mean over the utterances (so that long ones do not outweigh
            short ones); `gradient_norm`.
        """
        return self._compiled(*batch)

    def _update(self, features: tf.Tensor, n_steps: tf.Tensor, labels: tf.Tensor,
                n_labels: tf.Tensor) -> dict[str, tf.Tensor]:
        variables = self.network.trainable_variables
        with tf.GradientTape() as tape:
            logits, n_output_steps = masked_logits(self.network, features, n_steps, training=True)
            losses = ctc_loss(logits, n_output_steps, labels, n_labels)
            loss = tf.reduce_mean(losses / tf.cast(n_labels, tf.float32))
        gradients = tape.gradient(loss, variables)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return {"loss": loss, "gradient_norm": tf.linalg.global_norm(gradients)}
