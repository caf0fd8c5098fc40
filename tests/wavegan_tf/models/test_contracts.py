"""What every network must pass, whatever its options."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.models.family import build_networks

VARIANTS = {
    "wavegan": NetworkConfig(dim=1, phaseshuffle=3),
    "ciwgan": NetworkConfig(dim=1, code="onehot", code_dim=4, latent_dim=20),
    "fiwgan nn": NetworkConfig(dim=1, code="binary", code_dim=2, upsample="nn", kernel_len=12),
    "batchnorm": NetworkConfig(dim=1, batchnorm="on", code="onehot", code_dim=3),
    "batchnorm tf1": NetworkConfig(dim=1, batchnorm="tf1", code="onehot", code_dim=3),
    "stereo filtered": NetworkConfig(dim=1, channels=2, post_filter=True, post_filter_len=64),
    "32768": NetworkConfig(dim=1, slice_len=32768, batchnorm="on", code="onehot", code_dim=3),
    "65536": NetworkConfig(dim=1, slice_len=65536),
}
CASES = [(variant, name) for variant, config in VARIANTS.items()
         for name in ("generator", "discriminator", "q_network") if name != "q_network" or config.code != "none"]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: " ".join(case))
def case(request):
    variant, name = request.param
    config = VARIANTS[variant]
    network = build_networks(config, seed=7).named()[name]
    inputs = tf.random.stateless_uniform((3, *network.example_shape), (1, 2), -1, 1)
    return config, network, inputs


def test_shapes_and_ranges(case):
    config, network, inputs = case
    expected = {"generator": (3, config.slice_len, config.channels), "discriminator": (3,),
                "q_network": (3, config.code_dim)}[network.name]
    output = network(inputs)
    assert output.shape == expected and output.dtype == tf.float32 and np.all(np.isfinite(output))
    if network.name == "generator" and not config.post_filter:
        assert np.max(np.abs(output)) <= 1.0


def test_eager_equals_graph_and_batch_of_one(case):
    _, network, inputs = case
    eager = network(inputs)
    np.testing.assert_allclose(tf.function(network)(inputs), eager, atol=1e-5)
    if getattr(network, "batchnorm", "off") != "tf1" or network.name == "generator":
        np.testing.assert_allclose(network(inputs[:1]), eager[:1], atol=1e-5)
    np.testing.assert_array_equal(network(inputs), eager)  # nothing random is left in inference


def test_every_weight_has_a_finite_gradient(case):
    _, network, inputs = case
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(network(inputs, training=True)))
    for variable, gradient in zip(network.trainable_variables,
                                  tape.gradient(loss, [v.value for v in network.trainable_variables]), strict=True):
        assert gradient is not None and np.all(np.isfinite(gradient)), variable.path


def test_config_holds_every_argument(case):
    _, network, inputs = case
    arguments = [p.name for p in inspect.signature(type(network).__init__).parameters.values()
                 if p.name not in ("self", "kwargs")]
    config = network.get_config()
    for name in arguments:
        assert config[name] == getattr(network, name), name
    twin = type(network).from_config(config)
    twin.set_weights(network.get_weights())
    np.testing.assert_array_equal(twin(inputs), network(inputs))


def test_keras_file_round_trip(case, tmp_path):
    _, network, inputs = case
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert type(again) is type(network)
    np.testing.assert_array_equal(again(inputs), network(inputs))


def test_bfloat16_in_is_bfloat16_all_through(case):
    _, network, inputs = case
    half = network(tf.cast(inputs, tf.bfloat16))
    assert half.dtype == tf.bfloat16
    full = network(inputs)
    # 8 bits of mantissa: errors of some per cent of the output's scale
    assert np.max(np.abs(np.asarray(half, np.float32) - full)) < 0.1 * max(1e-3, np.max(np.abs(full)))


def test_taps_are_what_the_network_computes(case):
    config, network, inputs = case
    taps = network.layer_taps(rate_hz=16000.0)
    post = network.tapped()(inputs)
    pre = network.tapped(stage="pre")(inputs)
    assert list(post) == [tap.name for tap in taps] or set(post) == {tap.name for tap in taps}
    activations = {"relu": lambda x: np.maximum(x, 0), "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
                   "tanh": np.tanh, "linear": lambda x: x}
    for tap in taps:
        shape = (3, tap.steps, tap.channels) if tap.steps else (3, tap.channels)
        assert post[tap.name].shape == shape
        np.testing.assert_allclose(activations[tap.activation](np.asarray(pre[tap.name])), post[tap.name], atol=1e-6)
        assert tap.rate_hz == 16000.0 * tap.steps / config.slice_len
    last = np.asarray(post[taps[-1].name])
    np.testing.assert_allclose(last[:, 0] if network.name == "discriminator" else last, network(inputs), atol=1e-5)


def test_a_graph_for_any_batch_differentiates_with_respect_to_every_layer(case):
    """Layers were slices beside what the next layer gets, so that no gradient reached them."""
    _, network, inputs = case

    @tf.function(input_signature=[tf.TensorSpec((None, *network.example_shape))])
    def in_a_graph(x):
        layers = network.trace(x)[1]
        return tf.gradients(tf.reduce_sum(tf.square(list(layers.values())[-1])), [x, *layers.values()])

    with tf.GradientTape() as tape:
        tape.watch(inputs)
        layers = list(network.trace(inputs)[1].values())
        score = tf.reduce_sum(tf.square(layers[-1]))
    expected = tape.gradient(score, [inputs, *layers])
    for found, gradient in zip(in_a_graph(inputs), expected, strict=True):
        assert np.any(gradient != 0)
        np.testing.assert_allclose(found, gradient, atol=1e-5 * np.max(np.abs(gradient)))


def test_an_empty_batch_has_empty_layers(case):
    _, network, _ = case
    signature = [tf.TensorSpec((None, *network.example_shape))]
    nothing = tf.zeros((0, *network.example_shape))
    expected = {tap.name: (0, tap.steps, tap.channels) if tap.steps else (0, tap.channels)
                for tap in network.layer_taps()}
    for layers in (network.trace(nothing)[1], network.tapped()(nothing),
                   tf.function(lambda x: network.trace(x)[1], input_signature=signature)(nothing)):
        assert {name: tuple(values.shape) for name, values in layers.items()} == expected


def test_taps_by_name_and_the_error_that_lists_them(case):
    _, network, inputs = case
    name = network.layer_taps()[1].name
    assert list(network.tapped([name])(inputs)) == [name]
    with pytest.raises(ConfigError, match=rf"layer \(=conv9\) must be one of .*{name}"):
        network.tapped(["conv9"])
    with pytest.raises(ConfigError, match=r"stage \(=middle\) must be one of post, pre"):
        network.tapped(stage="middle")


def test_published_rates():
    """Sampling rates of the layers at 16 kHz (Beguš & Zhou 2022)."""
    networks = build_networks(NetworkConfig(dim=1, code="onehot", code_dim=8), seed=0)
    assert [(t.paper_name, t.steps, t.rate_hz) for t in networks.generator.layer_taps()] == [
        ("z_project", 16, 15.625), ("Conv1", 64, 62.5), ("Conv2", 256, 250.0), ("Conv3", 1024, 1000.0),
        ("Conv4", 4096, 4000.0), ("Conv5", 16384, 16000.0)]
    assert [(t.paper_name, t.steps) for t in networks.q_network.layer_taps()] == [
        ("Conv1", 4096), ("Conv2", 1024), ("Conv3", 256), ("Conv4", 64), ("Conv5", 16), ("logits", 0)]
    assert [t.steps for t in build_networks(NetworkConfig(dim=1, slice_len=32768)).generator.layer_taps()] == [
        16, 64, 256, 1024, 4096, 16384, 32768]


def test_initial_weights_follow_the_seed():
    first, same, other = (build_networks(NetworkConfig(dim=1), seed=s).generator.get_weights() for s in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not np.array_equal(first[0], other[0])
    kernel = build_networks(NetworkConfig(dim=8), seed=0).discriminator.downconvs[2].kernel
    limit = np.sqrt(6 / (25 * (16 + 32)))  # Glorot: sqrt(6 / (fan_in + fan_out))
    assert 0.98 * limit < np.max(np.abs(kernel)) <= limit


def test_batch_statistics():
    """Ordinary normalisation keeps averages; the original's D and Q use the batch always and keep none."""
    audio = tf.random.stateless_uniform((4, 16384, 1), (3, 4), -1, 1)
    ordinary = build_networks(NetworkConfig(dim=1, batchnorm="on"), seed=0).discriminator
    before = [np.array(w) for w in ordinary.non_trainable_variables if "moving" in w.path]
    first = ordinary(audio)
    ordinary(audio, training=True, phases=tf.zeros(4, tf.int32))
    after = [np.array(w) for w in ordinary.non_trainable_variables if "moving" in w.path]
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert not np.allclose(ordinary(audio), first)
    original = build_networks(NetworkConfig(dim=1, batchnorm="tf1"), seed=0).discriminator
    trained = original(audio, training=True, phases=tf.zeros(4, tf.int32))
    np.testing.assert_allclose(original(audio), trained, atol=1e-6)
    moving = {w.path.rsplit("/", 1)[1]: np.array(w) for w in original.non_trainable_variables if "moving" in w.path}
    assert np.all(moving["moving_mean"] == 0) and np.all(moving["moving_variance"] == 1)
