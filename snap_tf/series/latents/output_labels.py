"""Labels of generated outputs: measured, or given by hand in a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.measuring import measure
from snap_tf.series.acoustics.measures.sound import power_spectrogram
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.tables import read_table

__all__ = ["FRICATION", "MEASURES", "UNITS", "Labels", "binary_labels", "frication_ratio", "hand_labels",
           "measure_audio", "measured_labels"]

_LARGEST = 1e50  # squares and cubes of what is larger are no numbers

FRICATION = "frication"
"""The automatic label of [s]-like outputs: `frication_ratio` above a threshold."""
FRICATION_ABOVE_HZ = 3500.0  # the middle of the 3 to 4 kHz of the specification
FRICATION_THRESHOLD = 0.5


def frication_ratio(audio: np.ndarray, rate_hz: float, above_hz: float = FRICATION_ABOVE_HZ) -> float:
    """Measure the share of high-frequency energy before the first voiced frame, as in a word-initial [s].

    Frames 50 dB below the loudest one are silence and do not count; without any voiced frame everything counts.

    Args:
        audio: float [n_samples].
        rate_hz: samples per second; above twice `above_hz`.
        above_hz: lower limit of the high frequencies.

    Returns:
        A share from 0 to 1; 0 where nothing sounds before the voice.

    Raises:
        ConfigError: the rate is too low.
    """
    if rate_hz <= 2 * above_hz:
        raise ConfigError(f"`rate_hz` (={rate_hz:g}) must be above {2 * above_hz:g} to hold frication above "
                          f"{above_hz:g} Hz; choose another label")
    settings = AcousticSettings()
    times_s, frequencies_hz, power = power_spectrogram(np.asarray(audio, float), rate_hz, settings.frication_window_s,
                                                       settings.frication_step_s)
    energy = power.sum(axis=0)
    if not energy.max() > 0:
        return 0.0
    pitch = measure("f0", audio, rate_hz, settings)
    voiced = np.isfinite(pitch.of("f0"))
    onset_s = pitch.times_s[voiced][0] if voiced.any() else np.inf
    # whole windows: one that reaches into the vowel would measure the vowel, which is louder
    counts = (energy >= energy.max() * 10 ** (-settings.silence_db / 10)) & (
        times_s + settings.frication_window_s / 2 <= onset_s)
    total = energy[counts].sum()
    return float(power[frequencies_hz >= above_hz][:, counts].sum() / total) if total > 0 else 0.0


def _summary(name: str, column: str, reduce: Callable[[np.ndarray], float]) -> Callable[[np.ndarray, float], float]:
    """Make a measure of one number out of a measure over time; NaN where it is defined nowhere."""
    def one_number(audio: np.ndarray, rate_hz: float) -> float:
        values = measure(name, audio, rate_hz).of(column)
        there = values[np.isfinite(values)]
        return float(reduce(there)) if len(there) else float("nan")

    return one_number


def _rms_db(audio: np.ndarray, rate_hz: float) -> float:
    level = float(np.sqrt(np.mean(np.square(audio, dtype=float))))
    return 20 * np.log10(level) if level > 0 else float("nan")


MEASURES: dict[str, Callable[[np.ndarray, float], float]] = {
    "frication_ratio": frication_ratio,
    "f0": _summary("f0", "f0", np.median),
    "f1": _summary("formants", "f1", np.median),
    "f2": _summary("formants", "f2", np.median),
    "intensity": _summary("intensity", "intensity", np.mean),
    "frication_share": _summary("frication", "frication", np.mean),
    "duration": _summary("duration", "duration", np.max),
    "rms_db": _rms_db,
}
"""Measures that give a number for an output: a share; Hz (median over voiced frames); dB; s (the longest event)."""
UNITS = {"frication_ratio": "share", "f0": "Hz", "f1": "Hz", "f2": "Hz", "intensity": "dB", "frication_share": "share",
         "duration": "s", "rms_db": "dB"}
"""Of `MEASURES`."""


@dataclass(frozen=True)
class Labels:
    """Labels of generated outputs, one each.

    Attributes:
        name: what was labelled.
        values: float64 [n]; 0 and 1 for a binary label, else the measure; NaN where there is none.
        binary: whether the label is 0 or 1.
        positive: what 1 stands for.
        measured: float64 [n], the measure that a threshold turned into 0 and 1; None for hand labels.
        settings: threshold and the like.
    """

    name: str
    values: np.ndarray
    binary: bool
    positive: str
    measured: np.ndarray | None
    settings: dict[str, object]


def measure_audio(batches: Iterable[np.ndarray], rate_hz: float, names: Iterable[str]) -> pd.DataFrame:
    """Measure generated audio batch by batch; only the numbers stay in memory.

    Args:
        batches: float [batch, n_samples] each.
        rate_hz: samples per second.
        names: of `MEASURES`.

    Returns:
        A row per output and a column per measure.

    Raises:
        ConfigError: no such measure, or a sampling rate that is too low for it.
    """
    names = list(names)
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        raise ConfigError(f"measure (={unknown[0]}) must be one of {', '.join(MEASURES)}")
    rows: Iterator[list[float]] = ([MEASURES[name](audio, rate_hz) for name in names]
                                   for batch in batches for audio in batch)
    return pd.DataFrame(list(rows), columns=names)


def measured_labels(name: str, values: np.ndarray, threshold: float | str | None = None) -> Labels:
    """Make labels of a measure; with a threshold they are 0 and 1.

    Args:
        name: `frication` (which has a threshold of its own, .5), or a measure.
        values: float [n].
        threshold: a number, or `median`; values above it are 1.

    Raises:
        DataError: as `binary_labels`.
    """
    if name == FRICATION and threshold is None:
        threshold = FRICATION_THRESHOLD
    if threshold is None:
        return Labels(name, np.asarray(values, float), False, "", None, {})
    return binary_labels(name, values, threshold)


def binary_labels(name: str, values: np.ndarray, threshold: float | str) -> Labels:
    """Label values above a threshold 1 and other values 0; missing values stay NaN.

    Raises:
        DataError: all outputs fall on one side, or none has a value.
    """
    values = np.asarray(values, float)
    there = np.isfinite(values)
    if not there.any():
        raise DataError(f"label (={name}) must be measurable; none of the {len(values)} outputs has a value; choose "
                        "another label")
    if threshold != "median":
        try:
            limit = float(threshold)
        except ValueError:
            raise ConfigError(f"`threshold` (={threshold}) must be a number or median") from None
    else:
        limit = float(np.median(values[there]))
    label = np.where(there, (values > limit).astype(float), np.nan)
    n, n_there = int((label == 1).sum()), int(there.sum())
    if n in (0, n_there):
        raise DataError(f"label (={name}, threshold {limit:g}) must divide the outputs in two; {n} of {n_there} are "
                        f"above it; the values go from {values[there].min():.4g} to {values[there].max():.4g}, "
                        f"their median is {np.median(values[there]):.4g}; change --threshold")
    return Labels(name, label, True, f"{name} > {limit:g}", values, {"threshold": limit})


def hand_labels(path: str | Path, tokens: Iterable[str], positive: str | None = None) -> Labels:
    """Read hand labels of outputs from a table.

    Args:
        path: CSV with the columns `file` (or `token`) and `label`: two kinds of label, or numbers. Folders and the
            suffix of a file do not count.
        tokens: names of the outputs, in the order of the result.
        positive: which label is 1; by default the second of two in the alphabet. With more than two, all others are 0.

    Returns:
        NaN for outputs that the table does not name.

    Raises:
        DataError: no such table, files that are none of the outputs, files named twice, or one kind of label only.
    """
    path, tokens = Path(path), list(tokens)
    if not path.is_file():
        raise DataError(f"table of labels (={path}) must exist; check the path, or name one of {FRICATION}, "
                        f"{', '.join(MEASURES)}")
    table = read_table(path, "table of labels")
    key = next((name for name in ("file", "token") if name in table), None)
    if key is None or "label" not in table:
        raise DataError(f"table of labels (={path}) must have the columns file and label; it has "
                        f"{', '.join(table.columns)}")
    table = table[table["label"] != ""]
    table = table.assign(key=[Path(name).stem if name.lower().endswith(".wav") else Path(name).name
                              for name in table[key]])
    place = {token: i for i, token in enumerate(tokens)}
    unknown = [name for name in table["key"] if name not in place]
    if unknown:
        raise DataError(f"table of labels (={path}) must name outputs only; {len(unknown)} are none, the first is "
                        f"{unknown[0]}; outputs are called like {tokens[0]}")
    twice = table["key"][table["key"].duplicated()]
    if len(twice):
        raise DataError(f"table of labels (={path}) must name every file once; {twice.iloc[0]} comes twice")
    kinds = sorted(table["label"].unique())
    if positive is not None and positive not in kinds:
        raise DataError(f"`positive` (={positive}) must be one of the labels {', '.join(kinds[:20])}")
    if len(kinds) < 2:
        raise DataError(f"table of labels (={path}) must have two kinds of label; all {len(table)} are "
                        f"{kinds[0] if kinds else 'empty'}")
    values, rows = np.full(len(tokens), np.nan), [place[name] for name in table["key"]]
    numbers = pd.to_numeric(table["label"], errors="coerce")
    if positive is None and len(kinds) > 2:
        if not numbers.abs().le(_LARGEST).all():
            raise DataError(f"table of labels (={path}) must have two labels or numbers up to {_LARGEST:g}; it has "
                            f"{len(kinds)}: {', '.join(kinds[:10])}; say with --positive which one is meant")
        values[rows] = numbers
        return Labels(path.stem, values, False, "", None, {"labels": path.name})
    positive = kinds[1] if positive is None else positive
    values[rows] = (table["label"] == positive).to_numpy(float)
    return Labels(path.stem, values, True, positive, None, {"labels": path.name, "positive": positive})
