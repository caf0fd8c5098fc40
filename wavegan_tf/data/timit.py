"""Read TIMIT and every folder laid out like it: the LDC tree, the Kaggle copy, the NLTK sample, conversions.

Layout: [TRAIN|TEST]/DR1..DR8/<speaker>/<sentence>.{WAV,PHN,WRD,TXT}, or dr1-<speaker>/<sentence>.*; upper and lower
case are the same. Times in .PHN and .WRD are samples.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from wavegan_tf.data.corpus import Corpus, Problem, Segment, Utterance
from wavegan_tf.data.folders import require_folder, walk_files
from wavegan_tf.data.label_checks import checked_segments
from wavegan_tf.data.label_files import read_intervals, read_sentence
from wavegan_tf.data.phone_labels import plain_phones
from wavegan_tf.data.recordings import choose_recording, group_recordings, nothing_readable
from wavegan_tf.data.sa_policy import check_sa_policy, keep_sa
from wavegan_tf.errors import DataError

__all__ = ["read_timit"]

_SPLIT = re.compile(r"train|test")
_DIALECT = re.compile(r"dr[1-8]")
_SPEAKER = re.compile(r"[fm][a-z]{3}\d")
_DIALECT_AND_SPEAKER = re.compile(r"(dr[1-8])-([fm][a-z]{3}\d)")


def read_timit(root: str | Path, sa: str = "all", seed: int = 0) -> Corpus:
    """Read a corpus in TIMIT's layout.

    Where several audio files share a name (SA1.WAV and SA1.WAV.wav), there is one utterance, from a readable file,
    RIFF before SPHERE. Speaker, sex, dialect and split come from the path, the sentence from the file name.

    Args:
        root: the corpus or any folder of it.
        sa: which of the SA recordings to keep, one of `sa_policy.SA_POLICIES`.
        seed: of the draw among SA recordings.

    Returns:
        The utterances sorted by id (`speaker_sentence`, lower case) and the problems met.

    Raises:
        ConfigError: an unknown SA policy.
        DataError: no folder, or no readable recording in it.
    """
    check_sa_policy(sa)
    root = require_folder(root)
    found, problems = _find(root)
    utterances: dict[str, Utterance] = {}
    for (folder, stem), files in tqdm(sorted(found.items()), desc="reading", unit="utt", delay=2, leave=False):
        utterance = _read_utterance(root, folder, stem, files, problems)
        if utterance is None:
            continue
        if utterance.id in utterances:
            before = utterances[utterance.id].audio_path
            problems.append(Problem(str(utterance.audio_path), f"same speaker and sentence as {before}; left out",
                                    "utterance found twice"))
        else:
            utterances[utterance.id] = utterance
    if not utterances:
        raise nothing_readable("TIMIT", root, sum(len(files.audio) for files in found.values()), problems,
                               "name the folder that holds TRAIN and TEST")
    ordered = sorted(utterances.values(), key=lambda u: u.id)
    return Corpus(root, keep_sa(ordered, sa, seed), tuple(problems))


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


def _read_utterance(root: Path, folder: Path, stem: str, files: _Files, problems: list[Problem]) -> Utterance | None:
    chosen = choose_recording(files.audio, problems)
    if chosen is None:
        return None
    path, header = chosen
    place = _Place.of(root, folder)
    phones = _read_labels(files.labels.get(".phn"), path, ".PHN", header.n_samples, problems)
    phones = plain_phones(phones)
    if phones and phones[-1].end < header.n_samples:
        problems.append(Problem(str(path), f"phones end at {phones[-1].end} of {header.n_samples} samples",
                                "phones end before the recording"))
    return Utterance(
        id=f"{place.speaker}_{stem}".lower().lstrip("_"), audio_path=path, speaker=place.speaker,
        n_samples=header.n_samples, rate_hz=header.rate_hz, phones=phones,
        words=_read_labels(files.labels.get(".wrd"), path, ".WRD", header.n_samples, problems),
        text=_read_text(files.labels.get(".txt"), problems), sex=place.sex, dialect=place.dialect, split=place.split,
        sentence=stem.upper())


def _read_labels(path: Path | None, audio: Path, suffix: str, n_samples: int,
                 problems: list[Problem]) -> tuple[Segment, ...]:
    """Read lines `begin end label`."""
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
    kept, found = checked_segments(segments, n_samples, str(path), fold=suffix == ".WRD")
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
