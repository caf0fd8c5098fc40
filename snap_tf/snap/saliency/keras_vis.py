"""Adapter to tf-keras-vis: input saliency, SmoothGrad, class activation maps and optimised inputs in 1-D.

tf-keras-vis is made for images and classifiers. What is set or wrapped here, each time measured with 0.8.7:

* its own score averages over time: `CentreScore` takes one step of one class instead;
* its defaults take absolute values, the maximum over channels and rescale: here gradients stay as they are;
* SmoothGrad draws from NumPy's global generator: it is seeded, and put back afterwards;
* its modifiers for images fail on [batch, time, channels], and its norm is a mean, not a sum;
* Score-CAM wants one prediction per input, and multiplies inputs by masks, which makes quiet bands of a logarithmic
  spectrogram loud: it gets the scored step only, and inputs that count from `baseline`;
* it can change the model it is given: where a softmax must go, it works on a copy.

Nothing else in this package imports it, and this module only when a function runs.
"""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.tensors import KerasLayer, KerasModel, Tensor

__all__ = ["CentreScore", "VisModel", "grad_cam", "input_saliency", "optimised_input", "score_cam", "smooth_gradient",
           "vis_model"]


@dataclass(frozen=True)
class CentreScore:
    """One logit per example: the class's, at one step where the output has time.

    The stock score of tf-keras-vis runs on [batch, time, classes] as well, but then averages over all steps.

    Attributes:
        classes: class of each example; one for all of them when it is a single one.
        step: output step; T // 2 by default, where Krug et al. put the target.

    Source: Krug et al. 2021, section 2.3 (step 3: the logit at the centre).
    """

    classes: tuple[int, ...]
    step: int | None = None

    def __call__(self, output: Tensor) -> Tensor:
        """Gather the logits: float [batch, steps, classes] or [batch, classes] -> float [batch].

        Raises:
            ConfigError: a class or step that the output does not have, or another number of examples.
        """
        import tensorflow as tf

        if output.shape.rank == 3:
            n_steps = int(tf.shape(output)[1])
            step = n_steps // 2 if self.step is None else self.step
            if not 0 <= step < n_steps:
                raise ConfigError(f"`step` (={step}) must be from 0 to {n_steps - 1}, the output's last step")
            output = output[:, step]
        n, n_classes = int(tf.shape(output)[0]), int(output.shape[-1])
        if len(self.classes) not in (1, n):
            raise ConfigError(f"`classes` (={len(self.classes)} of them) must be one, or one per example ({n})")
        wrong = [c for c in self.classes if not 0 <= c < n_classes]
        if wrong:
            raise ConfigError(f"`classes` (={wrong[0]}) must be from 0 to {n_classes - 1}")
        classes = tf.broadcast_to(tf.constant(self.classes), [n])
        return tf.gather(output, classes, axis=1, batch_dims=1)


@dataclass(frozen=True)
class VisModel:
    """A network in the form that tf-keras-vis can work on; weights are shared with the network itself.

    Attributes:
        model: functional Keras model of one input and one output, logits.
        layers: symbolic tensors [batch, steps, channels] after the activation, by layer name, for class activation
            maps; empty where the network's inside cannot be reached.
    """

    model: KerasModel
    layers: dict[str, Tensor]

    def layer(self, name: str | None) -> str:
        """Return the name of a layer with time; the last convolution before the output by default.

        Raises:
            ConfigError: no such layer.
        """
        names = [known for known in self.layers if self.layers[known] is not self.model.outputs[0]]
        if not names:
            raise ConfigError(f"model (={self.model.name}) must be functional, sequential or one of ours for class "
                              "activation maps; its inner layers cannot be reached; use --method input or smoothgrad")
        if name is not None and name not in names:
            raise ConfigError(f"`layer` (={name}) must be one of {', '.join(names)}")
        return name or names[-1]


def vis_model(network: KerasModel) -> VisModel:
    """Convert a network into the form that tf-keras-vis can work on.

    Args:
        network: a Keras model that is functional or sequential (a softmax or sigmoid at its end is left off); one of
            `wavegan_tf`'s networks (phase shuffle is off); or any other Keras model that was called once and returns
            logits, without its inner layers then.

    Raises:
        ConfigError: several inputs or outputs, an output of another rank, a model that was never called.

    Example:
        >>> import keras
        >>> from snap_tf.snap import vis_model
        >>> layers = [keras.layers.Conv1D(3, 5, activation="relu", name="conv"), keras.layers.Conv1D(2, 1, name="out")]
        >>> vis = vis_model(keras.Sequential([keras.Input((20, 4)), *layers, keras.layers.Softmax()]))
        >>> list(vis.layers), vis.model.output_shape
        (['conv', 'out'], (None, 16, 2))
    """
    import keras

    if hasattr(network, "layer_taps") and hasattr(network, "trace"):
        inputs = keras.Input(network.example_shape, name=network.input_name)
        _, post = network.trace(inputs)
        layers = {name: tensor for name, tensor in post.items() if len(tensor.shape) == 3}
        model = keras.Model(inputs, list(post.values())[-1], name=network.name)
    elif isinstance(network, keras.Sequential) or hasattr(network, "operations"):  # only functional models have them
        if len(network.inputs or ()) != 1 or len(network.outputs or ()) != 1:
            raise ConfigError(f"model (={network.name}) must have one input and one output; it has "
                              f"{len(network.inputs or ())} and {len(network.outputs or ())}")
        model = _without_softmax(keras.Model(network.inputs[0], network.outputs[0], name=network.name))
        layers = {layer.name: layer.output for layer in model.layers if _gives_maps(layer)}
    else:
        shape = getattr(network, "input_shape", None) if getattr(network, "built", False) else None
        if shape is None:
            shape = (network.get_build_config() or {}).get("input_shape")
        if shape is None:
            raise ConfigError(f"model (={network.name}) must have been called once, so that its input shape is known")
        inputs = keras.Input(tuple(shape[1:]), name="inputs")
        model, layers = keras.Model(inputs, network(inputs, training=False), name=network.name), {}
    if len(model.outputs[0].shape) not in (2, 3):
        raise ConfigError(f"model (={network.name}) must return logits [batch, classes] or [batch, steps, classes]; it "
                          f"returns {tuple(model.outputs[0].shape)}")
    return VisModel(model, layers)


def input_saliency(network: VisModel, inputs: np.ndarray, score: Callable[[Tensor], Tensor]) -> np.ndarray:
    """Compute input saliency: the gradient of a score with respect to the input, signed, per channel, not rescaled.

    Args:
        network: see `vis_model`.
        inputs: float [batch, time, channels].
        score: of the model's output, such as a `CentreScore`.

    Returns:
        float32 [batch, time, channels].

    Raises:
        DataError: inputs of another rank, or not finite.

    Source: Simonyan, Vedaldi and Zisserman 2013, arXiv:1312.6034, section 3.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> from snap_tf.snap import CentreScore, input_saliency, vis_model
        >>> network = keras.Sequential([keras.Input((20, 4)), keras.layers.Conv1D(2, 5)])
        >>> inputs = np.random.default_rng(0).normal(size=(1, 20, 4))
        >>> saliency = input_saliency(vis_model(network), inputs, CentreScore((1,)))
        >>> np.flatnonzero(saliency[0].any(axis=1)).tolist()  # the receptive field of the output step at the centre
        [8, 9, 10, 11, 12]
    """
    return _saliency(network, inputs, score)


def smooth_gradient(network: VisModel, inputs: np.ndarray, score: Callable[[Tensor], Tensor], *, n_samples: int = 50,
                    noise: float = 0.1, seed: int = 0) -> np.ndarray:
    """Average input saliency over noisy copies of the input (SmoothGrad).

    Args:
        network: see `vis_model`.
        inputs: float [batch, time, channels].
        score: of the model's output.
        n_samples: noisy copies.
        noise: standard deviation of the noise, as a share of each input's range (maximum - minimum).
        seed: of the noise. The state of NumPy's global generator is the same afterwards as before.

    Returns:
        float32 [batch, time, channels], signed.

    Raises:
        ConfigError: no copies, or negative noise.
        DataError: inputs of another rank, or not finite.

    Source: Smilkov et al. 2017, arXiv:1706.03825, section 3.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> from snap_tf.snap import CentreScore, smooth_gradient, vis_model
        >>> network = keras.Sequential([keras.Input((20, 4)), keras.layers.Conv1D(2, 5)])
        >>> inputs = np.random.default_rng(0).normal(size=(1, 20, 4))
        >>> smooth_gradient(vis_model(network), inputs, CentreScore((1,)), n_samples=4).shape
        (1, 20, 4)
    """
    if n_samples < 1 or noise < 0:
        raise ConfigError(f"`n_samples` (={n_samples}) and `noise` (={noise}) must be at least 1 and 0")
    with _seeded(seed):
        return _saliency(network, inputs, score, smooth_samples=n_samples, smooth_noise=noise)


def grad_cam(network: VisModel, inputs: np.ndarray, score: Callable[[Tensor], Tensor], layer: str | None = None
             ) -> np.ndarray:
    """Compute a class activation map by Grad-CAM: the positive part of feature maps weighted by their mean gradient.

    Args:
        network: see `vis_model`.
        inputs: float [batch, time, channels].
        score: of the model's output.
        layer: name of a layer with time; the last one before the output by default.

    Returns:
        float32 [batch, steps] at the layer's own rate, 0 or more, not rescaled.

    Raises:
        ConfigError: no such layer, or a model without layers that can be reached.

    Source: Selvaraju et al. 2017, arXiv:1610.02391, Eqs. 1 and 2 (over time instead of an image).

    Example:
        >>> import keras
        >>> import numpy as np
        >>> from snap_tf.snap import CentreScore, grad_cam, vis_model
        >>> layers = [keras.layers.Conv1D(3, 5, activation="relu", name="conv"), keras.layers.Conv1D(2, 1)]
        >>> network = keras.Sequential([keras.Input((20, 4)), *layers])
        >>> inputs = np.random.default_rng(0).normal(size=(1, 20, 4))
        >>> found = grad_cam(vis_model(network), inputs, CentreScore((1,)), "conv")
        >>> found.shape, bool((found >= 0).all())
        ((1, 16), True)
    """
    with _library("gradcam") as (gradcam,):
        cam = gradcam.Gradcam(network.model)(
            score, _checked(inputs), penultimate_layer=_standing_for(network.layers[network.layer(layer)]),
            seek_penultimate_conv_layer=False, expand_cam=False, normalize_cam=False)
    return np.asarray(cam, np.float32)


def score_cam(network: VisModel, inputs: np.ndarray, score: CentreScore, layer: str | None = None, *,
              baseline: float | np.ndarray = 0.0, batch_size: int = 32) -> np.ndarray:
    """Compute a class activation map by Score-CAM: feature maps weighted by the class score of the masked input.

    Args:
        network: see `vis_model`.
        inputs: float [batch, time, channels].
        score: the scored class and step; the weight of a map is the class's probability.
        layer: name of a layer with time; the last one before the output by default.
        baseline: what a masked input becomes, for all cells, per channel, or [time, channels]: 0 for audio, the level
            of silence for logarithmic spectrograms.
        batch_size: masked inputs computed at once; there is one per feature map.

    Returns:
        float32 [batch, steps] at the layer's own rate, 0 or more, not rescaled.

    Raises:
        ConfigError: no such layer, or a model without layers that can be reached.

    Source: Wang et al. 2020, arXiv:1910.01279, Eqs. 6 and 7.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> from snap_tf.snap import CentreScore, score_cam, vis_model
        >>> layers = [keras.layers.Conv1D(3, 5, activation="relu", name="conv"), keras.layers.Conv1D(2, 1)]
        >>> network = keras.Sequential([keras.Input((20, 4)), *layers])
        >>> inputs = np.random.default_rng(0).normal(size=(1, 20, 4))
        >>> found = score_cam(vis_model(network), inputs, CentreScore((1,)), "conv")
        >>> found.shape, bool((found >= 0).all())
        ((1, 16), True)
    """
    import keras

    name = network.layer(layer)
    inputs = _checked(inputs)
    floor = np.broadcast_to(np.asarray(baseline, np.float32), inputs.shape[1:])
    shifted = keras.Input(inputs.shape[1:], name="above_baseline")
    split = keras.Model(network.model.inputs[0], [network.layers[name], network.model.outputs[0]])
    maps, output = split(shifted + floor)
    if len(output.shape) == 3:  # one prediction per input: that of the scored step
        step = output.shape[1] // 2 if score.step is None else score.step
        output = output[:, step]
    model = keras.Model(shifted, output)
    model.predict = functools.partial(model.predict, verbose=0)  # no bars on standard output
    with _library("scorecam") as (scorecam,):
        cam = scorecam.Scorecam(model)(
            CentreScore(score.classes), inputs - floor, penultimate_layer=_standing_for(maps),
            seek_penultimate_conv_layer=False, batch_size=batch_size, expand_cam=False, normalize_cam=False)
    return np.asarray(cam, np.float32)


def optimised_input(network: VisModel, start: np.ndarray, score: Callable[[Tensor], Tensor], *, l1: float = 0.0,
                    n_steps: int = 200, learning_rate: float = 0.1, baseline: float | np.ndarray = 0.0,
                    value_range: tuple[float | None, float | None] = (None, None)) -> np.ndarray:
    """Optimise an input for a high score (activation maximisation), with a penalty on its distance from a baseline.

    Maximises score - l1 * sum |input - baseline| with Adam.

    Args:
        network: see `vis_model`.
        start: float [batch, time, channels], where to begin.
        score: of the model's output.
        l1: price of one unit in one cell; more gives sparser inputs.
        n_steps: updates.
        learning_rate: Adam's step size, in units of the input.
        baseline: the input that costs nothing, for all cells, per channel, or [time, channels].
        value_range: lowest and highest value; held after every update, not only in the result.

    Returns:
        float32 [batch, time, channels].

    Raises:
        ConfigError: no updates, a negative price.
        DataError: a start of another rank, or not finite.

    Source: Krug et al. 2021, section 2.2.1 (optimised inputs, regularised); Simonyan et al. 2013, section 2.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> from snap_tf.snap import CentreScore, optimised_input, vis_model
        >>> network = keras.Sequential([keras.Input((20, 4)), keras.layers.Conv1D(2, 5)])
        >>> inputs = np.random.default_rng(0).normal(size=(1, 20, 4))
        >>> score = CentreScore((1,))
        >>> found = optimised_input(vis_model(network), inputs, score, n_steps=5)
        >>> found.shape, bool(score(network(found))[0] > score(network(inputs))[0])
        ((1, 20, 4), True)
    """
    import keras

    if n_steps < 1 or l1 < 0:
        raise ConfigError(f"`n_steps` (={n_steps}) and `l1` (={l1}) must be at least 1 and 0")
    start = _checked(start)
    floor = np.broadcast_to(np.asarray(baseline, np.float32), start.shape[1:])
    low, high = ((None if limit is None else limit - floor) for limit in value_range)
    shifted = keras.Input(start.shape[1:], name="above_baseline")
    model = keras.Model(shifted, network.model(shifted + floor))

    def clip(x: Tensor) -> Tensor:
        import tensorflow as tf

        x = x if low is None else tf.maximum(x, low)
        return x if high is None else tf.minimum(x, high)

    with _library("activation_maximization", "activation_maximization.regularizers") as (maximization, regularizers):
        # the library's norm is divided by the number of cells
        price = [regularizers.Norm(weight=l1 * float(np.prod(start.shape[1:])), p=1)] if l1 else []
        found = maximization.ActivationMaximization(model)(
            score, start - floor, input_range=(None, None), input_modifiers=[clip], regularizers=price, steps=n_steps,
            optimizer=keras.optimizers.Adam(learning_rate))
    return np.asarray(clip(np.asarray(found)) + floor, np.float32)


def _saliency(network: VisModel, inputs: np.ndarray, score: Callable[[Tensor], Tensor], **smooth: Any) -> np.ndarray:
    with _library("saliency") as (saliency,):
        found = saliency.Saliency(network.model)(score, _checked(inputs), keepdims=True, normalize_map=False,
                                                 gradient_modifier=None, **smooth)
    return np.asarray(found, np.float32)


def _checked(inputs: ArrayLike) -> np.ndarray:
    inputs = np.asarray(inputs, np.float32)
    if inputs.ndim != 3 or not len(inputs):
        raise DataError(f"inputs (shape {list(inputs.shape)}) must be [batch, time, channels], with at least one")
    if not np.isfinite(inputs).all():
        raise DataError("inputs must be finite numbers; they hold NaN or infinity")
    return inputs


def _gives_maps(layer: KerasLayer) -> bool:
    """Tell whether a layer of a functional model convolves over time, or is the activation after it."""
    import keras

    kinds = (keras.layers.Conv1D, keras.layers.Conv1DTranspose, keras.layers.SeparableConv1D,
             keras.layers.DepthwiseConv1D, keras.layers.Activation, keras.layers.ReLU, keras.layers.LeakyReLU,
             keras.layers.PReLU, keras.layers.ELU)
    return isinstance(layer, kinds) and len(layer.output.shape) == 3


def _without_softmax(model: KerasModel) -> KerasModel:
    """Return a model that ends in logits; a copy where the last layer has the softmax or sigmoid in itself."""
    import keras

    last = model.layers[-1]
    if isinstance(last, keras.layers.Softmax) or (isinstance(last, keras.layers.Activation) and _squeezes(last)):
        return keras.Model(model.inputs[0], last.input, name=model.name)
    if _squeezes(last):
        with _library("saliency", "utils.model_modifiers") as (saliency, modifiers):
            return saliency.Saliency(model, modifiers.ReplaceToLinear()).model  # it clones the model first
    return model


def _squeezes(layer: KerasLayer) -> bool:
    return getattr(getattr(layer, "activation", None), "__name__", "") in ("softmax", "sigmoid", "log_softmax")


def _standing_for(tensor: Tensor) -> KerasLayer:
    """Make a layer whose output is a tensor: the library asks layers for their output, and for nothing else."""
    import keras

    class Standing(keras.layers.Layer):
        @property
        def output(self) -> Tensor:
            return tensor

    return Standing()


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator, which the library draws from; put it back at the end."""
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


@contextmanager
def _library(*names: str) -> Iterator[list[ModuleType]]:
    """Import modules of tf-keras-vis; its old imports and lists would warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", "The structure of `inputs`", UserWarning)  # one tensor in a list
        try:
            modules = [importlib.import_module(f"tf_keras_vis.{name}") for name in names]
        except ImportError as error:
            raise ConfigError(f"tf-keras-vis must be installed (0.8.7, with SciPy below 2); its import says: {error}; "
                              "pip install 'tf-keras-vis>=0.8.7,<0.9'") from error
        yield modules
