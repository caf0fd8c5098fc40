"""Read label files as text; the encoding (UTF-8, UTF-16, UTF-32 or Latin-1) is detected."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import read_bytes

__all__ = ["label_lines", "label_text"]

# UTF-32 first: its mark begins with that of UTF-16
_MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
          (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"))


def label_text(path: str | Path, what: str = "label file") -> str:
    """Read a text file of unknown encoding.

    A byte order mark decides; without one it is UTF-16 where every other byte is mostly 0, else UTF-8, else Latin-1,
    in which every byte is a letter.

    Raises:
        DataError: it cannot be read, is a pipe or a device, or is not text.
    """
    raw = read_bytes(path, what)
    try:
        text = raw.decode(_encoding(raw))
    except UnicodeDecodeError as error:
        raise DataError(f"{what} (={path}) must be text; as {error.encoding.upper()} it breaks off or is damaged at "
                        f"byte {error.start}; save it again as UTF-8") from None
    if "\0" in text:
        raise DataError(f"{what} (={path}) must be text; it holds bytes that are 0; copy it again")
    return text


def label_lines(path: str | Path, what: str = "label file") -> list[str]:
    """Read a text file of unknown encoding as lines, with Unix, Windows or old Mac line ends.

    Not `str.splitlines`, which also splits at bytes that are letters in some encodings, such as 0x85 of Windows.

    Raises:
        DataError: as `label_text`.
    """
    return re.split(r"\r\n|\r|\n", label_text(path, what))


def _encoding(raw: bytes) -> str:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return encoding
    first, second = raw[:200:2], raw[1:200:2]
    if second and 2 * second.count(0) > len(second):
        return "utf-16-le"
    if first and 2 * first.count(0) > len(first):
        return "utf-16-be"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"
