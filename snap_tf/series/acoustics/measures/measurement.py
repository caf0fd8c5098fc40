"""Result of an acoustic measure: values over time with their unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wavegan_tf.errors import ConfigError

__all__ = ["Measurement", "beyond_nyquist"]


@dataclass(frozen=True)
class Measurement:
    """One acoustic measure of one series: values over time with their unit.

    Attributes:
        name: f0, intensity, formants, duration or frication.
        columns: names of the values: the measure's own, or f1, f2, ... of formants.
        units: of the values: Hz, dB, s, or `share` (0 to 1).
        times_s: float64 [frames], middle of each frame from the start of the clip; onsets of events for durations.
        values: float64 [frames, columns]; NaN where there is none (unvoiced, silent).
    """

    name: str
    columns: tuple[str, ...]
    units: str
    times_s: np.ndarray
    values: np.ndarray

    def of(self, column: str) -> np.ndarray:
        """Return one column: float64 [frames]."""
        return self.values[:, self.columns.index(column)]

    def summary(self) -> dict[str, dict[str, float]]:
        """Summarise each column over its defined frames.

        Returns:
            By column: n_frames, n_defined, mean, sd, median, min, max; NaN where no frame is defined.
        """
        found = {}
        for column, values in zip(self.columns, self.values.T, strict=True):
            there = values[np.isfinite(values)]
            numbers = ([there.mean(), there.std(), np.median(there), there.min(), there.max()] if len(there)
                       else [np.nan] * 5)
            found[column] = {"n_frames": len(values), "n_defined": len(there),
                             **dict(zip(("mean", "sd", "median", "min", "max"), map(float, numbers), strict=True))}
        return found


def beyond_nyquist(what: str, needed_hz: float, rate_hz: float, remedy: str, rule: str = "at least") -> ConfigError:
    """Make the error for a measure that needs a higher Nyquist frequency."""
    return ConfigError(f"Nyquist frequency (={rate_hz / 2:g} Hz, of a series at {rate_hz:g} Hz) must be {rule} "
                       f"{needed_hz:g} Hz for {what}; {remedy}")
