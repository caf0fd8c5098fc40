"""Open a speech corpus: recognise the layout of a folder (TIMIT, LibriSpeech, TextGrids), and read it."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from wavegan_tf.data.corpora.librispeech import read_librispeech
from wavegan_tf.data.corpora.textgrid_folder import read_textgrid_folder
from wavegan_tf.data.corpora.timit import read_timit
from wavegan_tf.data.corpus import Corpus, Problem
from wavegan_tf.data.folders import require_folder, walk_files
from wavegan_tf.data.media import AUDIO_SUFFIXES, OTHER_MEDIA
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["LAYOUTS", "open_corpus", "recognise"]

_READERS: dict[str, Callable[..., Corpus]] = {
    "timit": read_timit, "librispeech": read_librispeech, "textgrid": read_textgrid_folder}

LAYOUTS = ("auto", *_READERS)
"""Names of corpus layouts for `open_corpus`: `timit`, `librispeech`, `textgrid`, and `auto`, which recognises them."""


def open_corpus(root: str | Path, kind: str = "auto", **options: Any) -> Corpus:
    """Open a speech corpus: TIMIT, LibriSpeech, or any folder of recordings with TextGrids.

    Args:
        root: its folder.
        kind: one of `LAYOUTS`; `auto` recognises it by the files.
        **options: passed to the reader: `phone_set` and `phone_map`; `sa`, `seed` and `label_rate` (`read_timit`);
            `textgrids`, `word_tier` and `phone_tier` (`read_librispeech`, `read_textgrid_folder`); `speaker_pattern`
            (`read_textgrid_folder`).

    Returns:
        Utterances with words and phones in samples, and the problems met.

    Raises:
        ConfigError: an unknown layout, or an option that its reader does not have.
        DataError: no such folder, a layout that is not recognised, or what the reader raises.

    Example:
        >>> from wavegan_tf.data import open_corpus
        >>> corpus = open_corpus("corpus")
        >>> len(corpus.utterances), len(corpus.words()), len(corpus.phones()), len(corpus.problems)
        (16, 140, 591, 0)
        >>> first = corpus.utterances[0]
        >>> first.id, first.speaker, first.words[1]
        ('faoc0_sa1', 'FAOC0', Segment(start=5094, end=9171, label='had'))
    """
    if kind not in LAYOUTS:
        raise ConfigError(f"`kind` (={kind}) must be one of {', '.join(LAYOUTS)}")
    if kind == "auto":
        kind = "textgrid" if options.get("textgrids") and not _has_texts(require_folder(root)) else recognise(root)
    reader = _READERS[kind]
    known = list(inspect.signature(reader).parameters)[1:]
    for name in options:
        if name not in known:
            raise ConfigError(f"`{name}` (={options[name]}) must be an option of the layout `{kind}`; it has "
                              f"{', '.join(known)}; leave it out or choose another layout")
    corpus = reader(root, **options)
    return replace(corpus, notes=(*corpus.notes, *_labels_not_read(corpus, kind)))


def _labels_not_read(corpus: Corpus, kind: str) -> list[str]:
    """Report which of two kinds of labels were read, where there are both."""
    suffixes = Counter(_suffix(path) for path in walk_files(corpus.root, []))
    n_lines, n_grids = suffixes[".phn"] + suffixes[".wrd"], suffixes[".textgrid"]
    if kind == "timit" and n_grids:
        return [f"labels are those of the .PHN and .WRD files; {n_grids} TextGrids beside them were not read; --layout "
                "textgrid reads those instead"]
    if kind != "timit" and n_lines:
        return [f"labels are those of the TextGrids; {n_lines} .PHN and .WRD files beside the recordings were not "
                "read; --layout timit reads those instead"]
    return []


def recognise(root: str | Path) -> str:
    """Recognise the layout of a corpus folder: `timit`, `librispeech` or `textgrid`.

    .PHN or .WRD files make it `timit`, else .trans.txt files `librispeech`, else .TextGrid files `textgrid`.

    Raises:
        DataError: no such folder, or none of these; says what was looked for and what is there.
    """
    root = require_folder(root)
    problems: list[Problem] = []
    suffixes = Counter(_suffix(path) for path in walk_files(root, problems))
    if suffixes[".phn"] or suffixes[".wrd"]:
        return "timit"
    if suffixes[".trans.txt"]:
        return "librispeech"
    if suffixes[".textgrid"]:
        return "textgrid"
    n_audio = sum(n for suffix, n in suffixes.items() if suffix in AUDIO_SUFFIXES)
    there = ", ".join(f"{n} {suffix or 'without suffix'}" for suffix, n in suffixes.most_common(5)) or "nothing"
    media = sorted(suffixes.keys() & OTHER_MEDIA)
    hints = [f"{', '.join(media)} files are not read, convert them to WAV or FLAC"] * bool(media)
    hints += [f"{len(problems)} folders cannot be read (first: {p.where})" for p in problems[:1]]
    raise DataError(f"corpus folder (={root}) must hold .PHN or .WRD files (TIMIT), .trans.txt files (LibriSpeech) or "
                    f".TextGrid files; it holds {there} ({n_audio} audio files); {''.join(h + '; ' for h in hints)}"
                    "name the corpus' own folder, or its TextGrids with `textgrids` (training on recordings without "
                    "labels needs no corpus)")


def _suffix(path: Path) -> str:
    return ".trans.txt" if path.name.lower().endswith(".trans.txt") else path.suffix.lower()


def _has_texts(root: Path) -> bool:
    """Tell whether a folder that comes with TextGrids is LibriSpeech's."""
    return any(_suffix(path) == ".trans.txt" for path in walk_files(root, []))
