"""A corpus in memory: utterances with words and phones as intervals in samples, and pandas tables of them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

__all__ = ["PLAIN_NOTATION", "Corpus", "LabelSource", "Problem", "Segment", "Utterance"]

PLAIN_NOTATION = "ARPAbet or TIMIT's"
"""The usual notation of phones, about which no note is printed."""


@dataclass(frozen=True)
class Segment:
    """A labelled interval of an utterance (word or phone), in samples at the audio's own rate, end exclusive.

    Attributes:
        start: first sample.
        end: the sample after the last one.
        label: word or phone symbol.
    """

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Utterance:
    """One recording of a corpus, with speaker, text, words and phones.

    `split` is the corpus' own: `train`, `dev`, `test`, or empty where it has none. Segments are sorted by start.
    `word_tier` and `phone_tier` name their source, a tier of a TextGrid or the suffix of a file.
    """

    id: str
    audio_path: Path
    speaker: str
    n_samples: int
    rate_hz: int
    words: tuple[Segment, ...] = ()
    phones: tuple[Segment, ...] = ()
    text: str = ""
    sex: str = ""
    dialect: str = ""
    split: str = ""
    sentence: str = ""
    word_tier: str = ""
    phone_tier: str = ""

    @property
    def sentence_type(self) -> str:
        """TIMIT's kind of sentence, `SA`, `SX` or `SI`; empty for every other name."""
        match = re.fullmatch(r"(SA|SX|SI)\d+", self.sentence)
        return match[1] if match else ""


@dataclass(frozen=True)
class Problem:
    """A problem found while a corpus was read: something skipped or doubtful; counted by `kind`.

    Attributes:
        where: file, folder or label.
        what: description of the problem.
        kind: name under which such problems are counted.
    """

    where: str
    what: str
    kind: str = "other"


@dataclass(frozen=True)
class LabelSource:
    """Source of labels: a TextGrid tier by its name, or label files by their suffix.

    `kind`: words or phones. `n_files`: recordings that have it. `labels`: counts of the phone labels as they are
    written in the files; empty for words.
    """

    name: str
    kind: str
    n_files: int
    labels: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Corpus:
    """A speech corpus: its utterances, sorted by id, and the problems found while reading them.

    `notes`: decisions of the reader that a user should know. `sources`: where words and phones come from. `notation`:
    notation of the phones, and which labels were changed.

    Example:
        >>> from wavegan_tf.data import open_corpus
        >>> words = open_corpus("corpus").words()
        >>> sorted(words.loc[words["word"] == "water", "speaker"])
        ['FAOC0', 'FWQN0', 'FWQN0', 'FXNP0', 'MAKW0']
    """

    root: Path
    utterances: tuple[Utterance, ...]
    problems: tuple[Problem, ...] = field(default=())
    notes: tuple[str, ...] = ()
    sources: tuple[LabelSource, ...] = ()
    notation: str = ""

    @property
    def told(self) -> tuple[str, ...]:
        """Notes on the labels for the user, a sentence each: their notation, and decisions of the reader."""
        return (*([f"phones: {self.notation}"] if self.notation not in ("", PLAIN_NOTATION) else []), *self.notes)

    def words(self) -> pd.DataFrame:
        """Make the table of word tokens.

        Returns:
            A row per token: utterance, speaker, sex, dialect, split, sentence, word (lower case), start_sample,
            end_sample, rate_hz, phones (a tuple of `Segment`s with offsets from the start of the utterance).
            A phone belongs to the word that holds its midpoint.
        """
        rows = []
        for u in self.utterances:
            rows += [{**_who(u), "word": w.label.lower(), "start_sample": w.start, "end_sample": w.end,
                      "rate_hz": u.rate_hz, "phones": inside}
                     for w, inside in zip(u.words, _phones_inside(u.words, u.phones), strict=True)]
        return pd.DataFrame(rows, columns=[*_WHO, "word", "start_sample", "end_sample", "rate_hz", "phones"])

    def phones(self) -> pd.DataFrame:
        """Make the table of phones.

        Returns:
            A row per phone: utterance, speaker, sex, dialect, split, sentence, phone, start_sample, end_sample,
            rate_hz.
        """
        rows = [{**_who(u), "phone": p.label, "start_sample": p.start, "end_sample": p.end, "rate_hz": u.rate_hz}
                for u in self.utterances for p in u.phones]
        return pd.DataFrame(rows, columns=[*_WHO, "phone", "start_sample", "end_sample", "rate_hz"])


_WHO = ["utterance", "speaker", "sex", "dialect", "split", "sentence"]


def _phones_inside(words: Sequence[Segment], phones: Sequence[Segment]) -> Iterator[tuple[Segment, ...]]:
    """Yield for each word the phones whose midpoint it holds, in their own order.

    By bisection: an hour in one file has 20,000 words and 80,000 phones, too many to compare each with each.
    """
    by_middle = sorted(range(len(phones)), key=lambda i: phones[i].start + phones[i].end)
    doubled = [phones[i].start + phones[i].end for i in by_middle]
    for word in words:
        first, after = bisect_left(doubled, 2 * word.start), bisect_left(doubled, 2 * word.end)
        yield tuple(phones[i] for i in sorted(by_middle[first:after]))


def _who(u: Utterance) -> dict[str, str]:
    return {"utterance": u.id, "speaker": u.speaker, "sex": u.sex, "dialect": u.dialect, "split": u.split,
            "sentence": u.sentence}
