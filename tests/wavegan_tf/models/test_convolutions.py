"""Strided and transposed convolution: against loops, and derivatives against TensorFlow's own."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from twins import convolutions as twin

from wavegan_tf.models import trilinear
from wavegan_tf.models.convolutions import strided_convolution, transposed_convolution
from wavegan_tf.models.folding import folded_transposed_convolution

SHAPES = {"taps": st.integers(1, 29), "stride": st.integers(1, 5), "steps": st.integers(1, 40),
          "channels": st.integers(1, 3), "filters": st.integers(1, 3), "seed": st.integers(0, 99)}


def arrays(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


@settings(max_examples=40, deadline=None)
@given(**SHAPES)
def test_strided_convolution_equals_its_definition(taps, stride, steps, channels, filters, seed):
    x, kernel = arrays(seed, (2, steps * stride, channels), (taps, channels, filters))
    expected = twin.strided_convolution(x, kernel, stride)
    np.testing.assert_allclose(strided_convolution(tf.constant(x), tf.constant(kernel), stride), expected, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(**SHAPES)
def test_transposed_convolution_equals_its_definition(taps, stride, steps, channels, filters, seed):
    x, kernel = arrays(seed, (2, steps, channels), (taps, filters, channels))
    expected = twin.transposed_convolution(x, kernel, stride)
    for compute in (transposed_convolution, folded_transposed_convolution):  # folded: every backend but TensorFlow
        np.testing.assert_allclose(compute(tf.constant(x), tf.constant(kernel), stride), expected, atol=1e-4)


@settings(max_examples=15, deadline=None)
@given(**SHAPES)
def test_kernel_gradient_equals_its_definition_either_way(taps, stride, steps, channels, filters, seed):
    x, y = arrays(seed, (2, steps * stride, channels), (2, steps, filters))
    expected = np.zeros((taps, channels, filters))
    for index in np.ndindex(taps, channels, filters):
        unit = np.zeros((taps, channels, filters))
        unit[index] = 1.0
        expected[index] = np.sum(twin.strided_convolution(x, unit, stride) * y)
    for compute in (trilinear._kernel_gradient_by_convolution, trilinear._kernel_gradient_by_product):
        np.testing.assert_allclose(compute(tf.constant(x), tf.constant(y), stride, taps), expected, atol=1e-3)


def test_padding_is_the_original_one():
    """SAME at stride 4 starts the kernel 10 samples to the left, at stride 2 eleven."""
    for stride, left in ((4, 10), (2, 11)):
        kernel = np.arange(1.0, 26.0, dtype=np.float32)[:, None, None]
        impulse = np.zeros((1, 32 * stride, 1), np.float32)
        impulse[0, 16 * stride] = 1.0  # the first sample of output step 16
        response = strided_convolution(tf.constant(impulse), tf.constant(kernel), stride)[0, 16, 0]
        assert float(response) == 1.0 + left


@pytest.mark.parametrize("steps", [4, trilinear.FEW_STEPS, trilinear.FEW_STEPS + 1])
@pytest.mark.parametrize("stride", [2, 4])
def test_second_derivatives_equal_tensorflows(steps, stride):
    """A gradient penalty through a convolution and a transposed one, on both sides of the switch to products."""
    x, down, up = arrays(5, (2, steps * stride, 3), (25, 3, 2), (25, 3, 2))
    x, down, up = tf.constant(x), tf.constant(down), tf.constant(up)

    def penalty_gradients(convolve, spread):
        with tf.GradientTape() as outer:
            outer.watch([x, down, up])
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.tanh(convolve(x, down, stride))
                score = tf.reduce_sum(tf.square(spread(y, up, stride)))
            slope = inner.gradient(score, x)
            penalty = tf.reduce_mean(tf.square(slope))
        return outer.gradient(penalty, [x, down, up])

    ours = penalty_gradients(strided_convolution, transposed_convolution)
    plain = penalty_gradients(lambda x, k, s: ops.conv(x, k, strides=s, padding="same"),
                              lambda y, k, s: ops.conv_transpose(y, k, strides=s, padding="same"))
    for a, b in zip(ours, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4 * float(tf.reduce_max(tf.abs(b))))


def test_the_three_functions_are_one_trilinear_form():
    x, k, y = (tf.constant(a) for a in arrays(1, (2, 24, 3), (25, 3, 4), (2, 6, 4)))
    form = [tf.reduce_sum(trilinear.convolve(x, k, 4) * y), tf.reduce_sum(trilinear.spread(y, k, 4) * x),
            tf.reduce_sum(trilinear.kernel_gradient(x, y, 4, 25) * k)]
    np.testing.assert_allclose(form, form[0], rtol=1e-4)
