"""Where frames are aligned, and moving them there: planted peaks, pooling cell by cell, zeros and no wrap."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from twins.snap_paper import first_largest, frame_scores, moved, pool_cells

from snap_tf.snap.alignment.alignment_step import largest_gradient_step, margins, peak_step, pool, shift_of
from snap_tf.snap.profiles.sums import add_shifted, quantum

N_STEPS, N_CHANNELS = 13, 5
USUAL = {"score": "product", "pooling": "same", "pooling_sign": "signed"}


def step_of(saliency, activation, first=0, n_steps=None, **options) -> int:
    one = tf.constant(saliency[None], tf.float32), tf.constant(activation[None], tf.float32)
    return int(peak_step(*one, first=first, n_steps=n_steps or len(saliency), **{**USUAL, **options})[0])


@pytest.mark.parametrize("position", range(N_STEPS))
@pytest.mark.parametrize("pooling", ["same", "centred", "time", "none"])
def test_planted_peak_comes_to_the_centre_from_everywhere(position, pooling) -> None:
    activation, saliency = np.full((N_STEPS, N_CHANNELS), 0.1), np.zeros((N_STEPS, N_CHANNELS))
    saliency[position, 2], activation[position, 2] = -2.0, 3.0
    tau = step_of(saliency, activation, pooling=pooling)
    assert tau == position
    total = np.zeros((N_STEPS, N_CHANNELS))
    shift = int(shift_of(np.array(tau), N_STEPS))
    add_shifted(total, activation, shift)
    assert np.unravel_index(total.argmax(), total.shape) == (N_STEPS // 2, 2)
    np.testing.assert_array_equal(total, moved(activation, shift))
    # what is moved in is zero, never what fell off the other end
    assert (total == 0).all(axis=1).sum() == abs(shift)


def test_pooling_alone_would_align_half_a_step_early() -> None:
    """With equal activations a spike ties with the step before it, and the first of the largest is taken."""
    saliency = np.zeros((N_STEPS, N_CHANNELS))
    saliency[6, 2] = 1.0
    assert step_of(saliency, np.ones_like(saliency)) == 5
    assert step_of(saliency, np.ones_like(saliency), pooling="none") == 6


@pytest.mark.parametrize("pooling", ["same", "centred", "time", "none"])
def test_pooling_is_an_average_of_the_cells_that_exist(pooling) -> None:
    values = np.random.default_rng(0).normal(size=(N_STEPS, N_CHANNELS))
    found = pool(tf.constant(values[None], tf.float32), pooling, 0, N_STEPS)
    np.testing.assert_allclose(found[0], pool_cells(values, pooling), atol=1e-6)
    before, after = margins(pooling)
    values[:4] = values[9:] = 0
    first, stop = 4 - before, 9 + after
    part = pool(tf.constant(values[None, first:stop], tf.float32), pooling, first, N_STEPS)
    np.testing.assert_allclose(part[0], pool_cells(values, pooling)[first:stop], atol=1e-6)
    assert not pool_cells(values, pooling)[:first].any() and not pool_cells(values, pooling)[stop:].any()


def test_pooling_same_is_that_of_tensorflow() -> None:
    values = np.random.default_rng(1).normal(size=(2, N_STEPS, N_CHANNELS)).astype(np.float32)
    expected = tf.nn.avg_pool2d(values[..., None], 2, 1, "SAME")[..., 0]
    np.testing.assert_allclose(pool(tf.constant(values), "same", 0, N_STEPS), expected, atol=1e-6)


@pytest.mark.parametrize("options", [
    {}, {"pooling": "centred"}, {"pooling": "time"}, {"pooling": "none"}, {"pooling_sign": "absolute"},
    {"score": "channel_sum"}, {"score": "grad_mean"}], ids=lambda o: "-".join(o.values()) or "default")
def test_steps_are_those_of_the_twin_also_of_an_interval(options) -> None:
    rng = np.random.default_rng(2)
    for seed in range(20):
        saliency, activation = rng.normal(size=(2, N_STEPS, N_CHANNELS))
        if seed % 2:
            activation = np.abs(activation)  # hidden layers are never negative
        saliency[:4] = saliency[9:] = 0
        expected = first_largest(frame_scores(activation, saliency, **options))
        assert step_of(saliency, activation, **options) == expected
        before, after = margins(options.get("pooling", "same"))
        inside = slice(4 - before, 9 + after)
        assert step_of(saliency[inside], activation[inside], 4 - before, N_STEPS, **options) == expected


def test_negative_scores_lose_against_cells_without_saliency() -> None:
    saliency, activation = np.ones((3, 2)), -np.ones((3, 2))
    assert step_of(saliency, activation, 4, N_STEPS, pooling="none") == 0
    assert step_of(saliency, activation, 0, N_STEPS, pooling="none") == 3


def test_nothing_to_align_by_is_no_shift() -> None:
    zeros = np.zeros((N_STEPS, N_CHANNELS))
    assert step_of(zeros, zeros + 1) == step_of(zeros + 1, zeros) == N_STEPS // 2
    assert int(largest_gradient_step(tf.zeros((1, 4, 2)), 3, N_STEPS)[0]) == N_STEPS // 2


def test_navai_looks_at_the_gradient_alone() -> None:
    saliency = np.random.default_rng(3).normal(size=(4, N_STEPS, N_CHANNELS))
    found = largest_gradient_step(tf.constant(saliency, tf.float32), 0, N_STEPS)
    np.testing.assert_array_equal(found, np.abs(saliency).max(axis=2).argmax(axis=1))


@given(st.integers(-40, 40), st.integers(0, 12), st.integers(1, 20))
def test_shifted_sums_are_crop_and_pad(shift, first, n_steps) -> None:
    values = np.arange(1.0, 1 + 2 * n_steps).reshape(n_steps, 2)
    total = np.zeros((15, 2))
    add_shifted(total, values, first + shift)
    expected = np.zeros((15 + 200, 2))
    expected[100 + first + shift:100 + first + shift + n_steps] = values
    np.testing.assert_array_equal(total, expected[100:115])


def test_hard_case_of_large_offsets_and_small_differences() -> None:
    """Group and global mean near -40, .01 apart: exact to 1e-6 after 20,000 frames, in any order."""
    rng = np.random.default_rng(4)
    frames = (-40 + rng.normal(0, 12, (20_000, 1, 1)) + 0.01 * (np.arange(20_000) < 5_000)[:, None, None])
    frames = frames.astype(np.float32)
    grid = quantum(float(np.abs(frames[:64]).max()))
    rounded = np.round(frames / np.float32(grid)) * np.float32(grid)
    forward, backward = np.zeros((1, 1)), np.zeros((1, 1))
    for one, other in zip(rounded, rounded[::-1], strict=True):
        add_shifted(forward, one, 0)
        add_shifted(backward, other, 0)
    assert forward == backward
    exact = frames.astype(np.float64)
    found = rounded[:5_000].sum(axis=0, dtype=np.float64) / 5_000 - forward / 20_000
    np.testing.assert_allclose(found, exact[:5_000].mean(axis=0) - exact.mean(axis=0), atol=1e-6)


@given(st.floats(1e-30, 1e30))
def test_grids_are_as_fine_as_float32(largest) -> None:
    grid = quantum(largest)
    assert np.log2(grid) == np.round(np.log2(grid))
    assert grid <= max(2.0**-23 * largest, 2.0**-100) and grid * 2**53 >= 2**24 * largest
