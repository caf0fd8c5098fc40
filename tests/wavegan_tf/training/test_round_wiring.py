"""A round is made of what the settings say: so many updates, each with its own data and draws, every setting in use."""

import numpy as np
import pytest
import tensorflow as tf
from tiny_runs import tiny

from wavegan_tf.config import RunConfig
from wavegan_tf.models.family import build_networks
from wavegan_tf.training.updates.draws import draw_discriminator, draw_generator
from wavegan_tf.training.updates.round import TrainingRound
from wavegan_tf.training.updates.strategies import form_team

SMALL = tiny(batch_size=2)


@pytest.fixture(autouse=True)
def without_compiling():
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def a_round(config: RunConfig = SMALL) -> TrainingRound:
    return TrainingRound(build_networks(config.network, seed=config.train.seed), config)


def audio(config: RunConfig = SMALL) -> tf.Tensor:
    shape = (config.train.disc_nupdates, config.train.batch_size, config.network.slice_len, config.network.channels)
    return tf.constant(np.random.default_rng(8).uniform(-0.5, 0.5, shape), tf.float32)


def updates_of(training: TrainingRound) -> dict[str, int]:
    return {name: int(optimizer.iterations.numpy()) for name, optimizer in training.optimizers.items()}


def test_d_is_updated_as_often_as_the_setting_says_with_audio_and_draws_of_its_own(
        monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny(batch_size=2, disc_nupdates=3)
    training, real = a_round(config), audio(config)
    training.step.assign(6)
    seen = []
    d_gradients, g_gradients = training._d_gradients, training._g_gradients
    monkeypatch.setattr(training, "_d_gradients", lambda *given: seen.append(given) or d_gradients(*given))
    monkeypatch.setattr(training, "_g_gradients", lambda draws: seen.append(draws) or g_gradients(draws))
    assert training.run(real)["d_losses"].shape == (3,)
    assert updates_of(training) == {"discriminator": 3, "generator": 1, "q_network": 1}
    assert int(training.step) == 7
    *of_d, of_g = seen
    assert len(of_d) == 3
    for i, (heard, draws) in enumerate(of_d):
        np.testing.assert_array_equal(heard, real[i])
        for ours, expected in zip(draws, draw_discriminator(config, tf.constant(6, tf.int64), i), strict=True):
            np.testing.assert_array_equal(ours, expected)
    for ours, expected in zip(of_g, draw_generator(config, tf.constant(6, tf.int64)), strict=True):
        np.testing.assert_array_equal(ours, expected)
    everything = np.array([draws.z for _, draws in of_d] + [of_g.z])
    assert len(np.unique(everything[:, 0, -1])) == 4  # nothing is drawn twice


def test_a_session_reads_on_where_the_last_one_stopped() -> None:
    asked = {}

    class Source:
        def batches(self, batch_size: int, **how: int) -> list:
            asked.update(how, batch_size=batch_size)
            return []

    form_team("one").batches(Source(), tiny(disc_nupdates=3, batch_size=8), 12)
    assert asked == {"batch_size": 8, "group": 3, "first_batch": 12}


def test_weights_of_the_losses_are_factors_of_their_gradients() -> None:
    """The penalty's share of the loss grows with its weight, the gradients of Q with theirs."""
    real = audio()[0]
    step = tf.constant(0, tf.int64)
    draws, g_draws = draw_discriminator(SMALL, step, 0), draw_generator(SMALL, step)
    found = {}
    for weight in (1.0, 3.0):
        training = a_round(tiny(batch_size=2, gp_weight=weight, q_weight=weight))
        _, of_d = training._d_gradients(real, draws)
        _, informed, of_g = training._g_gradients(g_draws)
        found[weight] = of_d, informed, of_g
    of_d, informed, of_g = found[1.0]
    penalty = float(of_d["gradient_penalty"])
    assert float(found[3.0][0]["d_loss"]) - float(of_d["d_loss"]) == pytest.approx(2 * penalty, rel=1e-4)
    assert float(of_d["d_loss"]) == pytest.approx(penalty - float(of_d["wasserstein"]), rel=1e-4)
    for thrice, once in zip(found[3.0][1], informed, strict=True):
        np.testing.assert_allclose(thrice, 3 * once.numpy(), rtol=1e-3, atol=1e-7)
    assert float(found[3.0][2]["q_loss"]) == pytest.approx(float(of_g["q_loss"]))  # told without its weight


def test_learning_rates_go_to_their_optimisers() -> None:
    own = a_round(tiny(learning_rate=0.25, q_learning_rate=0.5)).optimizers
    assert {name: float(optimizer.learning_rate) for name, optimizer in own.items()} == {
        "generator": 0.25, "discriminator": 0.25, "q_network": 0.5}
    usual = a_round().optimizers
    assert float(usual["generator"].learning_rate) == pytest.approx(1e-4)


@pytest.mark.parametrize("xla", [True, False])
def test_gradients_are_compiled_as_the_setting_says(xla: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    networks = build_networks(SMALL.network, seed=0)
    monkeypatch.setattr(tf, "function", lambda jit_compile: asked.append(jit_compile) or (lambda function: function))
    TrainingRound(networks, tiny(xla=xla))
    assert asked == [xla]
