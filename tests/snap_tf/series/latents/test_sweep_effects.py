"""Effects of a swept variable: known answers, twins, where in time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from snap_tf.series.latents.effects import extent_s, layer_effects, sign_flip_p, spearman
from snap_tf.series.latents.sweep import SweepPlan, VariableRange, sweep_batch
from wavegan_tf.errors import ConfigError

GRID = np.arange(-2.0, 2.5, 1.0)[:, None]


def test_a_straight_line_gives_its_slope_and_effects_against_0():
    rng = np.random.default_rng(0)
    shape = np.array([0.0, 1.0, -2.0, 0.0])
    bases = [rng.normal(size=4) + 3 * GRID * shape for _ in range(8)]
    found = layer_effects(iter(bases), GRID, rate_hz=4.0)
    np.testing.assert_allclose(found.slopes[0], 3 * shape, atol=1e-6)
    np.testing.assert_allclose(found.effect, 3 * GRID * shape, atol=1e-12)
    np.testing.assert_allclose(found.incremental, np.tile(3 * shape, (4, 1)), atol=1e-12)
    np.testing.assert_allclose(found.effect_se, 0, atol=1e-6)
    np.testing.assert_array_equal(found.rho[0], [np.nan, 1, -1, np.nan])
    np.testing.assert_allclose(found.mean, np.mean(bases, axis=0))
    # RMS over four steps of 6 * (0, 1, -2, 0) is 6 sqrt(5 / 4)
    np.testing.assert_allclose(found.change[:, 0], 6 * np.sqrt(5 / 4))
    assert (found.slope_p[0, 1:3] < 0.05).all() and (found.slope_p[0, [0, 3]] == 1).all()


def test_a_layer_that_does_not_change_has_exactly_no_effect():
    series = np.random.default_rng(1).normal(size=(7, 50)).astype(np.float32)
    found = layer_effects((np.tile(row, (5, 1)) for row in series), GRID, rate_hz=50.0)
    assert not found.slopes.any() and not found.effect.any() and not found.change.any() and not found.incremental.any()
    assert np.isnan(found.rho).all() and (found.slope_p == 1).all()


def test_two_variables_and_their_product_are_told_apart():
    values = np.arange(-1.0, 1.5, 0.5)
    grid = np.array([(a, b) for a in values for b in values + 0.0])
    response = (2 * grid[:, 0] - grid[:, 1] + 5 * grid[:, 0] * grid[:, 1])[:, None]
    found = layer_effects(iter([response]), grid, rate_hz=1.0)
    np.testing.assert_allclose(found.slopes[:, 0], [2, -1, 5], atol=1e-6)
    np.testing.assert_array_equal(found.rho[:, 0], [1, -1])
    assert np.isnan(found.slope_se).all() and np.isnan(found.slope_p).all()


def test_spikes_have_their_height_and_place():
    response = np.zeros((5, 100))
    response[:, 30] = [-1, 2, 3, 4, 5]
    found = layer_effects(iter([response]), GRID, rate_hz=100.0)
    np.testing.assert_array_equal(found.spike, [[1, 2, 3, 4, 5]])
    np.testing.assert_allclose(found.spike_time_s, 0.305)


@given(st.integers(0, 10_000), st.booleans())
def test_rank_correlation_is_scipys(seed, ties):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=9), rng.normal(size=(9, 3))
    if ties:
        y = np.round(y)
        y[0], y[1] = 5, -5  # never constant
    np.testing.assert_allclose(spearman(x, y), [spearmanr(x, column)[0] for column in y.T], atol=1e-12)


def test_extent_of_a_block():
    profile = np.zeros(1000)
    profile[200:300] = -1.0
    start, end, centre = extent_s(profile, 1000.0)
    # 5 of the 100 equal steps lie on either side
    assert (start, end, centre) == pytest.approx((0.205, 0.295, 0.25), abs=2e-3)
    assert extent_s(profile, 1000.0, share=1.0)[:2] == pytest.approx((0.2, 0.3), abs=1e-3)
    assert np.isnan(extent_s(np.zeros(10), 1.0)).all()


def test_sign_flips_find_the_planted_stretch_only():
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(20):
        slopes = rng.normal(size=(20, 100))
        slopes[:, 40:50] += 2
        p = sign_flip_p(slopes, seed, 200)
        assert (p[40:50] < 0.05).mean() > 0.9
        hits += (np.delete(p, np.s_[40:50]) < 0.05).any()
    assert hits <= 4  # family-wise .05 over 20 runs: more than 4 has a chance of .0026


def test_few_base_vectors_give_no_p():
    assert np.isnan(sign_flip_p(np.ones((5, 3)), 0)).all()


def test_values_hold_both_ends_and_0():
    np.testing.assert_array_equal(VariableRange(0, -5, 5, 0.5).values(), np.arange(-10, 11) / 2)
    np.testing.assert_array_equal(VariableRange(0, 1, 2, 0.5).values(), [0, 1, 1.5, 2])
    assert (VariableRange(0, -0.3, 0.3, 0.1).values() == 0).sum() == 1


@given(st.integers(1, 200), st.integers(1, 64))
def test_batches_divide_the_base_vectors(n, largest):
    size = sweep_batch(n, largest)
    assert n % size == 0 and size <= largest


@pytest.mark.parametrize(("make", "message"), [
    (lambda: VariableRange(0, 5, -5, 0.5).values(), r"values \(=5 to -5 by 0.5\) must rise"),
    (lambda: VariableRange(0, -5, 5, 0).values(), "must rise"),
    (lambda: VariableRange(0, 0, 1, 1e-6).values(), "must be at most 1000"),
    (lambda: SweepPlan((VariableRange(1), VariableRange(1))), "must be two different ones"),
    (lambda: SweepPlan((VariableRange(1),), bases=0), r"`bases` \(=0\)"),
    (lambda: SweepPlan((VariableRange(1),), seeds=(1, 1)), r"`seeds` \(=1, 1\)"),
])
def test_sweeps_that_cannot_be_are_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
