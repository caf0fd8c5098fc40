"""Read TIMIT and every folder laid out like it: the LDC tree, the Kaggle copy, the NLTK sample, conversions.

Layout: [TRAIN|TEST]/DR1..DR8/<speaker>/<sentence>.{WAV,PHN,WRD,TXT}, or dr1-<speaker>/<sentence>.*; upper and lower
case are the same. Times in .PHN and .WRD are samples.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from wavegan_tf.data.audio.recordings import choose_recording, group_recordings, nothing_readable
from wavegan_tf.data.corpora.corpus_labels import labelled_corpus
from wavegan_tf.data.corpora.sa_policy import check_sa_policy, keep_sa
from wavegan_tf.data.corpus import Corpus, Problem, Segment, Utterance
from wavegan_tf.data.folders import require_folder, walk_files
from wavegan_tf.data.labels.label_checks import checked_segments
from wavegan_tf.data.labels.label_files import read_intervals, read_sentence
from wavegan_tf.data.labels.label_rate import TIMIT_HZ, LabelEnd, to_rate
from wavegan_tf.data.labels.label_rate import label_rate as label_rate_of
from wavegan_tf.data.media import audio_stem
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["read_timit"]

_SPLIT = re.compile(r"train|test")
_DIALECT = re.compile(r"dr[1-8]")
_SPEAKER = re.compile(r"[fm][a-z]{3}\d")
_DIALECT_AND_SPEAKER = re.compile(r"(dr[1-8])-([fm][a-z]{3}\d)")


def read_timit(root: str | Path, sa: str = "all", seed: int = 0, phone_set: str = "auto",
               phone_map: str | Path | None = None, label_rate: int | None = None) -> Corpus:
    """Read TIMIT, or a corpus in its layout, with words and phones in samples.

    Where several audio files share a name (SA1.WAV and SA1.WAV.wav), there is one utterance, from a readable file,
    RIFF before SPHERE. Speaker, sex, dialect and split come from the path, the sentence from the file name.

    Args:
        root: the corpus or any folder of it.
        sa: which of the SA recordings to keep, one of `sa_policy.SA_POLICIES`.
        seed: of the draw among SA recordings.
        phone_set: notation of the phones, see `phone_notation.spell_phones`.
        phone_map: map from labels to phones, see `phone_map.read_phone_map`.
        label_rate: sampling rate of the times in .PHN and .WRD, in hertz; 0: that of each recording; by default 16,000
            where all recordings have another rate and the labels of every file fit 16,000, else that of each recording.

    Returns:
        The utterances sorted by id (`speaker_sentence`, lower case) and the problems met.

    Raises:
        ConfigError: an unknown SA policy, or a rate that cannot be.
        DataError: no folder, no readable recording in it, or label files that count different rates.

    Example:
        >>> from wavegan_tf.data import read_timit
        >>> corpus = read_timit("corpus", sa="none")  # without the sentences that everybody reads
        >>> [utterance.sentence for utterance in corpus.utterances]
        ['SX147', 'SX246', 'SX041', 'SX066', 'SX100', 'SX212', 'SX171', 'SX225']
    """
    check_sa_policy(sa)
    if label_rate is not None and label_rate < 0:
        raise ConfigError(f"`label_rate` (={label_rate}) must be a sampling rate in hertz, or 0 for that of each "
                          "recording")
    root = require_folder(root)
    found, problems = _find(root)
    utterances, met = _read_all(root, found, label_rate or 0)
    if not utterances:
        raise nothing_readable("TIMIT", root, sum(len(files.audio) for files in found.values()), problems + met,
                               "name the folder that holds TRAIN and TEST")
    notes = []
    if label_rate is None and (label_hz := _other_label_rate(utterances, found, met)):
        utterances, met = _read_all(root, found, label_hz)
        rates = ", ".join(str(rate) for rate in sorted({u.rate_hz for u in utterances}))
        notes.append(f"labels count samples of {label_hz} Hz, as their last ones say in every file, and were brought "
                     f"to the recordings' rate, {rates} Hz; --label-rate 0 takes them as they are")
    kept = keep_sa(sorted(utterances, key=lambda u: u.id), sa, seed)
    return labelled_corpus(root, kept, problems + met, phone_set, phone_map, notes)


def _read_all(root: Path, found: dict[tuple[Path, str], _Files], label_hz: int) -> tuple[list[Utterance],
                                                                                       list[Problem]]:
    """Read all utterances, with times that count samples of `label_hz`, or of each recording where that is 0."""
    utterances: dict[str, Utterance] = {}
    problems: list[Problem] = []
    for (folder, stem), files in tqdm(sorted(found.items()), desc="reading", unit="utt", delay=2, leave=False):
        utterance = _read_utterance(root, folder, stem, files, problems, label_hz)
        if utterance is None:
            continue
        if utterance.id in utterances:
            before = utterances[utterance.id].audio_path
            problems.append(Problem(str(utterance.audio_path), f"same speaker and sentence as {before}; left out",
                                    "utterance found twice"))
        else:
            utterances[utterance.id] = utterance
    return list(utterances.values()), problems


def _other_label_rate(utterances: list[Utterance], found: dict[tuple[Path, str], _Files], problems: list[Problem]
                      ) -> int:
    """Return the rate that labels count where it is not the recordings' own, else 0.

    Raises:
        DataError: see `label_rate.label_rate`.
    """
    n_outside = sum(p.kind == "interval outside the recording" for p in problems)
    if 2 * n_outside < len(utterances) and all(u.rate_hz == TIMIT_HZ for u in utterances):
        return 0
    ends = []
    for u in utterances:
        labels = found[u.audio_path.parent, audio_stem(u.audio_path)].labels
        for suffix in (".phn", ".wrd"):
            segments = _read_labels(labels.get(suffix), u.audio_path, suffix, sys.maxsize, [])
            if segments and (u.rate_hz != TIMIT_HZ or n_outside):
                end = max(s.end for s in segments)
                ends.append(LabelEnd(str(labels[suffix]), u.rate_hz, u.n_samples, end, suffix == ".phn"))
                break
    return label_rate_of(ends, len(utterances))


@dataclass
class _Files:
    """All files of one utterance."""

    audio: list[Path] = field(default_factory=list)
    labels: dict[str, Path] = field(default_factory=dict)


def _find(root: Path) -> tuple[dict[tuple[Path, str], _Files], list[Problem]]:
    """Collect the files of each utterance by folder and lower-case stem."""
    problems: list[Problem] = []
    paths = list(walk_files(root, problems))
    found = {key: _Files(audio) for key, audio in group_recordings(paths, problems).items()}
    alone = set()
    for path in paths:
        suffix, key = path.suffix.lower(), (path.parent, path.stem.lower())
        if suffix in (".phn", ".wrd", ".txt") and key in found:
            found[key].labels.setdefault(suffix, path)
        elif suffix in (".phn", ".wrd"):
            alone.add(key)
    problems += [Problem(str(folder / stem), "labels without a recording", "no recording")
                 for folder, stem in sorted(alone)]
    return found, problems


def _read_utterance(root: Path, folder: Path, stem: str, files: _Files, problems: list[Problem],
                    label_hz: int = 0) -> Utterance | None:
    chosen = choose_recording(files.audio, problems)
    if chosen is None:
        return None
    path, header = chosen
    place = _Place.of(root, folder)
    label_hz = label_hz or header.rate_hz
    length = -(-header.n_samples * label_hz // header.rate_hz)  # of the recording, in the labels' own samples
    # a sample of the one rate is several of the other, and lengths were rounded
    over, under = (-(-a // b) if label_hz != header.rate_hz else 0
                   for a, b in ((label_hz, header.rate_hz), (header.rate_hz, label_hz)))
    phones, words = (to_rate(_read_labels(files.labels.get(suffix.lower()), path, suffix, length, problems, over),
                             label_hz, header.rate_hz, header.n_samples) for suffix in (".PHN", ".WRD"))
    if phones and phones[-1].end < header.n_samples - under:
        problems.append(Problem(str(path), f"phones end at {phones[-1].end} of {header.n_samples} samples",
                                "phones end before the recording"))
    return Utterance(
        id=f"{place.speaker}_{stem}".lower().lstrip("_"), audio_path=path, speaker=place.speaker,
        n_samples=header.n_samples, rate_hz=header.rate_hz, phones=phones,
        words=words, word_tier=".WRD" * bool(words), phone_tier=".PHN" * bool(phones),
        text=_read_text(files.labels.get(".txt"), problems), sex=place.sex, dialect=place.dialect, split=place.split,
        sentence=stem.upper())


def _read_labels(path: Path | None, audio: Path, suffix: str, n_samples: int, problems: list[Problem],
                 tolerance: int = 0) -> tuple[Segment, ...]:
    """Read lines `begin end label`; `tolerance`: by how many samples they may pass the end unsaid."""
    if path is None:
        problems.append(Problem(str(audio), f"no {suffix} file beside it", f"no {suffix} file"))
        return ()
    try:
        segments, found = read_intervals(path, f"{suffix} file")
    except DataError as error:
        problems.append(Problem(str(path), str(error), f"unreadable {suffix} file"))
        return ()
    problems += found
    if not segments:
        problems.append(Problem(str(path), "holds no labels", f"empty {suffix} file"))
    kept, found = checked_segments(segments, n_samples, str(path), tolerance, fold=suffix == ".WRD")
    problems += found
    return kept


def _read_text(path: Path | None, problems: list[Problem]) -> str:
    """Read the sentence, if there is one that can be read."""
    try:
        return read_sentence(path) if path is not None else ""
    except DataError as error:
        problems.append(Problem(str(path), str(error), "unreadable .TXT file"))
        return ""


@dataclass(frozen=True)
class _Place:
    """What the folders above a recording say."""

    speaker: str
    sex: str
    dialect: str
    split: str

    @classmethod
    def of(cls, root: Path, folder: Path) -> _Place:
        names = [part.lower() for part in folder.relative_to(root).parts]
        # the reader may have been given a part of the corpus: TRAIN, TRAIN/DR1, ...
        for part in reversed(root.resolve().parts):
            if not any(p.fullmatch(part.lower()) for p in (_SPLIT, _DIALECT, _SPEAKER, _DIALECT_AND_SPEAKER)):
                break
            names.insert(0, part.lower())
        speaker, dialect = (names[-1] if names else ""), ""
        if match := _DIALECT_AND_SPEAKER.fullmatch(speaker):
            dialect, speaker = match[1], match[2]
        elif _SPLIT.fullmatch(speaker) or _DIALECT.fullmatch(speaker):
            speaker = ""
        for name in reversed(names):
            if not dialect and _DIALECT.fullmatch(name):
                dialect = name
        split = next((name for name in reversed(names) if _SPLIT.fullmatch(name)), "")
        sex = speaker[0].upper() if _SPEAKER.fullmatch(speaker) else ""
        return cls(speaker.upper(), sex, dialect.upper(), split)
