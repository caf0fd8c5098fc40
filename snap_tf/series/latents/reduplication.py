"""Reduplication: similarity of two syllables in every layer as a latent variable grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from snap_tf.layer_info import LayerInfo
from snap_tf.series.extraction.intervals import MIN_POINTS, interval_steps
from snap_tf.series.extraction.store import LayerStore
from snap_tf.series.latents.sweep import SweepVectors
from wavegan_tf.errors import ConfigError

__all__ = ["Syllables", "similarity", "similarity_table", "split_syllables"]

_ENVELOPE_S = 0.025
_SILENCE_DB = 25.0  # below the loudest: where the sound begins and ends
_SHORTEST = 0.2  # share of the sound that a syllable takes at least


@dataclass(frozen=True)
class Syllables:
    """Times of the two syllables in the output, or how they are found.

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
                raise ConfigError(f"`times_s` (={', '.join(map(str, self.times_s))}) must be start and end of the "
                                  "first syllable, then of the second, in seconds, rising")
        if not self.most_lag_s >= 0:
            raise ConfigError(f"`most_lag_s` (={self.most_lag_s}) must be 0 or more")


def split_syllables(audio: np.ndarray, rate_hz: float) -> tuple[int, int, int] | None:
    """Find two syllables by intensity: where the sound begins, its minimum in the middle, where it ends.

    Args:
        audio: float [n_samples].
        rate_hz: samples per second.

    Returns:
        Three samples; None for silence, or sound shorter than .1 s.

    Example:
        >>> import numpy as np
        >>> from snap_tf.series import split_syllables
        >>> syllable, silence = np.sin(np.arange(2000)), np.zeros(1000)
        >>> start, middle, end = split_syllables(np.concatenate([syllable, silence, syllable]), 16000)
        >>> 2000 < middle < 3000
        True
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
    """Measure the similarity of two pieces of a series: cosine and cross-correlation.

    Args:
        first: float [n].
        second: float [m].
        most_lag: largest shift in steps.

    Returns:
        Cosine of the two with time normalised and means removed (their correlation); the largest normalised
        cross-correlation, means removed; and its lag in steps, above 0 where the second comes later. NaN and 0 for a
        piece that is constant.

    Example:
        >>> import numpy as np
        >>> from snap_tf.series import similarity
        >>> first = np.sin(np.arange(50) / 5)
        >>> cosine, cross_correlation, lag = similarity(first, 2 * first, most_lag=10)
        >>> round(cosine, 3), round(cross_correlation, 3), lag
        (1.0, 1.0, 0)
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
    """Measure the similarity of the two syllables of every output, layer by layer.

    Args:
        store: every layer's series.
        layers: those to compare in.
        output: the one that is the audio, in which the syllables are found.
        vectors: the sweep.
        syllables: where they are, or how to find them.

    Returns:
        A row per output and layer: token, base, value (and value2), layer, cosine, cross_correlation, lag_s; the
        baseline cosine_other and cross_correlation_other, with the second syllable of the next base vector at the same
        setting (any two syllables rise and fall); and the syllables' start_s, split_s, end_s. NaN where an output has
        no two syllables, or the layer fewer than 5 steps in one of them.

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
    bounds = [_bounds(np.asarray(samples), rate_hz, times) for samples in audio]
    partner = np.empty(len(bounds), np.int64)
    partner[vectors.rows] = np.roll(vectors.rows, -1, axis=0)  # the next base vector at the same setting
    values = {layer.name: store[layer.name].values for layer in layers}
    rows = []
    for i, token in enumerate(vectors.inputs.table.drop(columns=["label", "seed", "code"]).to_dict("records")):
        for layer in layers:
            found = [_piece(values[layer.name], bounds, row, which, n_samples)
                     for row, which in ((i, 0), (i, 1), (int(partner[i]), 1))]
            most_lag = int(syllables.most_lag_s * layer.rate_hz)
            own = _compared(found[0], found[1], most_lag)
            other = _compared(found[0], found[2], most_lag) if partner[i] != i else _NOTHING
            own_bounds = bounds[i]
            where = (np.nan,) * 3 if own_bounds is None else tuple(own_bounds[k] / rate_hz for k in (0, 1, 3))
            rows.append({**token, "layer": layer.paper_name, "cosine": own[0], "cross_correlation": own[1],
                         "lag_s": own[2] / layer.rate_hz, "cosine_other": other[0],
                         "cross_correlation_other": other[1],
                         **dict(zip(("start_s", "split_s", "end_s"), where, strict=True))})
    return pd.DataFrame(rows)


_NOTHING = (float("nan"),) * 3


def _piece(values: np.ndarray, bounds: list[tuple[int, int, int, int] | None], row: int, which: int, n_samples: int
           ) -> np.ndarray | None:
    """Cut the first (0) or second (1) syllable out of a row; None without syllables, or with fewer than 5 steps."""
    place = bounds[row]
    if place is None:
        return None
    first, end = interval_steps(np.array(place[::2]), np.array(place[1::2]), values.shape[1], n_samples)
    piece = np.asarray(values[row, first[which]:end[which]])
    return piece if len(piece) >= MIN_POINTS else None


def _compared(first: np.ndarray | None, second: np.ndarray | None, most_lag: int) -> tuple[float, float, float]:
    return _NOTHING if first is None or second is None else similarity(first, second, most_lag)


def _bounds(audio: np.ndarray, rate_hz: float, times: tuple[float, ...] | None) -> tuple[int, int, int, int] | None:
    """Return start and end of both syllables in samples."""
    if times is not None:
        a, b, c, d = (min(round(t * rate_hz), len(audio)) for t in times)
        return a, b, c, d
    found = split_syllables(audio, rate_hz)
    return None if found is None else (found[0], found[1], found[1], found[2])


def _centred(x: np.ndarray) -> np.ndarray:
    return x - x.mean()
