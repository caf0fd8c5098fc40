"""Networks of all kinds, as people have them: each is looked into, or refused in one line that can be followed."""

import json

import h5py
import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf
from keras import layers as L
from keras import ops

from snap_tf.cli import main
from snap_tf.keras_files import read_keras
from snap_tf.layer_calls import record_calls
from snap_tf.layer_info import LeftOut
from snap_tf.probe import probe
from wavegan_tf.errors import ConfigError, DataError, ExportError

N = 480


def conv(filters=3, taps=5, strides=1, **options):
    return L.Conv1D(filters, taps, strides=strides, **{"padding": "same", **options})


def functional(shape, *layers, **options):
    inputs = keras.Input(shape, **options)
    x = inputs
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, x)


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


class OwnDense(L.Dense):
    pass


class NeedsManySteps(keras.layers.Layer):
    def call(self, x):
        if x.shape[1] is not None and x.shape[1] < 1000:
            raise ValueError("Computed output size would be negative")
        return x


# (model, shape of one input, rates of its layers at 1000 steps a second)
ANY_LENGTH = {
    "strides that divide": (lambda: functional((None, 2), conv(strides=4, name="a"), conv(strides=5, name="b")),
                            {"a": 250, "b": 50}),
    "a hop of 160": (lambda: functional((None, 1), conv(taps=400, strides=160, padding="valid", name="a")),
                     {"a": 6.25}),
    "a hop of 32": (lambda: functional((None, 1), conv(strides=32, name="a")), {"a": 31.25}),
    "a hop of 40 without padding": (lambda: functional((None, 1), conv(taps=80, strides=40, padding="valid",
                                                                       name="a")), {"a": 25}),
    "up and down again": (lambda: functional((None, 1), conv(strides=3, name="a"), L.UpSampling1D(2, name="u"),
                                             conv(name="b")), {"a": 1000 / 3, "u": 2000 / 3, "b": 2000 / 3}),
    "a long filter": (lambda: functional((None, 1), conv(taps=600, padding="valid", name="a")), {"a": 1000}),
    "an error of its own when short": (lambda: functional((None, 1), NeedsManySteps(), conv(name="a")), {"a": 1000}),
    "a layer for every step": (lambda: functional((None, 4), L.TimeDistributed(L.Dense(3, "relu"), name="td"),
                                                  L.GRU(2, return_sequences=True, name="gru")),
                               {"td": 1000, "gru": 1000}),
    "audio without channels": (lambda: functional((None,), L.Reshape((-1, 1)), conv(strides=8, name="a")), {"a": 125}),
}


@pytest.mark.parametrize("name", ANY_LENGTH)
def test_networks_of_any_length_are_opened_by_a_short_trial(name):
    make, rates = ANY_LENGTH[name]
    model = make()
    look = probe(model, list(rates), rate_hz=1000)
    assert {layer.name: layer.rate_hz for layer in look.layers} == pytest.approx(rates, rel=1e-12)
    assert look.length == 0 and not look.left_out and {layer.steps for layer in look.layers} == {None}
    x = noise(2, 40 if "every step" in name else 1200, *model.input_shape[2:])
    last = list(rates)[-1]
    np.testing.assert_allclose(look.collect(x, "none")[last], model(x, training=False), atol=1e-5)


def test_a_model_that_repeats_itself_for_every_step_is_not_tried_at_length(monkeypatch):
    from snap_tf import keras_trial

    tried, real = [], keras_trial.try_model
    monkeypatch.setattr(keras_trial, "try_model", lambda m, b, shape: tried.append(shape[0]) or real(m, b, shape))
    probe(functional((None, 4), L.TimeDistributed(OwnDense(3)), conv(name="a")))
    assert tried == [60, 120]
    tried.clear()
    unsure = functional((None, 1), L.TimeDistributed(OwnDense(1)), conv(strides=7, name="a"))
    assert probe(unsure, rate_hz=7.0).layers[0].rate_hz == pytest.approx(1.0, rel=0.1) and max(tried) <= 120


@pytest.mark.parametrize("inner", [
    lambda: L.Dense(3, "relu"), lambda: L.LSTM(3), L.Flatten,
    lambda: keras.Sequential([L.Conv1D(3, 2, activation="tanh"), L.BatchNormalization(), L.Dropout(.5),
                              L.GlobalMaxPooling1D()])])
def test_a_layer_of_keras_for_every_step_is_computed_for_all_steps_at_once(inner, monkeypatch):
    model = functional((5, 4, 2), L.TimeDistributed(inner(), name="td"))
    wanted = model(noise(3, 5, 4, 2), training=False)
    n_calls, layer = [], model.get_layer("td").layer
    real = type(layer).call
    monkeypatch.setattr(type(layer), "call", lambda self, *args, **more: n_calls.append(1) or real(self, *args, **more))

    @tf.function(autograph=False)
    def traced(x):
        return next(call.post for call in record_calls(model, x).calls if call.name == "td")

    np.testing.assert_allclose(traced(tf.constant(noise(3, 5, 4, 2))), wanted, atol=1e-6)
    assert len(n_calls) == 1 and "call" not in vars(model.get_layer("td"))


def test_a_layer_of_ones_own_for_every_step_is_computed_step_by_step():
    class AcrossExamples(keras.Layer):
        def call(self, x):
            return x - keras.ops.mean(x, axis=0)

        def compute_output_shape(self, shape):
            return shape

    model = functional((5, 4), L.TimeDistributed(AcrossExamples(), name="td"))
    x = noise(3, 5, 4)
    np.testing.assert_allclose(probe(model, ["td"]).collect(x, "none")["td"], x - x.mean(axis=0), atol=1e-6)


def test_inputs_that_are_no_numbers_are_one_line():
    look = probe(functional((8, 1), conv()))
    for inputs in (np.array([["a"] * 8]), [[[1.0]] * 8, [[1.0]] * 7], [object()]):
        with pytest.raises(DataError, match="inputs must be numbers, as many in every example"):
            look.collect(np.array(inputs, object))


def test_before_the_activation_of_a_layer_for_every_step_is_out_of_sight():
    model = functional((8, 4), L.TimeDistributed(L.Dense(3, "relu"), name="td"), conv(name="a"))
    assert [layer.activation for layer in probe(model, ["td", "a"]).layers] == ["relu", "linear"]
    probe(model, "a", stage="pre").collect(noise(1, 8, 4))
    with pytest.raises(ConfigError, match=r"`stage` \(=pre\) must be post for td: .* cannot be seen"):
        probe(model, "td", stage="pre").collect(noise(1, 8, 4))
    assert [layer.name for layer in probe(functional((8, 4), L.LSTM(2, unroll=True, return_sequences=True, name="l")),
                                          lambda part: True).layers] == ["l"]  # and not its cell, eight times


def stateful(batch=3):
    return functional(None, conv(name="a"), L.GRU(2, stateful=True, return_sequences=True, name="gru"),
                      L.Dense(2, name="out"), batch_shape=(batch, 16, 1))


def test_a_fixed_batch_is_respected_and_no_clip_hears_another():
    model, x = stateful(), noise(7, 16, 1)
    gru = model.get_layer("gru")
    model(x[:3])
    before = gru.states[0].numpy()
    look = probe(model, ["a", "gru", "out"])
    assert look.batch_size == look.fixed_batch == 3
    found = look.collect(x, "none")
    assert found["gru"].shape == (7, 16, 2)
    for i in range(7):  # each clip alone, from a fresh state
        gru.reset_state()
        alone = model(np.concatenate([x[i:i + 1], noise(2, 16, 1)]))
        np.testing.assert_allclose(found["out"][i], alone[0], atol=1e-6)
    gru.states[0].assign(before)
    look.collect(x)
    np.testing.assert_array_equal(gru.states[0].numpy(), before)  # what the model knew it knows again
    with pytest.raises(ConfigError, match=r"`batch_size` \(=4\) must be 3 for .*; leave it out"):
        look.collect(x, batch_size=4)


def test_audio_without_a_channel_axis_is_audio(tmp_path, capsys):
    model = functional((N,), L.Reshape((N, 1)), conv(strides=2, name="a"), L.GlobalMaxPooling1D(), L.Dense(2, name="b"))
    sequential = keras.Sequential([keras.Input((N,)), *model.layers[1:]])
    assert probe(sequential).layer("b").name == "b" and probe(sequential).takes_audio
    look = probe(model, rate_hz=960.0)
    assert look.takes_audio and look.input_shape == (N, 1) and look.length == N
    assert look.layer("a").rate_hz == 480.0
    x = noise(4, N)
    np.testing.assert_allclose(look.collect(x)["b"], model(x), atol=1e-5)
    np.testing.assert_array_equal(look.collect(x)["b"], look.collect(x[:, :, None])["b"])
    model.save(tmp_path / "m.keras")
    (tmp_path / "clips").mkdir()
    for i in range(2):
        soundfile.write(tmp_path / f"clips/{i}.wav", 0.1 * noise(N), 8000)
    common = ["--rate-hz", "8000"]
    assert main(["layers", str(tmp_path / "m.keras"), str(tmp_path / "clips"), str(tmp_path / "out"), *common]) == 0
    heard = np.load(tmp_path / "out/stimuli.npy")
    expected = model(heard[:, :, 0]).numpy()
    np.testing.assert_allclose(np.load(tmp_path / "out/logits.npy"), expected, atol=1e-5)
    assert main(["profile", str(tmp_path / "m.keras"), "--clips", str(tmp_path / "clips"), "--out",
                 str(tmp_path / "p.npz"), *common]) == 0
    assert main(["saliency", str(tmp_path / "m.keras"), str(tmp_path / "clips/0.wav"), str(tmp_path / "s"),
                 "--method", "input"]) == 0, capsys.readouterr().err
    with np.load(tmp_path / "s.npz") as file:
        assert file["inputs"].shape[0] == N
    assert main(["saliency", str(tmp_path / "m.keras"), str(tmp_path / "clips/0.wav"), str(tmp_path / "g"),
                 "--method", "gradcam"]) == 0, capsys.readouterr().err


def test_latent_vectors_are_still_vectors():
    generator = functional((6,), L.Dense(24), L.Reshape((12, 2)), L.Conv1DTranspose(1, 5, strides=4, padding="same"))
    assert not probe(generator).takes_audio and probe(generator).length == 48
    few = functional((100,), L.Dense(16), L.Reshape((8, 2)), conv())
    assert not probe(few).takes_audio and probe(few).input_shape == (100,)
    assert not probe(functional((9,), L.Dense(2))).takes_audio


def picture_in_the_middle():
    return functional((N, 1), conv(strides=2, name="a"), L.Reshape((N // 2, 3, 1), name="to_picture"),
                      L.Conv2D(2, 3, padding="same", name="picture"), L.Reshape((N // 2, 6), name="back"), L.Dense(2))


def with_state_returned():
    inputs = keras.Input((N, 1))
    x, _ = L.GRU(2, return_sequences=True, return_state=True, name="gru")(inputs)
    return keras.Model(inputs, L.Dense(2, name="d")(conv(name="a")(x)))


def with_queries():
    """Attention from four learnt queries: four steps, however long the input is."""
    class Queries(L.Layer):
        def build(self, shape):
            self.queries = self.add_weight(shape=(4, shape[-1]))

        def call(self, x):
            return ops.softmax(ops.matmul(self.queries, ops.transpose(x, (0, 2, 1))), -1) @ x

    return functional((None, 1), conv(name="a"), Queries(name="queries"), L.GlobalAveragePooling1D(),
                      L.Dense(2, name="d"))


@pytest.mark.parametrize(("make", "name", "reason"), [
    (picture_in_the_middle, "picture", r"its output is \[batch, 240, 3, 2\]; a series is \[batch, steps, channels\]"),
    (with_state_returned, "gru", "it gives several tensors, or none"),
    (with_queries, "queries", "its 4 steps do not follow those of the input"),
    (lambda: functional((N, 1), conv(name="a"), L.Lambda(lambda x: ops.sum(x, (1, 2)), name="sum"),
                        L.Reshape((1,)), L.Dense(2)), "sum", r"its output is \[batch\]; a series"),
], ids=["a picture", "several tensors", "no time axis", "one number"])
def test_layers_that_are_left_out_are_named_with_the_reason(make, name, reason):
    look = probe(make())
    reasons = {layer.name: layer.reason for layer in look.left_out}
    assert reasons.pop(name) and set(reasons) <= {"to_picture"}
    with pytest.raises(ConfigError, match=rf"layer \(={name}\) must be one of .*; it is left out: {reason}"):
        probe(make(), name)
    look.collect(noise(2, N, 1))


def test_one_line_for_each_reason():
    layers = [LeftOut("a", "it is"), LeftOut("b", "it was"), LeftOut("c", "it is")]
    assert LeftOut.lines(layers) == ["layers left out: a, c: it is", "layer left out: b: it was"]
    assert LeftOut.lines([]) == []


def test_commands_name_what_is_left_out(tmp_path, capsys):
    picture_in_the_middle().save(tmp_path / "m.keras")
    (tmp_path / "clips").mkdir()
    soundfile.write(tmp_path / "clips/0.wav", 0.1 * noise(N), 16000)
    np.save(tmp_path / "x.npy", noise(3, N, 1))
    model, clips, inputs = (str(tmp_path / name) for name in ("m.keras", "clips", "x.npy"))
    for command in (["layers", model, clips, str(tmp_path / "out")],
                    ["profile", model, "--inputs", inputs, "--out", str(tmp_path / "p.npz")],
                    ["saliency", model, f"{clips}/0.wav", str(tmp_path / "s"), "--method", "input"]):
        assert main(command) == 0
        assert "layer left out: picture: its output is [batch, 240, 3, 2]" in capsys.readouterr().out, command
    record = json.loads((tmp_path / "out/layers.json").read_text())
    assert {"name": "picture", "reason": "its output is [batch, 240, 3, 2]; a series is [batch, steps, channels]"} in \
        record["left_out"]


class Failing(L.Layer):
    fails = False

    def call(self, x):
        return ops.reshape(x, (-1, 7)) if self.fails and x.shape[0] != 5 else x


def broken():
    Failing.fails = False
    model = functional((10, 1), Failing(name="f"), conv())
    Failing.fails = True
    return model


REFUSED = {
    "fails in the trial": (broken, r"model \(=.*\) must run on inputs of shape \[any, 10, 1\]; .* fails: "),
    "unknown channels": (lambda: functional((None, None), L.Lambda(lambda x: x)), r"takes \[any, any\]; give"),
    "two inputs": (lambda: keras.Model([a := keras.Input((4, 1)), b := keras.Input((4, 1))], ops.add(a, b)),
                   "must have one input"),
    "pictures only": (lambda: keras.Model(i := keras.Input((8, 8, 1)), [L.Conv2D(2, 3, name="p")(i),
                                                                        L.Conv2D(2, 3, name="q")(i)]),
                      r"it does neither; layers left out: (p, q|q, p): its output is \[batch, 6, 6, 2\]"),
    "no convolution, two outputs": (lambda: keras.Model(i := keras.Input((8, 2)), [L.LSTM(2, name="l")(i),
                                                                                   L.GRU(2, name="g")(i)]),
                                    r"`layers` must be named for .*; there are also (l, g|g, l)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_looked_into_is_refused_in_one_line(name):
    make, message = REFUSED[name]
    with pytest.raises(ConfigError, match=message) as caught:
        probe(make())
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 700


def test_profiles_need_any_batch(tmp_path, capsys):
    stateful(2).save(tmp_path / "m.keras")
    np.save(tmp_path / "x.npy", noise(4, 16, 1))
    assert main(["profile", str(tmp_path / "m.keras"), "--inputs", str(tmp_path / "x.npy"), "--out",
                 str(tmp_path / "p.npz")]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert "must take any number of inputs at once here; it takes 2;" in line


def old_file(path, config_of=lambda config: config):
    """An HDF5 file with the settings that Keras 2 wrote for an LSTM."""
    model = functional((8, 2), L.LSTM(3, return_sequences=True, name="lstm"), L.Dense(2, name="out"))
    model.save(path)
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "LSTM":
                layer["config"] |= config_of({"time_major": False})
        file.attrs["model_config"] = json.dumps(config)
    return model


def test_a_file_of_keras_2_is_read(tmp_path):
    model, x = old_file(tmp_path / "old.h5"), noise(2, 8, 2)
    before = (tmp_path / "old.h5").read_bytes()
    np.testing.assert_allclose(probe(tmp_path / "old.h5").collect(x, "none")["out"], model(x), atol=1e-6)
    assert (tmp_path / "old.h5").read_bytes() == before
    old_file(tmp_path / "major.h5", lambda config: {"time_major": True})  # which Keras 3 cannot do
    with pytest.raises(ExportError, match="written by another version of Keras: build the same model in Keras 3"):
        probe(tmp_path / "major.h5")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_code_in_a_file_runs_only_when_it_is_trusted(tmp_path, capsys, suffix):
    path, sprung = tmp_path / f"m{suffix}", tmp_path / "sprung"

    spring = eval(f"lambda x: (open({str(sprung)!r}, 'w').close(), x)[1]")  # without a closure, as files keep it
    functional((8, 1), L.Lambda(spring), conv(name="a")).save(path)
    sprung.unlink()
    np.save(tmp_path / "x.npy", noise(2, 8, 1))
    for argv in (["layers", str(path), str(tmp_path), str(tmp_path / "o")],
                 ["profile", str(path), "--inputs", str(tmp_path / "x.npy"), "--out", str(tmp_path / "o.npz")],
                 ["saliency", str(path), str(tmp_path / "x.wav"), str(tmp_path / "o")],
                 ["interpolate", str(path), str(tmp_path / "o"), "--variable", "0"]):
        soundfile.write(tmp_path / "x.wav", 0.1 * noise(8), 16000)
        assert main(argv) == 2
        (line,) = [line for line in capsys.readouterr().err.splitlines() if "error:" in line]
        assert "it brings Python code along" in line and "--trust" in line
        assert not sprung.exists()
    assert probe(path, trust=True).collect(noise(1, 8, 1))["a"].shape == (1, 8)
    assert sprung.exists()


def test_layers_of_ones_own_need_their_class(tmp_path):
    class Mine(L.Layer):
        def call(self, x):
            return x

    functional((8, 1), Mine(), conv()).save(tmp_path / "m.keras")
    message = r"parts of its maker's own \(Mine\); .* custom_objects=.*snap_tf\.probe\.probe"
    with pytest.raises(ExportError, match=message) as caught:
        probe(tmp_path / "m.keras")
    assert "\n" not in str(caught.value)
    given = keras.saving.load_model(tmp_path / "m.keras", custom_objects={"Mine": Mine})
    assert probe(given).layers
    given.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ExportError, match="it holds weights and no model"):
        read_keras(tmp_path / "m.weights.h5")


@pytest.mark.parametrize("n_classes", [29, 62])
def test_a_network_with_as_many_outputs_as_a_recogniser_is_none(tmp_path, n_classes):
    from snap_tf.asr.network.wav2letter import build_network, spec_of
    from snap_tf.asr.runs import open_recogniser
    from snap_tf.snap.network.networks import open_network
    from wavegan_tf.errors import DataError

    functional((None, 128), conv(n_classes, name="layer_1")).save(tmp_path / "w.keras")
    found = open_network(tmp_path / "w.keras")
    assert found.classes == tuple(f"class_{i}" for i in range(n_classes)) and found.blank is None and not found.writes
    with pytest.raises(DataError, match="what its outputs mean is not known"):
        open_recogniser(tmp_path / "w.keras")
    ours = build_network("W2P_shallow", 1 / 64)
    ours.save(tmp_path / "ours.keras")
    assert open_network(tmp_path / "ours.keras").writes == "phone"
    assert spec_of(ours).name == "W2P_shallow"
    renamed = keras.Model(ours.inputs, ours.outputs, name="W2L")
    other = keras.Model(ours.inputs, ours.outputs, name="mine")
    assert spec_of(renamed) is None and spec_of(other) is None


def test_no_inputs_give_empty_layers():
    model = functional((N, 1), conv(strides=2, name="a"), L.Flatten(), L.Dense(2, name="d"))
    assert {name: values.shape for name, values in probe(model).collect(np.zeros((0, N, 1))).items()} == {
        "a": (0, N // 2), "d": (0, 2)}
    assert probe(model).collect(np.zeros((0, N, 1)), "none")["a"].shape == (0, N // 2, 3)


@pytest.mark.shared
def test_the_public_cases(shared_dir):
    folder = shared_dir / "cases/keras"
    look = probe(folder / "time_distributed_any_length.keras", rate_hz=125.0)
    assert (look.length, look.output, look.layers[-1].rate_hz) == (0, "out", 125.0)
    assert probe(folder / "audio_without_channel_axis.keras").takes_audio
    fixed = probe(folder / "stateful_fixed_batch.keras", ["c1", "gru"])
    assert {name: values.shape for name, values in fixed.collect(noise(2, 16000)).items()} == {
        "c1": (2, 100), "gru": (2, 100)}
    assert probe(folder / "keras2_lstm.h5", lambda part: True).layer("lstm").steps == 200


def test_what_fails_when_it_runs_is_one_line():
    look = probe(functional((8,), L.Embedding(4, 2, name="e"), conv()))
    with pytest.raises(ConfigError, match=r"must run on inputs of shape \[2, 8\]; it fails: .*; give it other inputs"
                       ) as caught:
        look.collect(np.full((2, 8), 9.0))
    assert "\n" not in str(caught.value)
