"""Read any folder of recordings with Praat TextGrids of the same names, as forced aligners write them."""

from __future__ import annotations

import re
from pathlib import Path

from tqdm import tqdm

from wavegan_tf.data.audio.recordings import choose_recording, group_recordings, nothing_readable
from wavegan_tf.data.corpora.corpus_labels import labelled_corpus
from wavegan_tf.data.corpus import Corpus, Problem, Utterance
from wavegan_tf.data.folders import require_folder, walk_files
from wavegan_tf.data.labels.textgrid_source import TextGridSource
from wavegan_tf.data.labels.textgrid_tiers import TierNames
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["read_textgrid_folder"]

_SPLITS = ("train", "dev", "test")


def read_textgrid_folder(root: str | Path, textgrids: str | Path | None = None, word_tier: TierNames = None,
                         phone_tier: TierNames = None, speaker_pattern: str | None = None, phone_set: str = "auto",
                         phone_map: str | Path | None = None) -> Corpus:
    """Read a corpus of recordings and Praat TextGrids, such as the output of the Montreal Forced Aligner.

    Args:
        root: folder of the recordings.
        textgrids: folder of the TextGrids; without it they are looked for in `root`.
        word_tier: name of the word tier; known names when not given.
        phone_tier: names of phone tiers; known names when not given.
        speaker_pattern: regular expression searched for in the path below `root`, with a group `speaker` and, if
            wanted, groups `sex`, `dialect` and `split`; for example `(?P<speaker>[^_/]+)_[^/]*$`. Without it the
            folder of a recording is its speaker (as the Montreal Forced Aligner has it), and a folder train, dev or
            test its split.
        phone_set: notation of the phones, see `phone_notation.spell_phones`.
        phone_map: map from labels to phones, see `phone_map.read_phone_map`.

    Returns:
        The utterances sorted by id (the path below `root` without suffix) and the problems met.

    Raises:
        ConfigError: the pattern is no regular expression or has no group `speaker`.
        DataError: no such folder, no readable recording, a pattern that fits no path, or no TextGrid with such tiers.

    Example:
        >>> from pathlib import Path
        >>> from wavegan_tf.data import Segment, read_audio, read_textgrid_folder, write_textgrid, write_wav_file
        >>> Path("mine/ann").mkdir(parents=True)
        >>> write_wav_file("mine/ann/one.wav", read_audio("corpus/TRAIN/DR3/FAOC0/SA1.WAV"), 16000)
        >>> write_textgrid("mine/ann/one.TextGrid", {"words": [Segment(2143, 5094, "she")]}, 57020, 16000)
        >>> utterance, = read_textgrid_folder("mine").utterances
        >>> utterance.id, utterance.speaker, utterance.words
        ('ann/one', 'ann', (Segment(start=2143, end=5094, label='she'),))
    """
    pattern = _compile(speaker_pattern)
    root = require_folder(root)
    source = TextGridSource(root, textgrids, word_tier, phone_tier)
    problems: list[Problem] = []
    groups = group_recordings(walk_files(root, problems), problems)
    utterances: list[Utterance] = []
    n_known = 0
    for (_, stem), paths in tqdm(sorted(groups.items()), desc="reading", unit="utt", delay=2, leave=False):
        chosen = choose_recording(paths, problems)
        if chosen is None:
            continue
        path, header = chosen
        relative = path.relative_to(root)
        who = _who(relative, pattern)
        n_known += bool(who)
        if not who:
            problems.append(Problem(str(path), "the speaker pattern does not fit its path", "no speaker"))
        name = (relative.parent / path.name[:len(stem)]).as_posix()
        utterances += source.add_times(Utterance(
            id=name, audio_path=path, n_samples=header.n_samples, rate_hz=header.rate_hz,
            speaker=who.get("speaker", ""), sex=who.get("sex", ""), dialect=who.get("dialect", ""),
            split=who.get("split", "").lower()))
    if not utterances:
        raise nothing_readable("corpus", root, sum(map(len, groups.values())), problems,
                               "name a folder with recordings")
    if pattern and not n_known:
        raise DataError(f"`speaker_pattern` (={speaker_pattern}) must fit the paths below {root}; it fits none of "
                        f"{len(utterances)}, for example {utterances[0].id}; change the pattern")
    source.refuse_if_none_usable()
    missing, notes = source.tiers_missing()
    met = dict.fromkeys(problems + source.problems)  # both walk the folder, and meet the same there
    return labelled_corpus(root, utterances, [*met, *missing, *source.without_recording()], phone_set, phone_map, notes)


def _compile(pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"`speaker_pattern` (={pattern}) must be a regular expression; {error}") from None
    if "speaker" not in compiled.groupindex:
        raise ConfigError(f"`speaker_pattern` (={pattern}) must have a group (?P<speaker>...); it has "
                          f"{', '.join(compiled.groupindex) or 'none'}")
    return compiled


def _who(relative: Path, pattern: re.Pattern[str] | None) -> dict[str, str]:
    """Return speaker, split and so on from a path; nothing where the pattern does not fit."""
    if pattern is not None:
        match = pattern.search(relative.as_posix())
        return {name: found or "" for name, found in match.groupdict().items()} if match else {}
    folders = list(relative.parent.parts)
    split = next((part.lower() for part in folders if part.lower() in _SPLITS), "")
    speaker = folders[-1] if folders and folders[-1].lower() not in _SPLITS else ""
    return {"speaker": speaker, "split": split}
