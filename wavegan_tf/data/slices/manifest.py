"""The manifest of a folder of slices: `manifest.csv`, with file, label, speaker, split and phones of each slice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

import pandas as pd

from wavegan_tf.data.corpus import Segment
from wavegan_tf.errors import DataError
from wavegan_tf.formats.tables import read_table, whole_numbers, write_table

__all__ = ["MANIFEST_COLUMNS", "MANIFEST_NAME", "check_file_names", "format_phones", "parse_phones", "read_manifest",
           "write_manifest"]

MANIFEST_NAME = "manifest.csv"
MANIFEST_COLUMNS = ("file", "label", "word", "speaker", "sex", "dialect", "split", "utterance", "sentence",
                    "start_sample", "end_sample", "source_rate_hz", "n_samples", "rate_hz", "phones")
"""`start_sample` and `end_sample` lie in the utterance, at `source_rate_hz`; `n_samples` and the offsets in `phones` in
the slice, at `rate_hz`. `file` is relative to the manifest's folder."""

_NUMBERS = {"start_sample": 0, "end_sample": 0, "source_rate_hz": 1, "n_samples": 0, "rate_hz": 1}
"""Columns of whole numbers, and the least that each may be."""
_DIGITS = 15
"""The most that a number of samples has: more are not exact as floats."""


def format_phones(phones: Sequence[Segment]) -> str:
    """Write phones as `s:400-1600 k:1600-2400`; blanks and percent signs in labels become %20 and %25."""
    quoted = (" ".join(p.label.split()).replace("%", "%25").replace(" ", "%20") for p in phones)
    return " ".join(f"{label}:{p.start}-{p.end}" for label, p in zip(quoted, phones, strict=True))


def parse_phones(text: str) -> tuple[Segment, ...]:
    """Read what `format_phones` wrote.

    Raises:
        DataError: a part that is not `label:start-end`.
    """
    segments = []
    for part in text.split():
        match = re.fullmatch(rf"(.*):(\d{{1,{_DIGITS}}})-(\d{{1,{_DIGITS}}})", part, re.ASCII)
        if match is None:
            raise DataError(f"phones (={text[:200]}) must read `label:start-end ...` in samples; `{part[:60]}` does "
                            "not")
        segments.append(Segment(int(match[2]), int(match[3]), match[1].replace("%20", " ").replace("%25", "%")))
    return tuple(segments)


def write_manifest(table: pd.DataFrame, path: Path) -> None:
    """Write the manifest of slices as CSV.

    Args:
        table: a row per slice with `MANIFEST_COLUMNS`; the column `phones` holds tuples of `Segment`s.
        path: the file.
    Example:
        >>> from pathlib import Path
        >>> from wavegan_tf.data import open_corpus, read_manifest, slice_words, write_manifest
        >>> table = slice_words(open_corpus("corpus"), "words", ["ask", "wash"]).table
        >>> write_manifest(table[table["sex"] == "F"], Path("words/manifest.csv"))  # keep the women's slices only
        >>> len(table), len(read_manifest("words"))
        (8, 6)
    """
    table = table.assign(phones=[format_phones(p) for p in table["phones"]])
    write_table(table[list(MANIFEST_COLUMNS)], path)


def read_manifest(path: str | Path) -> pd.DataFrame:
    """Read the manifest of a folder of slices.

    Args:
        path: the file, or the folder that holds `manifest.csv`.

    Returns:
        A row per slice with `MANIFEST_COLUMNS`; `phones` holds tuples of `Segment`s.

    Raises:
        DataError: no such file, or no table; a column is missing; a number is none, or an interval without a length; a
            file is named twice, or lies outside the folder.

    Example:
        >>> from wavegan_tf.data import SliceSettings, open_corpus, read_manifest, slice_words
        >>> _ = slice_words(open_corpus("corpus"), "words", ["ask"], SliceSettings(split="official"))
        >>> table = read_manifest("words")
        >>> table["file"][0], table["speaker"][0], int(table["n_samples"][0])
        ('train/ask/faoc0_sa2_7851-12773.wav', 'FAOC0', 5722)
        >>> [phone.label for phone in table["phones"][0]]
        ['ae', 's', 'kcl', 'k']
    """
    path = Path(path)
    if path.is_dir():
        path = path / MANIFEST_NAME
    if not path.is_file():
        raise DataError(f"manifest (={path}) must be a file; name the folder that `wavegan-tf slice` wrote")
    title = f"manifest (={path})"
    table = read_table(path, "manifest", needs=MANIFEST_COLUMNS)
    if not len(table):
        raise DataError(f"{title} must have a row for each slice; it has none; make the slices again")
    check_file_names(table["file"], title)
    for name, low in _NUMBERS.items():
        table[name] = whole_numbers(table, name, title, low=low)
    _check_intervals(table, title)
    table["phones"] = [_phones(text, f"row {row} of {title}") for row, text in enumerate(table["phones"], 1)]
    return table


def check_file_names(names: Iterable[str], title: str) -> None:
    """Check the file names in a table: each below its folder, each once; `title` names the table in messages.

    Raises:
        DataError: a name is empty, there twice, that of a place outside the folder, or of none.
    """
    seen: dict[str, int] = {}
    for row, name in enumerate(names, 1):
        place = PurePath(name)
        if not place.parts or place.anchor or ".." in place.parts or "\0" in name:
            raise DataError(f"file (={name}) must lie below the folder of its table; see row {row} of {title}; write "
                            "the path from the one to the other")
        if name in seen:
            raise DataError(f"file (={name}) must be named once; see rows {seen[name]} and {row} of {title}")
        seen[name] = row


def _check_intervals(table: pd.DataFrame, title: str) -> None:
    """Raise an error for slices that end before they begin."""
    for row, (start, end) in enumerate(zip(table["start_sample"], table["end_sample"], strict=True), 1):
        if start >= end:
            raise DataError(f"slice (={start} to {end}) must end after it begins; see row {row} of {title}")


def _phones(text: str, where: str) -> tuple[Segment, ...]:
    try:
        phones = parse_phones(text)
    except DataError as error:
        raise DataError(f"{error}; see {where}") from error
    for phone in phones:
        if phone.start > phone.end:
            raise DataError(f"phone (={phone.label}:{phone.start}-{phone.end}) must not end before it begins; see "
                            f"{where}")
    return phones
