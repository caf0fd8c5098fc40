"""Words and phones in samples from the tiers of a TextGrid: choice of tiers, silence, several speakers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wavegan_tf.data.corpus import Problem, Segment
from wavegan_tf.data.labels.label_checks import checked_segments
from wavegan_tf.data.labels.textgrid import TextGrid, Tier, read_textgrid, to_sample
from wavegan_tf.data.phones.phone_labels import is_silent
from wavegan_tf.errors import DataError

__all__ = ["PHONE_TIERS", "WORD_TIERS", "Alignment", "SpeakerTiers", "TierNames", "choose_tiers", "read_alignment"]

WORD_TIERS = ("words", "word", "ort", "ort-mau")
PHONE_TIERS = ("phones", "phone", "phonemes", "phoneme", "mau")
"""Names of tiers that are recognised without an option (lower case); `Text` may hold words or whole sentences."""

TierNames = str | Sequence[str] | None
"""Names of tiers, the preferred ones first; several in one text have commas between them."""

_SEPARATOR = " - "


@dataclass(frozen=True)
class SpeakerTiers:
    """The word and phone tier of one speaker; `speaker` is empty where the tiers do not name one."""

    speaker: str
    words: Tier | None
    phones: Tier | None


@dataclass(frozen=True)
class Alignment:
    """Words and phones of one speaker in one recording, in samples."""

    speaker: str
    words: tuple[Segment, ...]
    phones: tuple[Segment, ...]
    word_tier: str = ""  # empty where there is none
    phone_tier: str = ""
    tiers: str = ""  # all there are, in words


def choose_tiers(grid: TextGrid, where: str, word_tier: TierNames = None,
                 phone_tier: TierNames = None) -> list[SpeakerTiers]:
    """Find the word and the phone tier of each speaker.

    A tier is named `words`, or `KY25A - words` where several speakers share the file. Upper and lower case are the
    same.

    Args:
        grid: the tiers.
        where: the file, for messages.
        word_tier: names of word tiers; those of `WORD_TIERS` when not given.
        phone_tier: names of phone tiers; those of `PHONE_TIERS` when not given.

    Returns:
        A value per speaker, sorted by name. With known names one of the two tiers may be missing.

    Raises:
        DataError: a tier asked for is not there, no tier is known, or a name fits two tiers. Lists the tiers found.
    """
    words, phones = (_find(grid, where, _names(asked) or known)
                     for asked, known in ((word_tier, WORD_TIERS), (phone_tier, PHONE_TIERS)))
    for asked, option, found in ((word_tier, "word_tier", words), (phone_tier, "phone_tier", phones)):
        if asked and not found:
            name = asked if isinstance(asked, str) else ",".join(asked)
            raise DataError(f"`{option}` (={name}) must be an interval tier of the TextGrid {where}; its tiers are "
                            f"{grid.describe()}")
    if not words and not phones:
        raise DataError(f"TextGrid (={where}) must have a tier named {', '.join(WORD_TIERS)} or "
                        f"{', '.join(PHONE_TIERS)}; its tiers are {grid.describe()}; say which to use with `word_tier` "
                        "and `phone_tier`")
    return [SpeakerTiers(name, words.get(name), phones.get(name)) for name in sorted(words.keys() | phones.keys())]


def _names(asked: TierNames) -> tuple[str, ...]:
    """Return names that were asked for in lower case; a text with commas is first taken as it is."""
    if asked is None:
        return ()
    names = [asked, *asked.split(",")] if isinstance(asked, str) else asked
    return tuple(name.strip().lower() for name in names if name.strip())


def _find(grid: TextGrid, where: str, names: tuple[str, ...]) -> dict[str, Tier]:
    """Return the tier that fits best (the earliest of `names`) for each speaker."""
    found: dict[str, Tier] = {}
    for name in names:
        here: dict[str, Tier] = {}
        for tier in grid.tiers:
            speaker, separator, base = tier.name.rpartition(_SEPARATOR)
            if tier.name.lower() == name:
                speaker = ""
            elif not (separator and base.strip().lower() == name):
                continue
            if speaker.strip() in here:
                raise DataError(f"TextGrid (={where}) must have one tier `{tier.name}`; it has several; its tiers are "
                                f"{grid.describe()}; rename one of them")
            here[speaker.strip()] = tier
        found = here | found
    return found


def read_alignment(path: Path, n_samples: int, rate_hz: int, word_tier: TierNames = None,
                   phone_tier: TierNames = None) -> tuple[list[Alignment], list[Problem]]:
    """Read the words and phones of a recording from its TextGrid.

    Silence is no word. Phones are labelled as they are in the file.

    Args:
        path: the TextGrid.
        n_samples: length of the recording.
        rate_hz: its sampling rate.
        word_tier: see `choose_tiers`.
        phone_tier: see `choose_tiers`.

    Returns:
        A value per speaker, and problems: point tiers not read, intervals without length or outside the recording.

    Raises:
        DataError: as `read_textgrid` and `choose_tiers`.
        OSError: the file cannot be read.
    """
    grid = read_textgrid(path)
    problems = [Problem(str(path), f"point tier `{name}` not read", "point tier not read") for name in grid.point_tiers]
    alignments = []
    for chosen in choose_tiers(grid, str(path), word_tier, phone_tier):
        words, word_problems = _segments(chosen.words, n_samples, rate_hz, path, fold=True)
        phones, phone_problems = _segments(chosen.phones, n_samples, rate_hz, path)
        problems += word_problems + phone_problems
        spoken = tuple(w for w in words if not is_silent(w.label) and w.label.lower() not in ("spn", "<spn>"))
        alignments.append(Alignment(chosen.speaker, spoken, phones, _base_name(chosen.words),
                                    _base_name(chosen.phones), grid.describe()))
    return alignments, problems


def _base_name(tier: Tier | None) -> str:
    """Return the name of a tier without its speaker."""
    return tier.name.rpartition(_SEPARATOR)[2].strip() if tier else ""


def _segments(tier: Tier | None, n_samples: int, rate_hz: int, path: Path, *,
              fold: bool = False) -> tuple[tuple[Segment, ...], list[Problem]]:
    if tier is None:
        return (), []
    segments = _one_line(Segment(to_sample(i.start_s, rate_hz), to_sample(i.end_s, rate_hz), i.label)
                         for i in tier.intervals)
    # aligners round to frames of 10 ms
    return checked_segments(segments, n_samples, str(path), tolerance=rate_hz // 50, fold=fold)


def _one_line(segments: Iterable[Segment]) -> Iterable[Segment]:
    return (replace(s, label=" ".join(s.label.split())) for s in segments)
