"""What goes into networks and signatures: one length, one number of channels, any number of clips, none included."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from snap_tf.asr.export import export_recogniser
from snap_tf.asr.network.wav2letter import build_network, spec_of
from snap_tf.asr.runs import Recogniser
from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.export.folder import write_model
from wavegan_tf.export.opening import open_model
from wavegan_tf.models.family import build_networks
from wavegan_tf.models.input_shape import checks_inputs

STEREO = NetworkConfig(dim=2, code="onehot", code_dim=3, latent_dim=9, channels=2)
N = STEREO.slice_len
SIGNATURES = ("generate", "generator_layers", "serving_default", "discriminate", "classify", "discriminator_layers",
              "classifier_layers")


@pytest.fixture(scope="module")
def networks():
    return build_networks(STEREO, seed=0)


@pytest.fixture(scope="module")
def exported(networks, tmp_path_factory):
    config = RunConfig(data=DataConfig(channels=2), network=STEREO)
    return write_model(networks, config, 1, "nowhere", tmp_path_factory.mktemp("model") / "stereo")


@pytest.fixture(scope="module")
def signatures(exported):
    loaded = tf.saved_model.load(str(exported))
    return {name: (lambda x, f=f, keep=loaded: f(**{next(iter(f.structured_input_signature[1])): tf.constant(x)}))
            for name, f in loaded.signatures.items()}


def zeros(*shape):
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature_gives_a_row_for_each_input_and_refuses_others(signatures, name):
    ask, of_z = signatures[name], name in SIGNATURES[:3]
    for n in (0, 1, 3):
        rows = {key: len(values) for key, values in ask(zeros(n, 9) if of_z else zeros(n, N, 2)).items()}
        assert set(rows.values()) == {n}, rows
    if of_z:
        wrong = [zeros(2, 18), zeros(4, 3), zeros(9), zeros(2, 9, 1)]
    else:  # twice the clips of half the length, and so on: as many numbers as there should be
        wrong = [zeros(4, N // 2, 2), zeros(1, 2 * N, 2), zeros(2, N, 1), zeros(2, N, 4), zeros(2, 2 * N), zeros(N, 2),
                 zeros(2, N + 1, 2), zeros(2, N, 2, 1)]
    for inputs in wrong:
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not compatible with expected shape"):
            ask(inputs)


def test_an_empty_batch_has_empty_layers_of_the_right_shape(exported, networks):
    model = open_model(exported)
    assert model.generate(zeros(0, 9)).shape == (0, N, 2)
    assert model.discriminate(zeros(0, N, 2)).shape == (0,)
    assert [answer.shape for answer in model.classify(zeros(0, N, 2))] == [(0, 3), (0, 3)]
    for name, inputs in (("generator", zeros(0, 9)), ("discriminator", zeros(0, N, 2)), ("q_network", zeros(0, N, 2))):
        (found,) = model.layers(name, inputs)
        assert {tap.name: found[tap.name].shape for tap in model.layer_taps(name)} == {
            tap.name: (0, tap.steps, tap.channels) if tap.steps else (0, tap.channels)
            for tap in model.layer_taps(name)}
    assert networks.q_network(zeros(0, N, 2)).shape == (0, 3)
    assert networks.generator(zeros(0, 9)).shape == (0, N, 2)


def test_the_networks_themselves_refuse_other_inputs(networks):
    for network, inputs in ((networks.discriminator, zeros(4, N // 2, 2)), (networks.q_network, zeros(2, N, 4)),
                            (networks.q_network, zeros(2, N)), (networks.generator, zeros(2, 18))):
        with pytest.raises(ConfigError, match=r"`(audio|z)` \(=\[.*\]\) must be of shape \[batch, "):
            network(inputs)
        with pytest.raises(ConfigError, match="for this network"):
            network.trace(inputs)
    any_length = tf.function(networks.q_network, input_signature=[tf.TensorSpec((None, None, None))])
    assert any_length(zeros(2, N, 2)).shape == (2, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="is not compatible with expected shape"):
        any_length(zeros(4, N // 2, 2))


def test_nothing_is_put_into_batches():
    class Sum:
        example_shape, input_name = (4, 1), "audio"

        @checks_inputs
        def trace(self, audio):
            total = tf.reduce_sum(audio + 1.0, axis=1)
            return {"a": total}, {"a": total + tf.cast(tf.shape(audio)[0], tf.float32)}

    compiled = tf.function(lambda x: Sum().trace(x)[1]["a"], input_signature=[tf.TensorSpec((None, 4, 1))])
    for n in (0, 1, 5):
        np.testing.assert_array_equal(compiled(zeros(n, 4, 1)), np.full((n, 1), 4.0 + n))


def test_a_recognisers_signatures(tmp_path):
    network = build_network("W2P_shallow", 1 / 64, seed=0)
    export_recogniser(Recogniser(network, spec_of(network).alphabet, None, tmp_path / "none"), tmp_path / "out")
    loaded = tf.saved_model.load(str(tmp_path / "out/saved_model"))
    ask, hear = loaded.signatures["serving_default"], loaded.signatures["from_audio"]
    for n in (0, 1, 3):
        assert ask(features=zeros(n, 50, 128))["logits"].shape == (n, 25, 62)
        found = hear(audio=zeros(n, 1000))
        assert found["features"].shape == (n, 8, 128) and found["logits"].shape == (n, 4, 62)
    features = np.random.default_rng(0).normal(-8, 3, (2, 40, 128)).astype(np.float32)
    np.testing.assert_allclose(ask(features=features)["logits"], network(features, training=False), atol=1e-5)
    for wrong in (zeros(2, 50, 64), zeros(2, 50, 256), zeros(50, 128), zeros(2, 50, 128, 1)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not compatible with expected shape"):
            ask(features=tf.constant(wrong))
    for wrong in (zeros(1000), zeros(2, 1000, 1)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not compatible with expected shape"):
            hear(audio=tf.constant(wrong))


def test_jax_and_symbolic_inputs_are_checked_by_their_shapes(networks):
    with pytest.raises(ConfigError, match=r"\[any, 100, 2\]"):
        networks.q_network.trace(keras.Input((100, 2)))
    assert networks.q_network.tapped(["logits"]).output_shape == (None, 3)
