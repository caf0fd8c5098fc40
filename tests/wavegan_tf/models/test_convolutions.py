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
from wavegan_tf.models.same_convolution import needs_a_tap, same_convolution

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


def of_half_precision(*shapes):
    return [tf.cast(tf.constant(a), tf.bfloat16) for a in arrays(3, *shapes)]


def close_to_full_precision(found, x, kernel, convolve):
    """Rounding of the result is all that may differ: products are exact and sums in float32."""
    full = np.asarray(convolve(tf.cast(x, tf.float32), tf.cast(kernel, tf.float32)))
    assert found.dtype == tf.bfloat16
    np.testing.assert_allclose(np.asarray(found, np.float32), full, rtol=0, atol=5e-3 * np.abs(full).max())


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("taps", [2, 4, 7, 8, 12, 16, 24, 25, 32, 64])
def test_a_convolution_of_bfloat16_is_right_whatever_the_library_does(taps, stride):
    """With AMX, oneDNN is wrong for 12 taps of 8 channels and others like them (TensorFlow 2.17 and 2.21)."""
    for channels in (1, 2, 4, 8, 12, 16, 24, 32):
        x, kernel = of_half_precision((2, 12 * stride, channels), (taps, channels, 3))
        assert needs_a_tap(kernel) == (channels < 32 and taps * channels % 32 == 0)
        assert not needs_a_tap(tf.cast(kernel, tf.float32))
        close_to_full_precision(same_convolution(x, kernel, stride), x, kernel,
                                lambda x, kernel: tf.nn.conv1d(x, kernel, stride, "SAME"))


@pytest.mark.parametrize(("taps", "channels", "stride"), [(29, 8, 4), (16, 8, 2), (32, 12, 4), (64, 4, 4), (64, 2, 2)])
def test_a_transposed_convolution_of_bfloat16_is_right_whatever_the_library_does(taps, channels, stride):
    x, kernel = of_half_precision((2, trilinear.FEW_STEPS + 8, channels), (taps, 3, channels))
    for compute in (transposed_convolution, folded_transposed_convolution):
        close_to_full_precision(compute(x, kernel, stride), x, kernel,
                                lambda x, kernel: twin.transposed_convolution(x.numpy(), kernel.numpy(), stride))


def test_one_tap_of_zeros_more_changes_nothing(monkeypatch):
    """On either side of the kernel, at any stride: the zeros meet what SAME padding adds, or zeros of the kernel."""
    for taps in range(1, 10):
        for stride in range(1, 6):
            x, kernel = (tf.constant(a) for a in arrays(taps, (2, 6 * stride, 2), (taps, 2, 3)))
            plain = same_convolution(x, kernel, stride), folded_transposed_convolution(x, kernel[..., :2], stride)
            monkeypatch.setattr("wavegan_tf.models.same_convolution.needs_a_tap", lambda kernel: True)
            monkeypatch.setattr("wavegan_tf.models.folding.needs_a_tap", lambda kernel: True)
            longer = same_convolution(x, kernel, stride), folded_transposed_convolution(x, kernel[..., :2], stride)
            monkeypatch.undo()
            for a, b in zip(plain, longer, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-5)


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
