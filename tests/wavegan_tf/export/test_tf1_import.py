"""Checkpoints of the original: every variant gives the same networks, and wrong ones are refused with a reason."""

import json
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf
from twins import tf1_graph

from wavegan_tf.errors import ConfigError, ExportError, UserError
from wavegan_tf.export.opening import open_model
from wavegan_tf.export.tf1.tf1_checkpoint import Checkpoint, find_prefix
from wavegan_tf.export.tf1.tf1_import import import_tf1, read_weights
from wavegan_tf.export.tf1.tf1_settings import infer_settings

VARIANTS = {
    "wavegan": ({}, None, {}),
    "ciwgan, short latent": ({"n_code": 5, "latent": 31, "dim": 2}, "ciw", {}),
    "fiwgan, short kernel": ({"n_code": 3, "k": 10}, "fiw", {}),
    "stereo": ({"nch": 2}, "none", {}),
    "nearest neighbour": ({"upsample": "nn", "k": 12}, "none", {}),
    "batch normalisation": ({"batchnorm": True, "n_code": 2}, "ciw", {}),
    "post filter": ({"pp": 33}, "none", {}),
    "32768": ({"slice_len": 32768, "n_code": 4, "nch": 2}, "fiw", {"slice_len": 32768}),
    "65536, all options": ({"slice_len": 65536, "upsample": "nn", "batchnorm": True, "pp": 16, "n_code": 3}, "ciw",
                           {"slice_len": 65536}),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_gives_the_originals_outputs(tmp_path, name):
    shape, code, settings = VARIANTS[name]
    v = tf1_graph.variables(**shape)
    checkpoint = Checkpoint(tf1_graph.save(tmp_path, v, shards=2))
    networks = read_weights(checkpoint, infer_settings(checkpoint, code, settings).config)
    length = shape.get("slice_len", 16384)
    rng = np.random.default_rng(5)
    z = rng.uniform(-1, 1, (2, shape.get("latent", 100))).astype(np.float32)
    audio = rng.uniform(-1, 1, (2, length, shape.get("nch", 1))).astype(np.float32)
    # measured: 1e-6 at most, of values up to 1 (audio) and 4 (scores, logits)
    np.testing.assert_allclose(networks.generator(z), tf1_graph.generator(v, z, length), atol=1e-5)
    np.testing.assert_allclose(networks.discriminator(audio), tf1_graph.downward(v, audio, "D/", length)[:, 0],
                               rtol=1e-5, atol=1e-5)
    if shape.get("n_code"):
        np.testing.assert_allclose(networks.q_network(audio), tf1_graph.downward(v, audio, "Q/Q", length),
                                   rtol=1e-5, atol=1e-5)
    else:
        assert networks.q_network is None


def test_the_originals_own_checkpoint(golden_dir, tmp_path):
    golden = np.load(golden_dir / "tf1/ciwgan_dim2.npz")
    found = import_tf1(golden_dir / "tf1/ciwgan_dim2_ckpt", tmp_path / "model", "ciw", settings={"phaseshuffle": 0})
    assert (found.step, found.config.network.dim, found.config.network.code_dim) == (1, 2, 5)
    assert (found.config.train.loss, found.config.train.disc_nupdates) == ("wgan-gp", 5)
    model = open_model(tmp_path / "model")
    # measured: 1e-7
    np.testing.assert_allclose(model.generate(golden["fwd/z"]), golden["after/G_z"], atol=1e-6)
    np.testing.assert_allclose(model.discriminate(golden["fwd/x"]), golden["after/D_x"], atol=1e-6)
    np.testing.assert_allclose(model.classify(golden["fwd/x"])[0], golden["after/Q_x"], atol=1e-6)
    assert model.step == 1 and "original code's checkpoint model.ckpt-1" in (tmp_path / "model/CARD.md").read_text()
    state = (golden_dir / "tf1/ciwgan_dim2_ckpt/checkpoint").read_text()
    assert "/" not in state and "\\" not in state  # no path of the machine that made it


ARGS = """data_dir,/somewhere/else
data_first_slice,True
data_normalize,False
data_sample_rate,22050
data_slice_len,32768
num_categ,3
train_batch_size,16
wavegan_batchnorm,False
wavegan_dim,1
wavegan_disc_nupdates,3
wavegan_disc_phaseshuffle,0
wavegan_genr_pp_len,512
wavegan_latent_dim,100
wavegan_loss,wgan-gp
wavegan_smooth,None"""


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A long WaveGAN, whose length only `args.txt` or the user can tell."""
    return tf1_graph.save(tmp_path_factory.mktemp("long"), tf1_graph.variables(slice_len=65536))


def with_args(prefix, folder, text):
    for path in prefix.parent.glob(prefix.name + "*"):
        shutil.copy(path, folder)
    (folder / "args.txt").write_text(text)
    return Checkpoint(folder / prefix.name)


def test_what_weights_do_not_tell_comes_from_args(long, tmp_path):
    inferred = infer_settings(with_args(long, tmp_path, ARGS))
    config = inferred.config
    assert (config.network.slice_len, config.network.phaseshuffle) == (32768, 0)
    assert (config.data.first_slice, config.data.sample_rate_hz, config.data.pad_end) == (True, 22050, False)
    assert config.data.normalize  # the original's flag does nothing
    assert config.network.code_dim == 0  # its flag has a default, which a WaveGAN without a code does not use
    assert (config.train.batch_size, config.train.disc_nupdates) == (16, 3)
    assert "slice_len 32768" in inferred.notes[0] and inferred.notes[0].startswith("from args.txt")


def test_the_user_overrules_args(long, tmp_path):
    config = infer_settings(with_args(long, tmp_path, ARGS), None, {"slice_len": 65536, "phaseshuffle": 1}).config
    assert (config.network.slice_len, config.network.phaseshuffle, config.train.batch_size) == (65536, 1, 16)


@pytest.mark.parametrize(("old", "new", "field"), [
    ("wavegan_dim,1", "wavegan_dim,64", "dim"), ("wavegan_batchnorm,False", "wavegan_batchnorm,True", "batchnorm"),
    ("data_slice_len,32768", "data_slice_len,16384", "slice_len")])
def test_args_of_another_run_are_passed_over(long, tmp_path, old, new, field):
    checkpoint = with_args(long, tmp_path, ARGS.replace(old, new))
    inferred = infer_settings(checkpoint, None, {"slice_len": 65536})
    assert inferred.notes[0] == f"args.txt is passed over: it contradicts the checkpoint in {field}"
    assert inferred.config.train.batch_size == 64
    with pytest.raises(ConfigError, match="32768 or 65536; the two have the same variables; add --slice-len"):
        infer_settings(checkpoint)


def test_contradictions_are_refused(long, tmp_path):
    checkpoint = Checkpoint(long)
    with pytest.raises(ConfigError, match=r"`slice_len` \(=16384\) must be 32768 or 65536 for this checkpoint"):
        infer_settings(checkpoint, None, {"slice_len": 16384})
    with pytest.raises(ConfigError, match=r"`dim` \(=64\) must be 1 for this checkpoint"):
        infer_settings(checkpoint, None, {"slice_len": 65536, "dim": 64})
    with pytest.raises(ConfigError, match=r"`code` \(=fiw\) must be none for this checkpoint .* no Q-network"):
        infer_settings(checkpoint, "fiw", {"slice_len": 65536})
    short = Checkpoint(tf1_graph.save(tmp_path, tf1_graph.variables(n_code=8)))
    for code in (None, "none"):
        with pytest.raises(ConfigError, match=r"must be ciw \(8 classes, ciwGAN\) or fiw \(8 bits, fiwGAN\)"):
            infer_settings(short, code)
    with pytest.raises(ConfigError, match=r"`slice_len` \(=65536\) must be 16384"):
        infer_settings(short, "ciw", {"slice_len": 65536})
    with pytest.raises(ConfigError, match=r"`code` \(=both\) must be one of none, ciw, fiw"):
        infer_settings(short, "both")


@pytest.mark.parametrize(("loss", "step", "disc_nupdates"), [
    ("wgan-gp", 3, 5), ("wgan-gp", 4, 2), ("wgan-gp", 0, 5), ("wgan-gp", 2000, 5), ("dcgan", 3, 5), ("dcgan", 4000, 5),
    ("dcgan", 9000, 3),
    ("lsgan", 3, 5)])
def test_loss_and_updates_are_read_off_the_slots(tmp_path, loss, step, disc_nupdates):
    v = tf1_graph.variables()
    tensors = v | tf1_graph.slots(v, loss, step, disc_nupdates)
    train = infer_settings(Checkpoint(tf1_graph.save(tmp_path, tensors))).config.train
    assert (train.loss, train.disc_nupdates) == (loss, disc_nupdates)


def test_wgan_is_known_by_its_clipped_weights(tmp_path):
    v = {name: np.clip(value, -0.01, 0.01) if name.startswith("D/") else value
         for name, value in tf1_graph.variables().items()}
    checkpoint = Checkpoint(tf1_graph.save(tmp_path, v | tf1_graph.slots(v, "wgan")))
    assert infer_settings(checkpoint).config.train.loss == "wgan"


def test_where_checkpoints_are_found(tmp_path):
    v = {"x": np.zeros(3, np.float32)}
    prefix = tf1_graph.save(tmp_path, v, "model.ckpt-9")
    for path in (prefix, tmp_path, f"{prefix}.index", f"{prefix}.meta", f"{prefix}.data-00000-of-00001"):
        assert find_prefix(path) == prefix
    second = tf1_graph.save(tmp_path, v, "model.ckpt-10")
    with pytest.raises(ExportError, match=r"the folder holds model.ckpt-9, model.ckpt-10; name one, such as .*-10"):
        find_prefix(tmp_path)
    # as it comes from the machine where it was trained
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "/home/somebody/train/model.ckpt-10"\n'
                                         'all_model_checkpoint_paths: "/home/somebody/train/model.ckpt-9"\n')
    assert find_prefix(tmp_path) == second
    assert Checkpoint(tmp_path).read("x").shape == (3,)
    with pytest.raises(ExportError, match=r"holds the checkpoints model\.ckpt-9, model\.ckpt-10"):
        find_prefix(tmp_path / "model.ckpt-11")


def test_nothing_there(tmp_path):
    with pytest.raises(ExportError, match=r"such as train/model.ckpt-1000, or its folder; no .index file is there"):
        Checkpoint(tmp_path / "none/model.ckpt-1")
    with pytest.raises(ExportError, match=r"it has no .index file; copy .index and .data files together"):
        Checkpoint(tmp_path)


def damage_nothing(folder, v):
    return tf1_graph.save(folder, v)


def damage_index(folder, v):
    prefix = tf1_graph.save(folder, v)
    index = folder / f"{prefix.name}.index"
    index.write_bytes(index.read_bytes()[:-40])
    return prefix


def damage_data(folder, v):
    prefix = tf1_graph.save(folder, v)
    data = next(folder.glob(f"{prefix.name}.data*"))
    data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
    return prefix


def damage_bit(folder, v):
    prefix = tf1_graph.save(folder, v)
    data = next(folder.glob(f"{prefix.name}.data*"))
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 4
    data.write_bytes(content)
    return prefix


def remove_data(folder, v):
    prefix = tf1_graph.save(folder, v)
    next(folder.glob(f"{prefix.name}.data*")).unlink()
    return prefix


def pipe_for_data(folder, v):
    prefix = remove_data(folder, v)
    os.mkfifo(folder / f"{prefix.name}.data-00000-of-00001")
    return prefix


def drop(*names):
    return lambda folder, v: tf1_graph.save(folder, {n: x for n, x in v.items() if n not in names})


def other_shape(folder, v):
    return tf1_graph.save(folder, v | {"D/downconv_2/conv1d/kernel": np.zeros((25, 2, 9), np.float32)})


def other_program(folder, v):
    return tf1_graph.save(folder, {"encoder/w": v["D/output/dense/bias"], "encoder/b": v["D/output/dense/bias"]})


@pytest.mark.parametrize(("damage", "message"), [
    (damage_index, "must be a whole TensorFlow checkpoint"),
    (damage_data, "must be a whole TensorFlow checkpoint"),
    (damage_bit, "must be a whole TensorFlow checkpoint"),
    (remove_data, "must be a whole TensorFlow checkpoint"),
    (pipe_for_data, "must be a plain file; it is a pipe"),
    (drop("G/upconv_2/conv2d_transpose/bias", "D/output/dense/bias"),
     "it lacks 2: G/upconv_2/conv2d_transpose/bias, D/output/dense/bias"),
    (drop("G/upconv_4/conv2d_transpose/kernel"), "it lacks G/upconv_4/conv2d_transpose/kernel"),
    (drop(*(n for n in tf1_graph.variables() if n.startswith("D/"))), r"it lacks 12: D/downconv_0.*, \.\.\."),
    (other_shape, r"D/downconv_2/conv1d/kernel \[25, 2, 9\] instead of \[25, 2, 4\]"),
    (other_program, "of WaveGAN, ciwGAN or fiwGAN, TensorFlow 1; it lacks .*; it holds 2 variables: encoder/b"),
])
def test_damage_is_named_and_nothing_written(tmp_path, damage, message):
    prefix = damage(tmp_path / "ckpt", tf1_graph.variables())
    with pytest.raises(UserError, match=message):
        import_tf1(prefix, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["ckpt"]


def test_what_notes_go_into_the_card(tmp_path):
    prefix = tf1_graph.save(tmp_path / "ckpt", tf1_graph.variables(batchnorm=True))
    found = import_tf1(prefix, tmp_path / "out")
    assert found.step == 0
    assert any("step unknown" in note for note in found.notes)
    card = (tmp_path / "out/CARD.md").read_text()
    assert "phaseshuffle 2: the original's default" in card and "statistics of the batch" in card
    assert json.loads((tmp_path / "out/config.json").read_text())["network"]["batchnorm"] == "tf1"


def test_stereo_with_a_post_filter_cannot_come_from_the_original(tmp_path):
    v = tf1_graph.variables(nch=2, pp=8)
    with pytest.raises(ExportError, match="must have one audio channel when it has a post filter"):
        import_tf1(tf1_graph.save(tmp_path, v), tmp_path / "out")


def test_a_saver_of_tensorflow_1_wrote_it(tmp_path):
    """The file format as the original's own writer makes it."""
    v = tf1_graph.variables(n_code=2)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = [tf.compat.v1.get_variable(name, initializer=value) for name, value in v.items()]
        session.run(tf.compat.v1.global_variables_initializer())
        step = tf.compat.v1.train.get_or_create_global_step()
        session.run(step.assign(77))
        saver = tf.compat.v1.train.Saver([*variables, step], sharded=True)
        saver.save(session, str(tmp_path / "model.ckpt"), global_step=77)
    checkpoint = Checkpoint(tmp_path)
    assert checkpoint.prefix.name == "model.ckpt-77" and int(checkpoint.read("global_step")) == 77
    networks = read_weights(checkpoint, infer_settings(checkpoint, "ciw").config)
    np.testing.assert_array_equal(networks.q_network.dense.kernel, v["Q/Qoutput/dense/kernel"])
