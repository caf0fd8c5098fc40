"""Type aliases for tensors, Keras models, layers and variables, and datasets; to a type checker they are `Any`.

TensorFlow has no complete type annotations, and the type of a Keras tensor depends on the backend. The aliases tell a
reader what a function takes: `x: Tensor` is a tensor of Keras' backend, or a NumPy array.
"""

from typing import Any, TypeAlias

__all__ = ["Dataset", "KerasLayer", "KerasModel", "KerasVariable", "Tensor"]

Tensor: TypeAlias = Any
"""A tensor of Keras' backend (`tf.Tensor`, with JAX `jax.Array`), symbolic ones included, or a NumPy array."""

KerasModel: TypeAlias = Any
"""A `keras.Model`: subclassed, functional or sequential."""

KerasLayer: TypeAlias = Any
"""A `keras.layers.Layer`."""

KerasVariable: TypeAlias = Any
"""A `keras.Variable`: a weight of a network."""

Dataset: TypeAlias = Any
"""A `tf.data.Dataset`."""
