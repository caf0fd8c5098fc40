"""Detect truncated audio files: compare the length in the header with that of the file, which libsndfile does not.

Only the chunk, or the field, with the number of bytes of the samples is read. Where a header says that the length is
not known, as that of a stream does, the file is read to its end.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import open_plain

__all__ = ["checked_bytes", "compare_length"]

_MOST_CHUNKS = 10_000
"""Before the samples or behind them; a damaged file may look like millions of empty ones."""
_UNKNOWN = 2**63 - 1
_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_LARGEST_OGG_PAGE = 27 + 255 + 255 * 255
_VOC_SOUND = {1: 2, 9: 12}
"""Types of blocks with samples, and the bytes of settings in front of these."""
_LARGEST_TAG = 1024
"""Bytes behind the samples that are allowed: tags and padding of other programs."""


@dataclass(frozen=True)
class _Samples:
    """Where the samples begin, how many bytes they take, and where what is known of the file behind them ends."""

    start: int
    n_bytes: int
    known_end: int


def checked_bytes(path: Path) -> int | None:
    """Refuse a file that holds fewer bytes of audio than its header says, or many more; other formats pass.

    Returns:
        The bytes of samples that the header says; None where it says none, or the format is another.

    Raises:
        DataError: it cannot be read, is truncated, or is longer than its header says.
    """
    with open_plain(path, "audio file") as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(32)
        found = next((samples(file, size) for magic, offset, kind, samples in _FORMATS
                      if start.startswith(magic) and start[offset:offset + len(kind)] == kind), None)
        if start.startswith(b"OggS"):
            _refuse_without_last_page(path, file, size)
        if found:
            compare_length(path, file, size, found.start, found.n_bytes, found.known_end)
    return found.n_bytes if found else None


def compare_length(path: Path, file: BinaryIO, size: int, start: int, n_bytes: int, known_end: int) -> None:
    """Compare samples of `n_bytes` bytes from `start` on with the size of an open file.

    Raises:
        DataError: the file ends before them, or has more than a tag, and not only zeros, after `known_end`.
    """
    if n_bytes > size - start:
        raise DataError(f"audio file (={path}) must hold the {n_bytes} bytes of its header; it holds "
                        f"{max(0, size - start)}; the file is truncated, copy it again")
    if size - known_end > _LARGEST_TAG and not _all_zero(file, known_end):
        raise DataError(f"audio file (={path}) must end where its header says; it has {n_bytes} bytes of samples and "
                        f"{size - known_end} bytes behind them that are no part of it; the header is damaged or was "
                        "never finished; copy the file again, or repair it")


def _all_zero(file: BinaryIO, position: int) -> bool:
    file.seek(position)
    return not any(any(block) for block in iter(lambda: file.read(2**16), b""))


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

    def __call__(self, file: BinaryIO, size: int) -> _Samples | None:
        """Find the samples; None without such a chunk, or where it does not say how long it is."""
        n_head, position, long_size = struct.calcsize(self.head), self.first, _UNKNOWN
        for _ in range(_MOST_CHUNKS):
            name, length = self._chunk(file, position)
            if name == b"ds64":  # RF64: sizes that 32 bits cannot hold
                long_size = int.from_bytes(file.read(16)[8:], "little")
            if name == self.data:
                promised = long_size if length == 0xFFFFFFFF else length
                start = position + n_head
                return None if self._is_unknown(promised) else _Samples(
                    start, promised, self._end_of_chunks(file, start + promised, size))
            position += n_head + length + -length % self.align
            if length < 0 or position > size:
                return None
        return None

    def _chunk(self, file: BinaryIO, position: int) -> tuple[bytes, int]:
        """Return name and size of the chunk at a position; a size of -1 where there is none."""
        file.seek(position)
        head = file.read(struct.calcsize(self.head))
        if len(head) < struct.calcsize(self.head):
            return b"", -1
        name, length = struct.unpack(self.head, head)
        return name, length - (len(head) if self.head_counts else 0)

    def _is_unknown(self, length: int) -> bool:
        """Tell whether a size is what writers put there that do not know it yet: ffmpeg, sox, arecord, gstreamer."""
        n_head = struct.calcsize(self.head)
        if n_head > 8:
            return length <= 0 or length >= _UNKNOWN - n_head
        return ((length == 0 and self.data == b"SSND") or 0x7F000000 <= length <= 0x7F000008
                or 0x7FFF0000 <= length <= 0x80000000 or length >= 0xFFFF0000)

    def _end_of_chunks(self, file: BinaryIO, position: int, size: int) -> int:
        """Return how far chunks follow each other from a position on."""
        position += (self.first - position) % self.align
        for _ in range(_MOST_CHUNKS):
            if position >= size:
                break
            name, length = self._chunk(file, position)
            end = position + struct.calcsize(self.head) + length
            if not name[:4].isascii() or not name[:4].decode().isprintable() or not position < end <= size:
                break
            if name == self.data:  # more samples, which are not read
                break
            position = end + (self.first - end) % self.align
        return position


def _au(order: str) -> Callable[[BinaryIO, int], _Samples | None]:
    def samples(file: BinaryIO, size: int) -> _Samples | None:
        file.seek(4)
        head = file.read(8)
        if len(head) < 8:
            return None
        start, n_bytes = struct.unpack(order + "II", head)
        return None if n_bytes == 0xFFFFFFFF else _Samples(start, n_bytes, start + n_bytes)

    return samples


def _avr(file: BinaryIO, size: int) -> _Samples | None:
    """Atari's: a count of samples per channel in a header of 128 bytes."""
    file.seek(12)
    head = file.read(18)
    if len(head) < 18:
        return None
    stereo, bits, n_samples = *struct.unpack(">HH", head[:4]), *struct.unpack(">I", head[14:])
    n_bytes = n_samples * (2 if stereo else 1) * (2 if bits > 8 else 1)
    return _Samples(128, n_bytes, 128 + n_bytes)


def _voc(file: BinaryIO, size: int) -> _Samples | None:
    """Creative's: blocks of a type, three bytes of size, and content; libsndfile reads files with one of sound."""
    file.seek(20)
    position, found = int.from_bytes(file.read(2), "little"), None
    for _ in range(_MOST_CHUNKS):
        file.seek(position)
        head = file.read(4)
        if head[:1] in (b"", b"\0") or position >= size:  # the last block has type 0 and nothing else
            break
        n_bytes, n_settings = int.from_bytes(head[1:], "little"), _VOC_SOUND.get(head[0])
        if n_settings and not found:
            found = position + 4 + n_settings, n_bytes - n_settings
        position += 4 + n_bytes
    return _Samples(*found, max(position + 1, sum(found))) if found else None


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


# first bytes of a file, offset and bytes of its type, and the function that finds its samples
_FORMATS: tuple[tuple[bytes, int, bytes, Callable[[BinaryIO, int], _Samples | None]], ...] = (
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
