"""Every option of profiles decides something: changed alone, it changes what a pass finds or how it is finalised."""

import dataclasses
import types

import numpy as np
import pytest
import tensorflow as tf
from small_networks import annotations, sequences, small_network

from snap_tf.layer_info import LayerInfo
from snap_tf.snap.frames.frame_blocks import SequenceFrames
from snap_tf.snap.network import model_view
from snap_tf.snap.network.model_view import ModelView
from snap_tf.snap.network.networks import Network, open_network
from snap_tf.snap.network.targets import make_target
from snap_tf.snap.profiles import profiling
from snap_tf.snap.profiles.profile_file import ProfileFile
from snap_tf.snap.profiles.profiling import profile
from snap_tf.snap.settings import ProfileOptions

LENGTHS = (40, 53)
BASE = ProfileOptions(kinds="snap", mask="abs_mean", folds=1)
WHEN_FINALISED = [("mask", "mean_abs"), ("mask_scale", "layer"), ("mask_output", False), ("global_mean", "groups")]
ELSEWHERE = {"target": "test_snap_own_models.py", "blank": "test_planted_blanks.py", "seed": "test_planted_blanks.py",
             **dict.fromkeys(("mode", "kinds", "folds", "fold_by", "alignment"), "test_snap_pass.py")}
"""Options that other files test."""


@pytest.fixture(scope="module")
def network() -> Network:
    return open_network(small_network(activation="tanh"), rate_hz=125.0)


def source(hop_steps: int = 3) -> SequenceFrames:
    return SequenceFrames(sequences(LENGTHS), 32, hop_steps, annotations=annotations(LENGTHS), rate_hz=125.0)


def test_options_of_the_alignment_reach_it(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def remember(saliency: tf.Tensor, activation: tf.Tensor, **how: object) -> tf.Tensor:
        asked.append(how)
        return tf.zeros(tf.shape(saliency)[:1], tf.int32)

    monkeypatch.setattr(model_view, "peak_step", remember)
    options = dataclasses.replace(BASE, score="channel_sum", pooling="time", pooling_sign="absolute", target_step=3)
    view = ModelView(network, options, make_target(network, options), source().frame_shape, batch_size=64)
    next(view.looks(source().block(0), np.arange(2)))
    assert len(asked) == 4 and view.target_step == 3
    for how, layer in zip(asked, view.layers, strict=True):
        assert (how["score"], how["pooling"], how["pooling_sign"]) == ("channel_sum", "time", "absolute")
        assert (how["first"], how["n_steps"]) == (view.intervals[layer.name][0], layer.steps)


@pytest.mark.parametrize(("sign", "expected"), [
    ("minimum", [4.0, 1.0, 7.0]), ("absolute", [1.0, 2.0, 4.0]), ("corpus_minimum", [8.0, 5.0, 11.0]),
    ("raw", [1.0, -2.0, 4.0])])
def test_activations_that_may_be_negative(sign: str, expected: list[float]) -> None:
    """Minus the least of the whole frame (-3 lies outside the cone), of the corpus (-7), without their sign, or raw."""
    own, whole = (tf.constant(values)[None, :, None] for values in ([1.0, -2.0, 4.0], [-3.0, 1.0, -2.0, 4.0]))
    view = types.SimpleNamespace(options=ProfileOptions(sign=sign))
    for activation, values in (("tanh", expected), ("relu", [1.0, -2.0, 4.0])):
        layer = LayerInfo("l", "L", 4, 1, 1.0, activation)
        found = ModelView._with_sign(view, layer, own, whole, tf.constant(-7.0))
        np.testing.assert_array_equal(found[0, :, 0], values)


@pytest.fixture(scope="module")
def file(network: Network) -> ProfileFile:
    return profile(network, source(), dataclasses.replace(BASE, tolerance_steps=5), groups=("phone",), progress=False)


@pytest.mark.parametrize(("name", "value"), WHEN_FINALISED)
def test_profiles_are_finalised_otherwise(file: ProfileFile, name: str, value: object) -> None:
    """By the option that the file was made with, and by the same choice made later."""
    before = file.profiles().layers
    with_option = dataclasses.replace(file, options=dataclasses.replace(file.options, **{name: value}))
    after, chosen = with_option.profiles().layers, file.profiles(**{name: value}).layers
    assert any(not np.allclose(before[layer].values, after[layer].values) for layer in before)
    for layer in after:
        np.testing.assert_array_equal(after[layer].values, chosen[layer].values)


def test_the_tolerance_is_that_of_the_counts(file: ProfileFile) -> None:
    assert file.alignment is not None and file.alignment["phone"].tolerance_steps == 5


def test_frames_of_a_corpus_are_cut_as_the_options_say(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("snap_tf.snap.frames.frame_blocks.UtteranceFrames",
                        lambda *args, **how: asked.append((args[1:], how)))
    taking = types.SimpleNamespace(probe=types.SimpleNamespace(input_shape=(None, 128)))
    corpus = types.SimpleNamespace(utterances=())
    options = ProfileOptions(frame_steps=50, hop_steps=7, ends="padded")
    profiling.frame_source(taking, corpus, options, "dev")
    profiling.frame_source(taking, corpus, ProfileOptions())
    taking.probe.input_shape = (64, 128)
    profiling.frame_source(taking, corpus, ProfileOptions())
    assert asked == [((50, 7, "padded"), {"split": "dev"}), ((206, 2, "inside"), {"split": "all"}),
                     ((64, 2, "inside"), {"split": "all"})]


def test_no_option_is_forgotten() -> None:
    here = {name for name, _ in WHEN_FINALISED} | {
        "score", "pooling", "pooling_sign", "sign", "target_step", "tolerance_steps", "frame_steps", "hop_steps",
        "ends"}
    assert here | ELSEWHERE.keys() == {field.name for field in dataclasses.fields(ProfileOptions)}
