"""The quick gradient of a convolution against TensorFlow's own."""

import numpy as np
import pytest
import tensorflow as tf

from snap_tf.snap.network.convolution import Kernel


@pytest.mark.parametrize("taps, stride, n_steps", [(1, 1, 4), (7, 1, 7), (7, 1, 20), (6, 2, 21), (5, 2, 20), (3, 4, 18),
                                                   (8, 3, 9), (32, 1, 33)])
def test_value_and_gradient_are_tensorflows(taps, stride, n_steps) -> None:
    rng = np.random.default_rng(taps)
    weights = tf.Variable(rng.normal(size=(taps, 3, 4)), dtype=tf.float32)
    x = tf.constant(rng.normal(size=(2, n_steps, 3)), tf.float32)
    kernel = Kernel(weights, stride)

    @tf.function(input_signature=[tf.TensorSpec((None, n_steps, 3), tf.float32)])
    def both(x):
        own, theirs = kernel(x), tf.nn.conv1d(x, weights, stride, "VALID")
        outer = tf.reshape(tf.range(tf.size(own), dtype=tf.float32), tf.shape(own))
        return own, theirs, tf.gradients(own, x, outer)[0], tf.gradients(theirs, x, outer)[0]

    own, theirs, gradient, expected = both(x)
    np.testing.assert_array_equal(own, theirs)
    np.testing.assert_allclose(gradient, expected, atol=2e-6 * np.abs(expected).max())
