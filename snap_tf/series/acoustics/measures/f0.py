"""Fundamental frequency (F0) of a series, by Praat's autocorrelation."""

from __future__ import annotations

import numpy as np

from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.measurement import Measurement, beyond_nyquist
from snap_tf.series.acoustics.measures.sound import centred, to_praat
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["f0", "f0_ceiling_hz", "f0_refusal"]


def f0_ceiling_hz(rate_hz: float, settings: AcousticSettings) -> float:
    """Return the F0 ceiling in use, in hertz: at most 0.8 of the Nyquist frequency."""
    return min(settings.f0_ceiling_hz, 0.8 * rate_hz / 2)


def f0_refusal(rate_hz: float, settings: AcousticSettings) -> ConfigError | None:
    """Say why F0 cannot be measured at this rate: twice the F0 floor must lie below the Nyquist frequency."""
    if rate_hz / 2 < 2 * settings.f0_floor_hz:
        return beyond_nyquist(f"F0 from {settings.f0_floor_hz:g} Hz (twice `f0_floor_hz`)", 2 * settings.f0_floor_hz,
                              rate_hz, "take a layer with a higher rate")
    return None


def f0(series: np.ndarray, rate_hz: float, settings: AcousticSettings | None = None) -> Measurement:
    """Track the fundamental frequency (F0) by autocorrelation.

    Args:
        series: float [steps].
        rate_hz: steps per second.
        settings: floor, ceiling, step, voicing.

    Returns:
        Hz per frame; NaN where unvoiced.

    Raises:
        ConfigError: the rate is too low.
        DataError: the series is shorter than three periods of the floor.

    Source: Boersma 1993, IFA Proceedings 17, 97-110.
    """
    settings = settings or AcousticSettings()
    refusal = f0_refusal(rate_hz, settings)
    if refusal:
        raise refusal
    shortest_s = 3 / settings.f0_floor_hz
    if len(series) / rate_hz <= shortest_s:
        raise DataError(f"`series` (={len(series) / rate_hz:g} s) must be longer than {shortest_s:g} s, three periods "
                        f"of `f0_floor_hz` (={settings.f0_floor_hz:g}), for F0")
    sound = to_praat(centred(series), rate_hz, settings.analysis_rate_hz)
    pitch = sound.to_pitch_ac(time_step=settings.f0_step_s, pitch_floor=settings.f0_floor_hz,
                              pitch_ceiling=f0_ceiling_hz(rate_hz, settings),
                              voicing_threshold=settings.f0_voicing_threshold)
    values = np.asarray(pitch.selected_array["frequency"], np.float64)
    return Measurement("f0", ("f0",), "Hz", pitch.xs(), np.where(values > 0, values, np.nan)[:, None])
