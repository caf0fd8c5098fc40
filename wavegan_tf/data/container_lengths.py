"""Compare what an audio file's header promises with what the file holds: libsndfile reads up to a cut without a word.

Only the chunk, or the field, that says how many bytes the samples take is read. Where a header says that the length is
not known, as a stream's does, the file is read to its end.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import open_plain

__all__ = ["refuse_truncated"]

_MOST_CHUNKS = 10_000
"""Before the samples; a damaged file may look like millions of empty ones."""
_UNKNOWN = 2**63 - 1
_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_LARGEST_OGG_PAGE = 27 + 255 + 255 * 255


def refuse_truncated(path: Path) -> None:
    """Refuse a file that holds fewer bytes of audio than its header says; other formats pass.

    Raises:
        DataError: it cannot be read, or is truncated.
    """
    with open_plain(path, "audio file") as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(32)
        found = next((length_of(file, size) for magic, offset, kind, length_of in _FORMATS
                      if start.startswith(magic) and start[offset:offset + len(kind)] == kind), None)
        if start.startswith(b"OggS"):
            _refuse_without_last_page(path, file, size)
    if found and found[0] > found[1]:
        raise DataError(f"audio file (={path}) must hold the {found[0]} bytes of its header; it holds "
                        f"{max(0, found[1])}; the file is truncated, copy it again")


@dataclass(frozen=True)
class _Chunks:
    """How a container made of chunks is laid out.

    `first`: where the first chunk begins. `head`: name and size, for `struct`. `data`: name of the chunk of samples.
    `align`: chunks begin at multiples of this after the first. `head_counts`: the size includes name and size.
    """

    first: int
    head: str
    data: bytes
    align: int = 2
    head_counts: bool = False

    def __call__(self, file: BinaryIO, size: int) -> tuple[int, int] | None:
        """Return the bytes that the chunk of samples promises and those that follow; None without such a chunk."""
        n_head, position, long_size = struct.calcsize(self.head), self.first, _UNKNOWN
        for _ in range(_MOST_CHUNKS):
            file.seek(position)
            head = file.read(n_head)
            if len(head) < n_head:
                return None
            name, length = struct.unpack(self.head, head)
            if name == b"ds64":  # RF64: sizes that 32 bits cannot hold
                long_size = int.from_bytes(file.read(16)[8:], "little")
            length -= n_head if self.head_counts else 0
            if name == self.data:
                promised = long_size if length == 0xFFFFFFFF else length
                return None if _is_unknown(promised, n_head) else (promised, size - position - n_head)
            if length < 0:
                return None
            position += n_head + length + -length % self.align
        return None


def _is_unknown(length: int, n_head: int) -> bool:
    """Tell whether a size is what writers put there that do not know it yet: ffmpeg, sox, arecord, gstreamer."""
    if n_head > 8:
        return length <= 0 or length >= _UNKNOWN - n_head
    return 0x7F000000 <= length <= 0x7F000008 or 0x7FFF0000 <= length <= 0x80000000 or length >= 0xFFFF0000


def _au(order: str) -> Callable[[BinaryIO, int], tuple[int, int] | None]:
    def length_of(file: BinaryIO, size: int) -> tuple[int, int] | None:
        file.seek(4)
        head = file.read(8)
        if len(head) < 8:
            return None
        offset, length = struct.unpack(order + "II", head)
        return None if length == 0xFFFFFFFF else (length, size - offset)

    return length_of


def _avr(file: BinaryIO, size: int) -> tuple[int, int] | None:
    """Atari's: a count of samples per channel in a header of 128 bytes."""
    file.seek(12)
    head = file.read(18)
    if len(head) < 18:
        return None
    stereo, bits, n_samples = *struct.unpack(">HH", head[:4]), *struct.unpack(">I", head[14:])
    return n_samples * (2 if stereo else 1) * (2 if bits > 8 else 1), size - 128


def _voc(file: BinaryIO, size: int) -> tuple[int, int] | None:
    """Creative's: blocks of a type, three bytes of size, and content; the last one has type 0 and nothing else."""
    file.seek(20)
    position = int.from_bytes(file.read(2), "little")
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        head = file.read(4)
        if head[:1] in (b"", b"\0"):
            return None
        position += 4 + int.from_bytes(head[1:], "little")
        if position > size:
            return position, size
    return None


def _refuse_without_last_page(path: Path, file: BinaryIO, size: int) -> None:
    """Look for the mark on an Ogg file's last page."""
    file.seek(max(0, size - _LARGEST_OGG_PAGE))
    end = file.read()
    page = end[end.rfind(b"OggS"):]
    n_segments = page[26] if len(page) > 26 else 0
    whole = len(page) >= 27 + n_segments and len(page) == 27 + n_segments + sum(page[27:27 + n_segments])
    if not whole or not page[5] & 4:
        raise DataError(f"audio file (={path}) must end with an Ogg page marked as the last; it does not; the file is "
                        "truncated, copy it again")


# how a file begins, what stands where, and how its length is found
_FORMATS: tuple[tuple[bytes, int, bytes, Callable[[BinaryIO, int], tuple[int, int] | None]], ...] = (
    (b"RIFF", 8, b"WAVE", _Chunks(12, "<4sI", b"data")),
    (b"RIFX", 8, b"WAVE", _Chunks(12, ">4sI", b"data")),
    (b"RF64", 8, b"WAVE", _Chunks(12, "<4sI", b"data")),
    (b"BW64", 8, b"WAVE", _Chunks(12, "<4sI", b"data")),
    (b"riff\x2e\x91\xcf\x11", 24, b"wave", _Chunks(40, "<16sQ", _W64_DATA, align=8, head_counts=True)),
    (b"FORM", 8, b"AIF", _Chunks(12, ">4sI", b"SSND")),
    (b"FORM", 8, b"8SVX", _Chunks(12, ">4sI", b"BODY")),
    (b"FORM", 8, b"16SV", _Chunks(12, ">4sI", b"BODY")),
    (b"caff", 0, b"", _Chunks(8, ">4sq", b"data", align=1)),
    (b".snd", 0, b"", _au(">")),
    (b"dns.", 0, b"", _au("<")),
    (b"2BIT", 0, b"", _avr),
    (b"Creative Voice File", 0, b"", _voc),
)
