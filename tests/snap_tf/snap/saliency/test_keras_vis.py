"""The adapter to tf-keras-vis: gradients are those of a tape, scores look at one step, models stay as they are."""

import sys
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from snap_tf.asr.network.wav2letter import build_network
from snap_tf.snap.frames.frame_blocks import Block
from snap_tf.snap.network.model_view import ModelView
from snap_tf.snap.network.networks import open_network
from snap_tf.snap.network.targets import make_target
from snap_tf.snap.saliency.keras_vis import (
    CentreScore,
    grad_cam,
    input_saliency,
    optimised_input,
    score_cam,
    smooth_gradient,
    vis_model,
)
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.models.family import build_networks

N_STEPS = 60


@pytest.fixture(scope="module")
def recogniser() -> keras.Model:
    return build_network("W2P_shallow", 0.05, seed=1)


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return np.random.default_rng(0).normal(-8.0, 3.0, (2, N_STEPS, 128)).astype(np.float32)


def tape_gradient(network: keras.Model, inputs: np.ndarray, logit: object) -> np.ndarray:
    x = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = logit(network(x, training=False))
    return tape.gradient(value, x).numpy()


def weights_of(network: keras.Model) -> list[np.ndarray]:
    return [weight.numpy().copy() for weight in network.weights]


def test_saliency_is_the_gradient_of_the_centre_logit(recogniser: keras.Model, frames: np.ndarray) -> None:
    found = input_saliency(vis_model(recogniser), frames, CentreScore((5, 7)))
    # 60 input steps are 30 output steps: the centre is number 15
    expected = tape_gradient(recogniser, frames, lambda y: y[0, 15, 5] + y[1, 15, 7])
    np.testing.assert_array_equal(found, expected)
    assert found.min() < 0 < found.max() and found.dtype == np.float32


def test_saliency_equals_gradients_traced_in_a_graph(recogniser: keras.Model, frames: np.ndarray) -> None:
    @tf.function
    def gradient(x: tf.Tensor) -> tf.Tensor:
        return tf.gradients(recogniser(x, training=False)[:, 4, 9], x)[0]

    found = input_saliency(vis_model(recogniser), frames, CentreScore((9,), step=4))
    np.testing.assert_allclose(found, gradient(tf.constant(frames)), atol=1e-6 * np.abs(found).max())


def test_saliency_equals_the_engines(recogniser: keras.Model, frames: np.ndarray) -> None:
    network, options = open_network(recogniser), ProfileOptions(blank="keep")
    view = ModelView(network, options, make_target(network, options), frames.shape[1:])
    (look,) = view.looks(Block(("a", "b"), frames, np.zeros(2, np.int64), N_STEPS), np.arange(2))
    first, last = view.intervals["input"]
    found = input_saliency(vis_model(recogniser), frames, CentreScore(tuple(look.predicted.tolist())))
    np.testing.assert_allclose(look.saliency["input"], found[:, first:last + 1], atol=1e-6 * np.abs(found).max())
    assert not found[:, :first].any() and not found[:, last + 1:].any()


def test_the_stock_score_averages_over_time(recogniser: keras.Model, frames: np.ndarray) -> None:
    # why CentreScore exists: the library's score runs on [batch, time, classes], without a warning
    from tf_keras_vis.utils.scores import CategoricalScore

    vis = vis_model(recogniser)
    stock = input_saliency(vis, frames[:1], CategoricalScore([5]))
    centre = input_saliency(vis, frames[:1], CentreScore((5,)))
    assert np.linalg.norm(stock - centre) > 0.5 * np.linalg.norm(centre)


def test_lengths_may_differ_from_call_to_call(recogniser: keras.Model, frames: np.ndarray) -> None:
    vis = vis_model(recogniser)
    for n in (31, 60):
        found = input_saliency(vis, frames[:1, :n], CentreScore((3,)))
        expected = tape_gradient(recogniser, frames[:1, :n], lambda y: y[0, y.shape[1] // 2, 3])
        np.testing.assert_array_equal(found, expected)


def test_smooth_gradient_is_seeded_and_leaves_the_global_generator(recogniser: keras.Model, frames: np.ndarray) -> None:
    vis, score = vis_model(recogniser), CentreScore((5,))
    before = np.random.get_state()  # noqa: NPY002
    found = [smooth_gradient(vis, frames, score, n_samples=3, noise=0.1, seed=seed) for seed in (1, 1, 2)]
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(before[1], after[1])
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[0] - found[2]).max() > 0
    plain = input_saliency(vis, frames, score)
    np.testing.assert_allclose(smooth_gradient(vis, frames, score, n_samples=2, noise=0.0), plain, atol=1e-7)


def test_smooth_gradient_of_a_linear_network_is_its_weights() -> None:
    network = keras.Sequential([keras.Input((6, 2)), keras.layers.Flatten(), keras.layers.Dense(3)])
    found = smooth_gradient(vis_model(network), np.ones((1, 6, 2)), CentreScore((2,)), n_samples=4, noise=0.5)
    np.testing.assert_allclose(found[0], network.layers[-1].kernel.numpy()[:, 2].reshape(6, 2), atol=1e-6)


def test_grad_cam_follows_its_equation(recogniser: keras.Model, frames: np.ndarray) -> None:
    upper = keras.Model(recogniser.get_layer("norm_4").input, recogniser.output)
    maps = keras.Model(recogniser.input, recogniser.get_layer("layer_3").output)(frames, training=False)
    gradient = tape_gradient(upper, maps.numpy(), lambda y: tf.reduce_sum(y[:, 15, 5]))
    expected = np.maximum((maps.numpy() * gradient.mean(axis=1, keepdims=True)).sum(axis=-1), 0.0)
    found = grad_cam(vis_model(recogniser), frames, CentreScore((5,)), "layer_3")
    assert found.shape == (2, 30)
    np.testing.assert_allclose(found, expected, atol=1e-6 * expected.max())


def score_cam_slowly(network: keras.Model, layer: str, x: np.ndarray, number: int, floor: float) -> np.ndarray:
    """Follow the paper for one recording: a mask per feature map, the class's probability as its weight."""
    maps = keras.Model(network.input, network.get_layer(layer).output)(x[None], training=False).numpy()[0]
    total = np.zeros(len(maps))
    for k in range(maps.shape[1]):
        steps = np.linspace(0, len(maps) - 1, len(x))
        mask = np.interp(steps, np.arange(len(maps)), maps[:, k])
        mask = (mask - mask.min()) / (np.ptp(mask) + 1e-7)
        masked = ((x - floor) * mask[:, None] + floor).astype(np.float32)
        logits = network(masked[None], training=False).numpy()[0]
        logits = logits[len(logits) // 2]
        total += maps[:, k] * np.exp(logits[number]) / np.exp(logits).sum()
    return np.maximum(total, 0.0)


def test_score_cam_masks_down_to_the_baseline(recogniser: keras.Model, frames: np.ndarray,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    vis, floor = vis_model(recogniser), -20.0
    found = score_cam(vis, frames, CentreScore((5,)), "layer_2", baseline=floor)
    assert found.shape == (2, 30) and capsys.readouterr().out == ""
    for i in range(2):
        expected = score_cam_slowly(recogniser, "layer_2", frames[i], 5, floor)
        np.testing.assert_allclose(found[i], expected, rtol=1e-3, atol=1e-5 * expected.max())
    # masks that lead to 0, the library's way, are something else for a logarithmic spectrogram
    other = score_cam(vis, frames, CentreScore((5,)), "layer_2")
    assert np.abs(other - found).max() > 1e-3 * found.max()


def test_optimised_input_of_a_linear_network() -> None:
    # score = sum of w x; price l1 |x|: cells with w > l1 go up to the limit, the others stay where they cost nothing
    network = keras.Sequential([keras.Input((4, 1)), keras.layers.Flatten(), keras.layers.Dense(1, use_bias=False)])
    network.layers[-1].set_weights([np.array([[2.0], [0.5], [-2.0], [-0.5]])])
    found = optimised_input(vis_model(network), np.full((1, 4, 1), 0.3), CentreScore((0,)), l1=1.0, n_steps=40,
                            learning_rate=0.05, baseline=0.3, value_range=(0.0, 1.0))
    np.testing.assert_allclose(found[0, :, 0], [1.0, 0.3, 0.0, 0.3], atol=0.051)  # Adam swings by one step


def test_optimised_input_raises_the_score(recogniser: keras.Model, frames: np.ndarray) -> None:
    vis, score = vis_model(recogniser), CentreScore((5,))
    before = float(score(vis.model(frames[:1]))[0])
    free = optimised_input(vis, frames[:1], score, n_steps=20, baseline=frames[0], value_range=(-23.0, None))
    dear = optimised_input(vis, frames[:1], score, n_steps=20, baseline=frames[0], l1=1.0)
    assert float(score(vis.model(free))[0]) > before + 0.1
    assert free.min() >= -23.0
    assert np.abs(dear - frames[:1]).sum() < 0.5 * np.abs(free - frames[:1]).sum()


@pytest.mark.parametrize("part", ["q_network", "discriminator"])
def test_discriminators_and_q_networks(part: str) -> None:
    network = build_networks(NetworkConfig(dim=2, code="onehot", code_dim=3, batchnorm="on"), seed=1).named()[part]
    audio = np.random.default_rng(0).normal(0.0, 0.1, (2, 16384, 1)).astype(np.float32)
    vis, number = vis_model(network), 2 if part == "q_network" else 0
    before, score = weights_of(network), CentreScore((number,))
    expected = tape_gradient(network, audio, lambda y: tf.reduce_sum(y if y.shape.rank == 1 else y[:, number]))
    found = input_saliency(vis, audio, score)
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())
    assert list(vis.layers) == [f"downconv_{i}" for i in range(5)]
    assert grad_cam(vis, audio, score).shape == (2, 16)
    assert score_cam(vis, audio, score, "downconv_1").shape == (2, 1024)
    for old, new in zip(before, weights_of(network), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_softmax_is_left_off_in_a_copy() -> None:
    def build(*top: keras.layers.Layer) -> keras.Model:
        return keras.Sequential([keras.Input((20, 4)), keras.layers.Conv1D(3, 5, activation="relu"),
                                 keras.layers.GlobalAveragePooling1D(), *top])

    x = np.random.default_rng(0).normal(size=(1, 20, 4)).astype(np.float32)
    plain = build(keras.layers.Dense(3))
    for network in (build(keras.layers.Dense(3, activation="softmax")),
                    build(keras.layers.Dense(3), keras.layers.Softmax()),
                    build(keras.layers.Dense(3), keras.layers.Activation("softmax"))):
        network.set_weights(plain.get_weights())
        before = network(x).numpy()
        assert before.sum() == pytest.approx(1.0)
        vis = vis_model(network)
        np.testing.assert_allclose(vis.model(x), plain(x), atol=1e-6)
        np.testing.assert_allclose(input_saliency(vis, x, CentreScore((1,))),
                                   tape_gradient(plain, x, lambda y: y[0, 1]), atol=1e-6)
        assert score_cam(vis, x, CentreScore((1,))).shape == grad_cam(vis, x, CentreScore((1,))).shape == (1, 16)
        np.testing.assert_array_equal(network(x), before)


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.inner = keras.layers.Conv1D(3, 3)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.inner(x)


def test_a_subclassed_model_has_gradients_but_no_maps() -> None:
    network, x = Subclassed(), np.random.default_rng(0).normal(size=(1, 9, 2)).astype(np.float32)
    with pytest.raises(ConfigError, match="must have been called once"):
        vis_model(network)
    network(x)
    vis = vis_model(network)
    np.testing.assert_allclose(input_saliency(vis, x, CentreScore((2,))),
                               tape_gradient(network, x, lambda y: y[0, 3, 2]), atol=1e-7)
    with pytest.raises(ConfigError, match="its inner layers cannot be reached; use --method input"):
        grad_cam(vis, x, CentreScore((2,)))


def test_refusals(recogniser: keras.Model, frames: np.ndarray) -> None:
    vis = vis_model(recogniser)
    with pytest.raises(ConfigError, match=r"`step` \(=30\) must be from 0 to 29"):
        input_saliency(vis, frames, CentreScore((1,), step=30))
    with pytest.raises(ConfigError, match=r"`classes` \(=62\) must be from 0 to 61"):
        input_saliency(vis, frames, CentreScore((62,)))
    with pytest.raises(ConfigError, match=r"`classes` \(=3 of them\) must be one, or one per example \(2\)"):
        input_saliency(vis, frames, CentreScore((1, 2, 3)))
    with pytest.raises(ConfigError, match=r"`layer` \(=conv\) must be one of layer_1, .*layer_5$"):
        grad_cam(vis, frames, CentreScore((1,)), "conv")
    with pytest.raises(ConfigError, match="`n_samples`"):
        smooth_gradient(vis, frames, CentreScore((1,)), n_samples=0)
    with pytest.raises(ConfigError, match="`n_steps`"):
        optimised_input(vis, frames, CentreScore((1,)), n_steps=0)
    with pytest.raises(DataError, match=r"inputs \(shape \[60, 128\]\) must be \[batch, time, channels\]"):
        input_saliency(vis, frames[0], CentreScore((1,)))
    with pytest.raises(DataError, match="NaN or infinity"):
        input_saliency(vis, frames * np.nan, CentreScore((1,)))
    two = keras.Input((4, 2)), keras.Input((4, 2))
    with pytest.raises(ConfigError, match="must have one input and one output; it has 2 and 1"):
        vis_model(keras.Model(two, keras.layers.Add()(two)))


def test_without_the_library(recogniser: keras.Model, frames: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tf_keras_vis.gradcam", None)  # what is None there cannot be imported
    with pytest.raises(ConfigError, match=r"tf-keras-vis must be installed \(0.8.7, with SciPy below 2\)"):
        grad_cam(vis_model(recogniser), frames, CentreScore((5,)))


def test_the_library_warns_nobody(recogniser: keras.Model, frames: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grad_cam(vis_model(recogniser), frames, CentreScore((5,)))
        input_saliency(vis_model(recogniser), frames, CentreScore((5,)))
