"""The cone of an output step: the paper's geometry, and which networks have one."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_networks import narrow_recogniser, sequences, small_network, with_random_weights

from snap_tf.asr.network.layer_table import layer_table
from snap_tf.asr.network.receptive_field import support
from snap_tf.snap.frames.frame_blocks import SequenceFrames
from snap_tf.snap.network.chain import NoChain, make_chain
from snap_tf.snap.network.cone import make_cone
from snap_tf.snap.network.networks import open_network
from snap_tf.snap.profiles.profiling import profile
from snap_tf.snap.settings import ProfileOptions


@pytest.mark.parametrize("model", ["W2L", "W2P_shallow"])
def test_support_is_that_of_the_published_geometry(model) -> None:
    network, table = narrow_recogniser(model), layer_table(model)
    chain = make_chain(network, [layer.name for layer in table])
    cone = make_cone(chain, 206, 51)
    expected = support(table, 51, 206)
    assert list(cone.supports().values()) == expected
    if model == "W2L":  # the specification's table, by hand
        assert expected == [(1, 205), (12, 91), (15, 88), (18, 85), (21, 82), (24, 79), (27, 76), (30, 73), (33, 70),
                            (36, 67), (51, 51), (51, 51), (51, 51)]
    # pooled saliency reaches one step back
    for name, (first, last) in cone.supports().items():
        assert cone.intervals()[name][0] <= max(first - 1, 0) and cone.intervals()[name][1] >= last


def test_cone_gives_logit_and_gradient_of_the_whole_frame() -> None:
    network = narrow_recogniser("W2L")
    names = [layer.name for layer in network.layers if isinstance(layer, keras.layers.Conv1D)]
    cone = make_cone(make_chain(network, names), 206, 51)
    x = tf.constant(np.stack(sequences((206, 206), 128)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        whole = network(x, training=False)[:, 51]
        expected = tape.gradient(whole, x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        end = cone.forward(x)[names[-1]]
        found = end[:, 51 - cone.intervals()[names[-1]][0]]
        gradient = tape.gradient(found, x)
    np.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def chain_of(*layers, n_channels: int = 3) -> keras.Model:
    return with_random_weights(keras.Sequential([keras.Input((None, n_channels)), *layers]), 0)


K = keras.layers
LOCAL = {
    "valid": [K.Conv1D(4, 3, strides=2, activation="relu", name="c"), K.Conv1D(2, 2, name="out")],
    "causal, dilated": [K.Conv1D(4, 3, dilation_rate=2, padding="causal", name="c"), K.ReLU(), K.Dropout(0.5),
                        K.Conv1D(2, 1, name="out")],
    "padding and cropping": [K.ZeroPadding1D((3, 1)), K.Conv1D(4, 5, name="c"), K.BatchNormalization(),
                             K.LeakyReLU(), K.Cropping1D((1, 0)), K.Conv1D(2, 1, name="out")],
    "softmax": [K.Conv1D(4, 3, padding="same", activation="sigmoid", name="c"),
                K.Conv1D(2, 1, activation="softmax", name="out")],
    "softmax layer": [K.Conv1D(4, 4, strides=3, padding="same", activation="elu", name="c"), K.Conv1D(2, 1, name="out"),
                      K.Softmax()],
}


@pytest.mark.parametrize("layers", LOCAL.values(), ids=LOCAL)
def test_local_networks_have_a_cone(layers) -> None:
    """The view compares chain and cone with the network itself before it uses them."""
    network = chain_of(*[layer.__class__.from_config(layer.get_config()) for layer in layers])
    frames = SequenceFrames(sequences((36, 31), 3), 24, 5, rate_hz=100.0)
    found = [profile(open_network(network, rate_hz=100.0), frames, ProfileOptions(mode=mode), progress=False)
             for mode in ("frame", "utterance")]
    assert found[1].source["notice"] == "" and found[1].options.mode == "utterance"
    for name, histogram in found[0].shifts.items():
        np.testing.assert_array_equal(histogram, found[1].shifts[name])
        np.testing.assert_array_equal(*(f.sums["predicted"].values["saliency"][name] for f in found))


def with_branches() -> keras.Model:
    x = keras.Input((None, 3))
    y = K.Conv1D(3, 3, padding="same", name="c")(x)
    return keras.Model(x, K.Conv1D(2, 1, name="out")(K.Add()([x, y])))


GLOBAL = {
    "LSTM": (lambda: chain_of(K.LSTM(4, return_sequences=True), K.Conv1D(2, 1)), "LSTM"),
    "attention over channels": (lambda: chain_of(K.Conv1D(4, 3), K.LayerNormalization(), K.Conv1D(2, 1)),
                                "LayerNormalization"),
    "branches": (with_branches, "Add"),
}


@pytest.mark.parametrize("make, reason", GLOBAL.values(), ids=GLOBAL)
def test_other_networks_fall_back_and_say_so(make, reason) -> None:
    frames = SequenceFrames(sequences((36, 31), 3), 24, 5, rate_hz=100.0)
    found = profile(open_network(make(), rate_hz=100.0), frames, ProfileOptions(mode="utterance"), progress=False)
    assert found.options.mode == "frame"
    assert "one by one" in found.source["notice"] and reason in found.source["notice"]


def test_chain_that_is_none_is_found_out_by_comparison() -> None:
    """A normalisation that is called twice is listed once."""
    x, norm = keras.Input((None, 3)), K.BatchNormalization()
    y = K.Conv1D(2, 1, name="out")(norm(K.Conv1D(3, 3, padding="same", name="c")(norm(x))))
    network = with_random_weights(keras.Model(x, y), 0)
    frames = SequenceFrames(sequences((36,), 3), 24, 5)
    found = profile(open_network(network), frames, ProfileOptions(mode="utterance"), progress=False)
    assert "do not simply follow each other" in found.source["notice"]


def test_frame_too_short_for_the_network() -> None:
    network = chain_of(K.Conv1D(4, 9, name="c"), K.Conv1D(2, 1, name="out"))
    with pytest.raises(NoChain, match="must give step 0"):
        make_cone(make_chain(network, ["c", "out"]), 6, 0)


def test_names_of_layers_that_are_not_there() -> None:
    with pytest.raises(NoChain, match="nonsense"):
        make_chain(small_network(), ["nonsense"])
