"""Names and shapes of the variables in the original's checkpoints, and their places in our networks.

Source: the released WaveGAN and ciwGAN code (variable scopes), compared with a checkpoint of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wavegan_tf.models.discriminator import DownwardStack
from wavegan_tf.models.family import Networks
from wavegan_tf.models.generator import Generator
from wavegan_tf.tensors import KerasLayer, KerasVariable, Tensor

__all__ = ["GLOBAL_STEP", "OriginalWeight", "batchnorm_name", "original_weights", "power_names"]

GLOBAL_STEP = "global_step"
_STATISTICS = ("moving_mean", "moving_variance")


@dataclass(frozen=True)
class OriginalWeight:
    """One of our weights and its name in the original.

    Attributes:
        name: such as `G/upconv_0/conv2d_transpose/kernel`.
        variable: the Keras variable.
        planar: whether the original keeps a leading axis of 1: its transposed convolutions are two-dimensional.
        used: whether the original reads it; the discriminator's and Q-network's moving statistics are never updated
            there and never read.
    """

    name: str
    variable: KerasVariable
    planar: bool = False
    used: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape in the original."""
        return (1, *self.variable.shape) if self.planar else tuple(self.variable.shape)

    def to_original(self, value: Tensor) -> np.ndarray:
        """Bring a value (the weight or an optimiser's slot for it) into the original's shape."""
        return np.asarray(value).reshape(self.shape)

    def from_original(self, value: np.ndarray) -> np.ndarray:
        """Bring a value of the original into our shape."""
        return value[0] if self.planar else value


def batchnorm_name(scope: str, weight: str) -> str:
    """Return the name of a weight of batch normalisation in a scope such as `G/upconv_0`."""
    return f"{scope}/batch_normalization/{weight}"


def power_names(network: str) -> tuple[str, str]:
    """Return the names of Adam's powers of beta 1 and beta 2: the generator's optimiser was made first."""
    suffix = {"generator": "", "discriminator": "_1"}[network]
    return f"beta1_power{suffix}", f"beta2_power{suffix}"


def original_weights(networks: Networks) -> list[OriginalWeight]:
    """List every weight of every network with its name in the original."""
    weights = list(_generator(networks.generator)) + list(_downward(networks.discriminator, "D/"))
    if networks.q_network is not None:
        weights += _downward(networks.q_network, "Q/Q")
    return weights


def _generator(g: Generator) -> Iterator[OriginalWeight]:
    yield from _layer("G/z_project/dense", g.z_project)
    planar = g.upsample == "zeros"
    kind = "conv2d_transpose" if planar else "conv1d"
    for upconv in g.upconvs:
        yield from _layer(f"G/{upconv.name}/{kind}", upconv, planar)
    if g.pp_filt is not None:
        yield OriginalWeight("G/pp_filt/conv1d/kernel", g.pp_filt.kernel)
    for norm in g.norms:
        yield from _norm("G/", norm, True)


def _downward(network: DownwardStack, prefix: str) -> Iterator[OriginalWeight]:
    for downconv in network.downconvs:
        yield from _layer(f"{prefix}{downconv.name}/conv1d", downconv)
    yield from _layer(f"{prefix}output/dense", network.dense)
    for norm in network.norms:
        yield from _norm(prefix, norm, False)


def _layer(scope: str, layer: KerasLayer, planar: bool = False) -> Iterator[OriginalWeight]:
    yield OriginalWeight(f"{scope}/kernel", layer.kernel, planar)
    yield OriginalWeight(f"{scope}/bias", layer.bias)


def _norm(prefix: str, norm: KerasLayer, reads_statistics: bool) -> Iterator[OriginalWeight]:
    scope = prefix + norm.name.removesuffix("_norm")
    for name in ("gamma", "beta", *_STATISTICS):
        used = reads_statistics or name not in _STATISTICS
        yield OriginalWeight(batchnorm_name(scope, name), getattr(norm, name), used=used)
