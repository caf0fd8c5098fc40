"""Durations of events in a series: where it leaves its baseline and returns."""

from __future__ import annotations

import numpy as np

from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.measurement import Measurement
from snap_tf.series.acoustics.measures.sound import centred

__all__ = ["duration", "events"]


def duration(series: np.ndarray, rate_hz: float, settings: AcousticSettings | None = None) -> Measurement:
    """Measure the durations of the events in a series, to one step.

    Args:
        series: float [steps].
        rate_hz: steps per second.
        settings: thresholds, gap, baseline.

    Returns:
        A row per event: its onset in `times_s`, its duration in seconds. No rows for a constant series.
    """
    settings = settings or AcousticSettings()
    found = events(series, rate_hz, settings)
    return Measurement("duration", ("duration",), "s", found[:, 0] / rate_hz,
                       (found[:, 1] - found[:, 0])[:, None] / rate_hz)


def events(series: np.ndarray, rate_hz: float, settings: AcousticSettings) -> np.ndarray:
    """Find events by two thresholds: one starts and ends at the lower, and must reach the higher in between.

    Deviations from the baseline count in both directions: averages of rectified feature maps may fall in an event.

    Args:
        series: float [steps].
        rate_hz: steps per second.
        settings: `duration_low` and `duration_high` as shares of the largest deviation; `duration_gap_s`;
            `duration_baseline`.

    Returns:
        int64 [events, 2]: first step, and one after the last.
    """
    if not centred(series).any():
        return np.zeros((0, 2), np.int64)
    values = np.asarray(series, np.float64)
    rest = {"median": np.median(values), "minimum": values.min(), "zero": 0.0}[settings.duration_baseline]
    deviation = np.abs(values - rest)
    above = np.concatenate([[False], deviation >= settings.duration_low * deviation.max(), [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    starts, ends = edges[::2], edges[1::2]
    parts = starts[1:] - ends[:-1] >= max(settings.duration_gap_s * rate_hz, 1)  # dips long enough to separate
    starts, ends = starts[np.concatenate([[True], parts])], ends[np.concatenate([parts, [True]])]
    high = settings.duration_high * deviation.max()
    return np.array([(a, b) for a, b in zip(starts, ends, strict=True) if deviation[a:b].max() >= high],
                    np.int64).reshape(-1, 2)
