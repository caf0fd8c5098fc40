"""Read LibriSpeech's folders: `split/speaker/chapter/speaker-chapter-NNNN.flac` with `speaker-chapter.trans.txt`.

LibriSpeech has texts but no times; these come from TextGrids, for example those of the Montreal Forced Aligner.
"""

from __future__ import annotations

import re
from pathlib import Path

from tqdm import tqdm

from wavegan_tf.data.audio.recordings import choose_recording, group_recordings, nothing_readable
from wavegan_tf.data.corpora.corpus_labels import labelled_corpus
from wavegan_tf.data.corpus import Corpus, Problem, Utterance
from wavegan_tf.data.folders import require_folder, walk_files
from wavegan_tf.data.labels.label_files import read_texts
from wavegan_tf.data.labels.label_text import label_lines
from wavegan_tf.data.labels.textgrid_source import TextGridSource
from wavegan_tf.data.labels.textgrid_tiers import TierNames
from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import is_plain

__all__ = ["read_librispeech"]

_SPLIT = re.compile(r"(train|dev|test)(-.*)?")


def read_librispeech(root: str | Path, textgrids: str | Path | None = None, word_tier: TierNames = None,
                     phone_tier: TierNames = None, phone_set: str = "auto",
                     phone_map: str | Path | None = None) -> Corpus:
    """Read LibriSpeech, or a corpus in its layout, with times from TextGrids where there are any.

    The split is the one of the folder's name (train-clean-100 -> train); sex comes from SPEAKERS.TXT where it is.

    Args:
        root: the corpus or any folder of it.
        textgrids: folder of TextGrids named like the recordings; without it they are looked for beside them.
        word_tier: name of the word tier in the TextGrids; known names when not given.
        phone_tier: name of the phone tier; known names when not given.
        phone_set: notation of the phones, see `phone_notation.spell_phones`.
        phone_map: map from labels to phones, see `phone_map.read_phone_map`.

    Returns:
        The utterances sorted by id (`speaker-chapter-NNNN`) and the problems met.

    Raises:
        DataError: no such folder, no readable recording, or no TextGrid with such tiers.

    Example:
        >>> from pathlib import Path
        >>> from wavegan_tf.data import read_audio, read_librispeech
        >>> from wavegan_tf.data import write_wav_file
        >>> chapter = Path("LibriSpeech/train-clean-100/19/198")
        >>> chapter.mkdir(parents=True)
        >>> write_wav_file(chapter / "19-198-0000.wav", read_audio("corpus/TRAIN/DR3/FAOC0/SA1.WAV"), 16000)
        >>> _ = (chapter / "19-198.trans.txt").write_text("19-198-0000 SHE HAD YOUR DARK SUIT")
        >>> utterance, = read_librispeech("LibriSpeech").utterances
        >>> utterance.id, utterance.speaker, utterance.split, utterance.text
        ('19-198-0000', '19', 'train', 'SHE HAD YOUR DARK SUIT')
    """
    root = require_folder(root)
    problems: list[Problem] = []
    files = list(walk_files(root, problems))
    texts, sexes = _read_texts(files, problems), _read_sexes(root, problems)
    source = TextGridSource(root, textgrids, word_tier, phone_tier)
    groups = group_recordings(files, problems)
    utterances: dict[str, Utterance] = {}
    for (folder, stem), paths in tqdm(sorted(groups.items()), desc="reading", unit="utt", delay=2, leave=False):
        chosen = choose_recording(paths, problems)
        if chosen is None:
            continue
        path, header = chosen
        if stem not in texts:
            problems.append(Problem(str(path), "not in the folder's .trans.txt", "no text"))
        speaker = stem.split("-")[0] if re.fullmatch(r"\d+-\d+-\d+", stem) else folder.parent.name
        split = next((m[1] for part in reversed(folder.resolve().parts) if (m := _SPLIT.fullmatch(part))), "")
        plain = Utterance(id=stem, audio_path=path, speaker=speaker, n_samples=header.n_samples,
                          rate_hz=header.rate_hz, text=texts.get(stem, ""), sex=sexes.get(speaker, ""), split=split)
        for u in source.add_times(plain):
            if u.id in utterances:
                problems.append(Problem(str(path), f"same name as {utterances[u.id].audio_path}; left out",
                                        "utterance found twice"))
            else:
                utterances[u.id] = u
    known = {stem for _, stem in groups}
    problems += [Problem(name, "in a .trans.txt, but no such recording", "no recording")
                 for name in sorted(texts.keys() - known)]
    if not utterances:
        raise nothing_readable("LibriSpeech", root, sum(map(len, groups.values())), problems,
                               "name the folder that holds train-clean-100 or another part")
    source.refuse_if_none_usable()
    missing, notes = source.tiers_missing()
    met = dict.fromkeys(problems + source.problems)  # both walk the folder, and meet the same there
    return labelled_corpus(root, list(utterances.values()), [*met, *missing, *source.without_recording()], phone_set,
                           phone_map, notes)


def _read_texts(files: list[Path], problems: list[Problem]) -> dict[str, str]:
    """Read all `.trans.txt`; one that cannot be read costs its own texts only; of two texts the first counts."""
    texts: dict[str, str] = {}
    for path in files:
        if path.name.lower().endswith(".trans.txt"):
            try:
                found = read_texts(path)
            except DataError as error:
                problems.append(Problem(str(path), str(error), "unreadable .trans.txt file"))
                continue
            problems += [Problem(str(path), f"`{name}` has two texts; the first is read", "two texts of a recording")
                         for name, text in found if texts.setdefault(name, text) != text]
    return texts


def _read_sexes(root: Path, problems: list[Problem]) -> dict[str, str]:
    """Read `id | sex | ...` from SPEAKERS.TXT in the corpus' folder or one of those above a part of it."""
    for folder in (root, *root.resolve().parents[:2]):
        path = folder / "SPEAKERS.TXT"
        if is_plain(path):
            try:
                rows = [line.split("|") for line in label_lines(path, "table of speakers") if line[:1] != ";"]
            except DataError as error:
                problems.append(Problem(str(path), str(error), "unreadable SPEAKERS.TXT"))
                continue
            return {row[0].strip(): row[1].strip() for row in rows if len(row) > 1}
    return {}
