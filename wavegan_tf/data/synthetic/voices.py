"""The synthetic speakers: name, sex, dialect, voice settings, split and folder.

A speaker is a voice of eSpeak NG (17 bases), an accent (two), a vocal tract length, a pitch, a pitch range, a speaking
rate and a loudness. The vocal tract length scales all formants of the base, which changes a voice more than anything
else here and leaves its timing alone. No two speakers of a corpus have the same values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["BASES", "Base", "Speaker", "make_speakers", "voice_text"]


@dataclass(frozen=True)
class Base:
    """A voice of eSpeak NG to vary: its installed file, and what makes it a woman's where it is a man's.

    Left out are croak and whisper (no regular voicing), klatt4 and klatt5 (they overload), klatt6 (its voiced closures
    are as loud as its vowels) and m8 (muffled).
    """

    file: str
    sex: str
    formants_percent: int = 100
    extra: str = ""


_WOMAN = "gender female\npitch 150 220\n"
BASES = {
    **{name: Base(name, "M") for name in ("m1", "m2", "m3", "m4", "m5", "m6", "m7")},
    **{name: Base(name, "M") for name in ("klatt", "klatt2", "klatt3")},
    **{name: Base(name, "F") for name in ("f1", "f2", "f3", "f4", "f5")},
    **{f"{name}-f": Base(name, "F", 115, _WOMAN) for name in ("klatt2", "klatt3")},
}

_ACCENTS = {"en-us": ("DR1", "DR2", "DR3", "DR4", "DR5", "DR7", "DR8"), "en-us-nyc": ("DR6",)}
_SHARE_OF_NEW_YORK = 1 / 8
# spans, both ends included
_TRACT_PERCENT, _PITCH, _RANGE, _RATE_WPM, _PEAK_PERCENT = (92, 108), (25, 75), (40, 80), (145, 190), (35, 75)


@dataclass(frozen=True)
class Speaker:
    """One speaker; `rank` counts the speakers of the same split, `peak_percent` is of full scale.

    The dialect region is TIMIT's number; only DR6, New York City, differs in sound.
    """

    name: str
    sex: str
    dialect: str
    split: str
    rank: int
    container: str
    base: str
    accent: str
    tract_percent: int
    pitch: int
    pitch_range: int
    rate_wpm: int
    peak_percent: int

    @property
    def sound(self) -> tuple[str, str, int, int, int, int]:
        """All that changes the voice, loudness left out."""
        return self.base, self.accent, self.tract_percent, self.pitch, self.pitch_range, self.rate_wpm

    @property
    def voice_file(self) -> str:
        """Name of the variant file with the base and the vocal tract length of this speaker."""
        return f"{self.base}-{self.tract_percent}"

    @property
    def voice(self) -> str:
        """Name under which eSpeak NG finds accent and variant file."""
        return f"{self.accent}+{self.voice_file}"

    @property
    def folder(self) -> str:
        """Place in the corpus, as TIMIT has it."""
        return f"{self.split}/{self.dialect}/{self.name}"


def make_speakers(n: int, seed: int) -> list[Speaker]:
    """Make speakers; the first of a longer list are those of a shorter one.

    As in TIMIT 4 of 15 are test speakers, the first of them the second speaker. Women and men take turns within
    each split, SPHERE and RIFF over all.
    """
    rng = np.random.default_rng(seed)
    speakers: list[Speaker] = []
    sounds: set[tuple[str, str, int, int, int, int]] = set()
    ranks: Counter[str] = Counter()
    letters: Counter[str] = Counter()
    while len(speakers) < n:
        i = len(speakers)
        split = "TEST" if _n_test(i + 1) > _n_test(i) else "TRAIN"
        sex = "FM"[ranks[split] % 2]
        initials = sex + "".join(chr(ord("A") + k) for k in rng.integers(26, size=3))
        accent = "en-us-nyc" if rng.random() < _SHARE_OF_NEW_YORK else "en-us"
        speaker = Speaker(
            name=f"{initials}{letters[initials]}", sex=sex, dialect=_pick(rng, _ACCENTS[accent]), split=split,
            rank=ranks[split], container=("RIFF", "SPHERE")[i % 2],
            base=_pick(rng, [name for name, base in BASES.items() if base.sex == sex]), accent=accent,
            tract_percent=_draw(rng, _TRACT_PERCENT), pitch=_draw(rng, _PITCH), pitch_range=_draw(rng, _RANGE),
            rate_wpm=_draw(rng, _RATE_WPM), peak_percent=_draw(rng, _PEAK_PERCENT),
        )
        if speaker.sound in sounds or letters[initials] > 9:  # TIMIT's names end in one digit
            continue
        sounds.add(speaker.sound)
        ranks[split] += 1
        letters[initials] += 1
        speakers.append(speaker)
    return speakers


def voice_text(speaker: Speaker, base_text: str) -> str:
    """Write the variant file of a speaker.

    Args:
        speaker: whose vocal tract length counts.
        base_text: the installed variant file of the speaker's base.

    Returns:
        The base with every formant scaled and without its echo: a room that would fill the closures with sound.
    """
    base = BASES[speaker.base]
    scale = base.formants_percent * speaker.tract_percent / 100
    formants = {i: f"formant {i} {scale:.0f} 100 100" for i in range(9)}
    lines = ["language variant", f"name {speaker.voice_file}"]
    for line in base_text.splitlines():
        match = re.match(r"formant\s+(\d)\s+(\d+)(.*)", line)
        if match:
            formants[int(match[1])] = f"formant {match[1]} {int(match[2]) * scale / 100:.0f}{match[3]}"
        elif not re.match(r"\s*$|//|#|language|name|echo", line):
            lines.append(line)
    return "\n".join([*lines, *base.extra.splitlines(), *formants.values()]) + "\n"


def _n_test(n: int) -> int:
    return (8 * n + 15) // 30  # 4 in 15, rounded


def _draw(rng: np.random.Generator, span: tuple[int, int]) -> int:
    return int(rng.integers(span[0], span[1] + 1))


def _pick(rng: np.random.Generator, names: Sequence[str]) -> str:
    return names[int(rng.integers(len(names)))]
