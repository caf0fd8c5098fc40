"""The parts of clips that are measured: whole clips, or the intervals of phones."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from snap_tf.series.acoustics.measures.measurement import Measurement
from snap_tf.series.extraction.intervals import phone_intervals
from snap_tf.series.extraction.store import LayerStore
from wavegan_tf.errors import DataError

__all__ = ["Place", "clip_places", "phone_places", "within"]


@dataclasses.dataclass(frozen=True)
class Place:
    """A clip, or an interval of it.

    Attributes:
        row: of the table of tokens.
        token: its name; of an interval, with the phone and where it begins.
        label: of the token, or the phone.
        word: that it is, or lies in.
        speaker: who speaks.
        start_s: where it begins in the clip.
        end_s: where it ends.
        is_interval: whether it is part of a clip only.
    """

    row: int
    token: str
    label: str
    word: str
    speaker: str
    start_s: float
    end_s: float
    is_interval: bool = False

    def steps(self, n_steps: int, rate_hz: float) -> slice:
        """Return the steps of a series that it overlaps: floor(start) to ceil(end)."""
        if not self.is_interval:
            return slice(0, n_steps)
        # rounded, because 1.2 s at 1000 Hz is step 1200 exactly
        return slice(int(np.floor(round(self.start_s * rate_hz, 6))), int(np.ceil(round(self.end_s * rate_hz, 6))))

    def about(self) -> dict[str, str]:
        """Return its columns of a table: token, label, word, speaker."""
        return {"token": self.token, "label": self.label, "word": self.word, "speaker": self.speaker}


def clip_places(store: LayerStore, rows: Sequence[int]) -> list[Place]:
    """Take whole clips."""
    tokens, end_s = store.tokens, store.n_samples / store.rate_hz
    return [Place(row, str(one["token"]), str(one["label"]), str(one.get("word", "")), str(one.get("speaker", "")), 0.0,
                  end_s) for row, one in zip(rows, (tokens.iloc[row] for row in rows), strict=True)]


def phone_places(store: LayerStore, rows: Sequence[int], phones: Sequence[str]
                 ) -> tuple[list[Place], pd.DataFrame, int]:
    """Take every interval of some phones in some clips.

    Returns:
        places: one for each, phone by phone in the order asked for.
        intervals: the same as a table, see `phone_intervals`.
        n_cut: intervals left out because the clip was cut inside or before them.

    Raises:
        DataError: no such phone, or tokens without phones.
    """
    if "phones" not in store.tokens:
        raise DataError(f"`phones` (={','.join(phones)}) must be left out for {store.folder}; its tokens have no "
                        "phones with times: take layers of recordings with .PHN files or TextGrids")
    intervals, n_cut = phone_intervals(store.tokens.iloc[list(rows)], store.n_samples, phones)
    rate = store.rate_hz
    places = [Place(row.row, row.token, row.label, row.word, row.speaker, row.start_sample / rate,
                    row.end_sample / rate, True) for row in intervals.itertuples()]
    return places, intervals, n_cut


def within(found: Measurement, place: Place) -> Measurement:
    """Keep what was measured of a clip inside an interval; times then count from the interval's start.

    A frame belongs to the interval that holds its middle; at the edges its window extends beyond the interval, as
    when Praat measures the F0 of an interval. Events are cut to the interval.
    """
    if not place.is_interval:
        return found
    times, values = found.times_s, found.values
    if found.name == "duration":
        ends = np.minimum(times + found.of("duration"), place.end_s)
        times = np.maximum(times, place.start_s)
        keep = ends > times
        values = (ends - times)[:, None]
    else:
        keep = (times >= place.start_s) & (times < place.end_s)
    return dataclasses.replace(found, times_s=times[keep] - place.start_s, values=values[keep])
