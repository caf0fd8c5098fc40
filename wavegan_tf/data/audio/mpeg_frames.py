"""Count the samples of an MPEG audio file (MP3), whose header may have no length, or a wrong one.

Where the file has no length, libsndfile computes one from the size of the first frame, and stops there: half of a file
with a variable bit rate is lost without an error. Frames are found by their headers, one after the other, and not
decoded. The count is compared with the one in the file, if there is one: a file cut between two frames looks complete.

Source: ISO/IEC 11172-3, section 2.4.1.3, and 13818-3, section 2.4.2.3.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["FrameCount", "count_frames"]

# kbit/s by (version 1, layer), for the indices 1 to 14
_KBITS = {
    (True, 1): tuple(range(32, 449, 32)),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)}
_RATES_HZ = {0: (11025, 12000, 8000), 2: (22050, 24000, 16000), 3: (44100, 48000, 32000)}
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"3DI")


@dataclass(frozen=True)
class FrameCount:
    """What an MPEG audio file holds.

    Attributes:
        n_samples: per channel, in whole frames.
        frame_samples: in each frame.
        n_left: bytes behind the last whole frame that are no tag.
        promised_samples: what the file says about itself in its first frame; 0 where that says nothing.
    """

    n_samples: int
    frame_samples: int
    n_left: int
    promised_samples: int = 0


def count_frames(file: BinaryIO) -> FrameCount | None:
    """Count the frames of an open file.

    Returns:
        None where it is no MPEG audio, or the size of frames is not in them.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        position = _after_tag(content[:10])
        head = _frame(content[position:position + 4])
        if head is None:
            return None
        frame_samples, n_frames = head[1], 0
        promised = _promised_frames(content[position:position + head[0]])
        while (head := _frame(content[position:position + 4])) and position + head[0] <= len(content):
            position += head[0]
            n_frames += 1
        rest = content[position:]
    is_tag = rest.startswith(_TAGS) or not any(rest)
    return FrameCount(n_frames * frame_samples, frame_samples, 0 if is_tag else len(rest),
                      promised * frame_samples)


def _after_tag(start: bytes) -> int:
    """Return where audio begins after an ID3 tag, whose size has seven bits a byte."""
    if start[:3] != b"ID3" or len(start) < 10:
        return 0
    size = sum((byte & 127) << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True))
    return 10 + size + (10 if start[5] & 16 else 0)


def _promised_frames(first: bytes) -> int:
    """Return the number of frames behind the first one, where that holds no sound but Xing's or Fraunhofer's table."""
    place = first.find(b"VBRI", 4, 40)
    if place >= 0:
        return int.from_bytes(first[place + 14:place + 18])
    place = max(first.find(name, 4, 40) for name in (b"Xing", b"Info"))
    has_number = place >= 0 and first[place + 7:place + 8] and first[place + 7] & 1
    return int.from_bytes(first[place + 8:place + 12]) if has_number else 0


def _frame(head: bytes) -> tuple[int, int] | None:
    """Return the bytes and the samples of a frame, from the four bytes at its beginning."""
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    kbits, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 4 or kbits in (0, 15) or rate == 3:
        return None
    bits, rate_hz = 1000 * _KBITS[version == 3, layer][kbits - 1], _RATES_HZ[version][rate]
    if layer == 1:
        return (12 * bits // rate_hz + padding) * 4, 384
    samples = 576 if layer == 3 and version != 3 else 1152
    return samples // 8 * bits // rate_hz + padding, samples
