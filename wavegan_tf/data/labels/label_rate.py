"""The sampling rate of the times in TIMIT's label files: that of the recordings, unless those were resampled.

Times in TIMIT's .PHN and .WRD are samples at 16,000 Hz. Where recordings were resampled and labels were not changed,
the last label ends at 16000 / rate of the recording, in every file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wavegan_tf.data.corpus import Segment
from wavegan_tf.errors import DataError

__all__ = ["TIMIT_HZ", "LabelEnd", "label_rate", "to_rate"]

TIMIT_HZ = 16000
_OTHERS = (8000, 11025, 22050, 24000, 32000, 44100, 48000, 96000)
_UNCLEAR = 0.1
"""Share of files that may end anywhere, being damaged, where all others say 16,000 Hz."""
_EARLY = {True: 0.05, False: 0.3}
"""By which share of the recording phones, or words alone, may end before it."""
_LATE = 0.01
"""By which share they may pass its end: the ends of some label files were rounded."""


@dataclass(frozen=True)
class LabelEnd:
    """The end of the last label of a recording, in the numbers of its label file.

    `of_phones`: whether they are phones; else words, where there are no phones.
    """

    where: str
    rate_hz: int
    n_samples: int
    end: int
    of_phones: bool

    def fits(self, label_hz: int) -> bool:
        """Check whether the labels end with the recording, if their times are samples at `label_hz`."""
        share = self.end / label_hz / (self.n_samples / self.rate_hz)
        return 1 - _EARLY[self.of_phones] <= share <= 1 + _LATE


def label_rate(ends: Sequence[LabelEnd], n_recordings: int) -> int:
    """Find the sampling rate of the times in all label files of a corpus.

    Args:
        ends: of the recordings that have labels; those at TIMIT's own rate may be left out where their labels end
            with them.
        n_recordings: all recordings of the corpus.

    Returns:
        0: the times of each file are samples of its recording; else the sampling rate of the times.

    Raises:
        DataError: some files count samples of 16,000 Hz and others do not, or many cannot be told; or all end where
            they would if they counted another rate.
    """
    resampled = [item for item in ends if item.rate_hz != TIMIT_HZ]  # the others count both at once
    own = [item for item in resampled if item.fits(item.rate_hz)]
    others = [item for item in resampled if not item.fits(item.rate_hz)]
    timit, unclear = ([item for item in others if item.fits(TIMIT_HZ) == fits] for fits in (True, False))
    advice = "say which it is with --label-rate (0: that of each recording), or keep the two kinds in two folders"
    if timit and (own or len(unclear) > _UNCLEAR * len(resampled)):
        own += unclear
        raise DataError(f"labels of the corpus must all count samples of one rate; {len(timit)} of {len(resampled)} "
                        f"files end where samples of {TIMIT_HZ} Hz do (such as {timit[0].where}: {timit[0].end} for "
                        f"{timit[0].n_samples} samples at {timit[0].rate_hz} Hz), others do not (such as "
                        f"{own[0].where}: {own[0].end} for {own[0].n_samples} samples); {advice}")
    if timit:
        return TIMIT_HZ
    for other in _OTHERS:
        beyond = all(item.fits(other) and item.end > 1.05 * item.n_samples for item in ends)
        if beyond and len(ends) > (1 - _UNCLEAR) * n_recordings:
            raise DataError(f"labels of the corpus must count samples of its recordings; all {len(ends)} files end "
                            f"where samples of {other} Hz do (such as {ends[0].where}: {ends[0].end} for "
                            f"{ends[0].n_samples} samples at {ends[0].rate_hz} Hz); if they do: --label-rate {other}")
    return 0


def to_rate(segments: Sequence[Segment], from_hz: int, to_hz: int, n_samples: int) -> tuple[Segment, ...]:
    """Convert the times of segments to another sampling rate, inside a recording of `n_samples`."""
    if from_hz == to_hz:
        return tuple(segments)
    scaled = (Segment(round(s.start * to_hz / from_hz), min(round(s.end * to_hz / from_hz), n_samples), s.label)
              for s in segments)
    return tuple(s for s in scaled if s.start < s.end)
