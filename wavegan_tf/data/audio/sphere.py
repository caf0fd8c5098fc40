"""NIST SPHERE files: the text header, and uncompressed samples in either byte order.

The reader is our own because libsndfile returns the shorter recording of a truncated file without an error; here all
samples that the header counts must be there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from wavegan_tf.data.audio.container_lengths import compare_length
from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import check_plain, open_plain, system_name

__all__ = ["SphereHeader", "is_sphere", "read_sphere", "refuse_empty", "sphere_header"]

MAGIC = b"NIST_1A"
_BLOCK = 1024
"""Headers take whole blocks of so many bytes. Source: NIST, SPHERE header format."""
_LARGEST = 2**53
"""More samples, channels or hertz than any file has."""


@dataclass(frozen=True)
class SphereHeader:
    """Header of a NIST SPHERE file: length, sampling rate, channels, sample format; `fields` holds all its fields."""

    header_bytes: int
    n_samples: int
    rate_hz: int
    channels: int
    sample_bytes: int
    byte_order: str
    coding: str
    fields: dict[str, str | int | float]


def is_sphere(source: str | Path | bytes) -> bool:
    """Check whether a file, or the first bytes of one, is NIST SPHERE; the suffix does not count."""
    if isinstance(source, bytes):
        return source.startswith(MAGIC)
    with open_plain(source, "audio file") as file:
        return file.read(len(MAGIC)) == MAGIC


def sphere_header(path: str | Path) -> SphereHeader:
    """Read the header of a SPHERE file, and check that the file is as long as the header says.

    Raises:
        DataError: it cannot be read, is empty, not SPHERE, has a header that is cut off, damaged or lacks a field, or
            holds compressed samples, or fewer samples than the header says.
    """
    path = Path(path)
    size = refuse_empty(path)
    with open_plain(path, "SPHERE file") as file:
        start = file.read(16)
        if not is_sphere(start):
            raise DataError(f"SPHERE file (={path}) must begin with NIST_1A; it begins with {start[:8]!r}")
        if not (match := re.fullmatch(rb"\s*([0-9]+)\s*", start[8:])):
            raise _damaged(path, f"its second line is not the header's size but {start[8:]!r}")
        header_bytes = int(match[1])
        if size < header_bytes:
            raise _damaged(path, f"the file has {size} of the {header_bytes} bytes that the header alone takes")
        if header_bytes < _BLOCK or header_bytes % _BLOCK:  # samples would begin at another byte: noise, of full length
            raise _damaged(path, f"the size of its header ({header_bytes}) is no multiple of {_BLOCK} bytes")
        file.seek(0)
        text = file.read(header_bytes).decode("latin-1")
    fields = _fields(path, text)
    header = _checked(path, header_bytes, fields, size)
    held = (size - header_bytes) // (header.sample_bytes * header.channels)
    if held < header.n_samples:
        raise DataError(f"SPHERE file (={path}) must hold the {header.n_samples} samples of its header; it holds "
                        f"{held}; the file is truncated, copy it again")
    n_bytes = header.n_samples * header.sample_bytes * header.channels
    with open_plain(path, "SPHERE file") as file:
        compare_length(path, file, size, header_bytes, n_bytes, header_bytes + n_bytes)
    return header


def refuse_empty(path: Path) -> int:
    """Return the size of a file in bytes.

    Raises:
        DataError: it has 0 bytes, is no plain file, or there is none.
    """
    check_plain(path, "audio file")
    size = path.stat().st_size
    if size == 0:
        raise DataError(f"audio file (={path}) must hold audio; it has 0 bytes; copy it again (a conversion in place "
                        "on a disk that ignores upper and lower case empties files)")
    return size


def read_sphere(path: str | Path) -> tuple[np.ndarray, int]:
    """Read the samples of a SPHERE file.

    Returns:
        waveform: float32 [n_samples, channels] in [-1, 1]: a sample of n bits is divided by 2**(n - 1), so that
            8 and 16 bit samples are exact.
        rate_hz: the sampling rate.

    Raises:
        DataError: as `sphere_header`.
    """
    header = sphere_header(path)
    if header.coding in ("ulaw", "alaw"):
        try:
            waveform, rate_hz = soundfile.read(system_name(path), dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise _damaged(Path(path), str(error).rsplit(": ", 1)[-1].rstrip(".")) from None
        return waveform[:header.n_samples], int(rate_hz)
    count = header.n_samples * header.channels
    with open_plain(path, "SPHERE file") as file:
        file.seek(header.header_bytes)
        raw = np.frombuffer(file.read(count * header.sample_bytes), np.uint8)
    most_significant_first = raw.reshape(count, header.sample_bytes)
    if header.byte_order == "little":
        most_significant_first = most_significant_first[:, ::-1]
    # left-justified in 32 bits: one arithmetic for 8, 16, 24 and 32 bit samples
    words = np.zeros([count, 4], np.uint8)
    words[:, :header.sample_bytes] = most_significant_first
    waveform = (words.view(">i4")[:, 0] / 2.0**31).astype(np.float32)
    return waveform.reshape(header.n_samples, header.channels), header.rate_hz


def _fields(path: Path, text: str) -> dict[str, str | int | float]:
    """Read the `name -type value` lines up to `end_head`."""
    fields: dict[str, str | int | float] = {}
    for line in text.split("\n")[2:]:
        line = line.rstrip("\r")
        if line.strip() == "end_head":
            return fields
        name, _, rest = line.partition(" ")
        kind, _, value = rest.partition(" ")
        try:
            if kind == "-i":
                fields[name] = int(value)  # a ValueError also for thousands of digits
            elif kind == "-r":
                fields[name] = float(value)
            elif kind.startswith("-s"):
                fields[name] = value[:int(kind[2:])]
        except ValueError:
            raise _damaged(path, f"it has the line {line[:60]!r}") from None
    raise _damaged(path, "it has no end_head")


def _checked(path: Path, header_bytes: int, fields: dict[str, str | int | float], size: int) -> SphereHeader:
    coding = str(fields.get("sample_coding", "pcm")).strip().lower()
    base, _, compression = coding.partition(",")
    if compression:
        name = "shorten" if "shorten" in compression else compression
        raise DataError(f"SPHERE file (={path}) must be uncompressed; it is {name}-compressed (sample_coding {coding})"
                        "; convert the corpus to RIFF first, for example with: sph2pipe -f rif IN.WAV OUT.wav")
    if base not in ("pcm", "pcm-1", "pcm-2", "ulaw", "mu-law", "alaw"):
        raise DataError(f"SPHERE file (={path}) must have the sample_coding pcm, ulaw or alaw; it has {coding}; "
                        "convert it to RIFF or FLAC first")
    coding = {"ulaw": "ulaw", "mu-law": "ulaw", "alaw": "alaw"}.get(base, "pcm")
    sample_bytes = _number(path, fields, "sample_n_bytes", 1, 4 if coding == "pcm" else 1, 2 if coding == "pcm" else 1)
    channels = _number(path, fields, "channel_count", 1, _LARGEST, 1)
    rate_hz = _number(path, fields, "sample_rate", 1, _LARGEST)
    n_samples = _number(path, fields, "sample_count", 0, _LARGEST, (size - header_bytes) // (sample_bytes * channels))
    order = str(fields.get("sample_byte_format", "")).strip()
    if sample_bytes > 1 and order[:2] not in ("01", "10", "21", "32"):
        raise _damaged(path, f"its sample_byte_format is {order or 'missing'}, not 01 or 10")
    byte_order = "little" if order.startswith("01") else "big"
    return SphereHeader(header_bytes, n_samples, rate_hz, channels, sample_bytes, byte_order, coding, fields)


def _number(path: Path, fields: dict[str, str | int | float], name: str, least: int, most: int,
            default: int | None = None) -> int:
    """Return a whole number of the header within limits; fields may have any type."""
    value = fields.get(name, default)
    if value is None:
        raise _damaged(path, f"it has no {name}")
    try:
        number = int(value)
    except (ValueError, OverflowError):  # a word, NaN, infinity
        number = least - 1
    if not least <= number <= most or (isinstance(value, float) and value != number):
        raise _damaged(path, f"its {name} is {str(value)[:30]}")
    return number


def _damaged(path: Path, what: str) -> DataError:
    return DataError(f"SPHERE file (={path}) must have a whole header; {what}; copy the file again")
