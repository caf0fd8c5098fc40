"""Gradients of one D update and of the joint G and Q update, on one replica's share of the batch."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from wavegan_tf.config import RunConfig
from wavegan_tf.losses import ADVERSARIAL, bit_accuracy, code_accuracy, gradient_penalty, interpolate, q_loss
from wavegan_tf.models.family import Networks
from wavegan_tf.tensors import KerasModel, Tensor
from wavegan_tf.training.updates.draws import DiscriminatorDraws, GeneratorDraws

__all__ = ["Gradients", "discriminator_gradients", "generator_gradients"]

Gradients = list[tf.Tensor]
Scalars = dict[str, tf.Tensor]


def discriminator_gradients(networks: Networks, config: RunConfig, real: tf.Tensor,
                            draws: DiscriminatorDraws) -> tuple[Gradients, Scalars]:
    """Compute the gradients of the discriminator's loss.

    Args:
        networks: generator and discriminator.
        config: loss, weight of the penalty, precision.
        real: float32 [batch, slice_len, channels].
        draws: z and shifts for this update.

    Returns:
        Gradients for the discriminator's trainable variables, and scalars to watch.

    Source: Gulrajani et al. 2017, algorithm 1; the released code for the other losses.
    """
    d, precision = networks.discriminator, config.train.precision
    # the generator runs in training mode here too: its moving averages follow every run, as in the original
    fake = networks.generator(tf.cast(draws.z, precision), training=True)
    with tf.GradientTape() as tape:
        real_score = _score(d, tf.cast(real, precision), draws.real_phases)
        fake_score = _score(d, fake, draws.fake_phases)
        loss = ADVERSARIAL[config.train.loss][1](real_score, fake_score)
        scalars = {"wasserstein": tf.reduce_mean(real_score) - tf.reduce_mean(fake_score)}
        if config.train.loss == "wgan-gp":
            points = interpolate(real, tf.cast(fake, tf.float32), draws.alpha)  # in float32, whatever the rest
            penalty = gradient_penalty(lambda x: _score(d, x, draws.interpolate_phases), points)
            loss += config.train.gp_weight * penalty
            scalars["gradient_penalty"] = penalty
    gradients = tape.gradient(loss, _variables(d))
    scalars |= {"d_loss": loss, "d_gradient_norm": tf.linalg.global_norm(gradients), "x_rms": _rms(real)}
    return gradients, scalars


def generator_gradients(networks: Networks, config: RunConfig,
                        draws: GeneratorDraws) -> tuple[Gradients, Gradients | None, Scalars]:
    """Compute the gradients of the generator's loss and, with a code, of the Q-network's, from one forward pass.

    Args:
        networks: all of them.
        config: loss, kind of code, weight of the Q-network's loss, precision.
        draws: z and shifts for this update.

    Returns:
        Gradients of the adversarial loss for the generator's variables; gradients of the Q-network's loss for the
        Q-network's variables followed by the generator's (None without a code); scalars to watch.

    Source: Beguš 2021; the released code, in its deterministic reading: both at the same weights.
    """
    g, d, q = networks.generator, networks.discriminator, networks.q_network
    with tf.GradientTape(persistent=q is not None) as tape:
        fake = g(tf.cast(draws.z, config.train.precision), training=True)
        g_loss = ADVERSARIAL[config.train.loss][0](_score(d, fake, draws.d_phases))
        scalars = {"g_loss": g_loss, "g_rms": _rms(tf.cast(fake, tf.float32))}
        if q is not None:
            code = draws.z[:, : config.network.code_dim]
            logits = tf.cast(q(fake, training=True, phases=draws.q_phases), tf.float32)
            information = q_loss(code, logits, config.network.code)
            weighted = config.train.q_weight * information
    adversarial = tape.gradient(g_loss, _variables(g))
    scalars["g_gradient_norm"] = tf.linalg.global_norm(adversarial)
    if q is None:
        return adversarial, None, scalars
    informed = tape.gradient(weighted, _variables(q) + _variables(g))
    scalars |= {"q_loss": information, "q_gradient_norm": tf.linalg.global_norm(informed),
                "q_accuracy": code_accuracy(code, logits, config.network.code)}
    if config.network.code == "binary":
        scalars["q_bit_accuracy"] = bit_accuracy(code, logits)
    return adversarial, informed, scalars


def _score(d: Callable[..., Tensor], audio: tf.Tensor, phases: tf.Tensor) -> tf.Tensor:
    return tf.cast(d(audio, training=True, phases=phases), tf.float32)


def _rms(audio: tf.Tensor) -> tf.Tensor:
    """Mean over examples of each one's root mean square, as the original's summaries."""
    return tf.reduce_mean(tf.sqrt(tf.reduce_mean(tf.square(audio[:, :, 0]), axis=1)))


def _variables(network: KerasModel) -> list[tf.Variable]:
    return [variable.value for variable in network.trainable_variables]
