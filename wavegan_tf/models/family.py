"""Generator, discriminator and Q-network of one model, built together from its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wavegan_tf.config import NetworkConfig
from wavegan_tf.models.discriminator import Discriminator
from wavegan_tf.models.generator import Generator
from wavegan_tf.models.q_network import QNetwork
from wavegan_tf.models.seeds import layer_seeds

__all__ = ["Networks", "build_networks"]


@dataclass(frozen=True)
class Networks:
    """Generator, discriminator and, where there is a code, Q-network."""

    generator: Generator
    discriminator: Discriminator
    q_network: QNetwork | None

    def named(self) -> dict[str, Generator | Discriminator | QNetwork]:
        """Return those that exist, by name."""
        networks: dict[str, Generator | Discriminator | QNetwork] = {
            "generator": self.generator, "discriminator": self.discriminator}
        if self.q_network is not None:
            networks["q_network"] = self.q_network
        return networks


def build_networks(config: NetworkConfig, seed: int | None = None) -> Networks:
    """Build generator, discriminator and, where there is a code, Q-network, with random initial weights.

    Args:
        config: shapes of the networks and kind of code.
        seed: of the initial weights and of phase shuffle; None: other weights every time.

    Example:
        >>> import numpy as np
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.models import build_networks
        >>> networks = build_networks(NetworkConfig(dim=1, code="binary", code_dim=3), seed=0)
        >>> list(networks.named())
        ['generator', 'discriminator', 'q_network']
        >>> list(networks.generator(np.zeros([2, 100], np.float32)).shape)
        [2, 16384, 1]
    """
    seeds = layer_seeds(seed, 3)
    down: dict[str, Any] = {"slice_len": config.slice_len, "channels": config.channels, "dim": config.dim,
            "kernel_len": config.kernel_len, "batchnorm": config.batchnorm, "phaseshuffle": config.phaseshuffle}
    generator = Generator(config.slice_len, config.channels, config.latent_dim, config.dim, config.kernel_len,
                          config.upsample, config.batchnorm, config.post_filter, config.post_filter_len, next(seeds))
    discriminator = Discriminator(**down, seed=next(seeds))
    q_network = None if config.code == "none" else QNetwork(config.code_dim, **down, seed=next(seeds))
    return Networks(generator, discriminator, q_network)
