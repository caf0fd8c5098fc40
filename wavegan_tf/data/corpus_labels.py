"""The last step of every reader: labels of all recordings looked at together, respelt in one way, and accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from wavegan_tf.data.corpus import Corpus, LabelSource, Problem, Utterance
from wavegan_tf.data.phone_notation import spell_phones

__all__ = ["label_sources", "labelled_corpus"]


def labelled_corpus(root: Path, utterances: Sequence[Utterance], problems: Iterable[Problem], phone_set: str = "auto",
                    phone_map: str | Path | None = None, notes: Iterable[str] = ()) -> Corpus:
    """Make a corpus of utterances whose phones are labelled as their files have them.

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
    return Corpus(root, spelt, (*problems, *unknown), tuple(notes), label_sources(ordered), notation)


def label_sources(utterances: Iterable[Utterance]) -> tuple[LabelSource, ...]:
    """Count what words and phones were read from, the most frequent first."""
    files: dict[tuple[str, str], set[Path]] = {}
    labels: dict[tuple[str, str], Counter[str]] = {}
    for u in utterances:
        for kind, name in (("words", u.word_tier), ("phones", u.phone_tier)):
            if name:
                files.setdefault((kind, name), set()).add(u.audio_path)
                labels.setdefault((kind, name), Counter()).update(p.label for p in u.phones if kind == "phones")
    return tuple(LabelSource(name, kind, len(files[kind, name]), dict(labels[kind, name].most_common()))
                 for kind, name in sorted(files, key=lambda key: (key[0] != "phones", -len(files[key]), key)))
