"""The W2L family: layers and parameters as published, receptive fields, any length, saving."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from snap_tf.asr.network.layer_table import MODELS, layer_table, n_moving_statistics, n_parameters
from snap_tf.asr.network.receptive_field import measured_support, output_steps, receptive_field, seen_steps, support
from snap_tf.asr.network.wav2letter import build_network, layers_of
from snap_tf.asr.transcripts.alphabet import LETTERS, PHONES, alphabet_of_size
from snap_tf.probe import probe
from wavegan_tf.errors import ConfigError, DataError

PUBLISHED = {  # parameters with gamma and beta; moving statistics; output classes
    "W2L": (26_293_277, 13_056, 29), "W2P": (26_360_894, 13_056, 62), "W2P_shallow": (3_427_902, 2_816, 62),
    "W2L_TL_frozen": (26_293_277, 13_056, 29), "W2L_TL_finetuned": (26_293_277, 13_056, 29),
}
# input, L1, ..., L12: where the gradient of the centre logit of a 206-step frame can be other than zero
SUPPORT_206 = [(1, 205), (12, 91), (15, 88), (18, 85), (21, 82), (24, 79), (27, 76), (30, 73), (33, 70), (36, 67),
               (51, 51), (51, 51), (51, 51)]
NARROW = 0.03


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(-5, 3, shape).astype(np.float32)


@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_the_published_ones(model: str) -> None:
    table = layer_table(model)
    assert (n_parameters(table), n_moving_statistics(table), table[-1].filters) == PUBLISHED[model]


@pytest.mark.parametrize(("model", "width"), [("W2P_shallow", 1.0), ("W2L", NARROW), ("W2P", NARROW), ("W2L", 0.2)])
def test_networks_have_the_parameters_of_their_table(model: str, width: float) -> None:
    network, table = build_network(model, width), layer_table(model, width)
    trainable = sum(int(np.prod(w.shape)) for w in network.trainable_weights)
    assert trainable == n_parameters(table)
    assert network.count_params() == trainable + n_moving_statistics(table)
    assert network.name == model


def test_layers_are_those_of_table_1() -> None:
    layers = [(layer.filters, layer.kernel, layer.stride, layer.activation) for layer in layer_table("W2L")]
    assert layers == [(256, 48, 2, "relu"), *[(256, 7, 1, "relu")] * 8, (2048, 32, 1, "relu"), (2048, 1, 1, "relu"),
                      (29, 1, 1, "linear")]
    assert [layer.name for layer in layer_table("W2P_shallow")] == [f"layer_{i}" for i in range(1, 7)]


def test_batch_normalisation_comes_before_every_convolution() -> None:
    network = build_network("W2P_shallow", NARROW)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["InputLayer", *["BatchNormalization", "Conv1D"] * 6]
    assert [layer.norm_name for layer in layer_table("W2P_shallow")] == [layer.name for layer in network.layers[1::2]]


def test_receptive_fields_are_206_and_96() -> None:
    # 48 + 2 (8 * 6 + 31); 48 + 2 * 4 * 6
    assert receptive_field(layer_table("W2L")) == receptive_field(layer_table("W2P")) == 206
    assert receptive_field(layer_table("W2P_shallow")) == 96


def test_what_a_step_sees() -> None:
    table = layer_table("W2L")
    assert seen_steps(table, 51)[0] == (1, 206)
    for step in (0, 7, 102):
        assert seen_steps(table, step)[0] == (2 * step - 101, 2 * step + 104)
    assert support(table, 51, 206) == SUPPORT_206
    assert support(layer_table("W2P_shallow"), 51, 206)[0] == (55, 150)
    assert support(table, 0, 50)[0] == (0, 49)


@pytest.mark.parametrize(("model", "first", "last"), [("W2L", 1, 205), ("W2P_shallow", 55, 150)])
def test_gradients_reach_as_far_as_the_table_says(model: str, first: int, last: int) -> None:
    seen = np.flatnonzero(measured_support(build_network(model, NARROW, seed=1), 51, 206))
    assert (seen[0], seen[-1], len(seen)) == (first, last, last - first + 1)


def test_valid_convolutions_make_one_step_of_a_frame() -> None:
    """The receptive field by another way: without padding, 206 steps leave exactly one."""
    steps = 206
    for layer in layer_table("W2L"):
        steps = (steps - layer.kernel) // layer.stride + 1
    assert steps == 1


@pytest.mark.parametrize("n_steps", [1, 2, 47, 48, 205, 206])
def test_any_length_goes_in_and_half_of_it_comes_out(n_steps: int) -> None:
    network = build_network("W2P_shallow", NARROW)
    found = network(noise(2, n_steps, 128))
    assert found.shape == (2, -(-n_steps // 2), 62)
    assert output_steps(layer_table("W2P_shallow"), n_steps) == -(-n_steps // 2)


def test_layers_can_be_found_by_name_and_rate() -> None:
    network = build_network("W2L", NARROW)
    layers = layers_of(network)
    assert [layer.name for layer in layers] == ["features", *(f"layer_{i}" for i in range(1, 13))]
    assert (layers[0].rate_hz, layers[0].channels) == (125.0, 128)  # 8 ms
    assert {layer.rate_hz for layer in layers[1:]} == {62.5}  # 16 ms
    assert (layers[12].activation, layers[12].channels, layers[5].activation) == ("linear", 29, "relu")
    inner = keras.Model(network.input, [network.get_layer(layer.name).output for layer in layers[1:]])
    outputs = inner(noise(1, 30, 128))
    assert [o.shape[1:] for o in outputs] == [(15, layer.channels) for layer in layers[1:]]
    assert all(float(tf.reduce_min(o)) >= 0 for o in outputs[:-1]) and float(tf.reduce_min(outputs[-1])) < 0


def test_the_probe_opens_it() -> None:
    network = build_network("W2P_shallow", NARROW)
    door = probe(network, rate_hz=125.0)
    assert [layer.name for layer in door.layers] == [f"layer_{i}" for i in range(1, 7)]


def test_seeds_decide_the_weights() -> None:
    one, same, other = (build_network("W2P_shallow", NARROW, seed=s) for s in (1, 1, 2))
    x = noise(1, 40, 128)
    np.testing.assert_array_equal(one(x), same(x))
    assert not np.allclose(one(x), other(x))
    assert not np.allclose(one.get_layer("layer_2").kernel, one.get_layer("layer_3").kernel)


def test_saved_as_keras_file_and_from_its_config(tmp_path: Path) -> None:
    network, x = build_network("W2L", NARROW, seed=3), noise(2, 61, 128)
    network(x, training=True)  # statistics other than 0 and 1
    network.save(tmp_path / "w2l.keras")
    loaded = keras.models.load_model(tmp_path / "w2l.keras")
    np.testing.assert_array_equal(loaded(x), network(x))
    again = keras.Model.from_config(network.get_config())
    again.set_weights(network.get_weights())
    np.testing.assert_array_equal(again(x), network(x))
    assert again.get_config() == network.get_config()


@pytest.mark.parametrize("width", [0.0, -1.0, 1e-4, 100.0, float("nan")])
def test_impossible_widths(width: float) -> None:
    with pytest.raises(ConfigError, match=r"`width` .* must be from 1/256 to 16"):
        layer_table("W2L", width)


def test_unknown_model() -> None:
    with pytest.raises(ConfigError, match=r"`model` \(=W2X\) must be one of W2L, W2P, W2P_shallow"):
        build_network("W2X")


def test_alphabets() -> None:
    assert (LETTERS.size, LETTERS.blank, PHONES.size, PHONES.blank) == (29, 28, 62, 61)
    assert alphabet_of_size(29) is LETTERS and alphabet_of_size(62) is PHONES
    assert LETTERS.symbols[-3:] == (" ", "'", "<blank>")
    assert len(set(PHONES.symbols)) == 62
    with pytest.raises(DataError, match=r"number of output classes \(=10\) must be 29 .* or 62"):
        alphabet_of_size(10)
