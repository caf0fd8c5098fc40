"""Random numbers of a training round (z, interpolation weights, phase shuffle), functions of (seed, step) alone.

A round that is run again after a restart draws the same numbers, and every replica of a distributed batch draws the
whole batch's numbers and takes its rows.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from wavegan_tf.config import RunConfig
from wavegan_tf.models.shuffling import SHUFFLED_LAYERS

__all__ = ["DiscriminatorDraws", "GeneratorDraws", "draw_discriminator", "draw_generator", "draw_latent", "rows"]


class DiscriminatorDraws(NamedTuple):
    """For one D update: z float32 [batch, latent_dim]; alpha float32 [batch, 1, 1]; shifts int32 [4] for each call."""

    z: tf.Tensor
    alpha: tf.Tensor
    real_phases: tf.Tensor
    fake_phases: tf.Tensor
    interpolate_phases: tf.Tensor


class GeneratorDraws(NamedTuple):
    """For the joint G and Q update: z float32 [batch, latent_dim]; shifts int32 [4] for D and for Q."""

    z: tf.Tensor
    d_phases: tf.Tensor
    q_phases: tf.Tensor


def draw_latent(config: RunConfig, seed: tf.Tensor) -> tf.Tensor:
    """Draw z = [code | noise] for a whole batch: float32 [batch, latent_dim].

    Noise is uniform in [-1, 1); a one-hot code has a uniform class; bits are fair and in {0, 1}.

    Source: Donahue et al. 2019, table 1; Beguš 2021, sections 3.1 and 3.2.
    """
    network, n = config.network, config.train.batch_size
    seeds = _split(seed, 2)
    noise = _uniform((n, network.latent_dim - network.code_dim), seeds[0], -1.0, 1.0)
    if network.code == "none":
        return noise
    if network.code == "onehot":
        classes = _integers((n,), seeds[1], 0, network.code_dim)
        code = tf.one_hot(classes, network.code_dim, dtype=tf.float32)
    else:
        code = tf.cast(_integers((n, network.code_dim), seeds[1], 0, 2), tf.float32)
    return tf.concat([code, noise], axis=1)


def draw_discriminator(config: RunConfig, step: tf.Tensor, update: int) -> DiscriminatorDraws:
    """Draw for D update number `update` of round `step`."""
    seeds = _split(_seed(config, step, update), 5)
    alpha = _uniform((config.train.batch_size, 1, 1), seeds[1], 0.0, 1.0)
    return DiscriminatorDraws(draw_latent(config, seeds[0]), alpha, *(_phases(config, seeds[i]) for i in (2, 3, 4)))


def draw_generator(config: RunConfig, step: tf.Tensor) -> GeneratorDraws:
    """Draw for the joint G and Q update of round `step`."""
    seeds = _split(_seed(config, step, config.train.disc_nupdates), 3)
    return GeneratorDraws(draw_latent(config, seeds[0]), _phases(config, seeds[1]), _phases(config, seeds[2]))


def rows(values: tf.Tensor, replica: tf.Tensor | int, n_replicas: int) -> tf.Tensor:
    """Take a replica's share of a batch, in order."""
    share = values.shape[0] // n_replicas
    return values[replica * share : (replica + 1) * share]


def _seed(config: RunConfig, step: tf.Tensor, update: int) -> tf.Tensor:
    counter = tf.cast(step, tf.int64) * (config.train.disc_nupdates + 1) + update
    return tf.stack([tf.constant(config.train.seed, tf.int64), counter])


def _phases(config: RunConfig, seed: tf.Tensor) -> tf.Tensor:
    radius = config.network.phaseshuffle
    return _integers((SHUFFLED_LAYERS,), seed, -radius, radius + 1)


# the algorithm is named, since TensorFlow's own choice differs from device to device


def _split(seed: tf.Tensor, n: int) -> list[tf.Tensor]:
    return tf.unstack(tf.random.experimental.stateless_split(seed, n, alg="philox"), num=n)


def _uniform(shape: tuple[int, ...], seed: tf.Tensor, low: float, high: float) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, seed, low, high, tf.float32, alg="philox")


def _integers(shape: tuple[int, ...], seed: tf.Tensor, low: int, high: int) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, seed, low, high, tf.int32, alg="philox")
