"""Random numbers of a round: their distributions, and that they depend on seed and step alone."""

import numpy as np
import pytest
import tensorflow as tf

from wavegan_tf.config import NetworkConfig, RunConfig, TrainConfig
from wavegan_tf.training.updates.draws import draw_discriminator, draw_generator, draw_latent, rows


def config(code="none", code_dim=0, seed=0, **network):
    return RunConfig(network=NetworkConfig(dim=1, code=code, code_dim=code_dim, **network),
                     train=TrainConfig(batch_size=512, seed=seed))


def test_noise_is_uniform_from_minus_one_to_one():
    z = draw_latent(config(), tf.constant([1, 2], tf.int64)).numpy()
    assert z.shape == (512, 100)
    assert -1 <= z.min() < -0.999 and 0.999 < z.max() < 1  # not [0, 1), not normal
    np.testing.assert_allclose(np.std(z), 1 / np.sqrt(3), rtol=0.01)
    assert abs(np.mean(z)) < 0.01


def test_one_hot_code_comes_first_with_uniform_classes():
    z = draw_latent(config("onehot", 8), tf.constant([1, 2], tf.int64)).numpy()
    code = z[:, :8]
    assert set(np.unique(code)) == {0.0, 1.0} and np.all(code.sum(axis=1) == 1)
    assert np.all(np.abs(code.sum(axis=0) - 64) < 4 * np.sqrt(64))
    assert z.shape == (512, 100) and np.min(z[:, 8:]) < -0.99


def test_bits_are_fair_and_independent():
    z = draw_latent(config("binary", 3), tf.constant([1, 2], tf.int64)).numpy()
    code = z[:, :3]
    assert set(np.unique(code)) == {0.0, 1.0}
    assert np.all(np.abs(code.mean(axis=0) - 0.5) < 0.1)
    assert np.all(np.abs(np.corrcoef(code.T) - np.eye(3)) < 0.15)


def test_shifts_are_uniform_within_the_radius():
    c = config(phaseshuffle=2)
    shifts = [np.concatenate([d.real_phases, d.fake_phases, d.interpolate_phases]) for d in
              (draw_discriminator(c, tf.constant(step), i) for step in range(40) for i in range(5))]
    values, counts = np.unique(shifts, return_counts=True)
    assert list(values) == [-2, -1, 0, 1, 2]
    assert np.all(np.abs(counts - 480) < 5 * np.sqrt(480 * 0.8))
    columns = np.array(shifts).T
    assert np.all(np.abs(np.corrcoef(columns) - np.eye(12)) < 0.3)  # layers and calls draw independently


def test_shifts_of_the_generator_s_round_are_uniform_and_each_network_has_its_own():
    draws = [draw_generator(config("binary", 3, phaseshuffle=2), tf.constant(step)) for step in range(80)]
    d, q = (np.array([getattr(draw, name) for draw in draws]) for name in ("d_phases", "q_phases"))
    for shifts in (d, q):
        values, counts = np.unique(shifts, return_counts=True)
        assert list(values) == [-2, -1, 0, 1, 2] and np.all(np.abs(counts - 64) < 5 * np.sqrt(64 * 0.8))
    assert np.all(np.abs(np.corrcoef(np.c_[d, q].T) - np.eye(8)) < 0.5)


def test_every_update_of_every_step_draws_its_own():
    c, seen = config(), set()
    for step in range(4):
        for update in range(5):
            seen.add(float(draw_discriminator(c, tf.constant(step), update).z[0, 0]))
        seen.add(float(draw_generator(c, tf.constant(step)).z[0, 0]))
    assert len(seen) == 24


@pytest.mark.parametrize("change", [{"seed": 1}, {}])
def test_same_seed_and_step_same_numbers(change):
    a = draw_discriminator(config(), tf.constant(3), 1)
    b = draw_discriminator(config(**change), tf.constant(3), 1)
    assert bool(tf.reduce_all(a.z == b.z)) is (not change)


def test_alpha_is_uniform():
    alpha = draw_discriminator(config(), tf.constant(0), 0).alpha.numpy()
    assert alpha.shape == (512, 1, 1) and 0 <= alpha.min() < 0.02 and 0.98 < alpha.max() < 1


def test_rows_share_a_batch_in_order():
    batch = tf.range(6)
    parts = [rows(batch, i, 3).numpy().tolist() for i in range(3)]
    assert parts == [[0, 1], [2, 3], [4, 5]]
