"""Time steps, strides and channels of every convolution, for the three lengths of audio.

Source: Donahue et al. 2019, appendix D (16384); the released code (32768 and 65536).
"""

from __future__ import annotations

from dataclasses import dataclass

from wavegan_tf.config import SLICE_LENGTHS
from wavegan_tf.errors import ConfigError

__all__ = ["FIRST_STEPS", "Conv", "discriminator_convolutions", "first_channels", "generator_convolutions",
           "paper_name"]

FIRST_STEPS = 16
"""Steps of the generator's first and of the discriminator's last feature maps."""


@dataclass(frozen=True)
class Conv:
    """One convolution: its name (as in the released code), stride, and the steps and channels that come out."""

    name: str
    stride: int
    steps: int
    channels: int


def first_channels(slice_len: int, dim: int) -> int:
    """Return the channels of the first generator layer: 16 `dim`, or 32 `dim` for the longer networks."""
    return dim * (16 if slice_len == 16384 else 32)


def generator_convolutions(slice_len: int, dim: int, channels: int) -> tuple[Conv, ...]:
    """List the generator's convolutions, first to last.

    Raises:
        ConfigError: `slice_len` is none of the three lengths.
    """
    widths = [first_channels(slice_len, dim) // 2 ** (i + 1) for i in range(4)]
    if slice_len == 16384:
        widths = [*widths, channels]
    else:
        widths = [*widths, dim, channels]
    layers, steps = [], FIRST_STEPS
    for i, (stride, width) in enumerate(zip(_strides(slice_len), widths, strict=True)):
        steps *= stride
        layers.append(Conv(f"upconv_{i}", stride, steps, width))
    return tuple(layers)


def discriminator_convolutions(slice_len: int, dim: int) -> tuple[Conv, ...]:
    """List the convolutions of the discriminator or the Q-network, first to last.

    Raises:
        ConfigError: `slice_len` is none of the three lengths.
    """
    layers, steps = [], slice_len
    for i, stride in enumerate(_strides(slice_len)):
        steps //= stride
        layers.append(Conv(f"downconv_{i}", stride, steps, dim * 2**i))
    return tuple(layers)


def paper_name(layer: str) -> str:
    """Return the papers' name of a convolution: `upconv_0` and `downconv_0` are Conv1; other layers keep theirs.

    Example:
        >>> from wavegan_tf.models import paper_name
        >>> paper_name("upconv_2"), paper_name("z_project")
        ('Conv3', 'z_project')

    Source: Beguš & Zhou 2022 (both papers), who count convolutions from 1.
    """
    kind, _, index = layer.rpartition("_")
    return f"Conv{int(index) + 1}" if kind in ("upconv", "downconv") else layer


def _strides(slice_len: int) -> tuple[int, ...]:
    if slice_len not in SLICE_LENGTHS:
        raise ConfigError(f"`slice_len` (={slice_len}) must be one of {', '.join(map(str, SLICE_LENGTHS))}")
    return {16384: (4,) * 5, 32768: (4, 4, 4, 4, 4, 2), 65536: (4,) * 6}[slice_len]
