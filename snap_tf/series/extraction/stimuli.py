"""Stimuli for a network: slices with their manifest, any folder of recordings, or words cut out of a corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from snap_tf.series.extraction.intervals import require_labels
from wavegan_tf.config import DataConfig
from wavegan_tf.data.audio.audio_header import audio_header
from wavegan_tf.data.batches.audio_files import AudioFile, find_audio_files
from wavegan_tf.data.corpora.readers import open_corpus, recognise
from wavegan_tf.data.corpora.tokens import word_tokens
from wavegan_tf.data.corpus import Corpus, Problem
from wavegan_tf.data.slices.manifest import MANIFEST_COLUMNS, MANIFEST_NAME, read_manifest
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.plain_files import is_there
from wavegan_tf.formats.tables import read_columns
from wavegan_tf.use.labels import find_labels

if TYPE_CHECKING:
    from wavegan_tf.data.batches.decoding import DecodedFile, UnusableFile

__all__ = ["UNITS", "Stimuli", "find_stimuli"]

UNITS = ("auto", "words", "recordings")
"""What a token of a corpus is: a word with 25 ms of silence around it, as `wavegan-tf slice` cuts it, or a whole
recording; `auto` takes words where the corpus has them."""

Read = Callable[[DataConfig, Sequence[int]], "Iterator[DecodedFile | UnusableFile]"]


@dataclass(frozen=True)
class Stimuli:
    """Stimuli of a network: a table of audio clips, and a function that decodes them when they are needed.

    Attributes:
        table: a row per clip: token (a name that no other has), label, word, speaker, split, file, phones (`Segment`s
            with offsets from the start of the clip, in samples at `rate_hz`), rate_hz and n_samples (0: not known yet),
            and source_rate_hz where it is another.
        read: decodes clips, given the settings of a network's data and the numbers of the clips, which are the index of
            `table`.
        source: where they come from, in words.
        problems: what could not be read, or was doubtful, already when they were listed.
        notes: what was decided about the labels of a corpus.
    """

    table: pd.DataFrame
    read: Read
    source: str
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    def clips(self, config: DataConfig) -> Iterator[DecodedFile | UnusableFile]:
        """Decode all clips as the training pipeline does; `index` is the position in `table`."""
        return self.read(config, [int(number) for number in self.table.index])


def find_stimuli(path: str | Path, *, split: str | None = None, words: Sequence[str] = (), phones: Sequence[str] = (),
                 unit: str = "auto", label_from: str = "auto", speaker_from: str = "none", **corpus: Any) -> Stimuli:
    """Find the stimuli in a folder: list its audio clips without decoding them.

    Args:
        path: a folder that `wavegan-tf slice` wrote, or its manifest; a corpus (TIMIT, LibriSpeech or other recordings
            with TextGrids); or any folder of recordings, read with its subfolders.
        split: only rows of the manifest, or utterances of the corpus, with this split.
        words: only these words.
        phones: only clips in which one of these phones occurs.
        unit: tokens of a corpus: `words`, `recordings`, or `auto`, which takes words where the corpus has them.
        label_from: of a folder of recordings: `manifest`, `folder`, `name:REGEX`, `none` or `auto`, as in
            `wavegan-tf classify`.
        speaker_from: the same for the speaker.
        **corpus: how a corpus is to be read: `kind` and the options of `wavegan_tf.data.open_corpus`.

    Raises:
        ConfigError: an option that does not go with what the folder is.
        DataError: no such folder, no audio in it, or no such split, word or phone.

    Example:
        >>> from snap_tf.series import find_stimuli
        >>> words = find_stimuli("corpus", words=["water", "greasy"])
        >>> words.table.groupby("label").size().to_dict()
        {'greasy': 4, 'water': 5}
        >>> [phone.label for phone in words.table["phones"].iloc[0]]
        ['gcl', 'g', 'r', 'iy', 'z', 'iy']
    """
    if unit not in UNITS:
        raise ConfigError(f"`unit` (={unit}) must be one of {', '.join(UNITS)}")
    path = Path(path)
    if _is_manifest(path):
        _refuse(corpus | ({"unit": unit} if unit != "auto" else {}), "a corpus", f"{path} has a manifest of slices")
        stimuli = _of_slices(path)
    elif corpus or unit == "words" or _is_corpus(path):
        stimuli = _of_corpus(open_corpus(path, corpus.pop("kind", "auto"), **corpus), words, phones, unit)
    else:
        stimuli = _of_folder(path, split, label_from, speaker_from)
    return _choose(stimuli, split, words, phones)


def _is_manifest(path: Path) -> bool:
    """Tell whether a path is, or holds, the manifest of slices (those of generated sounds have other columns)."""
    table = path / MANIFEST_NAME if path.is_dir() else path
    if table.suffix.lower() != ".csv" or not is_there(table, "manifest"):
        return False
    columns = read_columns(table, "manifest")
    return not path.is_dir() or set(MANIFEST_COLUMNS) <= set(columns)


def _is_corpus(path: Path) -> bool:
    try:
        return path.is_dir() and bool(recognise(path))
    except DataError:
        return False


def _refuse(given: dict[str, Any], where: str, what: str) -> None:
    for name, value in given.items():
        raise ConfigError(f"`{name}` (={value}) goes with {where}; {what}; leave it out")


def _of_slices(path: Path) -> Stimuli:
    """Make stimuli of a manifest and the files beside it."""
    path = path / MANIFEST_NAME if path.is_dir() else path
    table, root = read_manifest(path), path.parent
    for row in table.itertuples():
        outside = [p for p in row.phones if not 0 <= p.start < p.end <= row.n_samples]
        if outside:
            p = outside[0]
            raise DataError(f"interval (={p.label}:{p.start}-{p.end}) must have a length and lie inside the "
                            f"{row.n_samples} samples of {row.file}; correct {path} or make the slices again")
    files = [_audio_file(root / name, name) for name in table["file"]]
    table.insert(0, "token", [PurePosixPath(name).with_suffix("").as_posix() for name in table["file"]])
    return Stimuli(table, _reader(files), f"slices {root}")


def _of_folder(path: Path, split: str | None, label_from: str, speaker_from: str) -> Stimuli:
    """Make stimuli of any recordings."""
    listing = find_audio_files(path, split)
    names = [file.name for file in listing.files]
    labels, speakers = (find_labels(path, names, way).of if path.is_dir() else {} for way in (label_from, speaker_from))
    table = pd.DataFrame({"token": [PurePosixPath(name).with_suffix("").as_posix() for name in names],
                          "label": [labels.get(name, "") for name in names], "word": "",
                          "speaker": [speakers.get(name, "") for name in names], "split": split or "", "file": names,
                          "phones": [()] * len(names), "rate_hz": 0, "n_samples": 0,
                          "source_rate_hz": [_rate_hz(file) for file in listing.files]})
    if not table["token"].is_unique:  # a.wav beside a.flac
        table["token"] = table["file"]
    problems = tuple(Problem(name, reason, "unreadable recording") for name, reason in listing.skipped)
    return Stimuli(table, _reader(list(listing.files)), f"recordings {path}", problems)


def _rate_hz(file: AudioFile) -> int:
    """Read a recording's rate from its header; 0 where it has none, which decoding it will tell."""
    try:
        return audio_header(file.path).rate_hz
    except (DataError, OSError):
        return 0


def _of_corpus(corpus: Corpus, words: Sequence[str], phones: Sequence[str], unit: str) -> Stimuli:
    """Make stimuli of a corpus: its words, or its recordings with their phones."""
    if unit == "words" or words or (unit == "auto" and any(u.words for u in corpus.utterances)):
        return _of_words(corpus, words)
    rows = [{"token": u.id, "label": u.sentence, "word": "", "speaker": u.speaker, "split": u.split,
             "file": _below(corpus.root, u.audio_path), "phones": u.phones, "rate_hz": u.rate_hz,
             "n_samples": u.n_samples} for u in corpus.utterances]
    files = [_audio_file(u.audio_path, str(row["file"])) for u, row in zip(corpus.utterances, rows, strict=True)]
    return Stimuli(pd.DataFrame(rows), _reader(files), f"recordings of {corpus.root}", corpus.problems, corpus.told)


def _of_words(corpus: Corpus, words: Sequence[str]) -> Stimuli:
    """Make stimuli of words, cut as `wavegan-tf slice` cuts them, without writing them."""
    from wavegan_tf.data.slices.cutting import Recording, cut, decode, stored
    from wavegan_tf.data.slices.slice_settings import SliceSettings

    tokens, settings = word_tokens(corpus, words), SliceSettings()
    paths = {u.id: u.audio_path for u in corpus.utterances}
    rows = []
    for token in tokens.to_dict("records"):
        silence = round(settings.silence_s * token["rate_hz"])
        shift, length = silence - token["start_sample"], token["end_sample"] - token["start_sample"]
        phones = tuple(type(p)(max(p.start + shift, silence), min(p.end + shift, silence + length), p.label)
                       for p in token["phones"])
        rows.append({"token": f"{token['utterance']}_{token['start_sample']}-{token['end_sample']}", **token,
                     "file": _below(corpus.root, paths[token["utterance"]]), "phones": phones,
                     "n_samples": length + 2 * silence})

    def read(config: DataConfig, numbers: Sequence[int]) -> Iterator[DecodedFile | UnusableFile]:
        from wavegan_tf.data.audio.recording_audio import silence_in_words
        from wavegan_tf.data.batches.decoding import DecodedFile, UnusableFile

        @lru_cache(maxsize=4)  # words of one recording follow each other
        def recording(utterance: str) -> Recording:
            return decode(paths[utterance])

        for index, token in enumerate(tokens.iloc[list(numbers)].to_dict("records")):
            try:
                audio = stored(cut(recording(token["utterance"]), token, settings)[0]).samples
            except (DataError, OSError) as error:
                yield UnusableFile(index, str(error))
                continue
            try:
                waveform = _as_in_training(audio, token["rate_hz"], config)
            except DataError as error:
                yield UnusableFile(index, str(error))
                continue
            if waveform.any():
                yield DecodedFile(index, waveform, 0, False)
            else:
                yield UnusableFile(index, silence_in_words(float(abs(audio / 32768.0).max(initial=0.0))))

    return Stimuli(pd.DataFrame(rows), read, f"words of {corpus.root}", corpus.problems, corpus.told)


def _as_in_training(audio: np.ndarray, rate_hz: int, config: DataConfig) -> np.ndarray:
    """Do to 16-bit samples what the training pipeline does to a WAV that holds them."""
    from wavegan_tf.data.audio.recording_audio import mix_channels, normalize_peak
    from wavegan_tf.data.audio.resampling import resample

    waveform = resample(mix_channels((audio / 32768.0).astype("float32"), config.channels), rate_hz,
                        config.sample_rate_hz)
    return normalize_peak(waveform) if config.normalize else waveform


def _reader(files: list[AudioFile]) -> Read:
    """Make the function that decodes files as the training pipeline does."""
    def read(config: DataConfig, numbers: Sequence[int]) -> Iterator[DecodedFile | UnusableFile]:
        from wavegan_tf.data.batches.decoding import decode_files

        return decode_files(tuple(files[number] for number in numbers), config, progress=False)

    return read


def _choose(stimuli: Stimuli, split: str | None, words: Sequence[str], phones: Sequence[str]) -> Stimuli:
    """Keep the clips of a split and of words, and those with at least one of some phones."""
    table, where = stimuli.table, f"the recordings ({stimuli.source})"
    if split is not None:
        table = table[table["split"].isin(require_labels([split], table["split"], "split", where=where))]
    if words:
        table = table[table["word"].isin(require_labels(words, table["word"], "word", fold=True, where=where))]
    if phones:
        wanted = set(require_labels(phones, (p.label for row in table["phones"] for p in row), "phone", where=where))
        table = table[[any(p.label in wanted for p in row) for row in table["phones"]]]
    chosen = [f"split {split}"] * (split is not None) + [f"words {','.join(words)}"] * bool(words)
    return replace(stimuli, table=table, source=", ".join([stimuli.source, *chosen]))


def _audio_file(path: Path, name: str) -> AudioFile:
    """Describe a file that a table names.

    Raises:
        DataError: there is no such file.
    """
    if not path.is_file():
        raise DataError(f"audio file (={path}) must exist; its table names it; copy the folder again")
    status = path.stat()
    return AudioFile(name, path, status.st_size, status.st_mtime_ns)


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
