"""One whole round, fed the original's random numbers, ends at the original's weights."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from golden_tf1 import load, phases, weights

from wavegan_tf.config import NetworkConfig, RunConfig, TrainConfig
from wavegan_tf.losses import gradient_penalty, interpolate
from wavegan_tf.models.family import build_networks
from wavegan_tf.training.updates.draws import DiscriminatorDraws, GeneratorDraws
from wavegan_tf.training.updates.round import TrainingRound

FILES = {
    "ciwgan_dim2": NetworkConfig(dim=2, code="onehot", code_dim=5, phaseshuffle=0),
    "fiwgan_dim1_phase": NetworkConfig(dim=1, code="binary", code_dim=3),
}


def replay(golden, network, **train):
    """Run the recorded round and return the trained round and its scalars."""
    config = RunConfig(network=network, train=TrainConfig(batch_size=2, **train))
    networks = build_networks(network, seed=0)
    load(networks, golden)
    training = TrainingRound(networks, config)
    updates = [f"d{i}" for i in range(5)]
    d_draws = [DiscriminatorDraws(tf.constant(golden[f"round0/{u}/z"]), tf.constant(golden[f"round0/{u}/alpha"]),
                                  *(tf.constant(phases(golden, u, scope)) for scope in
                                    ("D_x/D", "D_G_z/D", "D_interp/D"))) for u in updates]
    g_draws = GeneratorDraws(tf.constant(golden["round0/g/z"]), tf.constant(phases(golden, "g", "D_G_z/D")),
                             tf.constant(phases(golden, "g", "Q")))
    real = tf.constant(np.stack([golden[f"round0/{u}/x"] for u in updates]))
    return training, tf.function(training.run_with)(real, d_draws, g_draws)


def worst_weight(networks, golden):
    return max(np.max(np.abs(np.asarray(v.value) - value)) for v, value in weights(networks, golden, "final"))


@pytest.mark.parametrize("name", FILES)
def test_round(golden_dir, name):
    golden = np.load(golden_dir / "tf1" / f"{name}.npz")
    training, scalars = replay(golden, FILES[name])
    np.testing.assert_allclose(scalars["d_losses"], golden["losses"][:5], rtol=1e-5)
    np.testing.assert_allclose(scalars["g_loss"], golden["losses"][5], rtol=1e-5)
    np.testing.assert_allclose(scalars["q_loss"], golden["q_losses"][0], rtol=1e-5)
    # measured: 1.0e-7; the largest step of a weight is 5e-4
    assert worst_weight(training.networks, golden) < 1e-6
    assert int(training.step) == 1
    for key, network, inputs in (("G_z", training.networks.generator, "z"), ("Q_x", training.networks.q_network, "x"),
                                 ("D_x", training.networks.discriminator, "x")):
        np.testing.assert_allclose(network(golden[f"fwd/{inputs}"]), golden[f"after/{key}"], atol=1e-5)


def test_the_golden_losses_are_free_of_the_originals_race(golden_dir):
    """The original may move D's biases before D(x_hat) is computed; the recorded first loss is of weights at rest."""
    golden = np.load(golden_dir / "tf1" / "ciwgan_dim2.npz")
    networks = build_networks(FILES["ciwgan_dim2"], seed=0)
    load(networks, golden)
    x, z, alpha = (golden[f"round0/d0/{name}"] for name in ("x", "z", "alpha"))
    fake, d = networks.generator(z), networks.discriminator
    between = tf.constant(interpolate(x, fake.numpy(), alpha))
    with tf.GradientTape() as tape:
        distance = tf.reduce_mean(d(fake)) - tf.reduce_mean(d(x))
        loss = distance + 10 * gradient_penalty(d, between)
    biases = [v for v in d.trainable_variables if v.path.endswith("bias")]
    for variable, gradient in zip(biases, tape.gradient(loss, biases), strict=True):
        variable.assign_sub(1e-4 * tf.sign(gradient))  # the first step of Adam
    raced = float(distance + 10 * gradient_penalty(d, between))
    assert float(loss) == pytest.approx(golden["losses"][0], rel=1e-6)
    assert raced == pytest.approx(8.1344, abs=1e-3) and abs(raced - golden["losses"][0]) > 1e-3


@pytest.mark.parametrize(("wrong", "least"), [({"gp_weight": 9.0}, 1e-5), ({"q_learning_rate": 2e-4}, 1e-6)])
def test_a_plausible_mistake_is_seen(golden_dir, wrong, least):
    golden = np.load(golden_dir / "tf1" / "ciwgan_dim2.npz")
    training, _ = replay(golden, FILES["ciwgan_dim2"], **wrong)
    assert worst_weight(training.networks, golden) > least


@pytest.mark.parametrize("name", [*FILES, "wavegan32768_dim1_forward"])
def test_penalty_and_discriminator_loss(golden_dir, name):
    golden = np.load(golden_dir / "tf1" / f"{name}.npz")
    network = FILES.get(name, NetworkConfig(slice_len=32768, dim=1))
    d = build_networks(network, seed=0)
    load(d, golden)
    x, fake = golden["fwd/x"], golden["fwd/G_z"]
    penalty = gradient_penalty(d.discriminator, tf.constant(interpolate(x, fake, golden["fwd/alpha"])))
    np.testing.assert_allclose(penalty, golden["fwd/gp"], rtol=1e-5)
    loss = np.mean(golden["fwd/D_G_z"]) - np.mean(golden["fwd/D_x"]) + 10 * penalty
    np.testing.assert_allclose(loss, golden["fwd/D_loss"], rtol=1e-5)


@pytest.mark.slow
def test_xla_and_bfloat16_stay_close(golden_dir):
    golden = np.load(golden_dir / "tf1" / "ciwgan_dim2.npz")
    training, _ = replay(golden, FILES["ciwgan_dim2"], xla=True)
    assert worst_weight(training.networks, golden) < 1e-5
    _, scalars = replay(golden, FILES["ciwgan_dim2"], precision="bfloat16")
    np.testing.assert_allclose(scalars["d_losses"], golden["losses"][:5], rtol=2e-2)
    # the penalty is in float32 whatever the rest is: the first update still has the original's weights
    _, full = replay(golden, FILES["ciwgan_dim2"])
    np.testing.assert_allclose(scalars["gradient_penalty"], full["gradient_penalty"], rtol=2e-2)


@pytest.mark.slow
def test_run_draws_what_run_with_is_given():
    config = RunConfig(network=NetworkConfig(dim=1, code="binary", code_dim=3), train=TrainConfig(batch_size=2, seed=5))
    real = tf.random.stateless_uniform((5, 2, 16384, 1), (1, 1), -1, 1)
    first, again, other = (TrainingRound(build_networks(config.network, seed=3), c) for c in
                           (config, config, dataclasses.replace(config, train=dataclasses.replace(
                               config.train, seed=6))))
    losses = []
    for training in (first, again, other):
        run = tf.function(training.run)
        losses.append(np.concatenate([run(real)["d_losses"] for _ in range(2)]))
    np.testing.assert_array_equal(losses[0], losses[1])
    assert not np.allclose(losses[0], losses[2])
    assert len(np.unique(losses[0])) == 10  # every update draws anew
