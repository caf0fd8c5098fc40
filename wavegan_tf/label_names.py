"""File and folder names for labels, layers and models: safe on every file system, a different name for each label.

Small letters, digits and hyphens stay, so that `ask` and `sh` name their own folders. Characters that a file system
refuses or confuses are percent-encoded as in URLs: `i:` is `i%3A`, `?` is `%3F`, `t 1` is `t%201`. So are capitals
where the same small letters are there too, accents (file systems change how they are encoded), and names that Windows
reserves.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

__all__ = ["FolderNames", "distinct_names", "file_name", "label_of"]

_LONGEST = 120
"""Bytes of a name; some encrypted file systems end at 143, and a suffix is still to come."""
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)
_LIKE_A_SUFFIX = re.compile(r"\.[A-Za-z]+\d?$")


def file_name(*parts: str) -> str:
    """Make a file name of words, joined with underscores: unchanged where that is safe, else percent-encoded.

    The names of `S` and `s` are the same on some file systems; for several names in one folder, see `FolderNames`.
    """
    return _forms(parts)[0]


def label_of(name: str) -> str:
    """Decode a folder name to its label, the reverse of `file_name`; names that are not made here stay as they are."""
    try:
        label = unquote_to_bytes(name).decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return name
    return label if name in _forms((label,)) else name


def distinct_names(labels: Iterable[str]) -> dict[str, str]:
    """Make a different file name for each label, also on file systems that do not distinguish `S` from `s`."""
    names = FolderNames()
    # the plainest first: beside `s` it is `S` that is escaped
    ordered = sorted(set(labels), key=lambda label: (_escaped((label,)) != label, label))
    return {label: names.name(label) for label in ordered}


class FolderNames:
    """File names used in one folder: different words get different names, the same words always the same name."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        """Start an empty folder.

        Args:
            reserved: names that are taken by other files.
        """
        self._owners: dict[str, tuple[str, ...]] = {_folded(name): () for name in reserved}

    def name(self, *parts: str) -> str:
        """Return the name of some words, joined with underscores."""
        for form in _forms(parts):
            if self._owners.setdefault(_folded(form), parts) == parts:
                return form
        raise AssertionError(f"{parts} has no name of its own")  # a hash would have to repeat


def _forms(parts: tuple[str, ...]) -> list[str]:
    """Return possible names of some words, the plainest first; the last one is unique to these words."""
    plain = "_".join(parts)
    escaped, hidden = _escaped(parts), "_".join("".join(map(_hex, part)) or "%" for part in parts)
    forms = [plain] if _is_plain(plain) else []
    return [_short(form, parts) for form in (*forms, escaped, hidden)]


def _is_plain(name: str) -> bool:
    return (all(_stays(c) or c in "_." or (c.isascii() and c.isupper()) for c in name) and name == name.strip(".")
            and not _DEVICES.match(name) and not _LIKE_A_SUFFIX.search(name) and name[:1] not in ("", "-"))


def _escaped(parts: tuple[str, ...]) -> str:
    """Escape unsafe characters; underscores stay in a single word, between words they are the separator."""
    joined = "_".join("".join(c if _stays(c) or (c == "_" and len(parts) == 1) else _hex(c) for c in part) or "%"
                      for part in parts)
    if joined[0] == "-" or _DEVICES.match(joined):
        return _hex(joined[0]) + joined[1:]
    return joined


def _stays(c: str) -> bool:
    """Tell whether a character is the same on every file system: no capital, no accent, nothing that shells read."""
    if c.isascii():
        return c.islower() or c.isdigit() or c in "-'"
    return (c.isalnum() and c.casefold() == c == c.upper().lower() and unicodedata.normalize("NFKD", c) == c)


def _hex(c: str) -> str:
    try:
        raw = c.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = c.encode("utf-8", "surrogatepass")
    return "".join(f"%{byte:02X}" for byte in raw)


def _short(name: str, parts: tuple[str, ...]) -> str:
    """Cut a name that is too long, and put a hash of the whole in the place of the rest."""
    if len(name.encode()) <= _LONGEST:
        return name
    digest = hashlib.sha256("\0".join(map(repr, parts)).encode()).hexdigest()[:20]
    kept = name.encode()[:_LONGEST - 25].decode("utf-8", "ignore")
    return f"{re.sub('%[0-9A-F]?$', '', kept)}%-{digest}"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
