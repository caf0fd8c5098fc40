"""Frication (share of high-frequency energy) and long-term average spectrum of a series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.measurement import Measurement, beyond_nyquist
from snap_tf.series.acoustics.measures.sound import centred, power_spectrogram
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["FEWEST_STEPS", "Spectrum", "frication", "frication_refusal", "spectrum", "spectrum_refusal"]

FEWEST_STEPS = 16
"""Of a window of a spectrum."""


@dataclass(frozen=True)
class Spectrum:
    """A long-term average spectrum.

    Attributes:
        frequencies_hz: float64 [bins].
        levels_db: float64 [bins], power density relative to 1 per hertz in the layer's own unit; NaN without sound.
        centre_hz: centre of gravity; NaN without sound.
    """

    frequencies_hz: np.ndarray
    levels_db: np.ndarray
    centre_hz: float


def frication_refusal(rate_hz: float, settings: AcousticSettings) -> ConfigError | None:
    """Say why frication cannot be measured at this rate."""
    if rate_hz / 2 <= settings.frication_low_hz:
        return beyond_nyquist("frication, which is energy above `frication_low_hz`", settings.frication_low_hz, rate_hz,
                              "take the output or the stimulus", rule="above")
    return None


def frication(series: np.ndarray, rate_hz: float, settings: AcousticSettings | None = None) -> Measurement:
    """Measure the share of energy above `frication_low_hz`, frame by frame.

    Args:
        series: float [steps].
        rate_hz: steps per second.
        settings: band, step, window; what counts as silence.

    Returns:
        Shares from 0 to 1; NaN in silence.

    Raises:
        ConfigError: the rate is too low.
        DataError: the series is shorter than a window.
    """
    settings = settings or AcousticSettings()
    refusal = frication_refusal(rate_hz, settings)
    if refusal:
        raise refusal
    times, frequencies, power = power_spectrogram(centred(series), rate_hz, settings.frication_window_s,
                                                  settings.frication_step_s)
    total = power.sum(axis=0)
    loud = (total > 0) & (total >= total.max() * 10 ** (-settings.silence_db / 10))
    high = power[frequencies >= settings.frication_low_hz].sum(axis=0)
    shares = np.divide(high, total, out=np.full(len(total), np.nan), where=loud)
    return Measurement("frication", ("frication",), "share", times, shares[:, None])


def spectrum_refusal(rate_hz: float, settings: AcousticSettings) -> ConfigError | None:
    """Say why a series at this rate has no spectrum up to the frequency asked for."""
    if rate_hz / 2 < settings.spectrum_ceiling_hz:
        return beyond_nyquist(f"a spectrum up to `spectrum_ceiling_hz` (={settings.spectrum_ceiling_hz:g})",
                              settings.spectrum_ceiling_hz, rate_hz, "take a layer with a higher rate, or lower it")
    return None


def spectrum(series: np.ndarray, rate_hz: float, settings: AcousticSettings | None = None) -> Spectrum:
    """Compute the long-term average spectrum of a series.

    Args:
        series: float [steps].
        rate_hz: steps per second.
        settings: window and ceiling.

    Raises:
        ConfigError: the ceiling is above the Nyquist frequency.
        DataError: fewer than 16 steps.

    Source: Welch 1967, IEEE Trans. Audio Electroacoustics 15, 70-73.

    Example:
        >>> import numpy as np
        >>> from snap_tf.series import spectrum
        >>> times_s = np.arange(4000) / 4000
        >>> found = spectrum(np.sin(2 * np.pi * 500 * times_s), 4000)
        >>> round(found.centre_hz), float(found.frequencies_hz[np.argmax(found.levels_db)])
        (500, 500.0)
    """
    from scipy.signal import welch

    settings = settings or AcousticSettings()
    refusal = spectrum_refusal(rate_hz, settings)
    if refusal:
        raise refusal
    if len(series) < FEWEST_STEPS:
        raise DataError(f"`series` (={len(series)} steps) must have at least {FEWEST_STEPS} steps for a spectrum")
    window = max(FEWEST_STEPS, round(settings.spectrum_window_s * rate_hz))
    # shorter series are padded, so that all of a layer have the same frequencies
    frequencies, density = welch(centred(series), rate_hz, nperseg=min(len(series), window), nfft=window)
    keep = frequencies <= (settings.spectrum_ceiling_hz or rate_hz / 2)
    frequencies, density = frequencies[keep], density[keep]
    total = density.sum()
    levels = 10 * np.log10(density, out=np.full(len(density), np.nan), where=density > 0)
    return Spectrum(frequencies, levels, float(frequencies @ density / total) if total else float("nan"))
