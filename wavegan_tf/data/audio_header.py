"""How long a recording is, at what rate: read from its header, without decoding, and checked against the file."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import soundfile

from wavegan_tf.data.sphere import is_sphere, refuse_empty, sphere_header
from wavegan_tf.errors import DataError

__all__ = ["AUDIO_SUFFIXES", "AudioHeader", "audio_header"]

AUDIO_SUFFIXES = frozenset({".wav", ".sph", ".nist", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au"})
"""Lower-case suffixes of files that the readers try; what is inside decides how they are read."""

# what writers that do not know the length yet put there: streams from ffmpeg, sox, arecord
_UNKNOWN_LENGTH = 0x7FFFFFFF - 0xFFFF
_LARGEST_OGG_PAGE = 27 + 255 + 255 * 255


@dataclass(frozen=True)
class AudioHeader:
    """Length in samples per channel, sampling rate and container (`SPHERE`, `WAV`, `FLAC`, ...) of a recording."""

    n_samples: int
    rate_hz: int
    channels: int
    container: str


def audio_header(path: str | Path) -> AudioHeader:
    """Read the header of an audio file; the content decides the container, not the suffix.

    Raises:
        DataError: 0 bytes, no audio format known, no samples, truncated, or compressed SPHERE.
        OSError: the file cannot be read.
    """
    path = Path(path)
    refuse_empty(path)
    if is_sphere(path):
        sphere = sphere_header(path)
        found = AudioHeader(sphere.n_samples, sphere.rate_hz, sphere.channels, "SPHERE")
    else:
        _refuse_truncated_riff(path)
        _refuse_truncated_ogg(path)
        try:
            info = soundfile.info(str(path))
        except soundfile.SoundFileError as error:
            reason = str(error).rsplit(": ", 1)[-1] or "its header is damaged"
            raise DataError(f"audio file (={path}) must be WAV, FLAC, Ogg, MP3 or SPHERE; {reason}; remove it or copy "
                            "it again") from None
        found = AudioHeader(info.frames, info.samplerate, info.channels, info.format)
    if found.n_samples == 0:
        raise DataError(f"audio file (={path}) must hold samples; its header says 0; remove it or copy it again")
    return found


def _refuse_truncated_riff(path: Path) -> None:
    """Compare the size of a WAV's data chunk with the file; libsndfile reads what is left without a word."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] != b"RIFF" or start[8:] != b"WAVE":
            return
        while len(chunk := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", chunk)
            if name == b"data":
                held = size - file.tell()
                if held < length < _UNKNOWN_LENGTH:
                    raise DataError(f"audio file (={path}) must hold the {length} bytes of its header; it holds "
                                    f"{held}; the file is truncated, copy it again")
                return
            file.seek(length + length % 2, 1)


def _refuse_truncated_ogg(path: Path) -> None:
    """Look for the mark on an Ogg file's last page; libsndfile reads up to a cut without a word."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"OggS":
            return
        file.seek(max(0, size - _LARGEST_OGG_PAGE))
        end = file.read()
    page = end[end.rfind(b"OggS"):]
    n_segments = page[26] if len(page) > 26 else 0
    whole = len(page) >= 27 + n_segments and len(page) == 27 + n_segments + sum(page[27:27 + n_segments])
    if not whole or not page[5] & 4:
        raise DataError(f"audio file (={path}) must end with an Ogg page marked as the last; it does not; the file is "
                        "truncated, copy it again")
