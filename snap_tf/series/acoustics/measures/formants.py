"""Formants of a series, by Praat's Burg method."""

from __future__ import annotations

import numpy as np

from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.measurement import Measurement, beyond_nyquist
from snap_tf.series.acoustics.measures.sound import centred, to_praat
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["HIGHEST_HZ", "formant_range", "formant_refusal", "formants"]

HIGHEST_HZ = 5500.0  # five and a half formants of a shorter vocal tract, Praat's default
_FEWEST = 2  # one resonance alone says nothing about a vowel


def formant_range(rate_hz: float, settings: AcousticSettings) -> tuple[float, int]:
    """Return the formant ceiling in hertz and the number of formants that are expected below it.

    Conv4 of a generator, at 4000 Hz: 2000 Hz and 2 formants; audio: 5500 Hz and 5.
    """
    ceiling = settings.formant_ceiling_hz or min(HIGHEST_HZ, rate_hz / 2)
    return ceiling, int(ceiling // settings.formant_spacing_hz)


def formant_refusal(rate_hz: float, settings: AcousticSettings) -> ConfigError | None:
    """Say why formants cannot be measured at this rate, or not those up to the ceiling asked for."""
    needed = max(settings.formant_ceiling_hz, _FEWEST * settings.formant_spacing_hz)
    if rate_hz / 2 < needed:
        asked = (f"formants up to `formant_ceiling_hz` (={settings.formant_ceiling_hz:g})"
                 if settings.formant_ceiling_hz else f"the first {_FEWEST} formants")
        return beyond_nyquist(asked, needed, rate_hz, "take a layer with a higher rate"
                              + (", or lower the ceiling" if rate_hz / 2 >= _FEWEST * settings.formant_spacing_hz
                                 else ""))
    if settings.formant_ceiling_hz and settings.formant_ceiling_hz < _FEWEST * settings.formant_spacing_hz:
        return ConfigError(f"`formant_ceiling_hz` (={settings.formant_ceiling_hz:g}) must be at least "
                           f"{_FEWEST * settings.formant_spacing_hz:g}, for {_FEWEST} formants")
    return None


def formants(series: np.ndarray, rate_hz: float, settings: AcousticSettings | None = None) -> Measurement:
    """Track formants by Burg's method, at the series' own rate: Praat resamples to twice the ceiling itself.

    Args:
        series: float [steps].
        rate_hz: steps per second.
        settings: step, window, pre-emphasis, ceiling; what counts as silence.

    Returns:
        Hz per frame, a column f1, f2, ... each; NaN in silence and where fewer were found.

    Raises:
        ConfigError: the rate is too low.
        DataError: the series is shorter than a window.

    Source: Praat manual, Sound: To Formant (burg); Childers 1978, Modern spectrum analysis, 252-255.
    """
    settings = settings or AcousticSettings()
    refusal = formant_refusal(rate_hz, settings)
    if refusal:
        raise refusal
    shortest_s = 2 * settings.formant_window_s
    if len(series) / rate_hz <= shortest_s:
        raise DataError(f"`series` (={len(series) / rate_hz:g} s) must be longer than {shortest_s:g} s, twice "
                        f"`formant_window_s` (={settings.formant_window_s:g}), for formants")
    ceiling, count = formant_range(rate_hz, settings)
    sound = to_praat(centred(series), rate_hz)
    found = sound.to_formant_burg(time_step=settings.formant_step_s, max_number_of_formants=count,
                                  maximum_formant=ceiling, window_length=settings.formant_window_s,
                                  pre_emphasis_from=settings.formant_preemphasis_hz)
    times = found.xs()
    loud = ~_silent(sound.values[0], rate_hz, sound.x1, times, settings)
    values = np.array([[found.get_value_at_time(i + 1, t) if there else np.nan for i in range(count)]
                       for t, there in zip(times, loud, strict=True)])
    return Measurement("formants", tuple(f"f{i + 1}" for i in range(count)), "Hz", times, values.reshape(-1, count))


def _silent(values: np.ndarray, rate_hz: float, first_s: float, times_s: np.ndarray, settings: AcousticSettings
            ) -> np.ndarray:
    """Tell which frames are silence, where linear prediction gives formants of rounding errors: bool [frames]."""
    sums, squares = (np.concatenate([[0.0], np.cumsum(x)]) for x in (values, values**2))
    middle = (times_s - first_s) * rate_hz
    half = settings.formant_window_s * rate_hz / 2
    start, end = (np.clip(np.round(middle + side), 0, len(values)).astype(int) for side in (-half, half + 1))
    n = np.maximum(end - start, 1)
    # without the frame's own mean: the baseline of a layer is not 0
    power = np.maximum((squares[end] - squares[start]) / n - ((sums[end] - sums[start]) / n)**2, 0)
    return (power <= 1e-12 * (values**2).max()) | (power < power.max() * 10 ** (-settings.silence_db / 10))
