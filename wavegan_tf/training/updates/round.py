"""One round of training: the discriminator's updates, then the joint update of generator and Q-network.

Source: Gulrajani et al. 2017, algorithm 1; Beguš 2021; the released code for order and optimisers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from wavegan_tf.config import RunConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.models.family import Networks
from wavegan_tf.training.updates.draws import (
    DiscriminatorDraws,
    GeneratorDraws,
    draw_discriminator,
    draw_generator,
    rows,
)
from wavegan_tf.training.updates.gradients import Gradients, discriminator_gradients, generator_gradients
from wavegan_tf.training.updates.optimizers import discriminator_optimizer, generator_optimizer, q_optimizer

__all__ = ["TrainingRound"]


class TrainingRound:
    """Networks, optimisers and step, and one round of training: D updates, then the joint update of G and Q.

    Make it inside the scope of the strategy that is to run it.

    Attributes:
        networks: the networks being trained.
        optimizers: by name: `generator`, `discriminator` and, with a code, `q_network` (which updates Q and G).
        step: int64 variable, the number of rounds done, that is of generator updates.
    """

    def __init__(self, networks: Networks, config: RunConfig) -> None:
        self.networks = networks
        self.config = config
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step",
                                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
        self.optimizers = {"generator": generator_optimizer(config.train),
                           "discriminator": discriminator_optimizer(config.train)}
        self.moved = {"generator": networks.generator.trainable_variables,
                      "discriminator": networks.discriminator.trainable_variables}
        if networks.q_network is not None:
            self.optimizers["q_network"] = q_optimizer(config.train)
            self.moved["q_network"] = networks.q_network.trainable_variables + self.moved["generator"]
        for name, optimizer in self.optimizers.items():
            optimizer.build(self.moved[name])
        # traced once and called five times; XLA, where asked for, compiles what holds no communication. Batch
        # normalisation over several replicas does communicate, which TensorFlow forbids inside an inner function
        talks = config.network.batchnorm != "off" and tf.distribute.get_strategy().num_replicas_in_sync > 1
        if talks and config.train.xla:
            raise ConfigError(f"`xla` (={config.train.xla}) must be off when `batchnorm` (={config.network.batchnorm}) "
                              "spans several devices; leave out --xla, or train on one device")
        compiled = (lambda function: function) if talks else tf.function(jit_compile=config.train.xla)
        self._d_gradients = compiled(lambda real, draws: discriminator_gradients(networks, config, real, draws))
        self._g_gradients = compiled(lambda draws: generator_gradients(networks, config, draws))

    def run(self, real: tf.Tensor) -> dict[str, tf.Tensor]:
        """Do the next round on one replica, drawing its random numbers from seed and step.

        Args:
            real: float32 [disc_nupdates, batch / replicas, slice_len, channels], this replica's share.

        Returns:
            Scalars to watch; those of the discriminator are of its last update.
        """
        updates = range(self.config.train.disc_nupdates)
        d_draws = [draw_discriminator(self.config, self.step, i) for i in updates]
        g_draws = draw_generator(self.config, self.step)
        return self.run_with(real, [self._share(d) for d in d_draws], self._share(g_draws))

    def run_with(self, real: tf.Tensor, d_draws: Sequence[DiscriminatorDraws],
                 g_draws: GeneratorDraws) -> dict[str, tf.Tensor]:
        """Do the next round with given random numbers.

        Args:
            real: float32 [disc_nupdates, batch / replicas, slice_len, channels].
            d_draws: for each discriminator update.
            g_draws: for the joint update.

        Returns:
            Scalars to watch; `d_losses` float32 [disc_nupdates] holds the loss of every discriminator update.
        """
        losses = []
        for i, draws in enumerate(d_draws):
            gradients, scalars = self._d_gradients(real[i], draws)
            self._apply("discriminator", gradients)
            losses.append(scalars["d_loss"])
        adversarial, informed, g_scalars = self._g_gradients(g_draws)
        # the generator is updated twice: by Adam on the adversarial loss, by RMSProp on the Q-network's
        self._apply("generator", adversarial)
        if informed is not None:
            self._apply("q_network", informed)
        self.step.assign_add(1)
        return {**scalars, **g_scalars, "d_losses": tf.stack(losses)}

    def _apply(self, name: str, gradients: Gradients) -> None:
        """Apply gradients of means over this replica's share; the optimiser sums over replicas."""
        n_replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if n_replicas > 1:
            gradients = [gradient / n_replicas for gradient in gradients]
        self.optimizers[name].apply(gradients, self.moved[name])

    def _share(self, draws: Any) -> Any:
        """Keep this replica's rows of what is drawn per example; shifts belong to the whole batch."""
        context = tf.distribute.get_replica_context()
        if context.num_replicas_in_sync == 1:
            return draws
        share = {name: rows(getattr(draws, name), context.replica_id_in_sync_group, context.num_replicas_in_sync)
                 for name in ("z", "alpha") if hasattr(draws, name)}
        return draws._replace(**share)
