"""Training goes on from the original's checkpoints as it would have there, and goes back to it bit for bit."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from twins import tf1_graph

from wavegan_tf.config import NetworkConfig, RunConfig, TrainConfig
from wavegan_tf.errors import ConfigError, ExportError
from wavegan_tf.export.opening import open_model
from wavegan_tf.export.tf1 import tf1_slots
from wavegan_tf.export.tf1.tf1_checkpoint import Checkpoint
from wavegan_tf.export.tf1.tf1_export import export_tf1, tensors_of, write_tf1
from wavegan_tf.export.tf1.tf1_import import import_tf1, read_weights
from wavegan_tf.export.tf1.tf1_names import original_weights
from wavegan_tf.export.tf1.tf1_settings import infer_settings
from wavegan_tf.export.tf1.tf1_slots import read_slots
from wavegan_tf.models.family import build_networks
from wavegan_tf.training.checkpoints import load_training
from wavegan_tf.training.updates.draws import draw_discriminator, draw_generator
from wavegan_tf.training.updates.gradients import discriminator_gradients, generator_gradients
from wavegan_tf.training.updates.round import TrainingRound


class OriginalOptimizers:
    """TensorFlow 1's Adam and RMSProp on a checkpoint's variables, in NumPy, from the specification's section 6."""

    def __init__(self, tensors, beta_2=0.9):
        self.v = {name: np.array(value, np.float64) for name, value in tensors.items()}
        self.beta_2 = beta_2

    def adam(self, name, g, rate, powers):
        v, b1, b2 = self.v, 0.5, self.beta_2
        v[f"{name}/Adam"] = b1 * v[f"{name}/Adam"] + (1 - b1) * g
        v[f"{name}/Adam_1"] = b2 * v[f"{name}/Adam_1"] + (1 - b2) * g**2
        step = rate * np.sqrt(1 - v[powers[1]]) / (1 - v[powers[0]])
        v[name] = v[name] - step * v[f"{name}/Adam"] / (np.sqrt(v[f"{name}/Adam_1"]) + 1e-8)

    def finish_adam(self, powers):
        self.v[powers[0]] = self.v[powers[0]] * 0.5
        self.v[powers[1]] = self.v[powers[1]] * self.beta_2

    def rmsprop(self, name, g, rate):
        v = self.v
        v[f"{name}/RMSProp"] = 0.9 * v[f"{name}/RMSProp"] + 0.1 * g**2
        v[name] = v[name] - rate * g / np.sqrt(v[f"{name}/RMSProp"] + 1e-10)


def put(networks, values):
    """Set weights to values by the original's names."""
    for weight in original_weights(networks):
        if weight.name in values and weight.used:
            weight.variable.assign(np.reshape(values[weight.name], weight.variable.shape))


def by_name(networks, keys, gradients):
    named = {id(weight.variable): weight for weight in original_weights(networks)}
    weights = [named[id(variable)] for key in keys for variable in networks.named()[key].trainable_variables]
    return {w.name: w.to_original(g).astype(np.float64) for w, g in zip(weights, gradients, strict=True)}


def twin_round(networks, config, real, draws, tensors):
    """One round by the slow optimisers; gradients are those of `networks` at the twin's weights."""
    loss, info = config.train.loss, networks.q_network is not None
    twin = OriginalOptimizers(tensors, {"wgan-gp": 0.9, "dcgan": 0.999}.get(loss, 0))
    rate = {"wgan-gp": 1e-4, "dcgan": 2e-4, "lsgan": 1e-4, "wgan": 5e-5}[loss]

    def update(gradients, powers):
        for name, g in gradients.items():
            if twin.beta_2:
                twin.adam(name, g, rate, powers)
            else:
                twin.rmsprop(name, g, rate)
        if twin.beta_2:
            twin.finish_adam(powers)

    d_draws, g_draws = draws
    for i, draw in enumerate(d_draws):
        put(networks, twin.v)
        gradients, _ = discriminator_gradients(networks, config, real[i], draw)
        update(by_name(networks, ["discriminator"], gradients), ("beta1_power_1", "beta2_power_1"))
        if loss == "wgan":
            twin.v |= {n: np.clip(x, -0.01, 0.01) for n, x in twin.v.items() if n.startswith("D/") and "RMS" not in n}
    put(networks, twin.v)
    adversarial, informed, _ = generator_gradients(networks, config, g_draws)
    update(by_name(networks, ["generator"], adversarial), ("beta1_power", "beta2_power"))
    if info:
        for name, g in by_name(networks, ["q_network", "generator"], informed).items():
            twin.rmsprop(name, g, 1e-4)
    twin.v["global_step"] = twin.v["global_step"] + 1
    return twin.v


def continued(prefix, code, settings=None):
    """Go on for one round from a checkpoint, and let the twin do the same; return both ends by name."""
    checkpoint = Checkpoint(prefix)
    config = infer_settings(checkpoint, code, {"batch_size": 2, **(settings or {})}).config
    training = TrainingRound(read_weights(checkpoint, config), config)
    read_slots(training, checkpoint)
    step = tf.constant(int(training.step), tf.int64)
    draws = ([draw_discriminator(config, step, i) for i in range(config.train.disc_nupdates)],
             draw_generator(config, step))
    shape = (config.train.disc_nupdates, 2, config.network.slice_len, config.network.channels)
    real = tf.random.stateless_uniform(shape, (1, 2), -1, 1)
    tensors = {name: checkpoint.read(name) for name in checkpoint.shapes}
    expected = twin_round(read_weights(checkpoint, config), config, real, draws, tensors)
    training.run_with(real, *draws)
    return tensors, tensors_of(training.networks, int(training.step), training), expected


def compare(before, after, expected):
    assert set(after) == set(expected)
    for name, value in expected.items():
        if name.endswith("RMSProp_1"):
            continue  # written, multiplied by 0 and never used
        scale = np.abs(value - before[name]).max()  # what the round changed
        np.testing.assert_allclose(after[name], value, rtol=2e-6, atol=2e-3 * scale + 1e-9, err_msg=name)


@pytest.fixture(scope="module")
def golden_round(golden_dir):
    return continued(golden_dir / "tf1/ciwgan_dim2_ckpt", "ciw")


def test_one_more_round_from_the_originals_checkpoint(golden_round):
    compare(*golden_round)


def test_slots_that_are_not_read_would_be_seen(golden_round):
    before, after, expected = golden_round
    name = "G/upconv_0/conv2d_transpose/kernel"
    fresh = OriginalOptimizers(before)
    gradient = (expected[f"{name}/Adam"] - 0.5 * before[f"{name}/Adam"]) / 0.5
    fresh.v |= {f"{name}/Adam": np.zeros_like(before[name]), f"{name}/Adam_1": np.zeros_like(before[name])}
    fresh.adam(name, gradient, 1e-4, ("beta1_power", "beta2_power"))
    assert np.abs(fresh.v[name] - before[name] - (after[name] - before[name])).max() > 1e-5


@pytest.mark.parametrize(("loss", "shape"), [
    ("wgan", {"k": 8}), pytest.param("dcgan", {"nch": 2}, marks=pytest.mark.slow),
    pytest.param("lsgan", {"upsample": "nn", "pp": 16}, marks=pytest.mark.slow)])
def test_one_more_round_of_the_other_losses(tmp_path, loss, shape):
    v = tf1_graph.variables(**shape)
    if loss == "wgan":
        v = {n: np.clip(x, -0.01, 0.01) if n.startswith("D/") else x for n, x in v.items()}
    prefix = tf1_graph.save(tmp_path, v | tf1_graph.slots(v, loss, disc_nupdates=2))
    compare(*continued(prefix, None, {"disc_nupdates": 2}))


def test_a_run_from_a_checkpoint_and_back_is_the_same_bit_for_bit(golden_dir, tmp_path):
    source = Checkpoint(golden_dir / "tf1/ciwgan_dim2_ckpt")
    import_tf1(source.prefix, tmp_path / "model", "ciw", tmp_path / "run")
    training = load_training(tmp_path / "run")
    assert {name: int(o.iterations) for name, o in training.optimizers.items()} == {
        "generator": 1, "discriminator": 5, "q_network": 1}
    done = export_tf1(tmp_path / "run", tmp_path / "tf1/model.ckpt-1")
    assert done.with_slots and done.n_variables == 137 == len(source.shapes)
    back = Checkpoint(tmp_path / "tf1")
    assert back.shapes == source.shapes
    for name in source.shapes:
        value = back.read(name)
        assert value.dtype == source.read(name).dtype
        if name.endswith("RMSProp_1"):
            assert not value.any()
        else:
            np.testing.assert_array_equal(value, source.read(name), err_msg=name)
    assert sorted(path.name for path in (tmp_path / "tf1").iterdir()) == [
        "args.txt", "checkpoint", "model.ckpt-1.data-00000-of-00001", "model.ckpt-1.index"]


@pytest.mark.parametrize(("powers", "of_adam"), [
    ({}, {"generator": 7, "discriminator": 21}),  # vanished, as after many updates
    ({"beta1_power": 0.5**3, "beta2_power": 0.9**3}, {"generator": 2, "discriminator": 21}),
    ({"beta1_power_1": 0.5**6, "beta2_power_1": 0.9**6}, {"generator": 7, "discriminator": 5})])
def test_updates_are_read_off_the_powers_or_counted_by_steps(monkeypatch, powers, of_adam):
    """Without powers, which begin at beta: one update a step, of the discriminator as many as a step has."""
    held = {"global_step": 7} | powers
    adam = {name: keras.optimizers.Adam(beta_1=0.5, beta_2=0.9) for name in of_adam}
    training = SimpleNamespace(step=tf.Variable(0), config=RunConfig(train=TrainConfig(disc_nupdates=3)),
                               optimizers=adam | {"q_network": keras.optimizers.RMSprop()})
    monkeypatch.setattr(tf1_slots, "_slots", lambda _: [])
    checkpoint = type("Held", (dict,), {"read": dict.__getitem__, "shapes": {}, "prefix": "model.ckpt-7"})(held)
    tf1_slots.read_slots(training, checkpoint)
    assert int(training.step) == 7
    assert {name: int(o.iterations) for name, o in training.optimizers.items()} == of_adam | {"q_network": 7}


@pytest.mark.parametrize(("shape", "code", "settings"), [
    ({"batchnorm": True, "n_code": 3, "latent": 12}, "fiw", {}),
    ({"slice_len": 65536, "upsample": "nn", "pp": 8, "k": 9}, None, {"slice_len": 65536, "phaseshuffle": 1}),
    ({"slice_len": 32768, "nch": 2}, None, {"slice_len": 32768, "first_slice": True})])
def test_an_exported_model_and_back(tmp_path, shape, code, settings):
    v = tf1_graph.variables(**shape)
    first = import_tf1(tf1_graph.save(tmp_path / "a", v), tmp_path / "model", code, settings=settings)
    assert not export_tf1(tmp_path / "model", tmp_path / "b/model.ckpt-0").with_slots
    back = Checkpoint(tmp_path / "b")
    unused = {name for name in v if "moving" in name and not name.startswith("G/")}
    assert set(back.shapes) == set(v) | {"global_step"}
    for name in set(v) - unused:
        np.testing.assert_array_equal(back.read(name), v[name], err_msg=name)
    for name in unused:  # as the original has them: never updated
        assert set(np.unique(back.read(name))) == {0.0 if name.endswith("mean") else 1.0}
    # args.txt, written beside it, answers what weights do not
    assert infer_settings(back, code).config == first.config


def test_tensorflow_1_restores_it(tmp_path):
    network = NetworkConfig(dim=1, code="onehot", code_dim=2)
    networks = build_networks(network, seed=0)
    write_tf1(tensors_of(networks, 7, TrainingRound(networks, RunConfig(network=network))), RunConfig(network=network),
              tmp_path / "model.ckpt-7")
    weight = networks.generator.upconvs[1].kernel.numpy()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        with tf.compat.v1.variable_scope("G/upconv_1/conv2d_transpose"):
            kernel = tf.compat.v1.get_variable("kernel", [1, 25, 4, 8])
        step = tf.compat.v1.train.get_or_create_global_step()
        optimizer = tf.compat.v1.train.RMSPropOptimizer(1e-4)
        optimizer.minimize(tf.reduce_sum(kernel), global_step=step)
        saver = tf.compat.v1.train.Saver()
        saver.restore(session, tf.train.latest_checkpoint(str(tmp_path)))
        assert session.run(step) == 0  # of a round that is new
        np.testing.assert_array_equal(session.run(kernel)[0], weight)
        assert np.all(session.run(optimizer.get_slot(kernel, "rms")) == 1.0)
        assert np.all(session.run(optimizer.get_slot(kernel, "momentum")) == 0.0)


def test_a_run_needs_slots(tmp_path):
    v = tf1_graph.variables()
    with pytest.raises(ExportError, match=r"it lacks 49: G/z_project/dense/kernel/Adam, .*global_step|it lacks 49"):
        import_tf1(tf1_graph.save(tmp_path / "ckpt", v), tmp_path / "model", run=tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["ckpt"]


def test_folders_that_exist_are_refused(golden_dir, tmp_path):
    source = golden_dir / "tf1/ciwgan_dim2_ckpt"
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("")
    with pytest.raises(ExportError, match=r"run folder \(=.*full\) must be new or empty"):
        import_tf1(source, tmp_path / "model", "ciw", tmp_path / "full")
    with pytest.raises(ConfigError, match=r"`run` \(=.*model\) must be another folder than the exported model's"):
        import_tf1(source, tmp_path / "model", "ciw", tmp_path / "model")
    assert not (tmp_path / "model").exists()
    import_tf1(source, tmp_path / "model", "ciw")
    export_tf1(tmp_path / "model", tmp_path / "model.ckpt-1")
    with pytest.raises(ExportError, match=r"checkpoint \(=.*model.ckpt-1.index\) must be new"):
        export_tf1(tmp_path / "model", tmp_path / "model.ckpt-1")
    # a second one leaves `checkpoint` and `args.txt` alone
    export_tf1(tmp_path / "model", tmp_path / "model.ckpt-2")
    assert 'model_checkpoint_path: "model.ckpt-1"' in (tmp_path / "checkpoint").read_text()


def test_what_the_original_does_not_have(tmp_path):
    network = NetworkConfig(dim=1, batchnorm="on")
    with pytest.raises(ConfigError, match=r"`batchnorm` \(=on\) must be off or tf1 for the original"):
        write_tf1({}, RunConfig(network=network), tmp_path / "model.ckpt")
    with pytest.raises(ConfigError, match=r"prefix \(=.*\) must be a folder and a name"):
        write_tf1({}, RunConfig(network=NetworkConfig(dim=1)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_imported_run_opens_like_any_other(golden_dir, tmp_path):
    import_tf1(golden_dir / "tf1/ciwgan_dim2_ckpt", tmp_path / "model", "ciw", tmp_path / "run", {"seed": 5})
    z = np.random.default_rng(0).uniform(-1, 1, (1, 100)).astype(np.float32)
    run = open_model(tmp_path / "run")
    assert run.step == 1 and run.config.train == TrainConfig(seed=5)
    np.testing.assert_array_equal(run.generate(z), open_model(tmp_path / "model").generate(z))
    checkpoint = open_model(tmp_path / "run/checkpoints/step-000000001")
    assert checkpoint.metadata.source == "run run"
