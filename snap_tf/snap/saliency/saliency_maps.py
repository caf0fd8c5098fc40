"""Saliency maps of single recordings, with their axes, from a model and an audio file."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snap_tf.snap.saliency.heard import HeardBy
from snap_tf.snap.saliency.saliency_options import SaliencyOptions
from wavegan_tf import __version__
from wavegan_tf.errors import ConfigError

if TYPE_CHECKING:
    from snap_tf.snap.saliency.keras_vis import VisModel

__all__ = ["SaliencyMap", "Target", "choose_target", "saliency_arrays", "saliency_map"]

@dataclass(frozen=True)
class Target:
    """The logit that is explained.

    Attributes:
        name: of the class.
        number: of the class.
        step: of the output; None for outputs without time.
        time_s: of that step in seconds.
        logit: its value for the recording.
        probability: of the class at that step (softmax over the classes); NaN for a score.
    """

    name: str
    number: int
    step: int | None
    time_s: float | None
    logit: float
    probability: float


@dataclass(frozen=True)
class SaliencyMap:
    """A saliency map of one recording.

    Attributes:
        values: float32 [steps, channels] for gradients and optimised inputs (there the change, so that the optimised
            input is `inputs + values`), [steps] for class activation maps.
        rate_hz: steps of `values` per second.
        inputs: float32 [n_steps, channels], what the network heard.
        input_rate_hz: steps of `inputs` per second.
        frequencies_hz: float64 [channels] of a spectrogram's bands; empty for audio.
        target: what is explained.
        optimised_logit: the class's logit for the optimised input; NaN for other methods.
        options: how the map was computed; `layer` is filled in.
        model: name of the network.
        weights: hash of its weights.
        source: the recording, or `neutral`.
    """

    values: np.ndarray
    rate_hz: float
    inputs: np.ndarray
    input_rate_hz: float
    frequencies_hz: np.ndarray
    target: Target
    optimised_logit: float
    options: SaliencyOptions
    model: str
    weights: str
    source: str

    @property
    def times_s(self) -> np.ndarray:
        """Time of every step of `values` in seconds: steps of spectrograms are centred at multiples of the hop."""
        half = 0.0 if len(self.frequencies_hz) else 0.5
        return (np.arange(len(self.values)) + half) / self.rate_hz


def choose_target(network: HeardBy, logits: np.ndarray, name: str = "", time_s: float | None = None) -> Target:
    """Choose the logit to explain.

    Without a time, a class is explained where it scores highest; without a class, the best one at the time is, blanks
    left out; without either, the spike nearest to the middle, or the best class there.

    Args:
        network: the network.
        logits: float [steps, classes], or [classes].
        name: of the class.
        time_s: in seconds.

    Raises:
        ConfigError: no such class, or a time outside the recording.
    """
    logits = np.asarray(logits, np.float64)
    has_time = logits.ndim == 2
    table = logits if has_time else logits[None]
    rate_hz = network.output_rate_hz
    if time_s is not None and not has_time:
        raise ConfigError(f"`time` (={time_s}) goes with networks whose output has time; leave it out")
    written = [c for c in range(table.shape[1]) if c != network.blank]
    if time_s is not None:
        step = round(time_s * rate_hz) if np.isfinite(time_s) else -1
        if not 0 <= step < len(table):
            raise ConfigError(f"`time` (={time_s}) must be inside the recording: 0 to {(len(table) - 1) / rate_hz:.3f}")
    elif name:
        step = int(table[:, network.class_number(name)].argmax())
    else:
        step = _nearest_spike(table, network.blank)
    number = network.class_number(name) if name else written[int(table[step, written].argmax())]
    exponentials = np.exp(table[step] - table[step].max())
    probability = float(exponentials[number] / exponentials.sum()) if table.shape[1] > 1 else float("nan")
    return Target(network.classes[number], number, step if has_time else None, step / rate_hz if has_time else None,
                  float(table[step, number]), probability)


def saliency_map(network: HeardBy, recording: str | Path | None, *, class_name: str = "", time_s: float | None = None,
                 options: SaliencyOptions | None = None) -> SaliencyMap:
    """Compute the saliency map of one recording for one class at one step.

    Args:
        network: see `heard.open_listener`.
        recording: of any format and rate; None for an optimised input that starts from `HeardBy.neutral` (the change is
            counted from there; with a recording, from that).
        class_name: what is explained; see `choose_target`.
        time_s: when, in seconds.
        options: how.

    Raises:
        ConfigError: no such class, layer or time; no recording where one is needed.
        DataError: the recording cannot be used.
        OSError: it cannot be read.

    Example:
        >>> from snap_tf.snap import SaliencyOptions, open_listener, saliency_map
        >>> network = open_listener("saved_models/fiwgan")
        >>> recording = "corpus/TRAIN/DR3/FAOC0/SA1.WAV"
        >>> found = saliency_map(network, recording, class_name="class_2", options=SaliencyOptions("input"))
        >>> found.target.name, found.values.shape, found.rate_hz
        ('class_2', (16384, 1), 16000.0)
    """
    from snap_tf.snap.saliency.keras_vis import vis_model

    options = options or SaliencyOptions()
    if recording is None and (options.method != "optimised" or not class_name):
        raise ConfigError("`audio` (=neutral) goes with --method optimised and a --class; name a recording")
    inputs = network.neutral() if recording is None else network.read(recording)
    vis = vis_model(network.opened.network)
    logits = _logits(vis, inputs)
    if recording is None and time_s is None and logits.ndim == 2:
        time_s = _middle_s(network, logits)
    target = choose_target(network, logits, class_name, time_s)
    options, values, rate_hz = _compute(network, vis, inputs, target, options)
    optimised = float("nan")
    if options.method == "optimised":
        found = _logits(vis, inputs + values)
        optimised = float(found[target.number] if target.step is None else found[target.step, target.number])
    from snap_tf.asr.spectrograms.features import mel_centres_hz

    frequencies = mel_centres_hz() if network.takes_mel else np.zeros(0)
    return SaliencyMap(values, rate_hz, inputs, network.rate_hz, frequencies, target, optimised, options,
                       network.opened.name, network.opened.weights_hash(),
                       "neutral" if recording is None else Path(recording).name)


def saliency_arrays(found: SaliencyMap) -> dict[str, np.ndarray]:
    """Return a saliency map as arrays: values, times_s, inputs, input_times_s, frequencies_hz, and `about` (JSON)."""
    about = {"target": dataclasses.asdict(found.target), "optimised_logit": found.optimised_logit,
             "options": dataclasses.asdict(found.options), "model": found.model, "weights": found.weights,
             "source": found.source, "rate_hz": found.rate_hz, "input_rate_hz": found.input_rate_hz,
             "version": __version__}
    half = 0.0 if len(found.frequencies_hz) else 0.5
    return {"values": found.values, "times_s": found.times_s, "inputs": found.inputs,
            "input_times_s": (np.arange(len(found.inputs)) + half) / found.input_rate_hz,
            "frequencies_hz": found.frequencies_hz, "about": np.array(json.dumps(about))}


def _compute(network: HeardBy, vis: VisModel, inputs: np.ndarray, target: Target, options: SaliencyOptions
             ) -> tuple[SaliencyOptions, np.ndarray, float]:
    """Run the method; return the options with the layer that was used, the values, and their rate."""
    from snap_tf.snap.saliency import keras_vis

    score, batch = keras_vis.CentreScore((target.number,), target.step), inputs[None]
    if options.method == "input":
        return options, keras_vis.input_saliency(vis, batch, score)[0], network.rate_hz
    if options.method == "smoothgrad":
        values = keras_vis.smooth_gradient(vis, batch, score, n_samples=options.n_samples, noise=options.noise,
                                           seed=options.seed)
        return options, values[0], network.rate_hz
    if options.method == "optimised":
        limits = (network.silence, None) if network.takes_mel else (-1.0, 1.0)
        found = keras_vis.optimised_input(vis, batch, score, l1=options.l1, n_steps=options.n_steps,
                                          learning_rate=0.05 if network.takes_mel else 0.01, baseline=inputs,
                                          value_range=limits)
        return options, found[0] - inputs, network.rate_hz
    layer = vis.layer(network.own_names.get(options.layer, options.layer) or None)
    if options.method == "gradcam":
        values = keras_vis.grad_cam(vis, batch, score, layer)[0]
    else:
        values = keras_vis.score_cam(vis, batch, score, layer, baseline=network.silence)[0]
    return dataclasses.replace(options, layer=layer), values, network.rate_hz * len(values) / len(inputs)


def _logits(vis: VisModel, inputs: np.ndarray) -> np.ndarray:
    return np.asarray(vis.model(inputs[None], training=False))[0]


def _middle_s(network: HeardBy, logits: np.ndarray) -> float:
    return (len(logits) // 2) / network.output_rate_hz


def _nearest_spike(table: np.ndarray, blank: int | None) -> int:
    """Return the step of the written class nearest to the middle, at the peak of its run; else the middle."""
    middle, best = len(table) // 2, table.argmax(axis=1)
    spikes = np.flatnonzero(best != blank) if blank is not None else np.zeros(0, int)
    if not len(spikes):
        return middle
    nearest = int(spikes[np.abs(spikes - middle).argmin()])
    first = last = nearest
    while first > 0 and best[first - 1] == best[nearest]:
        first -= 1
    while last < len(best) - 1 and best[last + 1] == best[nearest]:
        last += 1
    return first + int(table[first:last + 1, best[nearest]].argmax())
