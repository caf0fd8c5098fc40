"""The generator: computes a second or more of audio from a latent vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from wavegan_tf.models.geometry import FIRST_STEPS, first_channels, generator_convolutions, paper_name
from wavegan_tf.models.input_shape import checks_inputs
from wavegan_tf.models.layer_taps import LayerTap, tapped_model
from wavegan_tf.models.layers import REGISTER, BatchNorm, PostFilter, Projection, TransposedConv1D, UpsampledConv1D
from wavegan_tf.models.seeds import layer_seeds
from wavegan_tf.tensors import Tensor

__all__ = ["Generator"]


@REGISTER
class Generator(keras.Model):
    """The WaveGAN generator: z -> dense -> [16, channels] -> ReLU -> transposed convolutions with ReLU, then tanh.

    Call it with z: float [batch, latent_dim] and get audio: float [batch, slice_len, channels] in [-1, 1] (with a
    post filter the range is no longer bounded).

    Args:
        slice_len: length of the audio in samples: 16384, 32768 or 65536.
        channels: audio channels.
        latent_dim: length of z, the code included.
        dim: model size.
        kernel_len: length of the filters in taps.
        upsample: `zeros` (transposed convolution) or `nn` (repeat every step, then convolve).
        batchnorm: `off`, `on` or `tf1`; the last two are the same here.
        post_filter: whether a learnt filter follows tanh.
        post_filter_len: its length in taps.
        seed: of the initial weights.

    Source: Donahue et al. 2019, appendix D and the released code; Beguš 2021 for the code in z.
    """

    input_name = "z"

    def __init__(self, slice_len: int = 16384, channels: int = 1, latent_dim: int = 100, dim: int = 64,
                 kernel_len: int = 25, upsample: str = "zeros", batchnorm: str = "off", post_filter: bool = False,
                 post_filter_len: int = 512, seed: int | None = None, name: str = "generator", **kwargs: Any) -> None:
        super().__init__(name=name, autocast=False, **kwargs)
        self.slice_len = slice_len
        self.channels = channels
        self.latent_dim = latent_dim
        self.dim = dim
        self.kernel_len = kernel_len
        self.upsample = upsample
        self.batchnorm = batchnorm
        self.post_filter = post_filter
        self.post_filter_len = post_filter_len
        self.seed = seed

        convolutions = generator_convolutions(slice_len, dim, channels)
        seeds = layer_seeds(seed, len(convolutions) + 2)
        width = first_channels(slice_len, dim)
        kind = TransposedConv1D if upsample == "zeros" else UpsampledConv1D
        self.z_project = Projection(FIRST_STEPS * width, seed=next(seeds), name="z_project")
        self.upconvs = [kind(c.channels, kernel_len, c.stride, seed=next(seeds), name=c.name) for c in convolutions]
        self.norms = [BatchNorm(name=f"{n}_norm") for n in ["z_project", *(c.name for c in convolutions[:-1])]
                      if batchnorm != "off"]
        self.pp_filt = PostFilter(post_filter_len, seed=next(seeds), name="pp_filt") if post_filter else None
        self.build((None, latent_dim))

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Make all weights, layer by layer: a network is ready when it has been constructed."""
        width = first_channels(self.slice_len, self.dim)
        self.z_project.build((None, self.latent_dim))
        shape: tuple[Any, ...] = (None, FIRST_STEPS, width)
        for i, upconv in enumerate(self.upconvs):
            if i < len(self.norms):
                self.norms[i].build(shape)
            upconv.build(shape)
            shape = upconv.compute_output_shape(shape)
        if self.pp_filt is not None:
            self.pp_filt.build(shape)

    @property
    def example_shape(self) -> tuple[int]:
        """Shape of one input without the batch: (latent_dim,)."""
        return (self.latent_dim,)

    @checks_inputs
    def trace(self, z: Tensor, training: bool = False) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Compute the feature maps of every layer, before and after the activation function.

        Args:
            z: float [batch, latent_dim].
            training: whether batch normalisation uses and updates the statistics of the batch.

        Returns:
            Layers before and after the activation, by name, in order; each float [batch, steps, channels].

        Raises:
            ConfigError: z of another length.
        """
        pre: dict[str, Tensor] = {}
        post: dict[str, Tensor] = {}

        def layer(name: str, x: Tensor, activation: Callable[[Tensor], Tensor], norm: int) -> Tensor:
            if norm < len(self.norms):
                x = self.norms[norm](x, training=training)
            pre[name] = x
            post[name] = activation(x)
            return post[name]

        x = self.z_project(z)
        x = ops.reshape(x, (-1, FIRST_STEPS, first_channels(self.slice_len, self.dim)))  # time-major
        x = layer("z_project", x, ops.relu, 0)
        for i, upconv in enumerate(self.upconvs[:-1]):
            x = layer(upconv.name, upconv(x), ops.relu, i + 1)
        last = self.upconvs[-1]
        x = layer(last.name, last(x), ops.tanh, len(self.upconvs))
        if self.pp_filt is not None:
            layer("pp_filt", self.pp_filt(x), lambda y: y, len(self.upconvs))
        return pre, post

    def call(self, z: Tensor, training: bool = False) -> Tensor:
        """Generate audio: float [batch, latent_dim] -> float [batch, slice_len, channels]."""
        _, post = self.trace(z, training=training)
        return list(post.values())[-1]

    def layer_taps(self, rate_hz: float = 16000.0) -> tuple[LayerTap, ...]:
        """Describe the inner layers, given the sampling rate of the audio in hertz."""
        def tap(name: str, steps: int, channels: int, activation: str) -> LayerTap:
            return LayerTap(name, paper_name(name), steps, channels, rate_hz * steps / self.slice_len, activation)

        convolutions = generator_convolutions(self.slice_len, self.dim, self.channels)
        taps = [tap("z_project", FIRST_STEPS, first_channels(self.slice_len, self.dim), "relu")]
        taps += [tap(c.name, c.steps, c.channels, "relu") for c in convolutions[:-1]]
        taps.append(tap(convolutions[-1].name, self.slice_len, self.channels, "tanh"))
        if self.post_filter:
            taps.append(tap("pp_filt", self.slice_len, self.channels, "linear"))
        return tuple(taps)

    def tapped(self, layers: list[str] | None = None, stage: str = "post") -> keras.Model:
        """Make a model with one output per layer; see `tapped_model`."""
        return tapped_model(self, layers, stage)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {**super().get_config(), "name": self.name, "slice_len": self.slice_len, "channels": self.channels,
                "latent_dim": self.latent_dim, "dim": self.dim, "kernel_len": self.kernel_len,
                "upsample": self.upsample, "batchnorm": self.batchnorm, "post_filter": self.post_filter,
                "post_filter_len": self.post_filter_len, "seed": self.seed}
