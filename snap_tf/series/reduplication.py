"""Reduplication: how alike two syllables are in every layer as the code grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from snap_tf.layer_info import LayerInfo
from snap_tf.series.intervals import MIN_POINTS, interval_steps
from snap_tf.series.store import LayerStore
from snap_tf.series.sweep import SweepVectors
from wavegan_tf.errors import ConfigError

__all__ = ["Syllables", "similarity", "similarity_table", "split_syllables"]

_ENVELOPE_S = 0.025
_SILENCE_DB = 25.0  # below the loudest: where the sound begins and ends
_SHORTEST = 0.2  # share of the sound that a syllable takes at least


@dataclass(frozen=True)
class Syllables:
    """Where the two syllables are.

    Attributes:
        times_s: start and end of the first and of the second, in seconds; None: found in each output by the intensity
            minimum between them.
        most_lag_s: largest shift of one against the other in the cross-correlation.
    """

    times_s: tuple[float, float, float, float] | None = None
    most_lag_s: float = 0.05

    def __post_init__(self) -> None:
        if self.times_s is not None:
            a, b, c, d = self.times_s
            if not 0 <= a < b <= c < d:
                raise ConfigError(f"`times_s` (={', '.join(map(str, self.times_s))}) must be start and end of the first "
                                  "syllable, then of the second, in seconds, rising")
        if not self.most_lag_s >= 0:
            raise ConfigError(f"`most_lag_s` (={self.most_lag_s}) must be 0 or more")


def split_syllables(audio: np.ndarray, rate_hz: float) -> tuple[int, int, int] | None:
    """Find two syllables by intensity: where the sound begins, its minimum in the middle, where it ends.

    Args:
        audio: float [n_samples].
        rate_hz: samples per second.

    Returns:
        Three samples; None for silence, or sound shorter than .1 s.
    """
    from scipy.ndimage import uniform_filter1d

    window = max(1, round(_ENVELOPE_S * rate_hz))
    energy = uniform_filter1d(np.square(audio, dtype=float), window, mode="constant")
    if not energy.max() > 0:
        return None
    loud = np.flatnonzero(energy > energy.max() * 10 ** (-_SILENCE_DB / 10))
    start, end = int(loud[0]), int(loud[-1]) + 1
    if end - start < 0.1 * rate_hz:
        return None
    margin = round(_SHORTEST * (end - start))
    inside = energy[start + margin: end - margin]
    # a silent stretch has many minima: its middle
    lowest = np.flatnonzero(inside <= inside.min() * (1 + 1e-6) + 1e-6 * energy.max())
    return start, start + margin + int(lowest[len(lowest) // 2]), end


def similarity(first: np.ndarray, second: np.ndarray, most_lag: int) -> tuple[float, float, int]:
    """Compare two pieces of a series.

    Args:
        first: float [n].
        second: float [m].
        most_lag: largest shift in steps.

    Returns:
        Cosine of the two with time normalised and means removed (their correlation); the largest normalised
        cross-correlation, means removed; and its lag in steps, above 0 where the second comes later. NaN and 0 for a
        piece that is constant.
    """
    from scipy.signal import correlate, correlation_lags

    n = max(len(first), len(second))
    a, b = (_centred(np.interp(np.linspace(0, len(x) - 1, n), np.arange(len(x)), x)) for x in (first, second))
    size = np.sqrt((a @ a) * (b @ b))
    if not size > 0:
        return float("nan"), float("nan"), 0
    x, y = _centred(np.asarray(first, float)), _centred(np.asarray(second, float))
    lags = correlation_lags(len(y), len(x))
    products = correlate(y, x, method="auto") / np.sqrt((x @ x) * (y @ y))
    near = np.abs(lags) <= most_lag
    best = int(products[near].argmax())
    return float(a @ b / size), float(products[near][best]), int(lags[near][best])


def similarity_table(store: LayerStore, layers: tuple[LayerInfo, ...], output: LayerInfo, vectors: SweepVectors,
                     syllables: Syllables) -> pd.DataFrame:
    """Compare the two syllables of every output, layer by layer.

    Args:
        store: every layer's series.
        layers: those to compare in.
        output: the one that is the audio, in which the syllables are found.
        vectors: the sweep.
        syllables: where they are, or how to find them.

    Returns:
        A row per output and layer: token, base, value (and value2), layer, cosine, cross_correlation, lag_s, and the
        syllables' start_s, split_s, end_s. NaN where an output has no two syllables, or the layer fewer than 5 steps in
        one of them.

    Raises:
        ConfigError: times beyond the audio.

    Source: Beguš & Zhou, IEEE/ACM TASLP 30, 2022 (reduplication; the measure is this project's).
    """
    rate_hz, n_samples = store.rate_hz, store.n_samples
    times = syllables.times_s
    if times is not None and times[3] * rate_hz > n_samples + 0.5:
        raise ConfigError(f"`times_s` (={', '.join(map(str, times))}) must end within the audio's "
                          f"{n_samples / rate_hz:g} s")
    audio = store[output.name].values
    values = {layer.name: store[layer.name].values for layer in layers}
    kept = vectors.inputs.table.drop(columns=["label", "seed", "code"]).to_dict("records")
    rows = []
    for i, token in enumerate(kept):
        bounds = _bounds(np.asarray(audio[i]), rate_hz, times)
        for layer in layers:
            row = {**token, "layer": layer.paper_name, "cosine": np.nan, "cross_correlation": np.nan, "lag_s": np.nan}
            if bounds is not None:
                row |= {"start_s": bounds[0] / rate_hz, "split_s": bounds[1] / rate_hz, "end_s": bounds[3] / rate_hz}
                series = values[layer.name][i]
                first, end = interval_steps(np.array(bounds[::2]), np.array(bounds[1::2]), len(series), n_samples)
                pieces = [np.asarray(series[a:b]) for a, b in zip(first, end, strict=True)]
                if min(map(len, pieces)) >= MIN_POINTS:
                    cosine, highest, lag = similarity(pieces[0], pieces[1],
                                                      int(syllables.most_lag_s * layer.rate_hz))
                    row |= {"cosine": cosine, "cross_correlation": highest, "lag_s": lag / layer.rate_hz}
            rows.append(row)
    return pd.DataFrame(rows)


def _bounds(audio: np.ndarray, rate_hz: float, times: tuple[float, ...] | None) -> tuple[int, int, int, int] | None:
    """Return start and end of both syllables in samples."""
    if times is not None:
        a, b, c, d = (min(round(t * rate_hz), len(audio)) for t in times)
        return a, b, c, d
    found = split_syllables(audio, rate_hz)
    return None if found is None else (found[0], found[1], found[1], found[2])


def _centred(x: np.ndarray) -> np.ndarray:
    return x - x.mean()
