"""The optimisers' arithmetic: TensorFlow 1's formulas, step by step in NumPy."""

import keras
import numpy as np
import pytest

from wavegan_tf.config import TrainConfig
from wavegan_tf.training.updates.optimizers import (
    AdamTF1,
    RMSPropTF1,
    discriminator_optimizer,
    generator_optimizer,
    q_optimizer,
)

GRADIENTS = np.random.default_rng(0).normal(0, 1e-3, (20, 3)).astype(np.float32)


def follow(optimizer, start):
    variable = keras.Variable(np.array(start, np.float32))
    optimizer.build([variable])
    path = []
    for gradient in GRADIENTS:
        optimizer.apply([gradient], [variable])
        path.append(np.array(variable))
    return np.array(path)


def test_adam_path():
    w, m, v, path = np.zeros(3), 0.0, 0.0, []
    for t, g in enumerate(GRADIENTS.astype(float), 1):
        m, v = 0.5 * m + 0.5 * g, 0.9 * v + 0.1 * g**2
        w = w - 1e-4 * np.sqrt(1 - 0.9**t) / (1 - 0.5**t) * m / (np.sqrt(v) + 1e-8)
        path.append(w)
    np.testing.assert_allclose(follow(AdamTF1(1e-4, 0.5, 0.9), np.zeros(3)), path, rtol=1e-4, atol=1e-9)
    keras_own = follow(keras.optimizers.Adam(1e-4, beta_1=0.5, beta_2=0.9), np.zeros(3))
    assert not np.allclose(keras_own, path, rtol=1e-5, atol=1e-10)


def test_rmsprop_path():
    w, ms, path = np.zeros(3), 1.0, []
    for g in GRADIENTS.astype(float):
        ms = 0.9 * ms + 0.1 * g**2
        w = w - 1e-4 * g / np.sqrt(ms + 1e-10)
        path.append(w)
    np.testing.assert_allclose(follow(RMSPropTF1(1e-4), np.zeros(3)), path, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize(("gradient", "step"), [(1e-3, 1.05e-7), (1e-2, 1.05e-6)])
def test_first_rmsprop_step_is_tiny(gradient, step):
    """The mean square starts at one: measured in TensorFlow 1 with rate 1e-4; Keras' own takes 2e-4 and more."""
    def first(optimizer):
        variable = keras.Variable(np.zeros(1, np.float32))
        optimizer.apply([np.full(1, gradient, np.float32)], [variable])
        return -float(np.array(variable)[0])

    assert first(RMSPropTF1(1e-4)) == pytest.approx(step, rel=0.01)
    assert first(keras.optimizers.RMSprop(1e-4)) > 2e-4


def test_wgan_clips_after_every_update():
    start = np.array([0.5, -0.5, 0.005])
    path = follow(discriminator_optimizer(TrainConfig(loss="wgan")), start)
    np.testing.assert_allclose(path[0], [0.01, -0.01, 0.005], atol=1e-6)
    assert np.all(np.abs(path) <= np.float32(0.01))
    assert np.max(np.abs(follow(generator_optimizer(TrainConfig(loss="wgan")), start))) > 0.4


@pytest.mark.parametrize(("loss", "kind", "rate"), [("wgan-gp", "AdamTF1", 1e-4), ("wgan", "RMSPropTF1", 5e-5),
                                                    ("lsgan", "RMSPropTF1", 1e-4), ("dcgan", "AdamTF1", 2e-4)])
def test_each_loss_has_its_own(loss, kind, rate):
    for make in (generator_optimizer, discriminator_optimizer):
        optimizer = make(TrainConfig(loss=loss))
        assert type(optimizer).__name__ == kind and float(optimizer.learning_rate) == pytest.approx(rate)
        again = type(optimizer).from_config(optimizer.get_config())
        assert again.get_config() == optimizer.get_config()
    assert float(generator_optimizer(TrainConfig(loss=loss, learning_rate=3e-3)).learning_rate) == pytest.approx(3e-3)
    adam = generator_optimizer(TrainConfig(loss="dcgan"))
    assert (adam.beta_1, adam.beta_2, adam.epsilon) == (0.5, 0.999, 1e-8)
    assert isinstance(q_optimizer(TrainConfig()), RMSPropTF1)
