"""Phase shuffle: the known answers, and loops."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from twins import convolutions as twin

from wavegan_tf.models.discriminator import Discriminator
from wavegan_tf.models.shuffling import phase_shuffle


@pytest.mark.parametrize(("shift", "expected"), [(1, [2, 1, 2, 3, 4, 5, 6]), (-1, [2, 3, 4, 5, 6, 7, 6]),
                                                 (0, [1, 2, 3, 4, 5, 6, 7])])
def test_known_answers(shift, expected):
    x = tf.reshape(tf.range(1.0, 8.0), (1, 7, 1))
    np.testing.assert_array_equal(phase_shuffle(x, tf.constant(shift), 2)[0, :, 0], expected)


@given(radius=st.integers(1, 5), steps=st.integers(6, 20), data=st.data())
def test_equals_loops(radius, steps, data):
    shift = data.draw(st.integers(-radius, radius))
    x = np.random.default_rng(steps).normal(size=(2, steps, 3)).astype(np.float32)
    np.testing.assert_array_equal(phase_shuffle(tf.constant(x), tf.constant(shift), radius),
                                  twin.phase_shuffle(x, shift))


def test_follows_the_first_four_convolutions_only():
    d = Discriminator(dim=1, seed=0)
    audio = tf.random.stateless_normal((1, 16384, 1), (0, 0))
    still = d.trace(audio, phases=tf.zeros(4, tf.int32))[1]
    for i in range(4):
        moved = d.trace(audio, phases=tf.one_hot(i, 4, dtype=tf.int32))[1]
        changed = [name for name in moved if np.any(moved[name] != still[name])]
        assert changed[0] == f"downconv_{i + 1}"  # taps come before the shuffle


def test_off_in_inference_and_drawn_in_training():
    d = Discriminator(dim=1, seed=0)
    audio = tf.random.stateless_normal((1, 16384, 1), (0, 0))
    assert len({float(d(audio)[0]) for _ in range(3)}) == 1
    assert len({float(d(audio, training=True)[0]) for _ in range(6)}) > 1
    shifts = np.concatenate([d.draw_phases() for _ in range(200)])
    assert set(shifts) == {-2, -1, 0, 1, 2}


def penalty_and_gradient(x, shift):
    """A gradient penalty through phase shuffle, and its derivative: what the discriminator's update needs."""
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            score = tf.reduce_sum(phase_shuffle(x, shift, 2) ** 3)
        slope = inner.gradient(score, x)
        penalty = tf.reduce_sum(slope**2)
    return slope, outer.gradient(penalty, x)


@pytest.mark.parametrize("compiled_by_xla", [False, True])
@pytest.mark.parametrize("shift", [-2, 0, 1])
def test_first_and_second_derivative(shift, compiled_by_xla):
    # score = sum of y^3 where y is x, but for reflected steps, which count twice, and those pushed out, not at all
    x = tf.random.stateless_uniform((1, 6, 1), (1, 2), 0.5, 1.0)
    counts = twin.phase_shuffle(np.arange(6.0).reshape(1, 6, 1), shift)[0, :, 0].astype(int)
    times = np.bincount(counts, minlength=6).reshape(1, 6, 1)
    function = tf.function(penalty_and_gradient, jit_compile=compiled_by_xla)
    slope, second = function(x, tf.constant(shift))
    np.testing.assert_allclose(slope, 3 * times * x.numpy() ** 2, rtol=1e-5)
    np.testing.assert_allclose(second, 36 * times**2 * x.numpy() ** 3, rtol=1e-5)
