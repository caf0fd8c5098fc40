"""Read the activations of a network's layers: any trained model, layers by name, any amount of input.

This is the only file of `snap_tf` that uses `wavegan_tf`'s networks. It computes in batches and reduces the feature
maps inside TensorFlow, so that only the result is copied to NumPy: the averages of five hidden layers of a second of
audio are 22 kB, the layers themselves 2 MB.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from snap_tf.keras_files import is_keras_file, one_line, read_keras
from snap_tf.keras_model import KerasSource
from snap_tf.layer_choice import Layers, choose_layers
from snap_tf.layer_info import STAGES, LayerInfo, LeftOut
from snap_tf.reduction import reduction
from snap_tf.sources import OwnNetwork, SavedSignature, Source
from wavegan_tf.config import RunConfig
from wavegan_tf.errors import ConfigError, DataError, ExportError, UserError
from wavegan_tf.tensors import KerasModel, Tensor

__all__ = ["PARTS", "Probe", "probe"]

PARTS = ("q_network", "discriminator", "generator")
"""Names of the networks of a model; `probe` takes the first of them that the model has, unless told otherwise."""

Reduce = str | Callable[[Tensor], Tensor]

_BYTES_AT_ONCE = 2**25  # of layer values in a batch; more does not make it faster
_MOST_AT_ONCE = 256


def probe(model: str | Path | KerasModel, layers: Layers = None, *, part: str | None = None, stage: str = "post",
          rate_hz: float | None = None, input_shape: tuple[int | None, ...] | None = None,
          step: int | None = None, trust: bool = False) -> Probe:
    """Open a trained model to read the activations of its layers.

    Args:
        model: a run folder, an exported model, a Keras file (`.keras`, `.h5`), or a Keras model: one of our networks
            or any other.
        layers: which ones, in that order: names (`downconv_4` or `Conv5`), numbers (positions in the list of all
            convolutions and the output, from 0), or a function that gets each Keras layer and is True for those
            to take. By default all convolutions over time and the output.
        part: of a model with several networks: `q_network`, `discriminator` or `generator`; by default the Q-network,
            and without one the discriminator.
        stage: `post`, after the activation (the papers); `pre`; or `relu`; see `STAGES`.
        rate_hz: samples (or frames) per second of the input, of the output for a generator; by default that of the
            run, and 16000 for a Keras model.
        input_shape: of one input of a Keras model that has not been called yet, such as (16384, 1).
        step: which checkpoint of a run; the last one by default.
        trust: run code that comes with a model: a SavedModel without our `model.json` beside it, or the
            code of Lambda layers in a Keras file. These are programs, which may read and write files.

    Returns:
        A `Probe`; phase shuffle and dropout are off in it.

    Raises:
        ConfigError: no such layer (the message lists those there are), part or stage; or a model without layers.
        ExportError: the path is no model.

    Example:
        >>> import numpy as np
        >>> from snap_tf.probe import probe
        >>> q_network = probe("saved_models/fiwgan", ["Conv1", "Conv5", "logits"])
        >>> [(layer.paper_name, layer.rate_hz) for layer in q_network.layers]
        [('Conv1', 4000.0), ('Conv5', 15.625), ('logits', 0.0)]
        >>> found = q_network.collect(np.zeros((2, 16384)))  # two clips; means over feature maps
        >>> {name: values.shape for name, values in found.items()}
        {'downconv_0': (2, 4096), 'downconv_4': (2, 16), 'logits': (2, 3)}
    """
    if stage not in STAGES:
        raise ConfigError(f"`stage` (={stage}) must be one of {', '.join(STAGES)}")
    if rate_hz is not None and not 0 < rate_hz < math.inf:
        raise ConfigError(f"`rate_hz` (={rate_hz}) must be positive and finite")
    config = None
    if isinstance(model, str | Path) and not is_keras_file(model):
        if rate_hz is not None or input_shape is not None:
            given, value = ("rate_hz", rate_hz) if rate_hz is not None else ("input_shape", input_shape)
            raise ConfigError(f"`{given}` (={value}) goes with a Keras model; {model} knows its own; leave it out")
        source, config, name = _open_path(Path(model), part, step, trust)
        rate_hz = config.data.sample_rate_hz
    else:
        if part is not None or step is not None:
            raise ConfigError(f"`{'part' if part else 'step'}` (={part or step}) goes with a run or an exported model; "
                              "leave it out for a Keras model")
        if isinstance(model, str | Path):
            model = read_keras(model, trust)
        if not hasattr(model, "weights") or not callable(model):
            raise ConfigError(f"`model` (={model!r}) must be a path or a Keras model")
        name, rate_hz = str(model.name), 16000.0 if rate_hz is None else rate_hz
        source = (OwnNetwork(model, rate_hz) if hasattr(model, "layer_taps") and hasattr(model, "trace")
                  else KerasSource(model, rate_hz, input_shape))
    return Probe(source, choose_layers(source, layers), stage, float(rate_hz), config, name, layers is not None)


class Probe:
    """A network and the layers whose activations are read.

    Attributes:
        layers: name, shape and sampling rate of each, in the order asked for.
        stage: which tensor of a layer is taken, see `STAGES`.
        rate_hz: samples per second of the audio (or frames of the features) that go in, or come out of a generator.
        output: name of the layer that is the model's output; empty where it has several outputs.
        length: how many of them an input (or output) has; 0 where it may be any number.
        input_shape: of one input, without the batch.
        config: settings of the run; None for other models.
        left_out: layers whose activations cannot be read, each with the reason.
        fixed_batch: how many inputs the network takes at once, where it takes only so many; else None.
        name: of the model, for messages and records; a run's with its step and part.
        named: whether the layers were asked for, not the default ones.

    Example:
        >>> import numpy as np
        >>> from snap_tf.probe import probe
        >>> generator = probe("saved_models/fiwgan", part="generator")
        >>> z = np.random.default_rng(0).uniform(-1, 1, (4, 100))
        >>> batches = generator.run(z, "max", batch_size=2)  # the maximum over feature maps
        >>> [batch["upconv_0"].shape for batch in batches]
        [(2, 64), (2, 64)]
    """

    def __init__(self, source: Source, layers: Sequence[LayerInfo], stage: str, rate_hz: float,
                 config: RunConfig | None, name: str, named: bool) -> None:
        """Use `probe` instead."""
        self.layers = tuple(layers)
        self.stage = stage
        self.rate_hz = rate_hz
        self.output = source.output
        self.length = source.length
        self.input_shape = source.input_shape
        self.left_out: tuple[LeftOut, ...] = source.left_out
        self.fixed_batch = source.batch
        self.config = config
        self.name = name
        self.named = named
        self._source = source
        self._compiled: dict[tuple[Callable[[Tensor], Tensor] | None, tuple[int, ...]], Any] = {}

    @property
    def takes_audio(self) -> bool:
        """Whether an input is audio [n_samples, channels]; else it is a latent vector."""
        return len(self.input_shape) > 1

    @property
    def batch_size(self) -> int:
        """How many inputs are computed at once by default; smaller for larger networks."""
        if self.fixed_batch is not None:
            return self.fixed_batch
        numbers = sum((layer.steps or 0) * layer.channels for layer in self._source.layers)
        return int(np.clip(_BYTES_AT_ONCE // max(4 * numbers, 1), 1, _MOST_AT_ONCE))

    @property
    def network(self) -> KerasModel:
        """The Keras model itself; None for a SavedModel that is trusted to run itself."""
        return self._source.network

    def layer(self, name: str) -> LayerInfo:
        """Return a chosen layer by either of its names.

        Raises:
            ConfigError: it is not among those chosen; lists them.
        """
        for layer in self.layers:
            if name in (layer.name, layer.paper_name):
                return layer
        raise ConfigError(f"layer (={name}) must be one of {', '.join(layer.title for layer in self.layers)}")

    def weights_hash(self) -> str:
        """Return a hash of the weights: 16 hexadecimal digits of SHA-256 over all values in order."""
        digest = hashlib.sha256()
        for weight in self._source.weights():
            digest.update(np.ascontiguousarray(weight.numpy()).tobytes())
        return digest.hexdigest()[:16]

    def tensors(self, inputs: Tensor) -> dict[str, Tensor]:
        """Compute the activations as tensors, for gradients between layers; call it inside a `tf.function`.

        Args:
            inputs: float32 tensor [batch, *input_shape].

        Returns:
            By layer name, [batch, steps, channels] in the network's own number format, which is float32 unless it
            computes in mixed precision; outputs without time are [batch, values].

        Raises:
            ConfigError: the network cannot be traced with such inputs, or a layer has no such stage.
        """
        try:
            found = self._source.tensors(inputs, self.stage)
        except UserError:
            raise
        except Exception as error:  # a layer may raise anything
            raise ConfigError(f"model (={self.name}) must run on inputs of shape {_shown(inputs.shape)}; it fails: "
                              f"{one_line(error)}; give it inputs of another length, or mend it") from error
        unseen = [layer.title for layer in self.layers if layer.name not in found]
        if unseen:
            raise ConfigError(f"`stage` (={self.stage}) must be post for {', '.join(unseen)}: the activation is inside "
                              "a layer that repeats another for every step, where it cannot be seen")
        return {layer.name: found[layer.name] for layer in self.layers}

    def run(self, inputs: Tensor | Iterable[Tensor], reduce: Reduce = "mean", *, batch_size: int | None = None,
            progress: bool = False) -> Iterator[dict[str, np.ndarray]]:
        """Compute the activations of the layers, batch by batch, in bounded memory.

        The same inputs in the same batches give the same bits on one machine (a GPU needs `tf.config.experimental.
        enable_op_determinism` for that).

        Args:
            inputs: float [n, *input_shape], or an iterable of such arrays; audio of one channel also [n, n_samples].
            reduce: how feature maps become one series: mean, max, rms, abs, `map:K`, none, or a function of a tensor
                [batch, steps, channels]. Outputs without time stay as they are.
            batch_size: inputs computed at once; `batch_size` of this object by default.
            progress: show a bar on stderr.

        Yields:
            By layer name, float32 [batch, steps] for series, [batch, values] for outputs without time, and
            [batch, steps, channels] with `none`.

        Raises:
            ConfigError: no such reduction or feature map.
            DataError: inputs of another shape, or not finite.
            ExportError: the network gives NaN or infinity.
        """
        size = self.batch_size if batch_size is None else batch_size
        return self._run(inputs, self.check(reduce, size), size, progress)

    def check(self, reduce: Reduce = "mean", batch_size: int = 1) -> Callable[[Tensor], Tensor] | None:
        """Check the options of `run`, and return the reducing function; None for `none`.

        Raises:
            ConfigError: no such reduction or feature map, or no such batch.
        """
        if batch_size < 1:
            raise ConfigError(f"`batch_size` (={batch_size}) must be positive")
        if self.fixed_batch not in (None, batch_size):
            raise ConfigError(f"`batch_size` (={batch_size}) must be {self.fixed_batch} for {self.name}, which takes "
                              "so many inputs at once and no other number; leave it out")
        apply = None if reduce == "none" else reduction(reduce) if isinstance(reduce, str) else reduce
        self._check_maps(apply)
        return apply

    def collect(self, inputs: Tensor | Iterable[Tensor], reduce: Reduce = "mean", **options: Any
                ) -> dict[str, np.ndarray]:
        """Compute the activations of all inputs, one array per layer; for amounts that fit into memory."""
        batches = list(self.run(inputs, reduce, **options))
        return {layer.name: np.concatenate([batch[layer.name] for batch in batches]) for layer in self.layers
                if batches}

    def _run(self, inputs: Tensor, apply: Callable[[Tensor], Tensor] | None, size: int, progress: bool
             ) -> Iterator[dict[str, np.ndarray]]:
        total = len(inputs) if hasattr(inputs, "__len__") else None
        if hasattr(inputs, "shape") and self.fixed_batch is None:
            size = max(1, min(size, len(inputs)))
        with tqdm(total=total, desc="layers", unit="ex", disable=not progress) as bar:
            for given in [inputs] if hasattr(inputs, "shape") else inputs:
                examples = self._check_inputs(given)
                for start in range(0, max(len(examples), 1), size):  # no inputs: empty layers
                    batch = examples[start:start + size]
                    yield self._compute(batch, apply, size)
                    bar.update(len(batch))

    def _compute(self, batch: np.ndarray, apply: Callable[[Tensor], Tensor] | None, size: int) -> dict[str, np.ndarray]:
        n, wanted = len(batch), self.fixed_batch or (size if self._source.may_pad else max(len(batch), 1))
        if n < wanted:
            # one size for all batches, or TensorFlow compiles again for the last one
            batch = np.concatenate([batch, np.zeros((wanted - n, *batch.shape[1:]), np.float32)])
        compute = self._function(apply, batch.shape)
        try:
            with self._source.fresh_state():
                found = compute(batch)
        except (MemoryError, UserError):
            raise
        except Exception as error:  # a layer may raise anything
            raise ConfigError(f"model (={self.name}) must run on inputs of shape {_shown(batch.shape)}; it fails: "
                              f"{one_line(error)}; give it other inputs, or mend it") from error
        layers = {layer.name: found[layer.name].numpy()[:n] for layer in self.layers}
        if not all(np.isfinite(values).all() for values in layers.values()):
            raise ExportError(f"model (={self.name}) must give numbers; it gives NaN or infinity: its training "
                              "diverged; use an earlier checkpoint")
        return layers

    def _function(self, apply: Callable[[Tensor], Tensor] | None, shape: tuple[int, ...]
                  ) -> Callable[[np.ndarray], dict[str, Tensor]]:
        import tensorflow as tf

        key = (apply, shape)
        if key not in self._compiled:
            def compute(inputs: Tensor) -> dict[str, Tensor]:
                layers = {name: tf.cast(values, tf.float32) for name, values in self.tensors(inputs).items()}
                if apply is None:
                    return layers
                return {layer.name: apply(layers[layer.name]) if layer.has_time else layers[layer.name]
                        for layer in self.layers}

            # the graph must know the length: Keras' TimeDistributed fails without it
            compiled = tf.function(compute, autograph=False)
            self._compiled[key] = compiled.get_concrete_function(tf.TensorSpec(shape, tf.float32))
        concrete = self._compiled[key]
        return lambda batch: concrete(tf.constant(batch))

    def _check_maps(self, apply: Callable[[Tensor], Tensor] | None) -> None:
        """Refuse a feature map that one of the layers does not have, before anything is computed."""
        for layer in self.layers:
            if apply is not None and layer.has_time:
                try:
                    apply(np.zeros((1, 2, layer.channels), np.float32))
                except ConfigError as error:
                    raise ConfigError(f"layer {layer.title}: {error}") from None

    def _check_inputs(self, given: Tensor) -> np.ndarray:
        try:
            inputs = np.asarray(given, np.float32)
        except (TypeError, ValueError) as error:  # words, lists of different lengths
            raise DataError(f"inputs must be numbers, as many in every example; {error}") from error
        if inputs.ndim == 2 and len(self.input_shape) == 2 and self.input_shape[1] == 1:
            inputs = inputs[:, :, None]
        fits = inputs.ndim == len(self.input_shape) + 1 and all(
            wanted in (None, n) for wanted, n in zip(self.input_shape, inputs.shape[1:], strict=True))
        if not fits:
            wanted = ", ".join("any" if n is None else str(n) for n in self.input_shape)
            raise DataError(f"inputs (shape {list(inputs.shape)}) must be of shape [n, {wanted}] for {self.name}")
        if not np.isfinite(inputs).all():
            wrong = np.flatnonzero(~np.isfinite(inputs).reshape(len(inputs), -1).all(axis=1))
            raise DataError(f"inputs must be finite numbers; NaN or infinity is in example {wrong[0]}")
        return inputs


def _open_path(path: Path, part: str | None, step: int | None, trust: bool) -> tuple[Source, RunConfig, str]:
    """Open a run or an exported model and take one of its networks."""
    from wavegan_tf.export.opening import open_model
    from wavegan_tf.export.signatures import LAYER_SIGNATURES

    opened = open_model(path, step, trust=trust)
    there = [name for name in PARTS if name in opened.metadata.layers]
    if part is not None and part not in there:
        raise ConfigError(f"`part` (={part}) must be one of {', '.join(there)}"
                          + ("; this model was trained without a code and has no Q-network" if part in PARTS else ""))
    part, config = part or there[0], opened.config
    name = f"{path.resolve().name} step {opened.step}, {part}"
    if opened.networks is not None:
        return OwnNetwork(opened.networks.named()[part], config.data.sample_rate_hz), config, name
    layers = [LayerInfo(**tap.to_dict()) for tap in opened.metadata.layers[part]]
    return SavedSignature(opened.saved_model, LAYER_SIGNATURES[part], layers, config.network.slice_len), config, name


def _shown(shape: Iterable[int | None]) -> str:
    return f"[{', '.join('any' if n is None else str(n) for n in shape)}]"
