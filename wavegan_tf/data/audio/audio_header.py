"""Audio headers: number of samples, sampling rate and channels of a file, without decoding it; checked for damage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import soundfile

from wavegan_tf.data.audio.container_lengths import checked_bytes
from wavegan_tf.data.audio.mpeg_frames import count_frames
from wavegan_tf.data.audio.sphere import is_sphere, refuse_empty, sphere_header
from wavegan_tf.data.media import CONTAINERS
from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import open_plain, system_name

__all__ = ["AudioHeader", "audio_header"]

RATES_HZ = (100, 1_000_000)
"""Lowest and highest sampling rate of a recording; others are damage, and would give gigabytes when resampled."""
MOST_CHANNELS = 1024
_SAMPLE_BYTES = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8, "ULAW": 1,
                 "ALAW": 1}
_UNKNOWN_LENGTH = 2**62
_MPEG_DELAY = 2048
"""Samples that decoders leave out at the ends of an MP3, at most."""


@dataclass(frozen=True)
class AudioHeader:
    """Header of an audio file: samples per channel, sampling rate, channels, container (`SPHERE`, `WAV`, `FLAC`, ...).

    Attributes:
        n_samples: length in samples per channel.
        rate_hz: sampling rate.
        channels: number of channels.
        container: file format, as libsndfile calls it.
    """

    n_samples: int
    rate_hz: int
    channels: int
    container: str


def audio_header(path: str | Path) -> AudioHeader:
    """Read the header of an audio file (length, sampling rate, channels); the format is that of its content.

    Args:
        path: WAV, FLAC, Ogg, MP3, AIFF, AU, CAF, W64, RF64 or SPHERE, whatever its suffix.

    Raises:
        DataError: it cannot be read, is no plain file, has 0 bytes, no audio format known, no samples or no length, is
            truncated or compressed SPHERE, or has a rate or a number of channels that no recording has.

    Example:
        >>> from wavegan_tf.data import audio_header
        >>> header = audio_header("corpus/TRAIN/DR3/FAOC0/SA1.WAV")
        >>> header.n_samples, header.rate_hz, header.channels, header.container
        (57020, 16000, 1, 'SPHERE')
    """
    path = Path(path)
    refuse_empty(path)
    if is_sphere(path):
        sphere = sphere_header(path)
        found = AudioHeader(sphere.n_samples, sphere.rate_hz, sphere.channels, "SPHERE")
    else:
        found = _through_libsndfile(path, checked_bytes(path))
    if found.n_samples == 0:
        raise DataError(f"audio file (={path}) must hold samples; its header says 0; remove it or copy it again")
    if not RATES_HZ[0] <= found.rate_hz <= RATES_HZ[1] or not 0 < found.channels <= MOST_CHANNELS:
        raise DataError(f"audio file (={path}) must have a rate of {RATES_HZ[0]} to {RATES_HZ[1]} Hz and at most "
                        f"{MOST_CHANNELS} channels; its header says {found.rate_hz} Hz and {found.channels}; it is "
                        "damaged, copy the file again")
    return found


def _through_libsndfile(path: Path, n_bytes: int | None) -> AudioHeader:
    """Read the header with libsndfile, which counts bytes after the samples of W64, VOC, AVR and 8SVX as samples."""
    try:
        info = soundfile.info(system_name(path))
    except soundfile.SoundFileError as error:
        reason = str(error).rsplit(": ", 1)[-1] or "its header is damaged"
        raise _no_audio(path, reason, "remove it or copy it again") from None
    if info.format not in CONTAINERS:
        raise _no_audio(path, f"it is {info.format}, in which a file that was cut off cannot be told from a whole one",
                        "convert it to WAV or FLAC")
    if info.frames >= _UNKNOWN_LENGTH:
        raise DataError(f"audio file (={path}) must say how many samples it holds; its header does not, as that of a "
                        f"{info.format} stream; convert it to WAV, or write it again into a file")
    n_samples = _mpeg_samples(path, info.frames) if info.format == "MP3" else info.frames
    if n_bytes is not None and info.subtype in _SAMPLE_BYTES:
        n_samples = min(n_samples, n_bytes // (_SAMPLE_BYTES[info.subtype] * info.channels))
    return AudioHeader(n_samples, info.samplerate, info.channels, info.format)


def _mpeg_samples(path: Path, n_samples: int) -> int:
    """Compare what libsndfile takes for the length of an MP3, a guess without a header, with its frames.

    Returns:
        The samples that will be read; tags behind the last frame are no samples, though libsndfile counts them.
    """
    with open_plain(path, "audio file") as file:
        counted = count_frames(file)
    if counted is None:
        return n_samples
    if counted.n_left:
        raise DataError(f"audio file (={path}) must be whole frames to its end; after {counted.n_samples} samples come "
                        f"{counted.n_left} bytes that are none; the file is damaged or truncated, copy it again")
    if counted.n_samples < counted.promised_samples:  # some programs count the frame that says so, others do not
        raise DataError(f"audio file (={path}) must hold the {counted.promised_samples} samples of its header; it "
                        f"holds {counted.n_samples}; the file is truncated, copy it again")
    if n_samples < counted.n_samples - _MPEG_DELAY - counted.frame_samples:
        raise DataError(f"audio file (={path}) must say how many samples it holds, or have a constant bit rate; it has "
                        f"{counted.n_samples} samples in frames of different sizes, of which {n_samples} would be "
                        "read; convert it to WAV or FLAC")
    return min(n_samples, counted.n_samples)


def _no_audio(path: Path, reason: str, advice: str) -> DataError:
    return DataError(f"audio file (={path}) must be WAV, FLAC, Ogg, MP3, AIFF, AU, CAF, W64, RF64 or SPHERE; {reason}; "
                     f"{advice}")
