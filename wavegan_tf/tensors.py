"""Names for the types of tensors, Keras models and layers, in one place; to a type checker they are `Any`.

TensorFlow ships no complete types, and what Keras takes as a tensor depends on its backend. A signature still says what
it wants: `x: Tensor` is a tensor of Keras' backend or anything that becomes one, a NumPy array too.
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
