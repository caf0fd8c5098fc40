"""Intensity of a series over time, by Praat."""

from __future__ import annotations

import math

import numpy as np

from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.measurement import Measurement, beyond_nyquist
from snap_tf.series.acoustics.measures.sound import centred, to_praat
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["intensity", "intensity_refusal"]

_PRAAT_ZERO_DB = 20 * math.log10(1 / 2e-5)  # Praat takes values for pascals and 20 micropascals for 0 dB
_NOTHING_DB = 80.0  # levels so far below the loudest frame come from the resampling filter


def intensity_refusal(rate_hz: float, settings: AcousticSettings) -> ConfigError | None:
    """Say why intensity cannot be measured at this rate: a window must hold several periods of a voice."""
    needed = 2 * settings.intensity_floor_hz
    if rate_hz / 2 < needed:
        return beyond_nyquist(f"intensity (twice `intensity_floor_hz`, ={settings.intensity_floor_hz:g})", needed,
                              rate_hz, "take a layer with a higher rate; a slow layer's series is an envelope itself")
    return None


def intensity(series: np.ndarray, rate_hz: float, settings: AcousticSettings | None = None) -> Measurement:
    """Measure intensity over time, the mean of each window removed.

    Args:
        series: float [steps].
        rate_hz: steps per second.
        settings: minimum pitch.

    Returns:
        dB relative to a root mean square of 1 in the layer's own unit, which has no physical meaning: compare within a
        layer. NaN in silence.

    Raises:
        ConfigError: the rate is too low.
        DataError: the series is too short.

    Source: Praat manual, Sound: To Intensity.
    """
    settings = settings or AcousticSettings()
    refusal = intensity_refusal(rate_hz, settings)
    if refusal:
        raise refusal
    shortest_s = 6.4 / settings.intensity_floor_hz
    if len(series) / rate_hz <= shortest_s:
        raise DataError(f"`series` (={len(series) / rate_hz:g} s) must be longer than {shortest_s:g} s, 6.4 periods of "
                        f"`intensity_floor_hz` (={settings.intensity_floor_hz:g}), for intensity")
    sound = to_praat(centred(series), rate_hz, settings.analysis_rate_hz)
    found = sound.to_intensity(minimum_pitch=settings.intensity_floor_hz, subtract_mean=True)
    level = np.asarray(found.values[0], np.float64) - _PRAAT_ZERO_DB
    nothing = (level < level.max() - _NOTHING_DB) | (level < -300)  # Praat gives -300 dB of its own for zeros
    return Measurement("intensity", ("intensity",), "dB", found.xs(), np.where(nothing, np.nan, level)[:, None])
