"""Effects of a sweep as tables: a row per layer, per layer and setting, per measure of the output."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from snap_tf.layer_info import LayerInfo
from snap_tf.series.latents.effects import SIGNIFICANCE, LayerEffects, extent_s, spearman
from snap_tf.series.latents.sweep import SweepVectors

__all__ = ["outcome_effects", "summary_row", "value_rows"]


def summary_row(layer: LayerInfo, found: LayerEffects, vectors: SweepVectors, seed: str) -> dict[str, Any]:
    """Summarise the effect of the swept variables on a layer in one row.

    Returns:
        layer, rate_hz, n_steps, seed, n_bases; for each variable: slope (the strongest, with its sign), slope_s (where
        it is), from_s, to_s, centre_s (of the squared slope, see `extent_s`), p_least, significant_s (how long the
        slope differs from 0, family-wise p < .05), rho_level (Spearman of the mean level and the variable, mean over
        base vectors), rho_spike (of the spike's height); change_least, change_most (RMS difference from 0 at either
        end of the first variable, relative to the layer's standard deviation at 0).
    """
    row: dict[str, Any] = {"layer": layer.paper_name, "rate_hz": layer.rate_hz, "n_steps": found.mean.shape[1],
                           "seed": seed, "n_bases": len(found.level)}
    for k, name in enumerate(vectors.names):
        slope, p = found.slopes[k], found.slope_p[k]
        peak = int(np.abs(slope).argmax())
        start, end, centre = extent_s(slope, layer.rate_hz)
        row |= {f"{name}_{key}": value for key, value in {
            "slope": slope[peak], "slope_s": (peak + 0.5) / layer.rate_hz if slope.any() else np.nan,
            "from_s": start, "to_s": end, "centre_s": centre,
            "p_least": np.nan if np.isnan(p).all() else np.nanmin(p),
            "significant_s": np.nan if np.isnan(p).all() else (p < SIGNIFICANCE).sum() / layer.rate_hz,
            "rho_level": _mean_rho(found.level, vectors.grid, k),
            "rho_spike": _mean_rho(found.spike, vectors.grid, k)}.items()}
    relative = found.relative_change()
    ends = [int(i) for i in (vectors.grid[:, 0].argmin(), vectors.grid[:, 0].argmax())]
    return row | {"change_least": relative[ends[0]], "change_most": relative[ends[1]]}


def value_rows(layer: LayerInfo, found: LayerEffects, vectors: SweepVectors) -> pd.DataFrame:
    """Return a row per setting, means over base vectors.

    Returns:
        layer, a column per variable, level (mean over time), level_se, spike (largest magnitude), spike_se,
        spike_time_s (median), effect (mean difference from 0 over time), change (RMS difference from 0), and
        change_relative (to the layer's standard deviation at 0).
    """
    n = len(found.level)
    columns: dict[str, Any] = {"layer": layer.paper_name}
    columns |= {name: vectors.grid[:, k] for k, name in enumerate(vectors.names)}
    for name in ("level", "spike"):
        values = getattr(found, name)
        columns[name] = values.mean(axis=0)
        columns[f"{name}_se"] = values.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return pd.DataFrame({**columns, "spike_time_s": np.median(found.spike_time_s, axis=0),
                         "effect": found.effect.mean(axis=1), "change": found.change.mean(axis=0),
                         "change_relative": found.relative_change()})


def outcome_effects(outcomes: pd.DataFrame, vectors: SweepVectors, measures: tuple[str, ...]) -> pd.DataFrame:
    """Summarise the effect of the swept variables on measures of the output, as CDEV does.

    Args:
        outcomes: a row per base vector and setting.
        vectors: the sweep.
        measures: columns of `outcomes`.

    Returns:
        A row per measure and setting: measure, a column per variable, n (outputs where it is defined), mean, effect
        (mean difference from 0 over base vectors that have both), incremental (to the setting before, per unit; of one
        variable), rho (Spearman of the means and the first variable, the same in all rows), rho_bases (mean of the
        base vectors' own).

    Source: Beguš, Leban & Gero 2023.
    """
    parts = []
    reference = int(np.flatnonzero((vectors.grid == 0).all(axis=1))[0])
    for name in measures:
        values = outcomes[name].to_numpy()[vectors.rows]  # [bases, settings]
        mean, effect = _nanmean(values), _nanmean(values - values[:, [reference]])
        columns: dict[str, Any] = {"measure": name}
        columns |= {variable: vectors.grid[:, k] for k, variable in enumerate(vectors.names)}
        one = vectors.grid.shape[1] == 1
        there = np.isfinite(mean)
        columns |= {"n": np.isfinite(values).sum(axis=0), "mean": mean, "effect": effect,
                    "incremental": np.append(np.nan, np.diff(mean) / np.diff(vectors.grid[:, 0])) if one else np.nan,
                    "rho": spearman(vectors.grid[there, 0], mean[there, None])[0] if there.sum() > 2 else np.nan,
                    "rho_bases": _mean_rho(values[np.isfinite(values).all(axis=1)], vectors.grid, 0)}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _mean_rho(values: np.ndarray, grid: np.ndarray, k: int) -> float:
    """Average the base vectors' Spearman correlations with variable k; values [bases, settings]."""
    if not len(values):
        return float("nan")
    rho = spearman(grid[:, k], values.T)
    return float(rho[np.isfinite(rho)].mean()) if np.isfinite(rho).any() else float("nan")


def _nanmean(values: np.ndarray) -> np.ndarray:
    there = np.isfinite(values)
    n = there.sum(axis=0)
    return np.divide(np.where(there, values, 0).sum(axis=0), n, out=np.full(values.shape[1], np.nan), where=n > 0)
