"""Layers of any Keras model: functional, sequential, subclassed, nested; activations inside and after the layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as L
from keras import ops

from snap_tf.probe import probe
from wavegan_tf.errors import ConfigError, ExportError


def conv(filters=3, taps=5, **options):
    options = {"padding": "same", "bias_initializer": "random_normal", **options}
    return L.Conv1D(filters, taps, **options)


def audio(n_samples=64, n=3):
    return np.random.default_rng(0).normal(size=(n, n_samples, 1)).astype(np.float32)


def convolve(layer, x):
    """A SAME convolution at stride 1 without its activation."""
    kernel, bias = np.asarray(layer.kernel, np.float64), np.asarray(layer.bias, np.float64)
    taps = len(kernel)
    padded = np.pad(x.astype(np.float64), ((0, 0), ((taps - 1) // 2, taps // 2), (0, 0)))
    return sum(padded[:, i:i + x.shape[1]] @ kernel[i] for i in range(taps)) + bias


def leaky(x, slope=0.2):
    return np.where(x > 0, x, slope * x)


def elu(x):
    return np.where(x > 0, x, np.expm1(x))


# how an activation can follow a convolution: (make a model from a convolution, what it does, its name)
WAYS = {
    "inside": (lambda: [conv(activation="relu")], lambda x: np.maximum(x, 0), "relu"),
    "inside, a layer": (lambda: [conv(activation=L.LeakyReLU(negative_slope=0.2))], leaky, "leaky_relu"),
    "Activation": (lambda: [conv(), L.Activation("tanh")], np.tanh, "tanh"),
    "ReLU": (lambda: [conv(), L.ReLU()], lambda x: np.maximum(x, 0), "relu"),
    "LeakyReLU": (lambda: [conv(), L.LeakyReLU(negative_slope=0.2)], leaky, "leaky_relu"),
    "ELU after Dropout": (lambda: [conv(), L.Dropout(0.5), L.ELU()], elu, "elu"),
    "inside, two operations": (lambda: [conv(activation="silu")], lambda x: x / (1 + np.exp(-x)), "silu"),
    "none": (lambda: [conv()], lambda x: x, "linear"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["functional", "sequential", "subclassed"])
def test_before_and_after_the_activation_wherever_it_is(way, kind):
    make, activation, name = WAYS[way]
    parts = [*make(), conv(2)]
    if kind == "subclassed":
        class Model(keras.Model):
            def __init__(self):
                super().__init__()
                self.parts = parts

            def call(self, x):
                for part in self.parts:
                    x = part(x)
                return x

        model = Model()
    else:
        model = keras.Sequential([keras.Input((64, 1)), *parts])
        model = keras.Model(model.inputs, model.outputs) if kind == "functional" else model
    options = {"input_shape": (64, 1)} if kind == "subclassed" else {}
    x = audio()
    after = probe(model, **options).collect(x, "none")
    before = probe(model, stage="pre", **options).collect(x, "none")
    first = probe(model, **options).layers[0]
    expected = convolve(parts[0], x)
    assert (first.name, first.paper_name, first.activation) == (parts[0].name, "Conv1", name)
    np.testing.assert_allclose(before[first.name], expected, atol=1e-5)
    np.testing.assert_allclose(after[first.name], activation(expected), atol=1e-5)
    averages = probe(model, **options).collect(x)
    np.testing.assert_allclose(averages[first.name], after[first.name].mean(axis=-1), atol=1e-6)


@pytest.mark.parametrize(("function", "numpys", "name"), [
    (lambda x: ops.leaky_relu(x, 0.2), leaky, "leaky_relu"), (tf.nn.relu, lambda x: np.maximum(x, 0), "relu"),
    (tf.tanh, np.tanh, "tanh")])
def test_an_activation_that_is_a_function_in_the_call(function, numpys, name):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = conv(), conv(2)

        def call(self, x, training=False):
            return self.second(function(self.first(x)))

    model, x = Model(), audio()
    look = probe(model, input_shape=(64, 1))
    assert look.layers[0].activation == name
    found = look.collect(x, "none")[look.layers[0].name]
    np.testing.assert_allclose(found, numpys(convolve(model.first, x)), atol=1e-5)


def test_a_plain_relu_in_the_place_of_a_leaky_one():
    model = keras.Sequential([keras.Input((64, 1)), conv(activation="leaky_relu"), conv(activation="elu")])
    x = audio()
    post, relu = (probe(model, stage=stage).collect(x, "none") for stage in ("post", "relu"))
    first, second = (layer.name for layer in model.layers)
    np.testing.assert_array_equal(relu[first], np.maximum(post[first], 0))
    np.testing.assert_array_equal(relu[second], post[second])


def test_logits_come_before_the_softmax():
    for end in ([L.Dense(4, activation="softmax")], [L.Dense(4), L.Softmax()], [L.Dense(4), L.Activation("sigmoid")]):
        model = keras.Sequential([keras.Input((64, 1)), conv(activation="relu"), L.Flatten(), *end])
        look, x = probe(model), audio()
        assert [layer.paper_name for layer in look.layers] == ["Conv1", "logits"]
        assert look.layers[1].steps == 0 and look.layers[1].activation == "linear" and not look.layers[1].has_time
        logits = look.collect(x)[look.layers[1].name]
        squash = ops.sigmoid if len(end) == 2 and isinstance(end[1], L.Activation) else ops.softmax
        np.testing.assert_allclose(squash(logits), model(x), atol=1e-6)
        assert np.abs(logits.sum(axis=1) - 1).max() > 0.01


def test_batch_normalisation_counts_as_before_the_activation():
    model = keras.Sequential([keras.Input((64, 1)), conv(use_bias=False), L.BatchNormalization(), L.ReLU()])
    model.layers[1].moving_mean.assign([1.0, -1.0, 0.5])
    x, name = audio(), model.layers[0].name
    np.testing.assert_allclose(probe(model).collect(x, "none")[name], model(x, training=False), atol=1e-6)
    # eager twin: everything up to the normalisation
    before = model.layers[1](model.layers[0](x), training=False)
    np.testing.assert_allclose(probe(model, stage="pre").collect(x, "none")[name], before, atol=1e-6)


def test_features_of_any_length():
    inputs = keras.Input((None, 40))
    x = conv(8, strides=2, activation="relu")(inputs)
    x = conv(8, padding="valid")(x)
    model = keras.Model(inputs, L.Dense(6, activation="softmax", name="letters")(x))
    look = probe(model, rate_hz=100)
    assert [(layer.paper_name, layer.steps, layer.rate_hz) for layer in look.layers] == [
        ("Conv1", None, 50), ("Conv2", None, 50), ("logits", None, 50)]
    assert look.length == 0 and look.layers[0].has_time
    found = look.collect(np.zeros((2, 30, 40)))
    assert [values.shape for values in found.values()] == [(2, 15), (2, 11), (2, 11)]
    assert look.collect(np.zeros((1, 50, 40)))["letters"].shape == (1, 21)


def test_raw_audio_of_a_second():
    model = keras.Sequential([keras.Input((16384, 1)), conv(4, 25, strides=4), L.LeakyReLU(), conv(4, 25, strides=4),
                              L.LeakyReLU(), L.GlobalAveragePooling1D(), L.Dense(2)])
    assert [(layer.paper_name, layer.steps, layer.rate_hz) for layer in probe(model).layers] == [
        ("Conv1", 4096, 4000), ("Conv2", 1024, 1000), ("logits", 0, 0)]


def test_transposed_convolutions_of_a_generator():
    model = keras.Sequential([keras.Input((10,)), L.Dense(16 * 4), L.Reshape((16, 4)),
                              L.Conv1DTranspose(2, 25, 4, "same", activation="relu"),
                              L.Conv1DTranspose(1, 25, 4, "same", activation="tanh")])
    look = probe(model)
    assert not look.takes_audio and look.length == 256
    assert [(layer.paper_name, layer.steps, layer.rate_hz, layer.activation) for layer in look.layers] == [
        ("Conv1", 64, 4000, "relu"), ("Conv2", 256, 16000, "tanh")]
    assert look.collect(np.zeros((2, 10)))[look.layers[1].name].shape == (2, 256)


def test_models_inside_models_and_layers_called_twice():
    inner = keras.Sequential([conv(2, name="deep"), L.ReLU()], name="block")
    inputs = keras.Input((64, 2))
    model = keras.Model(inputs, L.Flatten()(inner(inner(inputs))))
    x = np.random.default_rng(0).normal(size=(2, 64, 2)).astype(np.float32)
    found = probe(model, lambda layer: isinstance(layer, L.Conv1D)).collect(x, "none")
    assert list(found) == ["deep", "deep#2"]
    np.testing.assert_allclose(found["deep"], inner(x), atol=1e-6)
    np.testing.assert_allclose(found["deep#2"], inner(inner(x)), atol=1e-6)


def test_a_call_that_is_a_function_of_its_own():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = conv(activation="relu")

        @tf.function
        def call(self, x):
            return tf.reduce_mean(self.first(x), axis=1)

    model, x = Model(), audio()
    look = probe(model, input_shape=(64, 1))
    assert [layer.paper_name for layer in look.layers] == ["Conv1", "logits"]
    np.testing.assert_allclose(look.collect(x)["output"], model(x), atol=1e-6)
    assert not tf.config.functions_run_eagerly()


def test_a_convolution_of_ones_own():
    class MyConvolution(L.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(5, shape[-1], 3))

        def call(self, x):
            return ops.relu(ops.conv(x, self.kernel, padding="same"))

    model = keras.Sequential([keras.Input((64, 1)), MyConvolution(name="mine"), L.Flatten()])
    assert probe(model).layers[0].name == "mine"


def test_any_layer_can_be_named_and_a_wrong_name_gets_the_list():
    model = keras.Sequential([keras.Input((64, 1)), conv(name="a"), L.ReLU(name="b"), L.MaxPooling1D(2, name="c"),
                              L.Flatten(name="d"), L.Dense(2, name="e")])
    look, x = probe(model, ["c", "Conv1"]), audio()
    assert [(layer.name, layer.steps) for layer in look.layers] == [("c", 32), ("a", 64)]
    np.testing.assert_allclose(look.collect(x, "none")["c"], model.layers[2](look.collect(x, "none")["a"]), atol=1e-6)
    with pytest.raises(ConfigError, match=r"layer \(=f\) must be one of Conv1 \(a\), logits \(e\); also b, c, d"):
        probe(model, "f")


def test_nothing_of_the_model_is_changed_by_looking():
    model = keras.Sequential([keras.Input((64, 1)), conv(activation="relu"), L.Dense(2)])
    activation, call = model.layers[0].activation, keras.layers.Layer.__call__
    probe(model).collect(audio())
    assert model.layers[0].activation is activation and keras.layers.Layer.__call__ is call


def test_a_model_that_fails_leaves_nothing_behind():
    call = keras.layers.Layer.__call__

    class Failing(L.Layer):
        fails = False

        def call(self, x):
            return 1 / 0 if self.fails else x

    failing = keras.Sequential([keras.Input((64, 1)), Failing()])
    Failing.fails = True
    with pytest.raises(ConfigError, match=r"\[any, 64, 1\]; .* fails: .*division by zero; mend") as caught:
        probe(failing)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert keras.layers.Layer.__call__ is call and not tf.config.functions_run_eagerly()


def test_dropout_is_off():
    model = keras.Sequential([keras.Input((64, 1)), L.Dropout(0.9), conv(activation="relu")])
    look, x = probe(model), audio()
    np.testing.assert_array_equal(look.collect(x)[look.layers[0].name], look.collect(x)[look.layers[0].name])
    np.testing.assert_allclose(look.collect(x, "none")[look.layers[0].name], model(x, training=False), atol=1e-6)


def test_models_that_cannot_be_looked_into_are_refused(tmp_path):
    class Unbuilt(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ConfigError, match=r"`input_shape` must be given for the model unbuilt"):
        probe(Unbuilt())
    two = keras.Model([a := keras.Input((4, 1)), b := keras.Input((4, 1))], ops.add(a, b))
    with pytest.raises(ConfigError, match="must have one input"):
        probe(two)
    with pytest.raises(ExportError, match="must be an existing file"):
        probe(tmp_path / "none.keras")
    (tmp_path / "damaged.keras").write_bytes(b"no zip")
    with pytest.raises(ExportError, match="must be readable by Keras"):
        probe(tmp_path / "damaged.keras")


def test_a_keras_file_gives_what_the_model_gives(tmp_path):
    model = keras.Sequential([keras.Input((64, 1)), conv(activation="relu"), L.Flatten(), L.Dense(2)])
    model.save(tmp_path / "model.keras")
    x = audio()
    for ours, theirs in zip(probe(tmp_path / "model.keras").collect(x).values(), probe(model).collect(x).values(),
                            strict=True):
        np.testing.assert_array_equal(ours, theirs)
