"""Loss functions: adversarial losses, gradient penalty, Q-network loss and accuracies, each a mean over the batch.

Source: Arjovsky et al. 2017 (wgan); Gulrajani et al. 2017 (wgan-gp); Mao et al. 2017 (lsgan); Goodfellow et al. 2014
(dcgan); Beguš 2021, sections 3.1 and 3.2 (Q-network); the released WaveGAN and ciwGAN code for the details.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

__all__ = ["ADVERSARIAL", "bit_accuracy", "code_accuracy", "gradient_penalty", "interpolate", "q_loss"]


def _wasserstein_g(fake: tf.Tensor) -> tf.Tensor:
    return -tf.reduce_mean(fake)


def _wasserstein_d(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(fake) - tf.reduce_mean(real)


def _least_squares_g(fake: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.square(fake - 1.0))


def _least_squares_d(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    return 0.5 * (tf.reduce_mean(tf.square(real - 1.0)) + tf.reduce_mean(tf.square(fake)))


def _cross_entropy(score: tf.Tensor, target: float) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(tf.shape(score), target), score))


def _dcgan_g(fake: tf.Tensor) -> tf.Tensor:
    return _cross_entropy(fake, 1.0)


def _dcgan_d(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    return 0.5 * (_cross_entropy(fake, 0.0) + _cross_entropy(real, 1.0))


ADVERSARIAL: dict[str, tuple[Callable[[tf.Tensor], tf.Tensor], Callable[[tf.Tensor, tf.Tensor], tf.Tensor]]] = {
    "wgan-gp": (_wasserstein_g, _wasserstein_d),
    "wgan": (_wasserstein_g, _wasserstein_d),
    "lsgan": (_least_squares_g, _least_squares_d),
    "dcgan": (_dcgan_g, _dcgan_d),
}
"""Adversarial losses by name: that of the generator from D(G(z)), and that of the discriminator from D(x) and D(G(z)),
without gradient penalty.

Scores are float32 [batch].
"""


def interpolate(real: tf.Tensor, fake: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    """Interpolate between real and generated audio, x + alpha (G(z) - x), for the gradient penalty.

    Args:
        real: float32 [batch, n_samples, channels].
        fake: float32 [batch, n_samples, channels].
        alpha: float32 [batch, 1, 1] in [0, 1).

    Returns:
        float32 [batch, n_samples, channels].
    Example:
        >>> import tensorflow as tf
        >>> from wavegan_tf.losses import interpolate
        >>> real, fake = tf.ones([1, 3, 1]), tf.zeros([1, 3, 1])
        >>> interpolate(real, fake, tf.fill([1, 1, 1], 0.25)).numpy().ravel().tolist()
        [0.75, 0.75, 0.75]

    Source: Gulrajani et al. 2017, algorithm 1.
    """
    return real + alpha * (fake - real)


def gradient_penalty(score: Callable[[tf.Tensor], tf.Tensor], points: tf.Tensor) -> tf.Tensor:
    """Compute the gradient penalty of WGAN-GP: mean (|dD/dx| - 1)^2, the norm over time and channels.

    Args:
        score: D, from float32 [batch, n_samples, channels] to float32 [batch].
        points: float32 [batch, n_samples, channels], where the gradient is taken.

    Returns:
        float32 scalar, unweighted. There is no epsilon under the root, as in the released code.

    Example:
        >>> import tensorflow as tf
        >>> from wavegan_tf.losses import gradient_penalty
        >>> points = tf.random.stateless_uniform([4, 16, 1], seed=(0, 0))
        >>> float(gradient_penalty(lambda x: tf.reduce_sum(x, axis=[1, 2]), points))  # slope 4: (4 - 1)^2
        9.0

    Source: Gulrajani et al. 2017, equation 3.
    """
    with tf.GradientTape() as tape:
        tape.watch(points)
        scores = score(points)
    slopes = tf.sqrt(tf.reduce_sum(tf.square(tape.gradient(scores, points)), axis=[1, 2]))
    return tf.reduce_mean(tf.square(slopes - 1.0))


def q_loss(code: tf.Tensor, logits: tf.Tensor, kind: str) -> tf.Tensor:
    """Compute the loss of the Q-network, the cross-entropy of code and logits: float32 scalar.

    Args:
        code: float32 [batch, code_dim], one-hot or bits in {0, 1}.
        logits: float32 [batch, code_dim].
        kind: `onehot` (softmax cross-entropy) or `binary` (sigmoid cross-entropy, mean over bits too).

    Example:
        >>> import tensorflow as tf
        >>> from wavegan_tf.losses import q_loss
        >>> code = tf.constant([[0.0, 1.0, 0.0, 0.0]])
        >>> round(float(q_loss(code, tf.zeros([1, 4]), "onehot")), 4)  # no information: log 4
        1.3863
        >>> round(float(q_loss(code, 10 * code - 5, "binary")), 4)
        0.0067
    """
    if kind == "onehot":
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(code, logits))
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(code, logits))


def code_accuracy(code: tf.Tensor, logits: tf.Tensor, kind: str) -> tf.Tensor:
    """Compute the accuracy of the Q-network: the share of examples whose whole code it recovers, float32 scalar.

    Args:
        code: float32 [batch, code_dim], one-hot or bits in {0, 1}.
        logits: float32 [batch, code_dim].
        kind: `onehot` (argmax) or `binary` (all bits right).
    Example:
        >>> import tensorflow as tf
        >>> from wavegan_tf.losses import code_accuracy
        >>> code = tf.constant([[0.0, 1.0], [1.0, 1.0]])
        >>> float(code_accuracy(code, tf.constant([[-1.0, 2.0], [3.0, -1.0]]), "binary"))
        0.5
    """
    if kind == "onehot":
        right = tf.equal(tf.argmax(logits, axis=1), tf.argmax(code, axis=1))
    else:
        right = tf.reduce_all(tf.equal(logits > 0, code > 0.5), axis=1)
    return tf.reduce_mean(tf.cast(right, tf.float32))


def bit_accuracy(code: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Compute the accuracy of the Q-network for single bits: the share of bits that it recovers, float32 scalar.

    Args:
        code: float32 [batch, code_dim], bits in {0, 1}.
        logits: float32 [batch, code_dim].
    Example:
        >>> import tensorflow as tf
        >>> from wavegan_tf.losses import bit_accuracy
        >>> code = tf.constant([[0.0, 1.0], [1.0, 1.0]])
        >>> float(bit_accuracy(code, tf.constant([[-1.0, 2.0], [3.0, -1.0]])))
        0.75
    """
    return tf.reduce_mean(tf.cast(tf.equal(logits > 0, code > 0.5), tf.float32))
