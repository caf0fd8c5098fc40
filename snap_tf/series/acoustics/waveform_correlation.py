"""Correlate every layer of a folder with the waveforms of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from snap_tf.series.acoustics.acoustic_request import AcousticRequest, MeasuredLayer, Refused
from snap_tf.series.acoustics.correlation import LagCorrelation, correlate
from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.waveform_tracks import GRID_HZ, layer_track, track_refusal, waveform, waveform_track
from snap_tf.series.extraction.store import LayerStore
from wavegan_tf.errors import ConfigError, UserError
from wavegan_tf.formats.tables import write_table

__all__ = ["compare_layers"]


def compare_layers(store: LayerStore, layers: Sequence[MeasuredLayer], rows: Sequence[int], request: AcousticRequest,
                   settings: AcousticSettings, folder: Path, progress: bool = False
                   ) -> tuple[pd.DataFrame, list[Refused]]:
    """Correlate layers with the waveform, see `correlate`; write correlations.csv, lags.csv, token_correlations.csv.

    Args:
        store: the layers.
        layers: which of them.
        rows: which tokens.
        request: comparisons, largest lag, permutations, seed.
        settings: of F0.
        folder: existing folder.
        progress: show bars on stderr.

    Returns:
        correlations: layer, comparison, r, lag_ms (positive: the layer is late), p, chance_r, chance_95, n_tokens,
            n_permutations.
        refused: what could not be compared, and why.

    Raises:
        ConfigError: the layers were named and none of them can be compared.
        DataError: there is no waveform.
    """
    sound = waveform(store)
    compared = [layer for layer in layers if layer.name != sound.name]
    found, refused = [], []
    for comparison in request.compare:
        times = (np.arange(int(store.n_samples / store.rate_hz * GRID_HZ[comparison])) + 0.5) / GRID_HZ[comparison]
        reasons = {layer.name: track_refusal(comparison, layer.rate_hz, settings) for layer in compared}
        refused += [Refused(layer.name, _title(comparison), reason, layer.rate_hz / 2)
                    for layer in compared if (reason := reasons[layer.name])]
        usable = [layer for layer in compared if not reasons[layer.name]]
        if compared and not usable:
            last = max(compared, key=lambda layer: layer.rate_hz).name
            raise ConfigError(f"{_title(comparison)} of {last}: {reasons[last]}")
        truth = np.stack([waveform_track(comparison, sound.values[row], sound.rate_hz, times, settings)
                          for row in rows])
        for layer in usable:
            tracks = np.stack([layer_track(comparison, layer.values[row], layer.rate_hz, times, settings)
                               for row in rows])
            try:
                result = correlate(tracks, truth, GRID_HZ[comparison], max_lag_s=request.max_lag_s,
                                   permutations=request.permutations, seed=request.seed,
                                   progress=f"{comparison} {layer.name}" if progress else "")
            except ConfigError:
                raise
            except UserError as error:  # such as a layer without voice
                refused.append(Refused(layer.name, _title(comparison), str(error), layer.rate_hz / 2))
                continue
            found.append((layer.name, comparison, result))
    _write_all(found, store.tokens.iloc[list(rows)], folder)
    return _overview(found), refused


def _title(comparison: str) -> str:
    return f"{comparison} correlation"


def _overview(found: Sequence[tuple[str, str, LagCorrelation]]) -> pd.DataFrame:
    return pd.DataFrame([{"layer": layer, "comparison": comparison, "r": one.best_r, "lag_ms": 1000 * one.best_lag_s,
                          "p": one.p, "chance_r": one.chance_r, "chance_95": one.chance_95, "n_tokens": one.n_tokens,
                          "n_permutations": one.n_permutations} for layer, comparison, one in found])


def _write_all(found: Sequence[tuple[str, str, LagCorrelation]], tokens: pd.DataFrame, folder: Path) -> None:
    lags, of_tokens = [], []
    for layer, comparison, one in found:
        lags.append(pd.DataFrame({"layer": layer, "comparison": comparison, "lag_ms": 1000 * one.lags_s, "r": one.r}))
        best = int(np.nanargmax(np.abs(one.r)))
        of_tokens.append(pd.DataFrame({"token": tokens["token"].to_numpy(), "label": tokens["label"].to_numpy(),
                                       "layer": layer, "comparison": comparison, "r": one.token_r[:, best],
                                       "lag_ms": 1000 * one.best_lag_s}))
    for name, tables in (("lags", lags), ("token_correlations", of_tokens)):
        table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
        write_table(table, folder / f"{name}.csv", float_format="%.9g")
    write_table(_overview(found), folder / "correlations.csv", float_format="%.9g")
