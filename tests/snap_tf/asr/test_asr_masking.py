"""A padded batch gives what every utterance gives alone: logits, statistics, gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from snap_tf.asr.network.masking import masked_logits
from snap_tf.asr.network.wav2letter import build_network

LENGTHS = (61, 40, 1, 97, 96)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(-5, 3, shape).astype(np.float32)


@pytest.fixture(scope="module")
def network() -> keras.Model:
    network = build_network("W2L", 0.03, seed=4)
    for _ in range(3):
        network(noise(4, 80, 128), training=True)  # statistics other than 0 and 1
    return network


def padded(utterances: list[np.ndarray], to: int, fill: float) -> tuple[tf.Tensor, tf.Tensor]:
    features = np.full((len(utterances), to, 128), fill, np.float32)
    for row, utterance in zip(features, utterances, strict=True):
        row[:len(utterance)] = utterance
    return tf.constant(features), tf.constant([len(u) for u in utterances])


@pytest.mark.parametrize("to", [97, 98, 128])
@pytest.mark.parametrize("fill", [0.0, 40.0])
def test_inference_equals_each_utterance_alone(network: keras.Model, to: int, fill: float) -> None:
    utterances = [noise(n, 128, seed=n) for n in LENGTHS]
    logits, n_steps = masked_logits(network, *padded(utterances, to, fill))
    assert n_steps.numpy().tolist() == [-(-n // 2) for n in LENGTHS]
    for own, n, utterance in zip(logits.numpy(), n_steps.numpy(), utterances, strict=True):
        np.testing.assert_allclose(own[:n], network(utterance[None], training=False)[0], atol=2e-4, rtol=1e-4)


def test_plain_call_would_not(network: keras.Model) -> None:
    """Without the mask, padding reaches the logits through the next convolution."""
    utterances = [noise(40, 128, seed=1), noise(97, 128, seed=2)]
    features, _ = padded(utterances, 97, 0.0)
    alone = network(utterances[0][None], training=False)[0]
    assert np.abs(network(features, training=False)[0, :20] - alone).max() > 0.01


def test_training_does_not_see_the_padding() -> None:
    """Statistics, loss and gradients are the same whatever is in the padding and however long it is."""
    utterances = [noise(n, 128, seed=n) for n in (50, 31)]
    found = []
    for to, fill in ((50, 0.0), (50, 100.0), (80, -100.0)):
        network = build_network("W2P_shallow", 0.03, seed=4)
        with tf.GradientTape() as tape:
            logits, n_steps = masked_logits(network, *padded(utterances, to, fill), training=True)
            real = tf.where(tf.sequence_mask(n_steps, tf.shape(logits)[1])[..., None], logits, 0.0)
            score = tf.reduce_sum(tf.square(real))
        gradients = tape.gradient(score, network.trainable_variables)
        found.append([*(g.numpy() for g in gradients), *(w.numpy() for w in network.non_trainable_weights)])
    largest = max(np.abs(a).max() for a in found[0])  # a bias before a normalisation has no gradient but rounding
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-5 * largest)


def test_statistics_are_those_of_all_real_steps() -> None:
    network = build_network("W2P_shallow", 0.03, seed=4)
    utterances = [noise(50, 128, seed=1), noise(31, 128, seed=2)]
    masked_logits(network, *padded(utterances, 64, 7.0), training=True)
    steps = np.concatenate(utterances)
    norm = network.get_layer("norm_1")
    np.testing.assert_allclose(norm.moving_mean, 0.1 * steps.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(norm.moving_variance, 0.9 + 0.1 * steps.var(axis=0), rtol=1e-4)


def test_frozen_normalisation_stays_in_inference_mode() -> None:
    network = build_network("W2P_shallow", 0.03, seed=4)
    network.get_layer("norm_1").trainable = False
    masked_logits(network, *padded([noise(50, 128)], 64, 0.0), training=True)
    np.testing.assert_array_equal(network.get_layer("norm_1").moving_mean, 0.0)
    assert np.abs(network.get_layer("norm_2").moving_mean).max() > 0


def test_other_layers_are_refused() -> None:
    inputs = keras.Input((None, 128))
    network = keras.Model(inputs, keras.layers.Dense(3, name="projection")(inputs))
    with pytest.raises(TypeError, match=r"layer `projection` \(Dense\) must be a convolution"):
        masked_logits(network, *padded([noise(5, 128)], 5, 0.0))
