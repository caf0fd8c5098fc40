"""SHA-256 of every file of a folder, in the format of `sha256sum`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from wavegan_tf.errors import ExportError
from wavegan_tf.formats.plain_files import is_there, open_plain, read_text

__all__ = ["CHECKSUMS_NAME", "verify_checksums", "write_checksums"]

CHECKSUMS_NAME = "SHA256SUMS"


def write_checksums(folder: Path) -> None:
    """Write `SHA256SUMS` for all files below `folder`; `sha256sum -c SHA256SUMS` checks them there."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    lines = [f"{_sha256(folder / name)}  {name}\n" for name in files]
    (folder / CHECKSUMS_NAME).write_text("".join(lines), encoding="utf-8")


def verify_checksums(folder: Path, names: Iterable[str]) -> None:
    """Compare files with `SHA256SUMS`; a folder without it passes.

    Raises:
        ExportError: a file is missing, damaged, or not listed.
    """
    table = folder / CHECKSUMS_NAME
    if not is_there(table, "checksums"):
        return
    lines = read_text(table, "checksums", lenient=True).splitlines()
    expected = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in names:
        path = folder / name
        if not path.is_file():
            raise ExportError(f"exported file (={path}) must exist; it is missing; copy the folder again")
        if expected.get(name) != _sha256(path):
            raise ExportError(f"exported file (={path}) must be as it was written; its checksum differs from "
                              f"{CHECKSUMS_NAME}; copy the folder again or export the run again")


def _sha256(path: Path) -> str:
    with open_plain(path, "exported file") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
