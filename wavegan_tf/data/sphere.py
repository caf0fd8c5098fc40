"""NIST SPHERE files: the text header, and uncompressed samples in either byte order.

The reader is our own because libsndfile returns a truncated file silently shorter; here the samples that the header
promises must be there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from wavegan_tf.errors import DataError

__all__ = ["SphereHeader", "is_sphere", "read_sphere", "refuse_empty", "sphere_header"]

MAGIC = b"NIST_1A"


@dataclass(frozen=True)
class SphereHeader:
    """What a SPHERE header says about the samples behind it; `fields` holds everything it says."""

    header_bytes: int
    n_samples: int
    rate_hz: int
    channels: int
    sample_bytes: int
    byte_order: str
    coding: str
    fields: dict[str, str | int | float]


def is_sphere(source: str | Path | bytes) -> bool:
    """Tell whether a file, or the first bytes of one, is NIST SPHERE; the suffix does not count."""
    if isinstance(source, bytes):
        return source.startswith(MAGIC)
    with Path(source).open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def sphere_header(path: str | Path) -> SphereHeader:
    """Read and check the header of a SPHERE file, and that the file holds all that it promises.

    Raises:
        DataError: empty, not SPHERE, a header that is cut off or lacks a field, compressed samples, or fewer samples
            than the header says.
        OSError: the file cannot be read.
    """
    path = Path(path)
    size = refuse_empty(path)
    with path.open("rb") as file:
        start = file.read(16)
        if not is_sphere(start):
            raise DataError(f"SPHERE file (={path}) must begin with NIST_1A; it begins with {start[:8]!r}")
        try:
            header_bytes = int(start[8:])
        except ValueError:
            raise _damaged(path, f"its second line is not the header's size but {start[8:]!r}") from None
        if size < header_bytes:
            raise _damaged(path, f"the file has {size} of the {header_bytes} bytes that the header alone takes")
        file.seek(0)
        text = file.read(header_bytes).decode("latin-1")
    fields = _fields(path, text)
    header = _checked(path, header_bytes, fields, size)
    held = (size - header_bytes) // (header.sample_bytes * header.channels)
    if held < header.n_samples:
        raise DataError(f"SPHERE file (={path}) must hold the {header.n_samples} samples of its header; it holds "
                        f"{held}; the file is truncated, copy it again")
    return header


def refuse_empty(path: Path) -> int:
    """Return the size of a file in bytes.

    Raises:
        DataError: it has 0 bytes.
    """
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
        OSError: the file cannot be read.
    """
    header = sphere_header(path)
    if header.coding in ("ulaw", "alaw"):
        waveform, rate_hz = soundfile.read(str(path), dtype="float32", always_2d=True)
        return waveform, int(rate_hz)
    count = header.n_samples * header.channels
    with Path(path).open("rb") as file:
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
                fields[name] = int(value)
            elif kind == "-r":
                fields[name] = float(value)
            elif kind.startswith("-s"):
                fields[name] = value[:int(kind[2:])]
        except ValueError:
            raise _damaged(path, f"it has the line {line!r}") from None
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
    try:
        sample_bytes = int(fields.get("sample_n_bytes", 1 if coding != "pcm" else 2))
        channels = int(fields.get("channel_count", 1))
        rate_hz = int(fields["sample_rate"])
        n_samples = int(fields.get("sample_count", (size - header_bytes) // max(1, sample_bytes * channels)))
    except KeyError as error:
        raise _damaged(path, f"it has no {error.args[0]}") from None
    except ValueError as error:
        raise _damaged(path, str(error)) from None
    for name, value, allowed in (("sample_n_bytes", sample_bytes, sample_bytes in (1, 2, 3, 4)),
                                 ("channel_count", channels, channels > 0), ("sample_rate", rate_hz, rate_hz > 0),
                                 ("sample_count", n_samples, n_samples >= 0)):
        if not allowed:
            raise _damaged(path, f"its {name} is {value}")
    order = str(fields.get("sample_byte_format", "")).strip()
    if sample_bytes > 1 and order[:2] not in ("01", "10", "21", "32"):
        raise _damaged(path, f"its sample_byte_format is {order or 'missing'}, not 01 or 10")
    byte_order = "little" if order.startswith("01") else "big"
    return SphereHeader(header_bytes, n_samples, rate_hz, channels, sample_bytes, byte_order, coding, fields)


def _damaged(path: Path, what: str) -> DataError:
    return DataError(f"SPHERE file (={path}) must have a whole header; {what}; copy the file again")
