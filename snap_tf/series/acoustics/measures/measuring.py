"""Acoustic measures of a layer's series by name, and which of them a sampling rate allows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.duration import duration
from snap_tf.series.acoustics.measures.f0 import f0, f0_refusal
from snap_tf.series.acoustics.measures.formants import formant_refusal, formants
from snap_tf.series.acoustics.measures.frication import frication, frication_refusal, spectrum_refusal
from snap_tf.series.acoustics.measures.intensity import intensity, intensity_refusal
from snap_tf.series.acoustics.measures.measurement import Measurement
from wavegan_tf.errors import ConfigError

__all__ = ["MEASURES", "SPECTRUM", "check_measures", "measure", "refusal"]

MEASURES: dict[str, Callable[[np.ndarray, float, AcousticSettings | None], Measurement]] = {
    "f0": f0, "intensity": intensity, "formants": formants, "duration": duration, "frication": frication}
"""Measures over time; each takes a series [steps], its rate in hertz, and settings."""
SPECTRUM = "spectrum"
"""The only measure over frequency; see `snap_tf.series.spectrum`."""

_REFUSALS: dict[str, Callable[[float, AcousticSettings], ConfigError | None]] = {
    "f0": f0_refusal, "intensity": intensity_refusal, "formants": formant_refusal,
    "frication": frication_refusal, SPECTRUM: spectrum_refusal}


def measure(name: str, series: np.ndarray, rate_hz: float, settings: AcousticSettings | None = None) -> Measurement:
    """Measure F0, intensity, formants, duration or frication of one series.

    Args:
        name: f0, intensity, formants, duration or frication.
        series: float [steps].
        rate_hz: steps per second.
        settings: see `AcousticSettings`.

    Returns:
        `times_s` [frames], `values` [frames, columns] and their `units`; NaN where a frame has no value.

    Raises:
        ConfigError: no such measure; or the Nyquist frequency of the series is too low for it.
        DataError: the series is too short, or not finite.

    Example:
        >>> import numpy as np
        >>> from snap_tf.series import measure
        >>> times_s = np.arange(4000) / 4000
        >>> f0 = measure("f0", np.sin(2 * np.pi * 200 * times_s), 4000)
        >>> round(float(np.median(f0.of("f0")))), f0.units
        (200, 'Hz')
    """
    check_measures([name], tuple(MEASURES))
    return MEASURES[name](series, rate_hz, settings)


def refusal(name: str, rate_hz: float, settings: AcousticSettings | None = None) -> str | None:
    """Say why a sampling rate is too low for an acoustic measure; None where it is not.

    Example:
        >>> from snap_tf.series import refusal
        >>> print(refusal("f0", 4000))  # the rate of the Q-network's Conv1
        None
        >>> refusal("f0", 62.5)
        'Nyquist frequency (=31.25 Hz, of a series at 62.5 Hz) must be at least 150 Hz for F0 ...'
    """
    check_measures([name])
    check = _REFUSALS.get(name)
    error = check(rate_hz, settings or AcousticSettings()) if check else None
    return str(error) if error else None


def check_measures(names: list[str] | tuple[str, ...], known: tuple[str, ...] = (*MEASURES, SPECTRUM)) -> None:
    """Check the names of acoustic measures.

    Raises:
        ConfigError: lists those there are.
    """
    for name in names:
        if name not in known:
            raise ConfigError(f"measure (={name}) must be one of {', '.join(known)}")
