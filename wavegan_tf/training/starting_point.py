"""Warm start: trained networks that a new run begins with instead of random weights."""

from __future__ import annotations

from dataclasses import dataclass

from wavegan_tf.config import NetworkConfig, changed_fields
from wavegan_tf.errors import ConfigError
from wavegan_tf.models.family import Networks

__all__ = ["StartingPoint"]


@dataclass(frozen=True)
class StartingPoint:
    """Trained networks for a warm start; the optimizers' slots are not copied, and steps count from 0 again.

    Attributes:
        source: where they come from, for messages and the log of sessions.
        step: generator updates that made them.
        settings: what they were built from.
        networks: the networks with their weights.
    """

    source: str
    step: int
    settings: NetworkConfig
    networks: Networks

    def check(self, settings: NetworkConfig) -> None:
        """Refuse other networks than these.

        Raises:
            ConfigError: the settings differ; lists where.
        """
        changed = changed_fields(self.settings, settings)
        if changed:
            raise ConfigError(f"settings of the networks must be those of {self.source}, which the run begins with; "
                              f"changed: {'; '.join(changed)}; leave these options out, or leave out --from")

    def put_into(self, networks: Networks) -> None:
        """Copy the weights into networks of the same settings."""
        for name, network in networks.named().items():
            network.set_weights(self.networks.named()[name].get_weights())
