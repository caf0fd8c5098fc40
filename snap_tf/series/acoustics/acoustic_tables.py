"""Measure a folder of layers acoustically and write tables, correlations and sounds."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
from tqdm import tqdm

from snap_tf.series.acoustics.acoustic_request import (
    STIMULUS,
    AcousticRequest,
    MeasuredLayer,
    Refused,
    carried,
    measured_layers,
    select_rows,
)
from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.f0 import f0_ceiling_hz
from snap_tf.series.acoustics.measures.formants import formant_range
from snap_tf.series.acoustics.measures.frication import FEWEST_STEPS, spectrum
from snap_tf.series.acoustics.measures.measurement import Measurement
from snap_tf.series.acoustics.measures.measuring import MEASURES, SPECTRUM, measure
from snap_tf.series.acoustics.places import Place, clip_places, phone_places, within
from snap_tf.series.acoustics.sonify import write_sounds
from snap_tf.series.acoustics.waveform_correlation import compare_layers
from snap_tf.series.extraction.store import INTERVALS_NAME, LayerStore
from wavegan_tf import __version__
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.formats.json_files import json_text
from wavegan_tf.formats.tables import write_table
from wavegan_tf.permutation_p import say_resolution

__all__ = ["Acoustics", "measure_into", "write_acoustics"]

TRACK_COLUMNS = ("token", "label", "layer", "measure", "time_s", "value")
PHONE_COLUMNS = (*TRACK_COLUMNS[:-1], "time_norm", "value")
_SUMMARY = ("n_frames", "n_defined", "mean", "sd", "median", "min", "max")


@dataclass(frozen=True)
class Acoustics:
    """Acoustic measures of a folder of layers.

    Attributes:
        folder: where the tables are.
        summary: a row per token, layer and measure.
        correlations: a row per layer and comparison; None where none was asked for.
        refused: measures that the rate of a layer does not allow.
        notices: intervals left out, and the highest frequency of the recordings.
    """

    folder: Path
    summary: pd.DataFrame
    correlations: pd.DataFrame | None
    refused: tuple[Refused, ...]
    notices: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say the means by layer, the correlations, and what was refused."""
        lines = []
        if len(self.summary):
            keys = ["layer", "measure", "units", *(["label"] if "interval_s" in self.summary else [])]
            by_layer = self.summary.groupby(keys, sort=False)
            counts = by_layer[["n_frames", "n_defined"]].sum()
            means = pd.concat([by_layer["median"].median(), counts["n_defined"] / counts["n_frames"].clip(lower=1)],
                              axis=1, keys=["median", "defined"]).reset_index()
            lines.append(means.to_string(index=False, float_format=lambda x: f"{x:.4g}", na_rep="-"))
        if self.correlations is not None:
            lines.append(self.correlations.to_string(index=False, float_format=lambda x: f"{x:.3g}", na_rep="-"))
            if (n := int(self.correlations["n_permutations"].max())) > 0:
                lines.append(say_resolution(n))
        by_place: dict[tuple[str, float], list[str]] = {}
        for item in self.refused:
            by_place.setdefault((item.layer, item.nyquist_hz), []).append(item.measure)
        lines += [f"{layer} (Nyquist frequency {nyquist_hz:g} Hz): no {', '.join(names)}"
                  for (layer, nyquist_hz), names in by_place.items()]
        if by_place:
            lines.append("why not: refused.csv")
        return "\n".join([*lines, *self.notices])


def write_acoustics(store: LayerStore, out: str | Path, request: AcousticRequest | None = None,
                    settings: AcousticSettings | None = None, *, progress: bool = False) -> Acoustics:
    """Measure layers acoustically and write the tables; all of them or none.

    Writes acoustics.csv (token, label, layer, measure, time_s, value; frames without a value are left empty),
    summary.csv (a row per token, layer and measure), spectra.csv (mean spectrum of every label and layer), refused.csv,
    acoustics.json (settings, those in effect at each layer, model, seed, versions), and where asked for
    correlations.csv, lags.csv, token_correlations.csv and the folder sounds. Intensity is in dB relative to the
    layer's loudest frame over all tokens, and as `intensity_z`, standardised within the layer.

    With phones, a row's token is an interval, its label the phone, `time_s` counts from the interval's start and
    `time_norm` goes from 0 to 1 through it; summary.csv has its length, and intervals.csv its place. Tracks are those
    of the whole clip, cut: a window is longer than many phones.

    Args:
        store: the layers.
        out: a new or empty folder.
        request: what to measure; by default everything that the rate of each layer allows.
        settings: of the measures.
        progress: show a bar on stderr.

    Raises:
        ConfigError: no such layer; or no layer allows what was asked for: the message has the Nyquist frequency.
        DataError: no such label, token or phone, or no waveform to compare with.
        ExportError: `out` is not empty.
        OSError: a file cannot be written.

    Example:
        >>> from snap_tf.probe import probe
        >>> from snap_tf.series import AcousticRequest, find_stimuli, write_acoustics, write_layers
        >>> q_network = probe("saved_models/fiwgan", ["Conv1", "Conv5"])
        >>> written = write_layers(q_network, find_stimuli("corpus", words=["water"]), "layers")
        >>> found = write_acoustics(written.layers, "acoustics", AcousticRequest(measures=("f0",)))
        >>> found.summary.groupby("layer")["n_frames"].count().to_dict()  # tokens
        {'Conv1': 5, 'stimulus': 5}
        >>> [(item.layer, item.measure) for item in found.refused]  # 15.6 Hz is too low for F0
        [('Conv5', 'f0')]
    """
    with atomic_folder(out) as folder:
        written = measure_into(store, folder, request, settings, progress=progress)
    return dataclasses.replace(written, folder=Path(out))


def measure_into(store: LayerStore, folder: Path, request: AcousticRequest | None = None,
                 settings: AcousticSettings | None = None, *, progress: bool = False) -> Acoustics:
    """Do what `write_acoustics` does in a folder that exists; incomplete files stay when it fails."""
    request, settings = request or AcousticRequest(), settings or AcousticSettings()
    rows = select_rows(store, request.labels, request.tokens)
    layers = measured_layers(store, request.layers, rows)
    places, notices = clip_places(store, rows), []
    if request.phones:
        places, intervals, n_cut = phone_places(store, rows, request.phones)
        _write(intervals, folder / INTERVALS_NAME)
        if n_cut:
            notices.append(f"{n_cut} intervals left out: they go beyond the {store.n_samples} samples of a clip")
    notices += [_on_band(layer, store, rows) for layer in layers if layer.band_hz < layer.rate_hz / 2]
    measures = request.measures or (*MEASURES, SPECTRUM)
    of_layer, refused = carried(layers, measures, settings, bool(request.layers), bool(request.measures), places)
    sounds = [item.name for item in measured_layers(store, request.sounds, rows)] if request.sounds else []
    compared = None
    if request.compare:
        compared, not_compared = compare_layers(store, layers, rows, request, settings, folder, progress)
        refused += not_compared
    summary = _measure_all(layers, of_layer, places, settings, folder, progress)
    _write(summary, folder / "summary.csv")
    columns = [field.name for field in dataclasses.fields(Refused)]
    _write(pd.DataFrame([dataclasses.asdict(item) for item in refused], columns=columns), folder / "refused.csv")
    if sounds:
        (folder / "sounds").mkdir()
        write_sounds(store, folder / "sounds", [name for name in sounds if name != STIMULUS], rows,
                     request.sound_rate_hz)
    record = _record(store, layers, places, of_layer, request, settings)
    (folder / "acoustics.json").write_text(json_text(record), encoding="utf-8")
    return Acoustics(folder, summary, compared, tuple(refused), tuple(notices))


def _on_band(layer: MeasuredLayer, store: LayerStore, rows: Sequence[int]) -> str:
    """Say up to which frequency stimuli are measured, and which recordings limit it."""
    n_low = sum(rate_hz <= 2 * layer.band_hz for rate_hz in store.source_rates_hz(rows))
    said = f"recorded at {2 * layer.band_hz:g} Hz; there is nothing above {layer.band_hz:g} Hz"
    if n_low == len(rows):
        return f"{layer.name}: {said}"
    return (f"{layer.name}: {n_low} of {len(rows)} tokens {said}; all are measured up to there (choose --tokens at one "
            "rate for more)")


def _measure_all(layers: Sequence[MeasuredLayer], of_layer: dict[str, list[str]], places: Sequence[Place],
                 settings: AcousticSettings, folder: Path, progress: bool) -> pd.DataFrame:
    """Write acoustics.csv and spectra.csv, and return a row per place, layer and measure."""
    with (tqdm(total=len(places) * sum(map(len, of_layer.values())), desc="acoustics", unit="series",
               disable=not progress) as bar,
          (folder / "acoustics.csv").open("w", encoding="utf-8", newline="") as file):
        file.write(",".join(PHONE_COLUMNS if places[0].is_interval else TRACK_COLUMNS) + "\n")
        parts = [_measure_layer(layer, name, places, settings, file, bar)
                 for layer in layers for name in of_layer[layer.name] if name != SPECTRUM]
        parts += [_spectra(layer, places, settings, folder, bar) for layer in layers
                  if SPECTRUM in of_layer[layer.name]]
    place = {layer.name: i for i, layer in enumerate(layers)}
    ordered = pd.concat(parts, ignore_index=True).sort_values("layer", key=lambda names: names.map(place),
                                                              kind="stable")
    return ordered[[*ordered.columns.difference(_SUMMARY, sort=False), *_SUMMARY]].reset_index(drop=True)


def _measure_layer(layer: MeasuredLayer, name: str, places: Sequence[Place], settings: AcousticSettings, file: TextIO,
                   bar: tqdm) -> pd.DataFrame:
    """Measure every place of a layer, write the tracks, and return a row per place and column."""
    of_row = {row: measure(name, layer.values[row], layer.rate_hz, layer.settings(settings))
              for row in dict.fromkeys(place.row for place in places)}
    if name == "intensity":  # a layer's unit is arbitrary: only levels relative to the layer itself mean anything
        of_row = dict(zip(of_row, _relative(list(of_row.values())), strict=True))
    summaries = []
    for place in places:
        one = within(of_row[place.row], place)
        for column, numbers in one.summary().items():
            summaries.append({**place.about(), "layer": layer.name, "measure": column,
                              "units": "SD" if column.endswith("_z") else one.units, **_length(place), **numbers})
        n, k = one.values.shape
        time_s = np.tile(one.times_s, k)
        time_norm = {"time_norm": time_s / (place.end_s - place.start_s)} if place.is_interval else {}
        table = pd.DataFrame({"token": place.token, "label": place.label, "layer": layer.name,
                      "measure": np.repeat(list(one.columns), n), "time_s": time_s, **time_norm,
                      "value": one.values.T.reshape(-1)})
        write_table(table, file, header=False, float_format="%.9g")
        bar.update()
    return pd.DataFrame(summaries)


def _length(place: Place) -> dict[str, float]:
    return {"interval_s": place.end_s - place.start_s} if place.is_interval else {}


def _relative(found: list[Measurement]) -> list[Measurement]:
    """Give levels relative to the loudest frame of all tokens, and the same in standard deviations."""
    everything = np.concatenate([one.of("intensity") for one in found])
    there = everything[np.isfinite(everything)]
    if not len(there):
        return found
    spread = there.std() or 1.0
    return [dataclasses.replace(one, columns=("intensity", "intensity_z"),
                                values=np.column_stack([one.of("intensity") - there.max(),
                                                        (one.of("intensity") - there.mean()) / spread]))
            for one in found]


def _spectra(layer: MeasuredLayer, places: Sequence[Place], settings: AcousticSettings, folder: Path, bar: tqdm
             ) -> pd.DataFrame:
    """Append the mean spectrum of every label to spectra.csv, and return every place's centre of gravity."""
    centres: list[dict[str, Any]] = []
    power: dict[str, np.ndarray] = {}
    count: dict[str, int] = {}
    for place in places:
        bar.update()
        piece = layer.values[place.row][place.steps(layer.values.shape[1], layer.rate_hz)]
        centre = float("nan")
        if len(piece) >= FEWEST_STEPS:  # of a layer that can; single intervals may be shorter
            found = spectrum(piece, layer.rate_hz, layer.settings(settings))
            frequencies_hz, centre = found.frequencies_hz, found.centre_hz
            power[place.label] = power.get(place.label, np.zeros(1)) + np.nan_to_num(10 ** (found.levels_db / 10))
            count[place.label] = count.get(place.label, 0) + 1
        centres.append({**place.about(), "layer": layer.name, "measure": "spectral_centre", "units": "Hz",
                        **_length(place), "n_frames": 1, "n_defined": int(np.isfinite(centre)),
                        **dict.fromkeys(("mean", "median", "min", "max"), centre), "sd": np.nan})
    path = folder / "spectra.csv"
    with path.open("a", encoding="utf-8", newline="") as file:
        for label, total in power.items():
            levels = 10 * np.log10(total / count[label], out=np.full(len(total), np.nan), where=total > 0)
            table = pd.DataFrame({"label": label, "layer": layer.name, "n_tokens": count[label],
                                  "frequency_hz": frequencies_hz, "level_db": levels})
            write_table(table, file, header=file.tell() == 0, float_format="%.9g")
    return pd.DataFrame(centres)


def _record(store: LayerStore, layers: Sequence[MeasuredLayer], places: Sequence[Place], of_layer: dict[str, list[str]],
            request: AcousticRequest, settings: AcousticSettings) -> dict[str, Any]:
    """Say what was measured, how, and on what."""
    effective: dict[str, dict[str, Any]] = {}
    for layer in layers:
        names = of_layer[layer.name]
        about: dict[str, Any] = {"rate_hz": layer.rate_hz, "nyquist_hz": layer.rate_hz / 2, "measures": names}
        if "f0" in names:
            about["f0_ceiling_hz"] = f0_ceiling_hz(layer.rate_hz, settings)
        if "formants" in names:
            about["formant_ceiling_hz"], about["n_formants"] = formant_range(
                layer.rate_hz, layer.settings(settings))
        effective[layer.name] = about
    import parselmouth

    return {"layers_folder": store.folder.name, "request": dataclasses.asdict(request), "seed": request.seed,
            "settings": dataclasses.asdict(settings), "layers": effective,
            "n_tokens": len({place.row for place in places}), "n_intervals": len(places) if request.phones else None,
            **{name: store.settings.get(name) for name in ("model", "weights_hash", "reduce", "stage", "inputs",
                                                           "config")},
            "versions": {"wavegan_tf": __version__, "python": platform.python_version(),
                         "praat": parselmouth.PRAAT_VERSION,
                         **{name: version(name) for name in ("praat-parselmouth", "numpy", "scipy")}}}


def _write(table: pd.DataFrame, path: Path) -> None:
    write_table(table, path, float_format="%.9g")
