"""Summary statistics of a corpus: utterances, speakers, hours, words, phones, problems."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from wavegan_tf.data.corpora.tokens import EIGHT_WORDS
from wavegan_tf.data.corpus import Corpus, LabelSource, Problem
from wavegan_tf.data.phones.timit_phones import PHONES_61
from wavegan_tf.formats.json_files import json_text

__all__ = ["CorpusSummary", "summarise"]

_MOST_LABELS = 80


@dataclass(frozen=True)
class CorpusSummary:
    """Summary statistics of a corpus; dictionaries are counts by name, `hours` counts every recording once."""

    root: str
    n_utterances: int
    utterances_by_split: dict[str, int]
    utterances_by_sentence_type: dict[str, int]
    n_speakers: int
    speakers_by_sex: dict[str, int]
    speakers_by_split: dict[str, int]
    hours: float
    rates_hz: dict[int, int]
    n_phone_tokens: int
    n_phone_types: int
    unknown_phones: dict[str, int]
    n_word_tokens: int
    n_word_types: int
    eight_words: dict[str, int]
    notation: str
    sources: tuple[LabelSource, ...]
    notes: tuple[str, ...]
    problems_by_kind: dict[str, int]
    problems: tuple[Problem, ...]

    def to_json(self) -> str:
        """Return everything as indented JSON."""
        return json_text(dataclasses.asdict(self)).rstrip("\n")

    def to_text(self, n_problems: int = 10) -> str:
        """Return a table to read, with the first `n_problems` problems."""
        rows = [
            ("utterances", self.n_utterances, _counts(self.utterances_by_split, self.utterances_by_sentence_type)),
            ("speakers", self.n_speakers, _counts(self.speakers_by_sex, self.speakers_by_split)),
            ("hours", f"{self.hours:.3g}", ", ".join(f"{n} recordings at {r} Hz" for r, n in self.rates_hz.items())),
            *((f"{source.kind} from", source.n_files, f"recordings: {_named(source)}") for source in self.sources),
            ("phone tokens", self.n_phone_tokens, self.notation),
            ("phone types", self.n_phone_types, f"{len(self.unknown_phones)} outside TIMIT's 61" + (
                f": {_counts(dict(list(self.unknown_phones.items())[:10]))}" if self.unknown_phones else "")),
            ("word tokens", self.n_word_tokens, ""),
            ("word types", self.n_word_types, ""),
            ("eight words", sum(self.eight_words.values()), _counts(self.eight_words)),
            ("problems", len(self.problems), _counts(self.problems_by_kind)),
        ]
        lines = [f"corpus {self.root}"]
        lines += [f"{name:<13} {value!s:>9}  {detail}".rstrip() for name, value, detail in rows]
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"  {p.where}: {p.what}" for p in self.problems[:n_problems]]
        if len(self.problems) > n_problems > 0:
            lines.append(f"  ... and {len(self.problems) - n_problems} more; --problems {len(self.problems)} shows all")
        return "\n".join(lines)


def summarise(corpus: Corpus) -> CorpusSummary:
    """Count utterances, speakers, phones, words and problems of a corpus.

    A speaker of two splits is counted in both of `speakers_by_split`; sexes and splits that the corpus does not give
    are left out of the dictionaries.

    Args:
        corpus: from `open_corpus`.
    Example:
        >>> from wavegan_tf.data import open_corpus, summarise
        >>> summary = summarise(open_corpus("corpus"))
        >>> summary.n_utterances, summary.speakers_by_sex, summary.eight_words["water"]
        (16, {'F': 3, 'M': 1}, 5)
    """
    utterances = corpus.utterances
    recordings = {u.audio_path: u for u in utterances}.values()
    words = Counter(w.label.lower() for u in utterances for w in u.words)
    phones = Counter(p.label for u in utterances for p in u.phones)
    speakers = {u.speaker for u in utterances if u.speaker}
    return CorpusSummary(
        root=str(corpus.root),
        n_utterances=len(utterances),
        utterances_by_split=_by_name(u.split for u in utterances),
        utterances_by_sentence_type=_by_name(u.sentence_type for u in utterances),
        n_speakers=len(speakers),
        speakers_by_sex=_by_name(sex for _, sex in {(u.speaker, u.sex) for u in utterances if u.speaker}),
        speakers_by_split=_by_name(split for _, split in {(u.speaker, u.split) for u in utterances if u.speaker}),
        hours=sum(u.n_samples / u.rate_hz for u in recordings) / 3600,
        rates_hz=dict(sorted(Counter(u.rate_hz for u in recordings).items())),
        n_phone_tokens=phones.total(), n_phone_types=len(phones),
        unknown_phones=dict(Counter({p: n for p, n in phones.items() if p not in PHONES_61}).most_common()),
        n_word_tokens=words.total(), n_word_types=len(words),
        eight_words={word: words[word] for word in EIGHT_WORDS},
        notation=corpus.notation, sources=corpus.sources, notes=corpus.notes,
        problems_by_kind=dict(Counter(p.kind for p in corpus.problems).most_common()),
        problems=corpus.problems)


def _named(source: LabelSource) -> str:
    """Name a tier and, of phones, its labels as they are written there, the most frequent first."""
    what = "files" if source.name.startswith(".") else "tier"
    if not source.labels:
        return f"{what} `{source.name}`"
    shown = " ".join(label or "(empty)" for label in list(source.labels)[:_MOST_LABELS])
    return (f"{what} `{source.name}` with {len(source.labels)} labels: {shown}"
            f"{' ...' if len(source.labels) > _MOST_LABELS else ''}")


def _by_name(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(name for name in names if name).items()))


def _counts(*groups: dict[str, int]) -> str:
    """Write `train 4620, test 1680; SA 1260, SI 1890`, one part per group that is not empty."""
    return "; ".join(", ".join(f"{name} {n}" for name, n in group.items()) for group in groups if group)
