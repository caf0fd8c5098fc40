"""Praat TextGrids: read the long and the short text format, write with praatio.

Reading is our own because praatio 6.2.2 drops the last interval of a short file without a final newline, and refuses
times such as 5e-05 and labels that contain `intervals [`. Praat's rule is simple and makes the long and the short
format the same: of the whole text only quoted strings, free-standing numbers and <flags> count.

Source: Praat manual, "TextGrid file formats".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wavegan_tf.atomic import atomic_file
from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.labels.label_text import label_text
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["Interval", "TextGrid", "Tier", "read_textgrid", "to_sample", "write_textgrid"]


@dataclass(frozen=True)
class Interval:
    """A labelled interval of a TextGrid tier, in seconds from the start of the recording."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True)
class Tier:
    """An interval tier of a TextGrid; intervals with an empty label are kept."""

    name: str
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class TextGrid:
    """The interval tiers of a TextGrid, and the names of its point tiers, whose content is not read."""

    start_s: float
    end_s: float
    tiers: tuple[Tier, ...]
    point_tiers: tuple[str, ...] = ()

    def describe(self) -> str:
        """List the tiers for an error message."""
        names = [f"`{tier.name}`" for tier in self.tiers] + [f"`{name}` (points)" for name in self.point_tiers]
        return ", ".join(names) or "none"


def read_textgrid(path: str | Path) -> TextGrid:
    """Read a Praat TextGrid in long or short text format, UTF-8, UTF-16 or Latin-1.

    Args:
        path: the file.

    Returns:
        Its interval tiers, with times in seconds; of point tiers the names only.

    Raises:
        DataError: it cannot be read, is not a TextGrid, is cut off, or has a label where a time should be, a time that
            no recording has, a size that is no whole number, or more in it than its sizes say.

    Example:
        >>> from wavegan_tf.data import Segment, read_textgrid, write_textgrid
        >>> write_textgrid("one.TextGrid", {"words": [Segment(1600, 4800, "ask")]}, n_samples=8000, rate_hz=16000)
        >>> tier, = read_textgrid("one.TextGrid").tiers
        >>> tier.name, [(interval.start_s, interval.end_s, interval.label) for interval in tier.intervals]
        ('words', [(0.0, 0.1, ''), (0.1, 0.3, 'ask'), (0.3, 0.5, '')])
    """
    path = Path(path)
    tokens = _Tokens(path, label_text(path, "TextGrid"))
    if tokens.string("file type")[:10] != "ooTextFile" or not tokens.string("object class").startswith("TextGrid"):
        raise DataError(f"TextGrid (={path}) must be a Praat text file that holds a TextGrid; save it from Praat as "
                        "text file")
    start_s, end_s = tokens.number("start"), tokens.number("end")
    tiers, point_tiers = [], []
    if tokens.flag("tiers") == "exists":
        for _ in range(tokens.count("number of tiers")):
            kind, name = tokens.string("class of a tier"), tokens.string("name of a tier").strip()
            tokens.number("start"), tokens.number("end")
            count = tokens.count(f"size of tier `{name}`")
            if kind == "IntervalTier":
                tiers.append(Tier(name, tuple(
                    Interval(tokens.number(f"start in tier `{name}`"), tokens.number(f"end in tier `{name}`"),
                             tokens.string(f"label in tier `{name}`").strip()) for _ in range(count))))
            elif kind == "TextTier":
                for _ in range(count):
                    tokens.number(f"time in tier `{name}`"), tokens.string(f"label in tier `{name}`")
                point_tiers.append(name)
            else:
                raise DataError(f"TextGrid (={path}) must have interval and point tiers; tier `{name}` has the class "
                                f"`{kind}`; save it from Praat as text file")
        tokens.end()
    return TextGrid(start_s, end_s, tuple(tiers), tuple(point_tiers))


def write_textgrid(path: str | Path, tiers: Mapping[str, Sequence[Segment]], n_samples: int, rate_hz: int,
                   style: str = "long") -> None:
    """Write a Praat TextGrid (UTF-8) with interval tiers; gaps become intervals with an empty label.

    Args:
        path: the file to write, whole or not at all.
        tiers: name -> segments in samples; segments of a tier must not overlap.
        n_samples: length of the recording.
        rate_hz: sampling rate of the segments.
        style: `long` or `short` text format.

    Raises:
        ConfigError: an unknown style.
        DataError: segments that overlap, have no length or lie outside the recording.

    Example:
        >>> from wavegan_tf.data import open_corpus, read_textgrid, write_textgrid
        >>> u = open_corpus("corpus").utterances[0]
        >>> write_textgrid(f"{u.id}.TextGrid", {"words": u.words, "phones": u.phones}, u.n_samples, u.rate_hz)
        >>> [(tier.name, len(tier.intervals)) for tier in read_textgrid("faoc0_sa1.TextGrid").tiers]
        [('words', 13), ('phones', 42)]
    """
    if style not in ("long", "short"):
        raise ConfigError(f"`style` (={style}) must be long or short")
    from praatio.data_classes.interval_tier import IntervalTier
    from praatio.data_classes.textgrid import Textgrid

    grid, end_s = Textgrid(0, n_samples / rate_hz), n_samples / rate_hz
    for name, segments in tiers.items():
        previous = 0
        for s in segments:
            if not previous <= s.start < s.end <= n_samples:
                raise DataError(f"segment `{s.label}` (={s.start}-{s.end}) of tier `{name}` must lie after the one "
                                f"before it and within the {n_samples} samples of the recording")
            previous = s.end
        entries = [(s.start / rate_hz, s.end / rate_hz, s.label) for s in segments]
        grid.addTier(IntervalTier(name, entries, 0, end_s), reportingMode="silence")
    with atomic_file(path) as temporary:
        grid.save(str(temporary), format=f"{style}_textgrid", includeBlankSpaces=True, minimumIntervalLength=None,
                  reportingMode="silence")


def to_sample(time_s: float, rate_hz: int) -> int:
    """Convert a time in seconds to the nearest sample; a half is rounded up."""
    return math.floor(time_s * rate_hz + 0.5)


_LATEST_S = 1e9
"""No time in a recording is 32 years after its beginning, and no tier has so many intervals."""
_TOKEN = re.compile(
    r'"(?P<string>[^"]*(?:""[^"]*)*)"'
    r"|(?<!\S)<(?P<flag>[^<>\s]+)>(?!\S)"
    r"|(?<!\S)(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?!\S)"
    r"|(?P<comment>![^\n]*)")


class _Tokens:
    """The strings, numbers and flags of a text in order, each checked for the expected kind."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._tokens = self._scan(text)

    @staticmethod
    def _scan(text: str) -> Iterator[tuple[str, str]]:
        for match in _TOKEN.finditer(text):
            if match.lastgroup != "comment":
                yield str(match.lastgroup), match[str(match.lastgroup)]

    def _next(self, kind: str, what: str) -> str:
        found, value = next(self._tokens, ("end of the file", ""))
        if found != kind:
            shown = f"{found} {value[:40]!r}" if value else found
            raise self._damaged(f"{shown} found", what)
        return value

    def _damaged(self, found: str, what: str) -> DataError:
        return DataError(f"TextGrid (={self._path}) must be whole; {found} where the {what} should be; export it again")

    def string(self, what: str) -> str:
        return self._next("string", what).replace('""', '"')

    def number(self, what: str) -> float:
        text = self._next("number", what)
        value = float(text) + 0.0  # -0 -> 0
        if not abs(value) < _LATEST_S:  # 1e400 is infinite
            raise self._damaged(f"{text[:40]} is no time or size in a recording, but stands", what)
        return value

    def count(self, what: str) -> int:
        value = self.number(what)
        if value < 0 or not value.is_integer():
            raise self._damaged(f"{value:g}, which is no number of things, found", what)
        return int(value)

    def flag(self, what: str) -> str:
        return self._next("flag", what)

    def end(self) -> None:
        """Refuse what follows the last tier: a size or a time before it was lost, and tiers would be read short."""
        for found, value in self._tokens:
            raise self._damaged(f"{found} {value[:40]!r} found", "end")
