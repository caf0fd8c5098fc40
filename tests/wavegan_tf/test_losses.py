"""A known answer for every loss."""

import numpy as np
import pytest
import tensorflow as tf

from wavegan_tf.losses import ADVERSARIAL, bit_accuracy, code_accuracy, gradient_penalty, interpolate, q_loss

REAL, FAKE = tf.constant([1.0, 3.0]), tf.constant([-1.0, 0.0])
LOG2 = np.log(2.0)


@pytest.mark.parametrize(("name", "g", "d"), [
    ("wgan", 0.5, -0.5 - 2.0),
    ("wgan-gp", 0.5, -0.5 - 2.0),
    # G: ((-2)^2 + (-1)^2) / 2; D: [ (0 + 4)/2 + (1 + 0)/2 ] / 2
    ("lsgan", 2.5, 1.25),
    # -log sigmoid(x) = log(1 + e^-x)
    ("dcgan", (np.log(1 + np.e) + LOG2) / 2,
     ((np.log(1 + np.exp(-1)) + LOG2) / 2 + (np.log(1 + np.exp(-1)) + np.log(1 + np.exp(-3))) / 2) / 2),
])
def test_adversarial(name, g, d):
    generator, discriminator = ADVERSARIAL[name]
    assert float(generator(FAKE)) == pytest.approx(g, rel=1e-6)
    assert float(discriminator(REAL, FAKE)) == pytest.approx(d, rel=1e-6)


def test_penalty_of_twice_the_sum_of_four_is_nine():
    """D(x) = 2 (x1 + .. + x4): the slope has norm 2 sqrt(4) = 4, and (4 - 1)^2 = 9."""
    penalty = gradient_penalty(lambda x: 2.0 * tf.reduce_sum(x, axis=[1, 2]), tf.zeros((3, 4, 1)))
    assert float(penalty) == 9.0


def test_penalty_of_a_unit_slope_is_zero():
    """D(x) = <w, x> with |w| = 1; the norm runs over time and channels together."""
    w = np.random.default_rng(0).normal(size=(1, 8, 2)).astype(np.float32)
    w /= np.linalg.norm(w)
    penalty = gradient_penalty(lambda x: tf.reduce_sum(w * x, axis=[1, 2]), tf.ones((3, 8, 2)))
    assert float(penalty) == pytest.approx(0.0, abs=1e-12)


def test_penalty_is_a_mean_over_examples():
    """D(x) = a x^2 / 2 at x = 1, 2 with a = 3: slopes 3 and 6, penalties 4 and 25."""
    penalty = gradient_penalty(lambda x: 1.5 * tf.reduce_sum(x**2, axis=[1, 2]), tf.reshape([1.0, 2.0], (2, 1, 1)))
    assert float(penalty) == pytest.approx(14.5)


def test_interpolation_runs_from_real_to_fake():
    real, fake = tf.fill((2, 3, 1), 1.0), tf.fill((2, 3, 1), 5.0)
    points = interpolate(real, fake, tf.reshape([0.0, 0.25], (2, 1, 1)))
    np.testing.assert_array_equal(points[:, 0, 0], [1.0, 2.0])


def test_q_loss_of_equal_logits():
    """Softmax over n equal logits: log n; a sigmoid at 0: log 2 for every bit, averaged over bits."""
    assert float(q_loss(tf.eye(4), tf.zeros((4, 4)), "onehot")) == pytest.approx(np.log(4), rel=1e-6)
    assert float(q_loss(tf.constant([[0.0, 1.0, 1.0]]), tf.zeros((1, 3)), "binary")) == pytest.approx(LOG2, rel=1e-6)


def test_q_loss_by_hand():
    logits = tf.constant([[2.0, 0.0, -1.0]])
    softmax = np.exp([2, 0, -1]) / np.sum(np.exp([2.0, 0.0, -1.0]))
    assert float(q_loss(tf.constant([[0.0, 1.0, 0.0]]), logits, "onehot")) == pytest.approx(-np.log(softmax[1]))
    sigmoid = 1 / (1 + np.exp(-np.array([2.0, 0.0, -1.0])))
    by_hand = -np.mean(np.log([1 - sigmoid[0], sigmoid[1], 1 - sigmoid[2]]))
    assert float(q_loss(tf.constant([[0.0, 1.0, 0.0]]), logits, "binary")) == pytest.approx(by_hand)


def test_accuracies():
    bits, logits = tf.constant([[0.0, 1.0], [1.0, 1.0]]), tf.constant([[-1.0, 2.0], [-1.0, 2.0]])
    assert float(code_accuracy(bits, logits, "binary")) == 0.5
    assert float(bit_accuracy(bits, logits)) == 0.75
    assert float(code_accuracy(tf.eye(2), tf.constant([[3.0, 1.0], [2.0, 1.0]]), "onehot")) == 0.5
