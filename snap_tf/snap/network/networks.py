"""Opening a network for profiles: its layers, the names of its classes, the length of its frames.

Everything reaches its layers through `snap_tf.probe`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from snap_tf.keras_files import is_keras_file, read_keras
from snap_tf.layer_choice import Layers
from snap_tf.layer_info import LayerInfo
from snap_tf.probe import Probe, probe
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.tensors import KerasModel

if TYPE_CHECKING:
    from snap_tf.asr.runs import Recogniser

__all__ = ["INPUT", "RECOGNISER_FRAME_STEPS", "Network", "open_network"]

INPUT = "input"
"""Name of the input as a layer."""
RECOGNISER_FRAME_STEPS = 206
"""Receptive field of W2L and W2P, the length of a frame for all recognisers (Krug et al. 2021, section 3.3)."""


@dataclass(frozen=True)
class Network:
    """A network and the layers of it that profiles are made of.

    Attributes:
        probe: with these layers.
        layers: the chosen ones without the input, under the names that figures use.
        output: name of the layer that holds the logits.
        classes: names of the output's units; empty where they have none.
        blank: index of CTC's blank among them, or None.
        writes: `letter` or `phone` for recognisers, else empty.
        keras_model: the Keras model, where there is one; its operations may form a chain.
        source: path it was read from, or its name.
    """

    probe: Probe
    layers: tuple[LayerInfo, ...]
    output: str
    classes: tuple[str, ...]
    blank: int | None
    writes: str
    keras_model: KerasModel | None
    source: str

    def record(self) -> dict[str, Any]:
        """Return name, hash of the weights, source, classes and blank, as JSON values."""
        return {"name": self.probe.name, "hash": self.probe.weights_hash(), "source": self.source,
                "classes": list(self.classes), "blank": self.blank, "writes": self.writes, "output": self.output}


def open_network(model: Network | Recogniser | KerasModel | str | Path, *, layers: Layers = None,
                 part: str | None = None, step: int | None = None, rate_hz: float | None = None,
                 input_shape: tuple[int | None, ...] | None = None, classes: Sequence[str] = (), trust: bool = False
                 ) -> Network:
    """Open a network to make profiles of it.

    Args:
        model: a run of `snap-tf asr train` or an exported recogniser; a run or exported model of `wavegan-tf`; a Keras
            file; a Keras model; or a `Network`, which is returned as it is.
        layers: see `snap_tf.probe.probe`, of recognisers also L1, L2, ...; by default all convolutions and dense
            layers, and the output. The output is always among them, and so is the
            input, whether `input` is named or not.
        part: `q_network` or `discriminator`, for models of `wavegan-tf`.
        step: checkpoint of such a run.
        rate_hz: steps per second of the input of a Keras model.
        input_shape: of one input of a Keras model that has not been called yet.
        classes: names of the output's units; known for recognisers.
        trust: see `snap_tf.probe.probe`.

    Raises:
        ConfigError: no such layer or part; several outputs; another number of classes; an option that does not go
            with the model.
        ExportError: the path is no model, or a SavedModel that is not ours.

    Example:
        >>> from snap_tf.snap import open_network
        >>> network = open_network("saved_models/fiwgan", part="q_network")
        >>> [layer.name for layer in network.layers][-2:], len(network.classes)
        (['downconv_4', 'logits'], 3)
    """
    if isinstance(model, Network):
        return model
    recogniser = _recogniser(model, trust)
    blank, writes, source = None, "", str(getattr(model, "name", model))
    if recogniser is not None:
        for name, value, of in (("part", part, "models of wavegan-tf"), ("step", step, "runs of wavegan-tf"),
                                ("rate_hz", rate_hz, "Keras models that are no recognisers")):
            if value is not None:
                raise ConfigError(f"`{name}` (={value}) goes with {of}; {source} is a recogniser; leave it out")
        from snap_tf.asr.spectrograms.spectrogram_geometry import INPUT_RATE_HZ

        model, rate_hz = recogniser.network, INPUT_RATE_HZ
        classes = tuple(classes) or recogniser.alphabet.symbols
        blank, writes = recogniser.alphabet.blank, recogniser.alphabet.kind
        source = str(recogniser.source)
    if is_keras_file(model):
        model = read_keras(cast("str | Path", model), trust)
    options: dict[str, Any] = {"part": part, "step": step, "rate_hz": rate_hz, "input_shape": input_shape,
                               "trust": trust}
    whole = probe(model, None, **options)
    if whole.fixed_batch is not None:
        raise ConfigError(f"model (={whole.name}) must take any number of inputs at once here; it takes "
                          f"{whole.fixed_batch}; build it without a batch size (and not stateful; the weights are the "
                          "same), or look at its layers with snap-tf layers")
    output = _one_output(whole)
    layers = _own_names(recogniser, layers, output)
    opened = whole if layers is None else probe(model, layers, **options)
    if layers is None and (dense := _dense(model, options)):
        wanted = {*dense, *(layer.name for layer in opened.layers)}
        opened = probe(model, [name for name in _all_names(model, options) if name in wanted], **options)
    elif output not in [layer.name for layer in opened.layers]:
        opened = probe(model, [*(layer.name for layer in opened.layers), output], **options)
    if INPUT in (layer.name for layer in opened.layers):
        raise ConfigError(f"layer (={INPUT}) must have another name: it is what profiles call the input; rename it or "
                          "leave it out of `layers`")
    known = _names_of(recogniser, opened.layers)
    n_classes = next(layer.channels for layer in opened.layers if layer.name == output)
    if classes and len(classes) != n_classes:
        raise ConfigError(f"`classes` (={len(classes)} names) must be one for each of the output's {n_classes} units")
    keras_model = opened.network if hasattr(model, "layers") and not hasattr(model, "layer_taps") else None
    return Network(opened, known, output, tuple(classes) or tuple(f"class_{i}" for i in range(n_classes)), blank,
                   writes, keras_model, source)


def _one_output(opened: Probe) -> str:
    """Name the layer that is the output, whose units are the classes."""
    if not opened.output:
        raise ConfigError(f"`model` (={opened.name}) must have one output, [batch, values] or [batch, steps, "
                          "channels]; it has several, or one of another shape; choose one, for example "
                          "keras.Model(model.inputs, model.outputs[0])")
    return opened.output


def _recogniser(model: Recogniser | KerasModel | str | Path, trust: bool) -> Recogniser | None:
    """Open a recogniser, if the model is one: by its folder, or because a Keras file holds one of our networks."""
    from snap_tf.asr.runs import Recogniser, open_recogniser

    if isinstance(model, Recogniser):
        return model
    if isinstance(model, str | Path):
        path = Path(model)
        if path.is_dir():
            return open_recogniser(path) if _is_recogniser_folder(path) else None
        if path.suffix == ".keras" and path.is_file():
            try:
                return open_recogniser(path, trust)
            except DataError:
                return None  # a network of another kind
    return None


def _is_recogniser_folder(path: Path) -> bool:
    from snap_tf.asr.runs import is_run_of_recogniser

    return (path / "best").is_dir() or (path / "network.keras").is_file() or is_run_of_recogniser(path)


def _dense(model: KerasModel | str | Path, options: dict[str, Any]) -> list[str]:
    """Name the dense layers of a Keras model."""
    if not hasattr(model, "layers"):
        return []
    try:
        return [layer.name for layer in probe(model, lambda part: type(part).__name__ == "Dense", **options).layers]
    except ConfigError:  # there are none
        return []


def _all_names(model: KerasModel | str | Path, options: dict[str, Any]) -> list[str]:
    return [layer.name for layer in probe(model, lambda part: True, **options).layers]


def _own_names(recogniser: Recogniser | None, layers: Layers, output: str) -> Layers:
    """Translate the names that figures use into the network's own; the output where only the input is named."""
    if layers is None or callable(layers):
        return layers
    names: dict[str | int, str] = {}
    if recogniser is not None:
        from snap_tf.asr.network.wav2letter import layers_of

        names = {layer.paper_name: layer.name for layer in layers_of(recogniser.network)}
    wanted = [layers] if isinstance(layers, str | int) else layers
    return [names.get(layer, layer) for layer in wanted if layer != INPUT] or [output]


def _names_of(recogniser: Recogniser | None, layers: Sequence[LayerInfo]) -> tuple[LayerInfo, ...]:
    """Call the layers of recognisers L1, L2, ..., as the paper does."""
    if recogniser is None:
        return tuple(layers)
    from snap_tf.asr.network.wav2letter import layers_of

    names = {layer.name: layer.paper_name for layer in layers_of(recogniser.network)}
    return tuple(dataclasses.replace(layer, paper_name=names.get(layer.name, layer.paper_name)) for layer in layers)
