"""The last step of every reader: bring the phone labels of a whole corpus to one notation, and count their sources."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from wavegan_tf.data.corpus import Corpus, LabelSource, Problem, Utterance
from wavegan_tf.data.phones.phone_notation import spell_phones

__all__ = ["label_sources", "labelled_corpus"]


def labelled_corpus(root: Path, utterances: Sequence[Utterance], problems: Iterable[Problem], phone_set: str = "auto",
                    phone_map: str | Path | None = None, notes: Iterable[str] = ()) -> Corpus:
    """Make a corpus of utterances, and bring their phone labels to one notation.

    Args:
        root: its folder.
        utterances: in any order.
        problems: met so far.
        phone_set: see `phone_notation.spell_phones`.
        phone_map: see there.
        notes: what was decided so far.

    Raises:
        ConfigError, DataError: as `spell_phones`.
    """
    ordered = sorted(utterances, key=lambda u: u.id)
    spelt, notation, unknown = spell_phones(ordered, phone_set, phone_map)
    found = (*problems, *unknown, *_written_in_two_ways(spelt))
    return Corpus(root, spelt, found, tuple(notes), label_sources(ordered), notation)


def label_sources(utterances: Iterable[Utterance]) -> tuple[LabelSource, ...]:
    """Count the sources of words and phones (tiers, label files), the most frequent first."""
    files: dict[tuple[str, str], set[Path]] = {}
    labels: dict[tuple[str, str], Counter[str]] = {}
    for u in utterances:
        for kind, name in (("words", u.word_tier), ("phones", u.phone_tier)):
            if name:
                files.setdefault((kind, name), set()).add(u.audio_path)
                labels.setdefault((kind, name), Counter()).update(p.label for p in u.phones if kind == "phones")
    return tuple(LabelSource(name, kind, len(files[kind, name]), dict(labels[kind, name].most_common()))
                 for kind, name in sorted(files, key=lambda key: (key[0] != "phones", -len(files[key]), key)))


def _written_in_two_ways(utterances: Iterable[Utterance]) -> list[Problem]:
    """Report labels that look the same and are not: Unicode has `ã` as one letter, and as a letter and an accent."""
    counts: dict[str, Counter[str]] = {"phone": Counter(), "word": Counter()}
    for u in utterances:
        counts["phone"].update(p.label for p in u.phones)
        counts["word"].update(w.label for w in u.words)
    problems = []
    for kind, remedy in (("phone", ", or give it a line in a --phone-map"), ("word", "")):
        forms: dict[str, list[str]] = defaultdict(list)
        for label in counts[kind]:
            forms[unicodedata.normalize("NFC", label)].append(label)
        problems += [Problem(f"{kind} `{one}`", f"written with its accents in {len(labels)} ways that look the same, "
                             f"{' and '.join(str(counts[kind][label]) for label in labels)} times, which count as "
                             f"different {kind}s; bring the label files to one form of Unicode (NFC){remedy}",
                             f"{kind} written in two ways")
                     for one, labels in sorted(forms.items()) if len(labels) > 1]
    return problems
