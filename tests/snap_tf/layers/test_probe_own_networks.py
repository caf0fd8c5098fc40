"""Layers of the project's own networks: the papers' average, rates, stages, what a latent variable can reach."""

import numpy as np
import pytest
from twins.convolutions import strided_convolution, transposed_convolution

from snap_tf.probe import probe
from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError, DataError, ExportError
from wavegan_tf.models.family import build_networks

# Beguš & Zhou's tables: steps and rates of 16384 samples at 16 kHz
GENERATOR = {"z_project": (16, 15.625), "Conv1": (64, 62.5), "Conv2": (256, 250), "Conv3": (1024, 1000),
             "Conv4": (4096, 4000), "Conv5": (16384, 16000)}
Q_NETWORK = {"Conv1": (4096, 4000), "Conv2": (1024, 1000), "Conv3": (256, 250), "Conv4": (64, 62.5),
             "Conv5": (16, 15.625), "logits": (0, 0)}


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def downward(network, audio):
    """The Q-network by loops: before and after every activation, float64."""
    pre, post, x = [], [], audio.astype(np.float64)
    for layer in network.downconvs:
        x = strided_convolution(x, np.asarray(layer.kernel), layer.stride) + np.asarray(layer.bias)
        pre.append(x)
        x = leaky(x)
        post.append(x)
    logits = x.reshape(len(x), -1) @ np.asarray(network.dense.kernel) + np.asarray(network.dense.bias)
    return pre, post, logits


def upward(network, z):
    """The generator by loops, after every activation."""
    x = z.astype(np.float64) @ np.asarray(network.z_project.kernel) + np.asarray(network.z_project.bias)
    x = np.maximum(x.reshape(len(z), 16, -1), 0)
    post = [x]
    for i, layer in enumerate(network.upconvs):
        x = transposed_convolution(x, np.asarray(layer.kernel), layer.stride) + np.asarray(layer.bias)
        x = np.tanh(x) if i == len(network.upconvs) - 1 else np.maximum(x, 0)
        post.append(x)
    return post


def close(found, expected):
    """Within 1e-6 of the layer's own size."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * max(1.0, np.abs(expected).max()))


def test_q_averages_equal_numpys_mean_of_a_network_in_loops(networks, sounds):
    _, post, logits = downward(networks.q_network, sounds[:2])
    found = probe(networks.q_network).collect(sounds[:2])
    for i, maps in enumerate(post):
        close(found[f"downconv_{i}"], maps.mean(axis=-1))
    close(found["logits"], logits)


def test_generator_averages_equal_numpys_mean_of_a_network_in_loops(networks):
    z = np.random.default_rng(0).uniform(-1, 1, (2, 12)).astype(np.float32)
    found = probe(networks.generator).collect(z)
    for values, maps in zip(found.values(), upward(networks.generator, z), strict=True):
        close(values, maps.mean(axis=-1))


@pytest.mark.parametrize(("reduce", "numpys"), [
    ("max", lambda maps: maps.max(-1)), ("rms", lambda maps: np.sqrt((maps**2).mean(-1))),
    ("abs", lambda maps: np.abs(maps).mean(-1)), ("map:0", lambda maps: maps[..., 0]), ("none", lambda maps: maps)])
def test_other_reductions(networks, sounds, reduce, numpys):
    _, post, _ = downward(networks.q_network, sounds[:1])
    found = probe(networks.q_network).collect(sounds[:1], reduce)
    for i, maps in enumerate(post):
        close(found[f"downconv_{i}"], numpys(maps))


def test_a_function_of_ones_own_reduces(networks, sounds):
    from keras import ops

    found = probe(networks.q_network, "Conv5").collect(sounds, lambda maps: ops.min(maps, axis=-1))
    maps = probe(networks.q_network, "Conv5").collect(sounds, "none")["downconv_4"]
    np.testing.assert_array_equal(found["downconv_4"], maps.min(axis=-1))


def test_stages_before_after_and_with_a_plain_relu(networks, sounds):
    pre, post, logits = downward(networks.q_network, sounds[:1])
    for stage, expected in (("pre", pre), ("post", post), ("relu", [np.maximum(x, 0) for x in pre])):
        found = probe(networks.q_network, stage=stage).collect(sounds[:1], "none")
        for i, maps in enumerate(expected):
            close(found[f"downconv_{i}"], maps)
        close(found["logits"], logits)


def test_q_averages_may_be_negative_and_generator_averages_may_not(networks, sounds):
    q = probe(networks.q_network).collect(sounds)
    assert min(values.min() for name, values in q.items() if name != "logits") < 0
    assert all(values.min() >= 0 for values in probe(networks.q_network, stage="relu").collect(sounds).values()
               if values.ndim == 2 and values.shape[1] > 3)
    z = np.random.default_rng(0).uniform(-1, 1, (8, 12))
    g = probe(networks.generator).collect(z)
    audio = g.pop("upconv_4")
    assert all(values.min() >= 0 for values in g.values())
    assert audio.min() < 0 and np.abs(audio).max() <= 1


@pytest.mark.parametrize(("part", "table"), [("generator", GENERATOR), ("q_network", Q_NETWORK)])
def test_native_rates_are_those_of_the_papers(networks, part, table):
    found = {layer.paper_name: (layer.steps, layer.rate_hz) for layer in probe(networks.named()[part]).layers}
    assert found == table


def test_names_of_a_longer_network():
    generator = build_networks(NetworkConfig(dim=1, slice_len=65536), seed=0).generator
    rates = [layer.rate_hz for layer in probe(generator).layers]
    assert rates == [3.90625, 15.625, 62.5, 250, 1000, 4000, 16000]


def test_two_runs_are_identical_to_the_bit_whatever_the_phase_shuffle(networks, sounds):
    first, second = (probe(networks.q_network).collect(sounds, batch_size=2) for _ in range(2))
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])


def test_the_last_batch_and_inputs_in_pieces_change_nothing(networks, sounds):
    look = probe(networks.q_network)
    whole = look.collect(sounds, batch_size=5)
    for other in (look.collect(sounds, batch_size=2), look.collect([sounds[:1], sounds[1:4], sounds[4:]], batch_size=2),
                  look.collect(sounds[:, :, 0])):
        for name, values in whole.items():
            close(other[name], values)


def test_batches_of_the_original_batch_normalisation_are_not_filled_up(sounds):
    q = build_networks(NetworkConfig(dim=1, batchnorm="tf1", code="onehot", code_dim=3), seed=0).q_network
    alone = probe(q).collect(sounds[4:], batch_size=1)
    together = probe(q).collect(sounds, batch_size=4)
    close(together["logits"][4], alone["logits"][0])


def test_a_latent_variable_without_weights_changes_nothing(networks):
    generator = build_networks(NetworkConfig(dim=1, latent_dim=12), seed=3).generator
    kernel = np.array(generator.z_project.kernel)
    kernel[4] = 0
    generator.z_project.kernel.assign(kernel)
    z = np.random.default_rng(0).uniform(-1, 1, (3, 12)).astype(np.float32)
    moved = z.copy()
    moved[:, 4] = (-5, 2.5, 15)
    look = probe(generator)
    still, swept = look.collect(z), look.collect(moved)
    for name, values in still.items():
        np.testing.assert_array_equal(values, swept[name])


@pytest.mark.parametrize("block", [0, 7, 15])
def test_a_latent_variable_of_one_time_block_changes_its_cone_only(block):
    generator = build_networks(NetworkConfig(dim=1, latent_dim=12), seed=3).generator
    kernel = np.array(generator.z_project.kernel).reshape(12, 16, -1)
    kernel[4, np.arange(16) != block] = 0
    generator.z_project.kernel.assign(kernel.reshape(12, -1))
    z = np.random.default_rng(0).uniform(-1, 1, (1, 12)).astype(np.float32)
    moved = z.copy()
    moved[:, 4] = 5
    look = probe(generator)
    still, swept = look.collect(z), look.collect(moved)
    first, last = block, block
    for i, (name, values) in enumerate(still.items()):
        if i:  # step j of a stride-4 transposed convolution with 25 taps reaches 4 j - 10 ... 4 j + 14
            first, last = max(0, 4 * first - 10), min(values.shape[1] - 1, 4 * last + 14)
        changed = np.flatnonzero(values[0] != swept[name][0])
        assert len(changed) and first <= changed.min() and changed.max() <= last, name
        assert changed.min() - first <= 2 * 4**i and last - changed.max() <= 2 * 4**i, name  # and fills it


def test_from_an_exported_folder_its_saved_model_and_the_networks_come_the_same_numbers(model, networks, sounds,
                                                                                       tmp_path):
    import shutil

    bare = tmp_path / "bare"
    shutil.copytree(model, bare)
    shutil.rmtree(bare / "weights")
    of_networks = probe(networks.q_network).collect(sounds)
    for path in (model, bare):
        look = probe(path)
        assert look.config.network.code_dim == 3 and look.rate_hz == 16000
        for name, values in look.collect(sounds).items():
            close(values, of_networks[name])
    (bare / "model.json").unlink()
    with pytest.raises(ExportError, match=r"SavedModel \(=.*bare\) must have the model.json .* --trust"):
        probe(bare)
    for name, values in probe(bare, trust=True).collect(sounds).items():
        close(values, of_networks[name])
    with pytest.raises(ConfigError, match=r"`stage` \(=pre\) must be post for a SavedModel that runs itself"):
        probe(bare, stage="pre", trust=True).collect(sounds)


def test_parts_of_a_model(model):
    assert probe(model).layers[-1].name == "logits"
    assert probe(model, part="discriminator").layers[-1].name == "score"
    assert probe(model, part="generator").input_shape == (12,)
    with pytest.raises(ConfigError, match=r"`part` \(=encoder\) must be one of q_network, discriminator, generator"):
        probe(model, part="encoder")


def test_without_a_code_the_discriminator_is_meant(tmp_path):
    from wavegan_tf.config import RunConfig
    from wavegan_tf.export.folder import write_model

    config = RunConfig(network=NetworkConfig(dim=1))
    folder = write_model(build_networks(config.network, seed=0), config, 1, "nowhere", tmp_path / "plain")
    assert probe(folder).layers[-1].name == "score"
    with pytest.raises(ConfigError, match=r"must be one of discriminator, generator; this model was trained without"):
        probe(folder, part="q_network")


def test_layers_by_either_name_number_and_function(networks):
    q = networks.q_network
    assert [layer.name for layer in probe(q, ["Conv5", "downconv_0", "Conv5"]).layers] == ["downconv_4", "downconv_0"]
    assert [layer.name for layer in probe(q, [0, -1]).layers] == ["downconv_0", "logits"]
    assert [layer.name for layer in probe(q, lambda layer: layer.name.endswith(("0", "3"))).layers] == [
        "downconv_0", "downconv_3"]
    look = probe(q, "Conv2")
    assert look.layer("downconv_1") is look.layer("Conv2") and look.named


def test_a_layer_that_is_not_there_gets_the_list_of_those_that_are(networks):
    there = r"Conv1 \(downconv_0\), .*Conv5 \(downconv_4\), logits"
    for wrong in ("Conv9", "upconv_0"):
        with pytest.raises(ConfigError, match=rf"layer \(={wrong}\) must be one of {there}"):
            probe(networks.q_network, wrong)
    with pytest.raises(ConfigError, match=r"layer number \(=6\) must be from 0 to 5; there are 0: Conv1"):
        probe(networks.q_network, 6)
    with pytest.raises(ConfigError, match=rf"must say yes to at least one layer; there are {there}"):
        probe(networks.q_network, lambda layer: False)
    with pytest.raises(ConfigError, match="must name at least one layer"):
        probe(networks.q_network, [])


def test_wrong_options_and_inputs_are_refused(networks, sounds):
    q = networks.q_network
    with pytest.raises(ConfigError, match=r"`stage` \(=after\) must be one of post, pre, relu"):
        probe(q, stage="after")
    with pytest.raises(ConfigError, match=r"`reduce` \(=median\) must be one of mean, max, rms, abs, or map:K"):
        probe(q).run(sounds, "median")
    # dim 1: one map in Conv1, two in Conv2
    with pytest.raises(ConfigError, match=r"layer Conv1 \(downconv_0\): `reduce` \(=map:1\) .* it has 1, 0 to 0"):
        probe(q).run(sounds, "map:1")
    with pytest.raises(DataError, match=r"inputs \(shape \[5, 100, 1\]\) must be of shape \[n, 16384, 1\]"):
        probe(q).collect(sounds[:, :100])
    spoiled = sounds.copy()
    spoiled[3, 7] = np.nan
    with pytest.raises(DataError, match="NaN or infinity is in example 3"):
        probe(q).collect(spoiled)
    with pytest.raises(ConfigError, match=r"`batch_size` \(=0\) must be positive"):
        probe(q).run(sounds, batch_size=0)
    with pytest.raises(ConfigError, match=r"`part` \(=generator\) goes with a run or an exported model"):
        probe(q, part="generator")
    with pytest.raises(ExportError, match="must be a run folder"):
        probe("no/such/folder")


def test_a_network_that_diverged_is_told_as_such(sounds):
    q = build_networks(NetworkConfig(dim=1, code="onehot", code_dim=3), seed=0).q_network
    q.dense.bias.assign([np.nan] * 3)
    with pytest.raises(ExportError, match="gives NaN or infinity: its training diverged"):
        probe(q).collect(sounds)


def test_gradients_between_layers_can_be_taken(networks, sounds):
    """`tensors` gives one graph: d logit / d Conv5 is the dense layer's weights."""
    import tensorflow as tf

    look = probe(networks.q_network, ["Conv5", "logits"])

    @tf.function
    def saliency(audio):
        with tf.GradientTape() as tape:
            tape.watch(audio)
            layers = look.tensors(audio)
            logit = tf.reduce_sum(layers["logits"][:, 1])
        return tape.gradient(logit, layers["downconv_4"])

    kernel = np.asarray(networks.q_network.dense.kernel)[:, 1].reshape(16, -1)
    for gradient in saliency(tf.constant(sounds[:2])):
        np.testing.assert_allclose(gradient, kernel, rtol=1e-6)


def test_the_hash_names_the_weights(networks):
    other = build_networks(NetworkConfig(dim=1, latent_dim=12, code="onehot", code_dim=3), seed=9)
    hashes = {probe(network).weights_hash() for family in (networks, other) for network in family.named().values()}
    assert len(hashes) == 6 and all(len(name) == 16 for name in hashes)
    assert probe(networks.generator).weights_hash() in hashes
