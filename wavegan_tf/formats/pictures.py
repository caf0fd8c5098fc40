"""PNG pictures: read as bytes and checked by their own checksums, without decoding."""

from __future__ import annotations

import zlib
from pathlib import Path

from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import read_bytes

__all__ = ["read_png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def read_png(path: str | Path, what: str = "picture") -> bytes:
    """Read the bytes of a PNG file.

    Raises:
        DataError: it cannot be read, is no PNG, is cut off, or has bytes that are not as they were written.
    """
    content = read_bytes(path, what)
    if not content.startswith(_SIGNATURE):
        raise DataError(f"{what} (={path}) must be a PNG file; it is none; write the .png one")
    kinds: list[bytes] = []
    place = len(_SIGNATURE)
    while place + 12 <= len(content) and kinds[-1:] != [b"IEND"]:
        size, kind = int.from_bytes(content[place:place + 4], "big"), content[place + 4:place + 8]
        end = place + 12 + size
        if zlib.crc32(content[place + 4:end - 4]) != int.from_bytes(content[end - 4:end], "big"):
            raise DataError(f"{what} (={path}) must be whole; the part at byte {place} is damaged or cut off")
        kinds.append(kind)
        place = end
    if kinds[:1] != [b"IHDR"] or b"IDAT" not in kinds or kinds[-1] != b"IEND":
        raise DataError(f"{what} (={path}) must be whole; it ends after {place} bytes without its last part")
    return content
