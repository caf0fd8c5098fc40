"""Layers of the networks: dense, strided and transposed convolution, post filter, batch normalisation.

Weights are float32; every layer computes in the dtype of its input, so that one network serves bfloat16 passes and
the gradient penalty in float32. Initial weights: Glorot-uniform kernels, zero biases, as in the released code.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from wavegan_tf.models.convolutions import strided_convolution, transposed_convolution
from wavegan_tf.models.same_convolution import same_convolution
from wavegan_tf.tensors import KerasVariable, Tensor

__all__ = ["BatchNorm", "PostFilter", "Projection", "StridedConv1D", "TransposedConv1D", "UpsampledConv1D"]

REGISTER = keras.saving.register_keras_serializable("wavegan_tf")


class _Weighted(keras.layers.Layer):
    """Base class of layers: a kernel from a seed; computes in the dtype of its input."""

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.seed = seed

    def add_kernel(self, shape: tuple[int, ...]) -> KerasVariable:
        initializer = keras.initializers.GlorotUniform(seed=self.seed)
        return self.add_weight(name="kernel", shape=shape, initializer=initializer)

    def add_bias(self, size: int) -> KerasVariable:
        return self.add_weight(name="bias", shape=(size,), initializer="zeros")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


@REGISTER
class Projection(_Weighted):
    """A dense layer: [batch, inputs] -> [batch, units]."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: tuple[Any, ...]) -> None:
        self.kernel = self.add_kernel((input_shape[-1], self.units))
        self.bias = self.add_bias(self.units)

    def call(self, x: Tensor) -> Tensor:
        return ops.matmul(x, ops.cast(self.kernel, x.dtype)) + ops.cast(self.bias, x.dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


class _Filtered(_Weighted):
    """Base class of the three convolutions: filters, kernel length, stride."""

    def __init__(self, filters: int, kernel_len: int, stride: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_len = kernel_len
        self.stride = stride

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "kernel_len": self.kernel_len, "stride": self.stride}


@REGISTER
class StridedConv1D(_Filtered):
    """A SAME convolution: [batch, steps, channels] -> [batch, steps / stride, filters].

    Kernel [taps, channels, filters], as Keras' Conv1D.
    """

    def build(self, input_shape: tuple[Any, ...]) -> None:
        self.kernel = self.add_kernel((self.kernel_len, input_shape[-1], self.filters))
        self.bias = self.add_bias(self.filters)

    def call(self, x: Tensor) -> Tensor:
        return strided_convolution(x, ops.cast(self.kernel, x.dtype), self.stride) + ops.cast(self.bias, x.dtype)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        return (input_shape[0], input_shape[1] // self.stride, self.filters)


@REGISTER
class TransposedConv1D(_Filtered):
    """A SAME transposed convolution: [batch, steps, channels] -> [batch, steps * stride, filters].

    Kernel [taps, filters, channels], as Keras' Conv1DTranspose.
    """

    def build(self, input_shape: tuple[Any, ...]) -> None:
        self.kernel = self.add_kernel((self.kernel_len, self.filters, input_shape[-1]))
        self.bias = self.add_bias(self.filters)

    def call(self, x: Tensor) -> Tensor:
        return transposed_convolution(x, ops.cast(self.kernel, x.dtype), self.stride) + ops.cast(self.bias, x.dtype)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        return (input_shape[0], input_shape[1] * self.stride, self.filters)


@REGISTER
class UpsampledConv1D(_Filtered):
    """Nearest-neighbour upsampling, then a SAME convolution at stride 1; kernel [taps, channels, filters]."""

    def build(self, input_shape: tuple[Any, ...]) -> None:
        self.kernel = self.add_kernel((self.kernel_len, input_shape[-1], self.filters))
        self.bias = self.add_bias(self.filters)

    def call(self, x: Tensor) -> Tensor:
        x = ops.repeat(x, self.stride, axis=1)
        return same_convolution(x, ops.cast(self.kernel, x.dtype)) + ops.cast(self.bias, x.dtype)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        return (input_shape[0], input_shape[1] * self.stride, self.filters)


@REGISTER
class PostFilter(_Weighted):
    """A learnt filter over the output, SAME, no bias; kernel [taps, channels, 1].

    The original makes one output channel whatever comes in, which breaks its discriminator on stereo; here every
    channel has its own filter. For one channel the two are the same.
    """

    def __init__(self, kernel_len: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kernel_len = kernel_len

    def build(self, input_shape: tuple[Any, ...]) -> None:
        self.kernel = self.add_kernel((self.kernel_len, input_shape[-1], 1))

    def call(self, x: Tensor) -> Tensor:
        kernel = ops.cast(self.kernel, x.dtype)
        channels = [same_convolution(x[:, :, c : c + 1], kernel[:, c : c + 1]) for c in range(x.shape[-1])]
        return channels[0] if len(channels) == 1 else ops.concatenate(channels, axis=-1)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kernel_len": self.kernel_len}


@REGISTER
class BatchNorm(keras.layers.BatchNormalization):
    """Batch normalisation over all axes but the channels; momentum .99, epsilon 1e-3, computed in float32.

    With `always_batch` the statistics of the batch are used in inference too and no averages are kept: what the
    original discriminator and Q-network do. Statistics span all replicas of a distributed batch.
    """

    def __init__(self, always_batch: bool = False, **kwargs: Any) -> None:
        settings = {"momentum": 0.99, "epsilon": 1e-3, "autocast": False,
                    # only Keras' TensorFlow backend knows replicas
                    "synchronized": keras.backend.backend() == "tensorflow", **kwargs}
        super().__init__(**settings)
        self.always_batch = always_batch

    def call(self, x: Tensor, training: bool | None = None) -> Tensor:
        y = ops.cast(x, "float32")
        if self.always_batch:
            mean, variance = ops.moments(y, axes=tuple(range(len(y.shape) - 1)), synchronized=self.synchronized)
            y = ops.batch_normalization(y, mean, variance, axis=self.axis, offset=self.beta, scale=self.gamma,
                                        epsilon=self.epsilon)
        else:
            y = super().call(y, training=training)
        return ops.cast(y, x.dtype)

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "always_batch": self.always_batch}
        del config["synchronized"]  # follows the backend that loads the layer
        return config
