"""Interpolation of latent variables: sweep them and measure the effect on every layer of the generator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from snap_tf.layer_info import LayerInfo
from snap_tf.probe import Probe
from snap_tf.series.extraction.extract import Selection, write_layers
from snap_tf.series.extraction.store import LayerStore, open_layers
from snap_tf.series.latents.effect_tables import outcome_effects, summary_row, value_rows
from snap_tf.series.latents.effects import LayerEffects, layer_effects
from snap_tf.series.latents.generators import output_layer
from snap_tf.series.latents.output_labels import MEASURES, measure_audio
from snap_tf.series.latents.records import about_generator
from snap_tf.series.latents.reduplication import Syllables, similarity_table
from snap_tf.series.latents.sweep import SweepPlan, SweepVectors, sweep_vectors
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.data.audio.wav_writing import write_wav_file
from wavegan_tf.errors import ConfigError
from wavegan_tf.formats.json_files import json_text
from wavegan_tf.formats.npz_writing import write_npz
from wavegan_tf.formats.tables import write_table

__all__ = ["ENVELOPE", "Interpolated", "InterpolationRequest", "interpolate", "layers_and_envelope"]

ENVELOPE = "envelope"
_ENVELOPE_STEPS = 128  # samples in a step of the envelope: 8 ms at 16 kHz, and every output is a multiple of it


@dataclass(frozen=True)
class InterpolationRequest:
    """Results of an interpolation that are wanted besides the effects on layers.

    Attributes:
        measures: of the output at every value: frication_ratio, f0, f1, f2, intensity, frication_share, duration,
            rms_db.
        syllables: compare two syllables in every layer; None: do not.
        wavs: write every output as a WAV.
        reduce: how feature maps become one series, see `snap_tf.reduction`.
    """

    measures: tuple[str, ...] = ()
    syllables: Syllables | None = None
    wavs: bool = False
    reduce: str = "mean"

    def __post_init__(self) -> None:
        unknown = [name for name in self.measures if name not in MEASURES]
        if unknown:
            raise ConfigError(f"measure (={unknown[0]}) must be one of {', '.join(MEASURES)}")

    @property
    def needs_output(self) -> bool:
        """Whether the audio must be among the layers."""
        return bool(self.measures or self.syllables or self.wavs)


@dataclass(frozen=True)
class Interpolated:
    """Result of an interpolation: series, effects and tables of every layer.

    Attributes:
        folder: path of the results.
        store: every layer's series, a row per base vector and setting.
        names: of the swept variables.
        grid: float64 [settings, variables].
        layers: those with time, and the envelope of the output.
        effects: by the layers' papers' name.
        summary: a row per layer, of all base vectors and of each seed's.
        outcomes: measures of the outputs, a row per base vector and setting; None without.
        similarity: of two syllables, a row per base vector, setting and layer; None without.
    """

    folder: Path
    store: LayerStore
    names: tuple[str, ...]
    grid: np.ndarray
    layers: tuple[LayerInfo, ...]
    effects: dict[str, LayerEffects]
    summary: pd.DataFrame
    outcomes: pd.DataFrame | None
    similarity: pd.DataFrame | None


def interpolate(generator: Probe, plan: SweepPlan, out: str | Path, request: InterpolationRequest | None = None, *,
                progress: bool = False) -> Interpolated:
    """Sweep one or two latent variables and write their effect on every layer; all of it or nothing.

    Writes into `out`: `layers/` (as `snap-tf layers` does: every series at its own rate, `z.npy`), `bases.npy` (the
    base vectors), `summary.csv` (a row per layer: slope, monotonicity, where in time, spike), `values.csv` (a row per
    layer and setting: level, spike, effect against 0), `effects.npz` (arrays over time), and `interpolation.json`
    (plan, model, versions); if asked for, `outcomes.csv`, `outcome_effects.csv`, `reduplication.csv`, `wavs/`. The
    layers go through the disk: memory holds one base vector's at a time.

    Args:
        generator: see `open_generator`.
        plan: variables, values, base vectors.
        out: a new or empty folder.
        request: what is wanted besides the effects on layers.
        progress: show a bar on stderr.

    Raises:
        ConfigError: the generator has no such variable or code; or the output is not among the layers but needed.
        ExportError: `out` is not empty, or the network gives NaN.
        OSError: a file cannot be written.

    Example:
        >>> from snap_tf.series import SweepPlan, VariableRange, interpolate, open_generator
        >>> generator = open_generator("saved_models/fiwgan", ["Conv2"])
        >>> plan = SweepPlan((VariableRange(3, -2, 2, step=2),), bases=2)
        >>> found = interpolate(generator, plan, "sweep")
        >>> found.names, found.grid[:, 0].tolist()
        (('z3',), [-2.0, 0.0, 2.0])
        >>> found.effects["Conv2"].effect.shape  # values, steps
        (3, 256)
    """
    request = request or InterpolationRequest()
    vectors = sweep_vectors(generator, plan)
    if request.needs_output:
        output_layer(generator)
    with atomic_folder(out) as folder:
        store = write_layers(generator, vectors.inputs, folder / "layers", Selection(request.reduce),
                             batch_size=vectors.batch_size, progress=progress).layers
        np.save(folder / "bases.npy", vectors.base)
        layers = layers_and_envelope(store)
        summaries: list[dict[str, Any]] = []
        values: list[pd.DataFrame] = []
        arrays: dict[str, np.ndarray] = {}
        effects: dict[str, LayerEffects] = {}
        for layer in layers:
            found = layer_effects(_responses(store, layer, vectors), vectors.grid, layer.rate_hz)
            effects[layer.paper_name] = found
            summaries += [summary_row(layer, found, vectors, "all"), *_by_seed(store, layer, vectors)]
            values.append(value_rows(layer, found, vectors))
            arrays |= _arrays(layer, found)
        summary = pd.DataFrame(summaries)
        tables = {"summary": summary, "values": pd.concat(values, ignore_index=True)}
        outcomes = _outcomes(store, generator, vectors, request)
        if outcomes is not None:
            tables |= {"outcomes": outcomes, "outcome_effects": outcome_effects(outcomes, vectors, request.measures)}
        similarity = None
        if request.syllables is not None:
            own = tuple(layer for layer in layers if layer.name != ENVELOPE)
            similarity = similarity_table(store, own, output_layer(generator), vectors, request.syllables)
            tables["reduplication"] = similarity
        for name, table in tables.items():
            write_table(table, folder / f"{name}.csv", float_format="%.9g")
        write_npz(folder / "effects.npz", {"grid": vectors.grid, "names": np.array(vectors.names),
                                           "terms": np.array(term_names(vectors.names)), **arrays}.items(),
                  compressed=True)
        if request.wavs:
            _write_wavs(store, generator, vectors, folder / "wavs")
        record: dict[str, Any] = {**about_generator(generator), "plan": asdict(plan), "request": asdict(request),
                                  "variables": list(vectors.names), "n_bases": len(vectors.base),
                                  "n_settings": len(vectors.grid), "batch_size": vectors.batch_size}
        (folder / "interpolation.json").write_text(json_text(record), encoding="utf-8")
        del store
    return Interpolated(Path(out), open_layers(Path(out) / "layers"), vectors.names, vectors.grid, layers, effects,
                        summary, outcomes, similarity)


def term_names(names: tuple[str, ...]) -> list[str]:
    """Name the terms of `LayerEffects.slopes`: the variables, and the product of two."""
    return [*names, " x ".join(names)] if len(names) > 1 else list(names)


def layers_and_envelope(store: LayerStore) -> tuple[LayerInfo, ...]:
    """Return the layers with time, and the envelope where the output is among them."""
    layers = [layer for layer in store.layers if layer.has_time]
    if layers[-1].steps == store.n_samples and store.n_samples % _ENVELOPE_STEPS == 0:
        layers.append(LayerInfo(ENVELOPE, ENVELOPE, store.n_samples // _ENVELOPE_STEPS, 1,
                                store.rate_hz / _ENVELOPE_STEPS, "linear"))
    return tuple(layers)


def _responses(store: LayerStore, layer: LayerInfo, vectors: SweepVectors, bases: np.ndarray | None = None
               ) -> Iterator[np.ndarray]:
    """Read a layer base vector by base vector: float [settings, steps]."""
    is_envelope = layer.name == ENVELOPE
    values = store[store.layers[-1].name if is_envelope else layer.name].values
    for rows in vectors.rows if bases is None else vectors.rows[bases]:
        found = np.asarray(values[rows])
        yield np.abs(found).reshape(len(found), -1, _ENVELOPE_STEPS).mean(axis=2) if is_envelope else found


def _by_seed(store: LayerStore, layer: LayerInfo, vectors: SweepVectors) -> Iterator[dict[str, Any]]:
    """Summarise every seed's base vectors by themselves, where there are several seeds."""
    seeds = np.unique(vectors.seeds)
    for seed in seeds if len(seeds) > 1 else []:
        found = layer_effects(_responses(store, layer, vectors, vectors.seeds == seed), vectors.grid, layer.rate_hz)
        yield summary_row(layer, found, vectors, str(seed))


def _arrays(layer: LayerInfo, found: LayerEffects) -> dict[str, np.ndarray]:
    times = (np.arange(found.mean.shape[1]) + 0.5) / layer.rate_hz
    return {f"{layer.paper_name}/times_s": times,
            **{f"{layer.paper_name}/{field.name}": getattr(found, field.name).astype(np.float32)
               for field in fields(LayerEffects)}}


def _outcomes(store: LayerStore, generator: Probe, vectors: SweepVectors, request: InterpolationRequest
              ) -> pd.DataFrame | None:
    if not request.measures:
        return None
    audio = store[output_layer(generator).name].values
    measured = measure_audio((audio[i: i + 1] for i in range(len(audio))), generator.rate_hz, request.measures)
    return pd.concat([vectors.inputs.table, measured], axis=1)


def _write_wavs(store: LayerStore, generator: Probe, vectors: SweepVectors, folder: Path) -> None:
    """Write every output as a WAV at its own level: sounds of a sweep are to be compared."""
    folder.mkdir()
    audio, rate_hz = store[output_layer(generator).name].values, round(generator.rate_hz)
    for token, samples in zip(vectors.inputs.table["token"], audio, strict=True):
        write_wav_file(folder / f"{token}.wav", np.clip(samples, -1, 1), rate_hz)
