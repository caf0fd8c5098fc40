"""Good recordings in every container, and the same files read by the slow, plain rules of their formats."""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile

__all__ = ["CONTAINERS", "RATE_HZ", "audio_bytes", "noise", "read_slowly"]

RATE_HZ = 16000
CONTAINERS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "VORBIS"),
              ".aiff": ("AIFF", "PCM_16"), ".au": ("AU", "PCM_16"), ".caf": ("CAF", "PCM_16"),
              ".w64": ("W64", "PCM_16"), ".rf64.wav": ("RF64", "PCM_16"),
              ".sph": ("SPHERE", ""), ".mp3": ("MP3", "MPEG_LAYER_III")}


def noise(seed: int, n_samples: int) -> np.ndarray:
    """int16 [n_samples], hardly two samples the same."""
    return np.random.default_rng(seed).integers(-12000, 12000, n_samples).astype(np.int16)


def audio_bytes(samples: np.ndarray, container: str, subtype: str, rate_hz: int = RATE_HZ) -> bytes:
    """Write samples int16 [n_samples] in a container."""
    if container == "SPHERE":
        head = ["NIST_1A", "   1024", "channel_count -i 1", f"sample_count -i {len(samples)}",
                f"sample_rate -i {rate_hz}", "sample_n_bytes -i 2", "sample_byte_format -s2 01",
                "sample_coding -s3 pcm", "end_head"]
        return ("\n".join(head) + "\n").ljust(1024).encode() + samples.astype("<i2").tobytes()
    buffer = BytesIO()
    soundfile.write(buffer, samples, rate_hz, format=container, subtype=subtype)
    return buffer.getvalue()


def read_slowly(path: Path) -> tuple[np.ndarray, int] | None:
    """Read uncompressed 16-bit audio by the letter of its format.

    Returns:
        samples: int16 [n_samples, channels].
        rate_hz: its rate.
        None where the head contradicts itself or the file, or the format is compressed.
    """
    raw = path.read_bytes()
    reader = next((read for magic, read in _READERS.items() if raw.startswith(magic)), None)
    try:
        found = reader(raw) if reader else None
    except (struct.error, ValueError, LookupError, OverflowError):
        return None
    if found is None:
        return None
    data, order, channels, rate_hz, size = found
    if not 0 < channels < 64 or not 0 < rate_hz < 2**31 or len(data) != size or size % (2 * channels) or not size:
        return None
    return np.frombuffer(data, order + "i2").astype(np.int16).reshape(-1, channels), int(rate_hz)


Found = tuple[bytes, str, int, float, int]


def _wave(raw: bytes) -> Found | None:
    if raw[8:12] != b"WAVE":
        return None
    at, form, long_size = 12, None, None
    while at + 8 <= len(raw):
        name, size = struct.unpack("<4sI", raw[at:at + 8])
        body = raw[at + 8:]
        if name == b"ds64":
            long_size = struct.unpack("<Q", body[8:16])[0]
        elif name == b"fmt ":
            form = struct.unpack("<HHIIHH", body[:16])
        elif name == b"data":
            if form is None:
                return None
            tag, channels, rate_hz, per_second, align, bits = form
            size = long_size if raw[:4] == b"RF64" and size == 2**32 - 1 and long_size is not None else size
            if tag not in (1, 0xFFFE) or bits != 16 or align != 2 * channels or per_second != rate_hz * align:
                return None
            return body[:size], "<", channels, rate_hz, size
        at += 8 + size + size % 2
    return None


def _aiff(raw: bytes) -> Found | None:
    at, common, sound = 12, None, None
    while at + 8 <= len(raw):
        name, size = struct.unpack(">4sI", raw[at:at + 8])
        body = raw[at + 8:at + 8 + size]
        if name == b"COMM":
            common = (*struct.unpack(">hIh", body[:8]), *struct.unpack(">HQ", body[8:18]))
        elif name == b"SSND":
            offset, block = struct.unpack(">II", body[:8])
            sound = None if offset or block or len(body) < size else body[8:]
        at += 8 + size + size % 2
    if common is None or sound is None or raw[8:12] != b"AIFF" or common[2] != 16:
        return None
    rate_hz = common[4] * 2.0 ** ((common[3] & 0x7FFF) - 16383 - 63)
    return sound, ">", common[0], rate_hz if rate_hz == int(rate_hz) else -1, common[0] * 2 * common[1]


def _au(raw: bytes) -> Found | None:
    offset, size, coding, rate_hz, channels = struct.unpack(">IIIII", raw[4:24])
    return (raw[offset:offset + size], ">", channels, rate_hz, size) if coding == 3 and offset >= 24 else None


def _caf(raw: bytes) -> Found | None:
    at, form = 8, None
    while at + 12 <= len(raw):
        name, size = struct.unpack(">4sq", raw[at:at + 12])
        body = raw[at + 12:]
        if name == b"desc":
            form = struct.unpack(">d4sIIIII", body[:32])
        elif name == b"data" and form is not None:
            rate_hz, kind, flags, per_packet, frames, channels, bits = form
            plain = kind == b"lpcm" and flags in (0, 2) and bits == 16 and frames == 1 and per_packet == 2 * channels
            whole = plain and rate_hz == int(rate_hz)
            return (body[4:size], "<" if flags & 2 else ">", channels, rate_hz, size - 4) if whole else None
        if size < 0:
            return None
        at += 12 + size
    return None


def _w64(raw: bytes) -> Found | None:
    at, form = 40, None
    while at + 24 <= len(raw):
        name, size = raw[at:at + 4], struct.unpack("<Q", raw[at + 16:at + 24])[0]
        body = raw[at + 24:at + size]
        if name == b"fmt ":
            form = struct.unpack("<HHIIHH", body[:16])
        elif name == b"data" and form is not None:
            tag, channels, rate_hz, per_second, align, bits = form
            whole = tag == 1 and bits == 16 and align == 2 * channels and per_second == rate_hz * align
            return (body, "<", channels, rate_hz, size - 24) if whole else None
        if size < 24:
            return None
        at += size + -size % 8
    return None


def _sphere(raw: bytes) -> Found | None:
    length = int(raw[8:16])
    fields = {}
    for line in raw[:length].decode("latin-1").split("\n")[2:]:
        if line.strip() == "end_head":
            break
        name, _, value = line.split(" ", 2)
        fields[name] = value
    # where the width of a sample is not said, the size of the file says it
    if fields.get("sample_n_bytes", "2") != "2" or fields["sample_coding"] != "pcm" or length != 1024:
        return None
    channels, count = int(fields["channel_count"]), int(fields["sample_count"])
    order = {"01": "<", "10": ">"}[fields["sample_byte_format"]]
    size = 2 * channels * count
    return raw[length:length + size], order, channels, int(fields["sample_rate"]), size


_READERS: dict[bytes, Callable[[bytes], Found | None]] = {
    b"RIFF": _wave, b"RF64": _wave, b"FORM": _aiff, b".snd": _au, b"caff": _caf, b"riff": _w64, b"NIST_1A": _sphere}
