"""Profiles of models as users build them: several outputs, mixed precision, leaking ReLUs, groups, vectors."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_networks import with_random_weights

from snap_tf.cli import main
from snap_tf.probe import probe
from snap_tf.snap.frames.frame_blocks import SequenceFrames
from snap_tf.snap.network.networks import open_network
from snap_tf.snap.profiles.profiling import profile
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.config import NetworkConfig, RunConfig
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.export.folder import write_model
from wavegan_tf.models.family import build_networks

K = keras.layers
INPUTS = np.random.default_rng(7).normal(size=(10, 24, 6)).astype(np.float32)
UNALIGNED = ProfileOptions(alignment="none", mask="abs_mean")


def run(network, frames=INPUTS, options=None, **more):
    return profile(network, frames, options, progress=False, **more)


def gradients(network, inputs: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Sum the gradients of the largest logit over inputs, by layer: what the engine adds up, by a tape."""
    parts = keras.Model(network.inputs, [*(network.get_layer(name).output for name in names), network.outputs[0]])
    rest = {name: keras.Model(network.get_layer(name).output, network.outputs[0]) for name in names}
    *values, logits = parts([inputs], training=False)
    best = tf.argmax(tf.cast(logits, tf.float32), axis=1)
    found = {}
    for name, value in zip(names, values, strict=True):
        with tf.GradientTape() as tape:
            tape.watch(value)
            score = tf.reduce_sum(tf.gather(rest[name](value, training=False), best, batch_dims=1))
        found[name] = tf.cast(tf.reduce_sum(tf.cast(tape.gradient(score, value), tf.float64), axis=0), tf.float32)
    return {name: total.numpy() for name, total in found.items()}


def signed(file, layer: str) -> np.ndarray:
    total = file.sums["predicted"].values["signed"][layer].sum(axis=(0, 1))
    return total if total.shape[0] > 1 else total[0]


def pooled(**options) -> keras.Model:
    """Make two convolutions and a dense output, without weights that stand out."""
    return with_random_weights(keras.Sequential([
        keras.Input((24, 6)), K.Conv1D(6, 5, activation="relu", name="a", **options), K.Conv1D(8, 3, name="b"),
        K.ReLU(), K.GlobalAveragePooling1D(), K.Dense(4, name="out", dtype="float32")]), 3)


# outputs


def two_heads() -> keras.Model:
    inputs = keras.Input((24, 6))
    hidden = K.Conv1D(8, 3, name="a")(inputs)
    pool = K.GlobalAveragePooling1D()(hidden)
    return with_random_weights(keras.Model(inputs, [K.Dense(3, name="o1")(pool), K.Dense(2, name="o2")(pool)],
                                           name="two"), 1)


def test_one_of_several_outputs_must_be_chosen(tmp_path, capsys) -> None:
    """The last convolution was taken for the output, and its feature maps for the classes."""
    model = two_heads()
    for layers in (None, ["o1"], lambda layer: True):
        with pytest.raises(ConfigError, match=r"\(=two\) must have one output.*keras.Model\(model.inputs"):
            open_network(model, layers=layers)
    assert [layer.name for layer in probe(model).layers] == ["a"]  # averages of layers need no output
    model.save(tmp_path / "two.keras")
    np.save(tmp_path / "x.npy", INPUTS)
    assert main(["profile", str(tmp_path / "two.keras"), "--inputs", str(tmp_path / "x.npy"), "--out",
                 str(tmp_path / "o.npz")]) == 2
    assert "must have one output" in capsys.readouterr().err and not (tmp_path / "o.npz").exists()


@pytest.mark.parametrize("form", ["plain", "dict", "list"])
def test_one_output_counts_in_whatever_it_lies(form) -> None:
    model = two_heads()
    output = {"plain": model.outputs[0], "dict": {"first": model.outputs[0]}, "list": [model.outputs[0]]}[form]
    file = run(keras.Model(model.inputs, output), options=UNALIGNED)
    assert [layer.name for layer in file.layers] == ["input", "a", "o1"]
    assert file.sums["predicted"].groups == ("class_0", "class_1", "class_2")
    expected = gradients(keras.Model(model.inputs, model.outputs[0]), INPUTS, ("a",))["a"]
    np.testing.assert_allclose(signed(file, "a"), expected, atol=1e-6)


def test_layers_beside_the_way_to_the_target_are_left_out_and_named() -> None:
    inputs = keras.Input((24, 6))
    a, b = K.Conv1D(4, 3, name="a")(inputs), K.Conv1D(4, 3, name="b")(inputs)
    joined = K.Concatenate(name="join")([a, keras.ops.stop_gradient(b)])
    out = K.Dense(2, name="out")(K.GlobalAveragePooling1D()(joined))
    file = run(with_random_weights(keras.Model(inputs, out), 0))
    assert [layer.name for layer in file.layers] == ["input", "a", "out"]
    assert file.source["notice"].startswith("left out, because the target does not depend on them: ")
    assert file.source["notice"].endswith(" (b)")


# numbers


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_other_number_formats_lose_no_layer(policy) -> None:
    """Casting what a layer gives made a tensor that led nowhere: hidden layers vanished in silence."""
    model = keras.Sequential([keras.Input((24, 6)), K.Conv1D(6, 5, activation="relu", name="a", dtype=policy),
                              K.Conv1D(8, 3, activation="relu", name="b", dtype=policy), K.GlobalAveragePooling1D(),
                              K.Dense(4, name="out", dtype="float32")])
    with_random_weights(model, 3)
    file = run(model, options=UNALIGNED)
    assert [layer.name for layer in file.layers] == ["input", "a", "b", "out"] and file.source["notice"] == ""
    expected = gradients(model, INPUTS, ("a", "b"))
    for name, total in expected.items():
        np.testing.assert_allclose(signed(file, name), total, atol=1e-2 * np.abs(total).max(), err_msg=name)
    assert set(probe(model).collect(INPUTS)) == {"a", "b", "out"}


@pytest.mark.parametrize("policy", ["mixed_float16", "float64"])
def test_chains_of_other_formats_are_computed_frame_by_frame(policy) -> None:
    model = keras.Sequential([keras.Input((24, 6)), K.Conv1D(6, 5, padding="same", name="a", dtype=policy),
                              K.BatchNormalization(dtype=policy), K.ReLU(dtype=policy),
                              K.Conv1D(3, 3, padding="same", name="b", dtype=policy)])
    with_random_weights(model, 3)
    sequences = [np.random.default_rng(2).normal(size=(60, 6)).astype(np.float32)]
    file = run(model, SequenceFrames(sequences, 24), ProfileOptions(mode="utterance"))
    assert "computes in float" in file.source["notice"] and file.options.mode == "frame"
    assert [layer.name for layer in file.layers] == ["input", "a", "b"] and file.source["n_frames"] == 19


def test_groups_of_channels_are_computed_by_keras() -> None:
    model = pooled(groups=3)
    file = run(model, options=UNALIGNED)
    np.testing.assert_allclose(signed(file, "a"), gradients(model, INPUTS, ("a",))["a"], atol=1e-6)
    chain = with_random_weights(keras.Sequential([
        keras.Input((24, 6)), K.Conv1D(6, 5, padding="same", groups=3, name="a"), K.Conv1D(3, 3, padding="same")]), 1)
    file = run(chain, SequenceFrames([np.tile(INPUTS[0], (3, 1))], 24), ProfileOptions(mode="utterance"))
    assert "has groups of channels" in file.source["notice"] and file.source["n_frames"] == 25


# activations


def test_a_relu_that_leaks_may_be_negative() -> None:
    """Alignment compares layers that may be negative with the frame's minimum; a leaking ReLU was not among them."""
    def network(activation) -> keras.Model:
        return with_random_weights(keras.Sequential([
            keras.Input((24, 6)), K.Conv1D(6, 5, padding="same", name="a"), activation,
            K.Conv1D(3, 7, padding="same", name="c")]), 5)

    leaking, known = run(network(K.ReLU(negative_slope=0.7))), run(network(K.LeakyReLU(negative_slope=0.7)))
    assert leaking.layers[1].activation == known.layers[1].activation == "leaky_relu"
    for quantity, layers in known.sums["predicted"].values.items():
        for name, values in layers.items():
            np.testing.assert_array_equal(leaking.sums["predicted"].values[quantity][name], values)
    assert run(network(K.ReLU(max_value=1.0))).layers[1].activation == "relu"


# inputs


def test_networks_of_vectors(tmp_path, capsys) -> None:
    """A batch of vectors has two axes, as an utterance has."""
    model = with_random_weights(keras.Sequential([
        keras.Input((20,)), K.Dense(12, activation="relu", name="hidden"), K.Dense(4, name="out")]), 2)
    vectors = np.random.default_rng(3).normal(size=(30, 20)).astype(np.float32)
    file = run(model, vectors, options=UNALIGNED)
    assert file.sums["predicted"].counts.sum() == 30
    np.testing.assert_allclose(signed(file, "hidden"), gradients(model, vectors, ("hidden",))["hidden"], atol=1e-5)
    model.save(tmp_path / "mlp.keras")
    np.save(tmp_path / "x.npy", vectors)
    assert main(["profile", str(tmp_path / "mlp.keras"), "--inputs", str(tmp_path / "x.npy"), "--out",
                 str(tmp_path / "o.npz")]) == 0
    capsys.readouterr()


def test_a_generator_profiled_by_its_latent_vectors(tmp_path, capsys) -> None:
    config = RunConfig(network=NetworkConfig(dim=1, latent_dim=12, code="onehot", code_dim=3))
    networks = build_networks(config.network, seed=0)
    folder = write_model(networks, config, 5, "nowhere", tmp_path / "gan")
    np.save(tmp_path / "z.npy", np.random.default_rng(0).uniform(-1, 1, (5, 12)))
    assert main(["profile", str(folder), "--part", "generator", "--inputs", str(tmp_path / "z.npy"), "--out",
                 str(tmp_path / "g.npz"), "--group", "predicted"]) == 0
    assert "5" in capsys.readouterr().out


SETTINGS = {
    "ciwgan": NetworkConfig(dim=1, code="onehot", code_dim=3),
    "fiwgan nn": NetworkConfig(dim=1, code="binary", code_dim=2, upsample="nn", kernel_len=12),
    "batchnorm": NetworkConfig(dim=1, batchnorm="on", code="onehot", code_dim=3),
    "batchnorm tf1": NetworkConfig(dim=1, batchnorm="tf1", code="onehot", code_dim=3),
    "stereo filtered": NetworkConfig(dim=1, channels=2, post_filter=True, post_filter_len=64),
    "32768": NetworkConfig(dim=1, slice_len=32768),
}


def own_gradients(network, inputs: np.ndarray, target: str = "", is_norm: bool = False) -> dict[str, np.ndarray]:
    """As `gradients`, of a network of `wavegan_tf` computed layer by layer as it is."""
    x = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(x)
        layers = {"input": x, **network.trace(x)[1]}
        values = layers[target or list(layers)[-1]]
        values = values if len(values.shape) == 2 else values[:, values.shape[1] // 2]
        best = tf.argmax(values, axis=1)
        score = tf.norm(values, axis=1) if is_norm else tf.gather(values, best, batch_dims=1)
    found = tape.gradient(score, layers)
    return {name: tf.reduce_sum(gradient, axis=0).numpy() for name, gradient in found.items() if gradient is not None}


def assert_all_layers(file, expected: dict[str, np.ndarray]) -> None:
    assert [layer.name for layer in file.layers] == list(expected) and file.source["notice"] == ""
    for name, total in expected.items():
        found = signed(file, name)
        np.testing.assert_allclose(found.reshape(total.shape), total, atol=1e-4 * np.abs(total).max() + 1e-9,
                                   err_msg=name)


@pytest.mark.parametrize("part", ["generator", "discriminator", "q_network"])
@pytest.mark.parametrize("settings", SETTINGS)
def test_networks_of_this_project_lose_no_layer(settings, part) -> None:
    """An open batch was filled up at the input, and all layers were slices that led nowhere: only two were kept."""
    network = build_networks(SETTINGS[settings], seed=2).named().get(part)
    if network is None:
        return
    inputs = np.random.default_rng(1).uniform(-1, 1, (3, *network.example_shape)).astype(np.float32)
    assert_all_layers(run(network, inputs, options=UNALIGNED), own_gradients(network, inputs))


@pytest.mark.parametrize("target", ["layer:downconv_3", "layer:Conv4", "norm:Conv4"])
def test_targets_at_inner_layers_of_this_projects_networks(target) -> None:
    network = build_networks(SETTINGS["ciwgan"], seed=2).q_network
    inputs = np.random.default_rng(1).uniform(-1, 1, (3, *network.example_shape)).astype(np.float32)
    file = run(network, inputs, options=ProfileOptions(alignment="none", mask="abs_mean", target=target))
    expected = own_gradients(network, inputs, "downconv_3", target.startswith("norm"))
    assert list(expected) == ["input", "downconv_0", "downconv_1", "downconv_2", "downconv_3"]
    assert "(downconv_4), logits" in file.source["notice"]  # they come after the target
    file.source["notice"] = ""
    assert_all_layers(file, expected)


@pytest.mark.parametrize(("build", "message"), [
    (lambda: keras.Sequential([keras.Input((6, 24)), K.Conv1D(4, 3, data_format="channels_first", name="a")]),
     r"layer \(=a\) must have its channels last"),
    (lambda: keras.Sequential([keras.Input((24, 6)), K.Conv1D(4, 3, name="input"), K.Flatten(), K.Dense(2)]),
     r"layer \(=input\) must have another name"),
    (lambda: keras.Sequential([keras.Input((24, 6)), K.Conv1D(4, 3), K.Flatten(), K.Dense(2, name="input")]),
     r"layer \(=input\) must have another name"),
    (object, r"`model` \(=<object object at .*\) must be a path or a Keras model"),
])
def test_models_that_cannot_be_profiled_say_why(build, message) -> None:
    with pytest.raises(ConfigError, match=message):
        run(build(), INPUTS)


def test_channels_first_has_no_averages_either() -> None:
    model = keras.Sequential([keras.Input((6, 24)), K.Conv1D(4, 3, data_format="channels_first", name="a")])
    with pytest.raises(ConfigError, match="must have its channels last"):
        probe(model)


def test_images_are_refused_as_such() -> None:
    model = keras.Sequential([keras.Input((24, 6, 1)), K.Conv2D(2, 3), K.Flatten(), K.Dense(2)], name="images")
    with pytest.raises(ConfigError, match=r"\(=images\) must take \[steps, channels\] or .* inputs of 3 axes"):
        run(model, INPUTS[..., None])


def test_the_input_alone_may_be_named() -> None:
    assert [layer.name for layer in run(pooled(), layers=["input"]).layers] == ["input", "out"]
    assert [layer.name for layer in run(pooled(), layers=["input", "b"]).layers] == ["input", "b", "out"]


def test_clips_of_several_lengths_are_refused() -> None:
    with pytest.raises(DataError, match=r"`data` \(=2 arrays\) must be of one shape each"):
        run(pooled(), [INPUTS[0], INPUTS[1][:12]])


@pytest.mark.parametrize("rate_hz", [0.0, float("nan"), float("inf")])
def test_rates_are_numbers(rate_hz) -> None:
    with pytest.raises(ConfigError, match=r"`rate_hz` .* must be positive and finite"):
        run(pooled(), rate_hz=rate_hz)
