"""Run a network over many clips or latent vectors and write every layer's time series to disk, in bounded memory."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from snap_tf.layer_info import LayerInfo, LeftOut
from snap_tf.probe import Probe
from snap_tf.series.extraction import store as names
from snap_tf.series.extraction.feed import ClipFeed, scaled_tokens
from snap_tf.series.extraction.intervals import MIN_POINTS, interval_points, phone_intervals, too_few_points
from snap_tf.series.extraction.latent_inputs import LatentInputs
from snap_tf.series.extraction.layer_series import CutSeries, LayerSeries
from snap_tf.series.extraction.npy_stream import NpyStream
from snap_tf.series.extraction.resample import upsample_linear
from snap_tf.series.extraction.stimuli import Stimuli
from snap_tf.series.extraction.table import write_table
from wavegan_tf import __version__
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.config import DataConfig
from wavegan_tf.data.corpus import Problem
from wavegan_tf.errors import ConfigError
from wavegan_tf.formats import tables
from wavegan_tf.formats.json_files import json_text

__all__ = ["Extracted", "Selection", "audio_settings", "write_layers"]

_PROBLEMS_SHOWN = 3


@dataclass(frozen=True)
class Selection:
    """How the feature maps of layers are reduced, cut to phones and written.

    Attributes:
        reduce: how feature maps become one series: mean (Eq. 1 of the papers), max, rms, abs or `map:K`.
        phones: cut to the intervals of these phones, in a table; whole clips when empty.
        min_points: fewest points that the median interval must have in a layer.
        upsample: also write every series upsampled to the length of the audio.
        table: also write everything as one long table.
        keep_stimuli: also write the audio that the network got, for figures and acoustic comparison.
    """

    reduce: str = "mean"
    phones: tuple[str, ...] = ()
    min_points: int = MIN_POINTS
    upsample: bool = False
    table: bool = False
    keep_stimuli: bool = True

    def __post_init__(self) -> None:
        if self.min_points < 1:
            raise ConfigError(f"`min_points` (={self.min_points}) must be at least 1")
        if self.reduce == "none":
            raise ConfigError("`reduce` (=none) must give one series per layer here; use probe(...).run in Python for "
                              "all feature maps")


@dataclass(frozen=True)
class Extracted:
    """A folder of layers that was written, and notices: layers left out, clips cropped or not used."""

    layers: names.LayerStore
    notices: tuple[str, ...]

    def __str__(self) -> str:
        store = self.layers
        rows = [{"layer": layer.title, "steps": layer.steps or "-", "maps": layer.channels,
                 "rate_hz": f"{layer.rate_hz:g}" if layer.has_time else "-", "activation": layer.activation}
                for layer in store.layers]
        labels = store.tokens["label"]
        counts = labels[labels != ""].value_counts(sort=False)
        shown = ", ".join(f"{label} {n}" for label, n in counts.head(12).items())
        more = f" and {len(counts) - 12} more" if len(counts) > 12 else ""
        without = f"; {(labels == '').sum()} without a label" if shown and (labels == "").any() else ""
        return "\n".join([pd.DataFrame(rows).to_string(index=False),
                          f"{len(store.tokens)} tokens{': ' + shown + more + without if shown else ''}", *self.notices])


def audio_settings(probe: Probe) -> DataConfig:
    """Return how audio must be prepared for a network: as its run did, or as any run does by default.

    Raises:
        ConfigError: the network does not take audio of a fixed length.
    """
    if probe.config is not None:
        return probe.config.data
    if len(probe.input_shape) != 2 or not probe.length or probe.input_shape[1] not in (1, 2):
        shape = ", ".join("any" if n is None else str(n) for n in probe.input_shape)
        raise ConfigError(f"model (={probe.name}) must take audio of fixed length [n_samples, channels] here; it takes "
                          f"[{shape}]; give --input-len (in Python `input_shape`), or use probe(...).run in Python")
    return DataConfig(sample_rate_hz=round(probe.rate_hz), slice_len=probe.length,
                      channels=int(probe.input_shape[1] or 1))


def write_layers(probe: Probe, inputs: Stimuli | LatentInputs, out: str | Path, selection: Selection | None = None, *,
                 batch_size: int | None = None, progress: bool = False) -> Extracted:
    """Run a network and write every chosen layer's series at its own rate; all of it or nothing.

    Writes into `out` a float32 array [tokens, steps] per layer (`Conv1.npy`, ...), outputs as [tokens, values]
    (`logits.npy`), `tokens.csv`, `layers.json` (model, hash of its weights, settings, seed, versions, problems), what
    went in (`stimuli.npy` or `z.npy`) and, if asked for, `intervals.csv`, `table.csv` and `Conv1_upsampled.npy`, ...
    `open_layers` reads it back.

    Args:
        probe: the network and its layers.
        inputs: clips for a Q-network or discriminator, latent vectors for a generator.
        out: a new or empty folder.
        selection: how layers are reduced and cut; averages of whole clips by default.
        batch_size: clips computed at once; see `Probe.run`.
        progress: show a bar on stderr.

    Returns:
        The folder, opened, and notices: layers left out, clips cropped or not used.

    Raises:
        ConfigError: something that does not go together; a layer asked for by name with too few points.
        DataError: clips that cannot be used, or phones that are not there.
        ExportError: `out` is not empty, or the network gives NaN.
        OSError: a file cannot be written.

    Example:
        >>> from snap_tf.probe import probe
        >>> from snap_tf.series import find_stimuli, write_layers
        >>> q_network = probe("saved_models/fiwgan", ["Conv4", "logits"])
        >>> written = write_layers(q_network, find_stimuli("corpus", words=["water"]), "layers")
        >>> written.layers["Conv4"].values.shape  # tokens, steps
        (5, 64)
        >>> written.layers.outputs["logits"].shape
        (5, 3)
    """
    selection = selection or Selection()
    size = probe.batch_size if batch_size is None else batch_size
    probe.check(selection.reduce, size)
    _check(probe, inputs, selection)
    with atomic_folder(out) as folder:
        if isinstance(inputs, Stimuli):
            feed = ClipFeed(inputs, audio_settings(probe))
            kept = folder / names.STIMULI_NAME if selection.keep_stimuli else None
            _run(probe, feed.batches(size), folder, kept, selection, size, len(inputs.table), progress)
            tokens, problems = feed.tokens(), feed.problems
        else:
            batches = (inputs.z[i:i + size] for i in range(0, len(inputs.z), size))
            _run(probe, batches, folder, folder / names.LATENT_NAME, selection, size, len(inputs.z), progress)
            tokens, problems = inputs.table, []
        names.write_tokens(tokens, folder / names.TOKENS_NAME)
        notices = [*LeftOut.lines(probe.left_out), *_notices(tokens, problems)]
        record = {"format": names.FORMAT, **_about(probe, inputs), **dataclasses.asdict(selection),
                  "n_tokens": len(tokens), "problems": [dataclasses.asdict(p) for p in problems]}
        _write_settings(record, folder)
        store = names.open_layers(folder)
        refused = _write_cut(store, folder, selection, tokens, record, notices)
        if selection.table or selection.phones:
            record["n_table_rows"] = write_table(_series(store, selection, refused), folder / names.TABLE_NAME)
        _write_settings(record, folder)
        del store
    return Extracted(names.open_layers(out), tuple(notices))


def _check(probe: Probe, inputs: Stimuli | LatentInputs, selection: Selection) -> None:
    """Check the request before anything is computed."""
    if isinstance(inputs, Stimuli) != probe.takes_audio:
        wants = "audio" if probe.takes_audio else "latent vectors"
        raise ConfigError(f"model (={probe.name}) must get {wants}; choose another part of it, or other inputs")
    if not isinstance(inputs, Stimuli):
        if selection.phones:
            raise ConfigError(f"`phones` (={','.join(selection.phones)}) must be left out for latent vectors; "
                              "generated audio has no phone labels")
        return
    config = audio_settings(probe)
    if selection.phones:
        intervals, _ = phone_intervals(scaled_tokens(inputs, config), config.slice_len, selection.phones)
        reasons = [_refusal(layer, intervals, config.slice_len, selection) for layer in probe.layers if layer.has_time]
        if (probe.named and any(reasons)) or all(reasons):
            raise ConfigError(f"{next(filter(None, reasons))}; take layers with a higher rate, or lower `min_points`")


def _refusal(layer: LayerInfo, intervals: pd.DataFrame, n_samples: int, selection: Selection) -> str | None:
    assert layer.steps is not None  # the length of the audio is fixed
    return too_few_points(layer, interval_points(intervals, layer.steps, n_samples), selection.min_points)


def _run(probe: Probe, batches: Iterator[np.ndarray], folder: Path, kept: Path | None, selection: Selection, size: int,
         total: int, progress: bool) -> None:
    """Compute all batches; write inputs and layers as they come."""
    files = names.file_names(probe.layers)
    with ExitStack() as stack:
        def stream(path: Path) -> NpyStream:
            return stack.enter_context(NpyStream(path))

        inputs = stream(kept) if kept else None
        layers = {layer.name: stream(folder / files[layer.name]) for layer in probe.layers}
        stretched = {layer.name: stream(folder / f"{Path(files[layer.name]).stem}_upsampled.npy")
                     for layer in probe.layers if layer.has_time and selection.upsample}
        bar = stack.enter_context(tqdm(total=total, desc="layers", unit="token", disable=not progress))

        def passing() -> Iterator[np.ndarray]:
            for batch in batches:
                if inputs is not None:
                    inputs.append(batch)
                yield batch

        for found in probe.run(passing(), selection.reduce, batch_size=size):
            for name, values in found.items():
                layers[name].append(values)
                if name in stretched:
                    stretched[name].append(upsample_linear(values, probe.length))
            bar.update(len(values))


def _write_cut(store: names.LayerStore, folder: Path, selection: Selection, tokens: pd.DataFrame,
               record: dict[str, Any], notices: list[str]) -> set[str]:
    """Write the intervals of the phones asked for and return the layers that have too few points in them."""
    if not selection.phones:
        return set()
    intervals, n_cut = phone_intervals(tokens, store.n_samples, selection.phones)
    tables.write_table(intervals, folder / names.INTERVALS_NAME)
    counts = intervals["label"].value_counts(sort=False)
    notices.append("intervals: " + ", ".join(f"{label} {n}" for label, n in counts.items()))
    if n_cut:
        notices.append(f"{n_cut} intervals left out: they go beyond the {store.n_samples} samples of a clip")
    refused = {}
    for layer in store.layers:
        reason = _refusal(layer, intervals, store.n_samples, selection) if layer.has_time else None
        if reason:
            refused[layer.name] = reason
            notices.append(f"left out of the table: {reason}")
    record |= {"n_intervals": len(intervals), "n_intervals_cut": n_cut, "refused": refused}
    return set(refused)


def _series(store: names.LayerStore, selection: Selection, refused: set[str]) -> Iterator[LayerSeries | CutSeries]:
    """Yield the series of all layers that are not refused, cut where phones were asked for."""
    for name in store:
        series = store[name]
        if series.name not in refused:
            yield series.cut_at(store.intervals, selection.min_points) if store.intervals is not None else series


def _notices(tokens: pd.DataFrame, problems: list[Problem]) -> list[str]:
    notices = []
    n_cropped = int(tokens["cropped"].sum()) if "cropped" in tokens else 0
    if n_cropped:
        notices.append(f"{n_cropped} clips are longer than the network hears: only their beginning was used")
    notices += [f"{problem.where}: {problem.what}" for problem in problems[:_PROBLEMS_SHOWN]]
    if len(problems) > _PROBLEMS_SHOWN:
        notices.append(f"... and {len(problems) - _PROBLEMS_SHOWN} more problems, see layers.json")
    return notices


def _about(probe: Probe, inputs: Stimuli | LatentInputs) -> dict[str, Any]:
    """Describe the network and its inputs."""
    files = names.file_names(probe.layers)
    return {
        "model": probe.name, "weights_hash": probe.weights_hash(),
        "config": None if probe.config is None else dataclasses.asdict(probe.config),
        "inputs": inputs.source, "seed": getattr(inputs, "seed", None), "stage": probe.stage,
        "rate_hz": probe.rate_hz, "n_samples": probe.length,
        "layers": [{**layer.to_dict(), "file": files[layer.name]} for layer in probe.layers],
        "left_out": [dataclasses.asdict(layer) for layer in probe.left_out],
        "versions": {"wavegan_tf": __version__, "python": platform.python_version(),
                     **{name: version(name) for name in ("tensorflow", "keras", "numpy")}},
    }


def _write_settings(record: dict[str, Any], folder: Path) -> None:
    (folder / names.SETTINGS_NAME).write_text(json_text(record),
                                              encoding="utf-8")


