"""Profiles of networks that are no recognisers: the GAN's discriminator and Q-network, classifiers, code layers."""

import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf
from small_networks import with_random_weights

from snap_tf.cli import main
from snap_tf.snap.frames.clip_frames import ClipFrames
from snap_tf.snap.network.networks import open_network
from snap_tf.snap.profiles.profile_file import read_profiles
from snap_tf.snap.profiles.profiling import profile
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.config import NetworkConfig, RunConfig
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.export.folder import write_model
from wavegan_tf.models.family import build_networks

K = keras.layers


@pytest.fixture(scope="module")
def gan(tmp_path_factory):
    config = RunConfig(network=NetworkConfig(dim=1, latent_dim=12, code="onehot", code_dim=3))
    networks = build_networks(config.network, seed=0)
    for network in networks.named().values():
        with_random_weights(network, 3)
    return networks, write_model(networks, config, 5, "nowhere", tmp_path_factory.mktemp("gan") / "small")


def sounds(n: int = 6) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (n, 16384, 1)).astype(np.float32)


def run(network, frames, options=None, **more):
    return profile(network, frames, options, progress=False, **more)


@pytest.mark.parametrize("part, n_units", [("q_network", 3), ("discriminator", 1)])
def test_saliency_of_a_code_and_of_the_score(gan, part, n_units) -> None:
    """The sum of |gradient| over clips, against a tape around the network itself."""
    networks, folder = gan
    clips = sounds()
    file = run(str(folder), ClipFrames(clips, {"word": list("abcabc")}), ProfileOptions(alignment="none"),
               groups=("predicted", "label:word"), part=part)
    assert (file.layers[0].name, file.layers[0].steps) == ("input", 16384)
    assert file.layers[-1].channels == n_units and not file.layers[-1].has_time
    x = tf.constant(clips)
    with tf.GradientTape() as tape:
        tape.watch(x)
        output = networks.named()[part](x, training=False)
        best = tf.reduce_max(tf.reshape(output, [len(clips), n_units]), axis=1)
    expected = np.abs(tape.gradient(best, x)).sum(axis=0)
    found = file.sums["label:word"].values["saliency"]["input"].sum(axis=(0, 1))
    np.testing.assert_allclose(found, expected, atol=1e-5 * expected.max())
    snap = file.profiles("snap", "label:word")
    assert snap.groups == ("a", "b", "c") and snap.counts.tolist() == [2, 2, 2]
    assert all(np.isfinite(layer.values).all() for layer in snap.layers.values())
    assert snap.layers[file.layers[-1].name].values.shape == (3, 1, n_units)


def test_clips_with_a_manifest_on_the_command_line(gan, tmp_path, capsys) -> None:
    clips = tmp_path / "clips"
    for i, clip in enumerate(sounds(4)):
        (clips / "test").mkdir(parents=True, exist_ok=True)
        soundfile.write(clips / "test" / f"{i}.wav", clip[:9000], 16000)
    (clips / "manifest.csv").write_text("file,label,speaker\n" + "".join(f"test/{i}.wav,{'ab'[i % 2]},S{i}\n"
                                                                         for i in range(4)))
    out = tmp_path / "codes.npz"
    assert main(["profile", str(gan[1]), "--clips", str(clips), "--group", "label:label", "--group", "predicted",
                 "--out", str(out)]) == 0
    file = read_profiles(out)
    assert file.sums["label:label"].counts.tolist() == [[2, 2, 0]]
    assert file.source["n_frames"] == 4 and file.alignment is None
    np.testing.assert_allclose(file.sums["predicted"].values["plain"]["input"][..., 9000:, :], 0)
    assert main(["profile", str(gan[1]), "--clips", str(clips), "--group", "phone", "--out", str(out)]) == 2
    assert "must have phone labels" in capsys.readouterr().err


def test_arrays_on_the_command_line(tmp_path, capsys) -> None:
    classifier().save(tmp_path / "classifier.keras")
    np.save(tmp_path / "inputs.npy", np.random.default_rng(0).normal(size=(7, 20, 3)))
    arguments = ["profile", str(tmp_path / "classifier.keras"), "--out", str(tmp_path / "out.npz"), "--inputs"]
    assert main([*arguments, str(tmp_path / "inputs.npy")]) == 0
    assert read_profiles(tmp_path / "out.npz").sums["predicted"].counts.sum() == 7
    assert main([*arguments, str(tmp_path / "inputs.npy"), "--split", "test"]) == 2
    assert "`--split` (=test) goes with --corpus and --clips" in capsys.readouterr().err
    for flags in (["--hop-steps", "4"], ["--ends", "padded"], ["--sa", "keep7"], ["--layout", "timit"]):
        assert main([*arguments, str(tmp_path / "inputs.npy"), *flags]) == 2
        assert f"`{flags[0]}` must go with --corpus" in capsys.readouterr().err
    assert main([*arguments, str(tmp_path / "inputs.npy"), "--fold-by", "frame"]) == 2
    assert "`--fold-by` (=frame) must go with --folds" in capsys.readouterr().err
    assert main([*arguments, str(tmp_path / "inputs.npy"), "--frame-steps", "10"]) == 2
    assert "`frame_steps` (=10) must be left out for array" in capsys.readouterr().err
    (tmp_path / "text.npy").write_text("nothing")
    assert main([*arguments, str(tmp_path / "text.npy")]) == 2
    assert "must be an array in a .npy file" in capsys.readouterr().err
    np.save(tmp_path / "wide.npy", np.zeros((7, 20, 4)))
    assert main([*arguments, str(tmp_path / "wide.npy")]) == 2
    assert "must be of shape [20, 3]" in capsys.readouterr().err


def classifier() -> keras.Model:
    return with_random_weights(keras.Sequential([
        keras.Input((20, 3)), K.Conv1D(4, 5, strides=2, activation="relu", name="conv"), K.Flatten(),
        K.Dense(6, activation="relu", name="code"), K.Dense(4, activation="softmax", name="out")], name="classifier"),
        2)


INPUTS = np.random.default_rng(4).normal(size=(9, 20, 3)).astype(np.float32)


def test_classifiers_have_dense_layers_and_logits() -> None:
    file = run(classifier(), INPUTS)
    assert [layer.name for layer in file.layers] == ["input", "conv", "code", "out"]
    assert [layer.steps for layer in file.layers] == [20, 8, 0, 0]
    # before the softmax, the gradient of a logit by the logits is one-hot
    total = file.sums["predicted"].values["saliency"]["out"][0, :, 0]
    np.testing.assert_array_equal(total[:-1], np.diag(file.sums["predicted"].counts[0, :-1]))


def test_unsupervised_alignment_on_a_code_layer() -> None:
    """The target is the strongest unit of the code; what comes after it has no part."""
    network = classifier()
    file = run(network, INPUTS, ProfileOptions(target="layer:code", alignment="none", mask="abs_mean"))
    assert [layer.name for layer in file.layers] == ["input", "conv", "code"]
    code = keras.Model(network.inputs, network.get_layer("code").output)
    x = tf.constant(INPUTS)
    with tf.GradientTape() as tape:
        tape.watch(x)
        values = code(x)
        best = tf.reduce_max(values, axis=1)
    np.testing.assert_array_equal(file.sums["predicted"].counts[0, :-1],
                                  np.bincount(np.argmax(values, axis=1), minlength=6))
    assert file.sums["predicted"].groups[0] == "unit_0"
    np.testing.assert_allclose(file.sums["predicted"].values["signed"]["input"].sum(axis=(0, 1)),
                               tf.reduce_sum(tape.gradient(best, x), axis=0), atol=1e-5)


def test_length_of_a_code_is_a_target_too() -> None:
    network = classifier()
    file = run(network, INPUTS, ProfileOptions(target="norm:code", alignment="none", mask="abs_mean"))
    code = keras.Model(network.inputs, network.get_layer("code").output)
    x = tf.constant(INPUTS)
    with tf.GradientTape() as tape:
        tape.watch(x)
        length = tf.norm(code(x), axis=1)
    np.testing.assert_allclose(file.sums["predicted"].values["signed"]["input"].sum(axis=(0, 1)),
                               tf.reduce_sum(tape.gradient(length, x), axis=0), atol=1e-5)


def test_units_may_be_chosen_by_a_class_or_a_function() -> None:
    one = run(classifier(), INPUTS, ProfileOptions(target="class:2"))
    other = run(classifier(), INPUTS, ProfileOptions(target="callable"),
                choose=lambda values: np.full(len(values), 2))
    for name, layer in one.profiles("mask").layers.items():
        np.testing.assert_allclose(layer.values, other.profiles("mask").layers[name].values, atol=1e-6)
    np.testing.assert_array_equal(one.sums["predicted"].counts, other.sums["predicted"].counts)
    with pytest.raises(ConfigError, match="and a function be given, or neither"):
        run(classifier(), INPUTS, ProfileOptions(target="callable"))
    with pytest.raises(ConfigError, match="whole numbers from 0 to 3"):
        run(classifier(), INPUTS, ProfileOptions(target="callable"), choose=lambda values: values[:, 0] - 9)


def test_nap_does_not_depend_on_the_order_of_steps() -> None:
    """Clips with their steps permuted in time, all alike: NAP of a pointwise layer stays; SNAP does not."""
    network = with_random_weights(keras.Sequential([keras.Input((12, 3)), K.Conv1D(4, 1, activation="relu", name="c"),
                                                    K.Conv1D(2, 1, name="out")]), 1)
    clips = np.random.default_rng(2).normal(size=(8, 12, 3)).astype(np.float32)
    order = np.random.default_rng(3).permutation(12)
    labels = {"word": list("aabbabab")}
    one, other = (run(network, ClipFrames(x, labels), groups=("label:word",)) for x in (clips, clips[:, order]))
    np.testing.assert_allclose(one.profiles("nap").layers["c"].values, other.profiles("nap").layers["c"].values,
                               atol=1e-6)
    assert not np.allclose(one.profiles("snap").layers["c"].values, other.profiles("snap").layers["c"].values, atol=.01)


def test_bad_arrays_and_layers() -> None:
    with pytest.raises(DataError, match="NaN or infinity is in clip 3"):
        ClipFrames(np.where(np.arange(9)[:, None, None] == 3, np.nan, INPUTS))
    with pytest.raises(ConfigError, match="must name a layer; there are"):
        run(classifier(), INPUTS, ProfileOptions(target="layer:latent"))
    with pytest.raises(ConfigError, match="one for each of the output's 4 units"):
        open_network(classifier(), classes=["a", "b"])
    with pytest.raises(DataError, match=r"inputs \(shape \[0, 3\]\)"):
        ClipFrames(np.zeros((0, 3)))
