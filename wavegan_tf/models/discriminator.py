"""The discriminator, and the stack of strided convolutions that the Q-network has too, with weights of its own."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from wavegan_tf.models.geometry import discriminator_convolutions, paper_name
from wavegan_tf.models.input_shape import checks_inputs
from wavegan_tf.models.layer_taps import LayerTap, tapped_model
from wavegan_tf.models.layers import REGISTER, BatchNorm, Projection, StridedConv1D
from wavegan_tf.models.seeds import layer_seeds
from wavegan_tf.models.shuffling import SHUFFLED_LAYERS, phase_shuffle
from wavegan_tf.tensors import Tensor

__all__ = ["Discriminator", "DownwardStack"]

LEAK = 0.2


class DownwardStack(keras.Model):
    """Strided convolutions with LeakyReLU(0.2) and phase shuffle, then one dense layer over everything.

    Args:
        slice_len: length of the audio in samples: 16384, 32768 or 65536.
        channels: audio channels.
        dim: model size.
        kernel_len: length of the filters in taps.
        batchnorm: `off`; `on`; `tf1`, statistics of the batch always, as the original; none on the first layer.
        phaseshuffle: radius of phase shuffle in steps, after the first four convolutions.
        seed: of the initial weights and of the shifts that the network draws itself.
        outputs: units of the last layer.
    """

    input_name = "audio"
    output_layer = ""
    """Name of the last layer among the taps."""

    def __init__(self, slice_len: int, channels: int, dim: int, kernel_len: int, batchnorm: str, phaseshuffle: int,
                 seed: int | None, outputs: int, name: str, **kwargs: Any) -> None:
        super().__init__(name=name, autocast=False, **kwargs)
        self.slice_len = slice_len
        self.channels = channels
        self.dim = dim
        self.kernel_len = kernel_len
        self.batchnorm = batchnorm
        self.phaseshuffle = phaseshuffle
        self.seed = seed
        self.outputs_ = outputs

        convolutions = discriminator_convolutions(slice_len, dim)
        seeds = layer_seeds(seed, len(convolutions) + 2)
        self.downconvs = [StridedConv1D(c.channels, kernel_len, c.stride, seed=next(seeds), name=c.name)
                          for c in convolutions]
        self.norms = [BatchNorm(always_batch=batchnorm == "tf1", name=f"{c.name}_norm") for c in convolutions[1:]
                      if batchnorm != "off"]
        self.dense = Projection(outputs, seed=next(seeds), name="output")
        self.shifts = keras.random.SeedGenerator(next(seeds), name="phase_shuffle")
        self.build((None, slice_len, channels))

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Make all weights, layer by layer: a network is ready when it has been constructed."""
        shape: tuple[Any, ...] = (None, self.slice_len, self.channels)
        for i, downconv in enumerate(self.downconvs):
            downconv.build(shape)
            shape = downconv.compute_output_shape(shape)
            if self.norms and i > 0:
                self.norms[i - 1].build(shape)
        self.dense.build((None, shape[1] * shape[2]))

    @property
    def example_shape(self) -> tuple[int, int]:
        """Shape of one input without the batch: (slice_len, channels)."""
        return (self.slice_len, self.channels)

    @checks_inputs
    def trace(self, audio: Tensor, training: bool = False, phases: Tensor | None = None
              ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Compute the feature maps of every layer, before and after the activation function.

        Args:
            audio: float [batch, slice_len, channels].
            training: whether batch normalisation uses and updates the statistics of the batch.
            phases: int [4], a shift in steps for each shuffled layer; None leaves phase shuffle off.

        Returns:
            Layers before and after the activation (phase shuffle comes after both), by name, in order; each float
            [batch, steps, channels], the last one float [batch, outputs].

        Raises:
            ConfigError: audio of another length or number of channels.
        """
        pre: dict[str, Tensor] = {}
        post: dict[str, Tensor] = {}
        x = audio
        for i, downconv in enumerate(self.downconvs):
            x = downconv(x)
            if self.norms and i > 0:
                x = self.norms[i - 1](x, training=training)
            pre[downconv.name] = x
            x = ops.leaky_relu(x, negative_slope=LEAK)
            post[downconv.name] = x
            if phases is not None and i < SHUFFLED_LAYERS:
                x = phase_shuffle(x, phases[i], self.phaseshuffle)
        flat = ops.reshape(x, (-1, x.shape[1] * x.shape[2]))  # time-major
        pre[self.output_layer] = post[self.output_layer] = self.dense(flat)
        return pre, post

    def draw_phases(self) -> Tensor:
        """Draw a shift for each shuffled layer: int32 [4], uniform in [-radius, radius]."""
        radius = self.phaseshuffle
        return keras.random.randint((SHUFFLED_LAYERS,), -radius, radius + 1, seed=self.shifts)

    def top(self, audio: Tensor, training: bool, phases: Tensor | None) -> Tensor:
        """Return the last layer, float [batch, outputs]; in training draws shifts when none are given."""
        if training and phases is None and self.phaseshuffle:
            phases = self.draw_phases()
        _, post = self.trace(audio, training=training, phases=phases)
        return post[self.output_layer]

    def layer_taps(self, rate_hz: float = 16000.0) -> tuple[LayerTap, ...]:
        """Describe the inner layers, given the sampling rate of the audio in hertz."""
        taps = [LayerTap(c.name, paper_name(c.name), c.steps, c.channels, rate_hz * c.steps / self.slice_len,
                         "leaky_relu") for c in discriminator_convolutions(self.slice_len, self.dim)]
        return (*taps, LayerTap(self.output_layer, self.output_layer, 0, self.outputs_, 0.0, "linear"))

    def tapped(self, layers: list[str] | None = None, stage: str = "post") -> keras.Model:
        """Make a model with one output per layer; see `tapped_model`."""
        return tapped_model(self, layers, stage)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {**super().get_config(), "name": self.name, "slice_len": self.slice_len, "channels": self.channels,
                "dim": self.dim, "kernel_len": self.kernel_len, "batchnorm": self.batchnorm,
                "phaseshuffle": self.phaseshuffle, "seed": self.seed}


@REGISTER
class Discriminator(DownwardStack):
    """The WaveGAN discriminator (critic): float [batch, slice_len, channels] -> a score without bounds, float [batch].

    Phase shuffle is on when shifts are given, or in training when they are not (then it draws them itself), and off
    otherwise.

    Source: Donahue et al. 2019, appendix D and section 3.3; the released code.
    """

    output_layer = "score"

    def __init__(self, slice_len: int = 16384, channels: int = 1, dim: int = 64, kernel_len: int = 25,
                 batchnorm: str = "off", phaseshuffle: int = 2, seed: int | None = None, name: str = "discriminator",
                 **kwargs: Any) -> None:
        super().__init__(slice_len, channels, dim, kernel_len, batchnorm, phaseshuffle, seed, 1, name, **kwargs)

    def call(self, audio: Tensor, training: bool = False, phases: Tensor | None = None) -> Tensor:
        """Score audio: float [batch, slice_len, channels] -> float [batch]."""
        return self.top(audio, training, phases)[:, 0]
