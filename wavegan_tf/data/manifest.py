"""The table that lies beside slices: `manifest.csv`, a row per file, read and written without loss."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from wavegan_tf.data.corpus import Segment
from wavegan_tf.errors import DataError

__all__ = ["MANIFEST_COLUMNS", "MANIFEST_NAME", "format_phones", "parse_phones", "read_manifest", "write_manifest"]

MANIFEST_NAME = "manifest.csv"
MANIFEST_COLUMNS = ("file", "label", "word", "speaker", "sex", "dialect", "split", "utterance", "sentence",
                    "start_sample", "end_sample", "source_rate_hz", "n_samples", "rate_hz", "phones")
"""`start_sample` and `end_sample` lie in the utterance, at `source_rate_hz`; `n_samples` and the offsets in `phones` in
the slice, at `rate_hz`. `file` is relative to the manifest's folder."""

_NUMBERS = {"start_sample", "end_sample", "source_rate_hz", "n_samples", "rate_hz"}


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
        match = re.fullmatch(r"(.*):(\d+)-(\d+)", part)
        if match is None:
            raise DataError(f"phones (={text}) must read `label:start-end ...` in samples; `{part}` does not")
        segments.append(Segment(int(match[2]), int(match[3]), match[1].replace("%20", " ").replace("%25", "%")))
    return tuple(segments)


def write_manifest(table: pd.DataFrame, path: Path) -> None:
    """Write slices as CSV; the column `phones` holds tuples of `Segment`s."""
    table = table.assign(phones=[format_phones(p) for p in table["phones"]])
    table[list(MANIFEST_COLUMNS)].to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def read_manifest(path: str | Path) -> pd.DataFrame:
    """Read a manifest.

    Args:
        path: the file, or the folder that holds `manifest.csv`.

    Returns:
        A row per slice with `MANIFEST_COLUMNS`; `phones` holds tuples of `Segment`s.

    Raises:
        DataError: no such file, a column is missing, or a number is none.
    """
    path = Path(path)
    if path.is_dir():
        path = path / MANIFEST_NAME
    if not path.is_file():
        raise DataError(f"manifest (={path}) must be a file; name the folder that `wavegan-tf slice` wrote")
    # words such as null, nan and none are words
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    missing = [name for name in MANIFEST_COLUMNS if name not in table.columns]
    if missing:
        raise DataError(f"manifest (={path}) must have the columns {', '.join(MANIFEST_COLUMNS)}; it lacks "
                        f"{', '.join(missing)}")
    for name in _NUMBERS:
        wrong = table.loc[~table[name].str.fullmatch(r"\d+"), name]
        if len(wrong):
            raise DataError(f"`{name}` (={wrong.iloc[0]}) must be a whole number; see line {wrong.index[0] + 2} of "
                            f"{path}")
        table[name] = table[name].astype("int64")
    return table.assign(phones=[parse_phones(text) for text in table["phones"]])
