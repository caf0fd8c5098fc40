"""Tracks of level, intensity or F0 of a layer and of the waveform on one time axis, to be correlated."""

from __future__ import annotations

import numpy as np

from snap_tf.series.acoustics.acoustic_request import COMPARISONS, STIMULUS, MeasuredLayer
from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.measuring import measure, refusal
from snap_tf.series.acoustics.measures.sound import centred, resample_band_limited
from snap_tf.series.extraction.store import LayerStore
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["GRID_HZ", "layer_track", "track_refusal", "waveform", "waveform_track"]

GRID_HZ = {"level": 500.0, "intensity": 500.0, "f0": 100.0}
"""Points per second at which they are compared: lags of 2 ms, and of 10 ms for F0."""
_SMOOTHING_S = 0.032  # Hann; 3.2 periods of 100 Hz, as intensity has


def waveform(store: LayerStore) -> MeasuredLayer:
    """Return the waveform of the tokens: the stimuli, or the output layer of a generator.

    Raises:
        DataError: neither was kept.
    """
    if store.stimuli is not None:
        return MeasuredLayer(STIMULUS, store.stimuli[:, :, 0], store.rate_hz)
    for name in store:
        if store.z is not None and store[name].rate_hz == store.rate_hz:
            return MeasuredLayer(name, store[name].values, store.rate_hz)
    raise DataError(f"layers (={store.folder}) must hold the waveform: stimuli.npy, or a generator's output layer; it "
                    "was left out; run snap-tf layers without --no-stimuli and --layers")


def track_refusal(comparison: str, rate_hz: float, settings: AcousticSettings) -> str | None:
    """Say why a layer at some rate cannot be compared; None where it can.

    Raises:
        ConfigError: no such comparison.
    """
    if comparison not in COMPARISONS:
        raise ConfigError(f"comparison (={comparison}) must be one of {', '.join(COMPARISONS)}")
    return None if comparison == "level" else refusal(comparison, rate_hz, settings)


def layer_track(comparison: str, series: np.ndarray, rate_hz: float, times_s: np.ndarray, settings: AcousticSettings
                ) -> np.ndarray:
    """Return the track of a layer at given times.

    Args:
        comparison: level, intensity or f0.
        series: float [steps].
        rate_hz: steps per second.
        times_s: float64 [points], wanted times.
        settings: of F0.

    Returns:
        float64 [points]; NaN where there is none (unvoiced).
    """
    if comparison == "f0":
        return _f0_at(series, rate_hz, times_s, settings)
    values = centred(series)
    if comparison == "level":
        return _at(_smooth(values, rate_hz), rate_hz, times_s)
    return _envelope(values, rate_hz, times_s)


def waveform_track(comparison: str, samples: np.ndarray, rate_hz: float, times_s: np.ndarray,
                   settings: AcousticSettings) -> np.ndarray:
    """Return the track of the waveform that a layer is compared with: its envelope, or its F0; see `layer_track`."""
    return layer_track("f0" if comparison == "f0" else "intensity", samples, rate_hz, times_s, settings)


def _envelope(values: np.ndarray, rate_hz: float, times_s: np.ndarray) -> np.ndarray:
    """Root of the smoothed power of a sound without mean."""
    return np.sqrt(np.maximum(_at(_smooth(values**2, rate_hz), rate_hz, times_s), 0))


def _smooth(values: np.ndarray, rate_hz: float) -> np.ndarray:
    """Smooth with a Hann window of 32 ms; layers too slow for that are smooth already."""
    from scipy.signal import fftconvolve
    from scipy.signal.windows import hann

    n = 2 * (round(_SMOOTHING_S * rate_hz) // 2) + 1  # odd: no shift
    if n < 3:
        return values
    window = hann(n + 2)[1:-1]
    return fftconvolve(values, window / window.sum(), mode="same")


def _at(values: np.ndarray, rate_hz: float, times_s: np.ndarray) -> np.ndarray:
    """Read a smooth series, whose step k lies at (k + 1/2) / rate, at any times."""
    fine = max(rate_hz, 4000.0)  # dense enough for straight lines in between
    mean = values.mean()
    dense = mean + resample_band_limited(values - mean, rate_hz, fine)
    return np.interp(times_s, 0.5 / rate_hz + np.arange(len(dense)) / fine, dense)


def _f0_at(series: np.ndarray, rate_hz: float, times_s: np.ndarray, settings: AcousticSettings) -> np.ndarray:
    """Read an F0 track at any times: straight lines between voiced frames, nothing beside unvoiced ones."""
    found = measure("f0", series, rate_hz, settings)
    return np.interp(times_s, found.times_s, found.of("f0"), left=np.nan, right=np.nan)
