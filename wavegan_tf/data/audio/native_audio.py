"""The only module that uses tensorflow-io: WAV decoding and resampling as operations of the tf.data graph.

Measured on tensorflow-io 0.37.1 and followed here: it decodes 16-bit WAV seven times faster than a Python call from the
graph. Its FLAC decoder never returns from a truncated file and its Ogg decoder crashes the process on a damaged one,
and both, like its MP3 decoder, are three to nine times slower than libsndfile; its WAV decoder fails on odd numbers of
bytes and takes 32-bit integers for floats. So the graph decodes whole 16-bit WAV files, and `read_audio` all others.
Its resampler is delayed by half its filter and drops the last samples; both are corrected here.
"""

from __future__ import annotations

import contextlib
import functools
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import tensorflow as tf

from wavegan_tf.data.audio.resampling import resampling_filter
from wavegan_tf.formats.plain_files import open_plain

__all__ = ["decode_wav", "plain_wav_rate", "resample", "resamples_faithfully", "tensorflow_io_audio"]

LARGEST_EXACT_UP = 4
"""Beyond this reduced output rate tensorflow-io interpolates its filter from a short table: ten times less exact
(2e-4 of full scale on white noise, against 3e-5) and up to eight times slower than SciPy with the whole filter."""

# one sample of silence as 16-bit WAV, to try the operations on
_SMALLEST_WAV = b"RIFF" + struct.pack("<I4s4sIHHIIHH4sIh", 38, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data",
                                      2, 0)


@functools.cache
def tensorflow_io_audio() -> tuple[ModuleType | None, str]:
    """Import tensorflow-io and try its operations once.

    Returns:
        The module `tensorflow_io.audio`, or None and why not: the package is often there while its native library
        does not fit TensorFlow's version.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import tensorflow_io

            audio = tensorflow_io.audio
            with tf.device("/CPU:0"), _without_warnings():
                waveform = audio.decode_wav(tf.constant(_SMALLEST_WAV), dtype=tf.int16)
                audio.resample(tf.cast(waveform, tf.float32), 8000, 16000)
    except Exception as error:  # a missing package, an undefined symbol, a missing kernel: all mean the same here
        return None, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no reason given'}"
    return audio, ""


def plain_wav_rate(path: str | Path) -> int | None:
    """Return the sampling rate of a WAV file that tensorflow-io reads whole and safely, else None.

    That is: RIFF, format 1 with 16 bits as first chunk, one data chunk that is not empty, every chunk whole, of even
    size and inside the file. tensorflow-io follows chunk sizes wherever they lead, so each is checked first.
    """
    with open_plain(path, "audio file") as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(36)
        if len(start) < 36:
            return None
        riff, riff_bytes, wave, fmt, fmt_bytes, kind, channels, rate_hz, _, block_bytes, bits = struct.unpack(
            "<4sI4s4sIHHIIHH", start)
        if (riff, wave, fmt, kind, bits) != (b"RIFF", b"WAVE", b"fmt ", 1, 16) or riff_bytes + 8 > size:
            return None
        if fmt_bytes not in (16, 18, 40) or channels == 0 or block_bytes != 2 * channels or rate_hz == 0:
            return None
        position, data_bytes = 20 + fmt_bytes, []
        while position < riff_bytes + 8:
            file.seek(position)
            chunk = file.read(8)
            if len(chunk) < 8:
                return None
            name, length = struct.unpack("<4sI", chunk)
            position += 8 + length
            if length % 2 or position > size:
                return None
            if name == b"data":
                data_bytes.append(length)
    whole = len(data_bytes) == 1 and data_bytes[0] > 0 and data_bytes[0] % block_bytes == 0
    return int(rate_hz) if whole else None


def resamples_faithfully(rate_hz: int, new_rate_hz: int) -> bool:
    """Check that tensorflow-io resamples between these rates with the very filter of `resampling_filter`."""
    return rate_hz == new_rate_hz or resampling_filter(rate_hz, new_rate_hz).up <= LARGEST_EXACT_UP


def decode_wav(content: tf.Tensor) -> tf.Tensor:
    """Decode the bytes of a 16-bit WAV file, in graph.

    Returns:
        float32 [n_samples, channels]: the samples divided by 32768.
    """
    return tf.cast(_require_audio().decode_wav(content, dtype=tf.int16), tf.float32) / 32768.0


def resample(waveform: tf.Tensor, up: int | tf.Tensor, down: int | tf.Tensor, input_taps: int | tf.Tensor) -> tf.Tensor:
    """Resample as `resampling.resample` does, in graph.

    Args:
        waveform: float32 [n_samples, channels].
        up, down, input_taps: of the filter that `resampling_filter` designs for the two rates.

    Returns:
        float32 [n_samples * up / down rounded up, channels].
    """
    audio = _require_audio()
    up, down, input_taps = (tf.cast(number, tf.int64) for number in (up, down, input_taps))
    delay = input_taps // 2
    n_out = -(-tf.shape(waveform, tf.int64)[0] * up // down)
    # zeros in front until the delay is a whole number of output samples, behind until the last one is out
    front = (-delay) % down
    padded = tf.pad(waveform, [[front, delay + 2 * down], [0, 0]])
    start = (front + delay) * up // down
    with _without_warnings():
        return audio.resample(padded, down, up)[start:start + n_out]


def _require_audio() -> ModuleType:
    audio, reason = tensorflow_io_audio()
    if audio is None:
        raise ModuleNotFoundError(reason)
    return audio


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep TensorFlow quiet about the loop over one element that `audio.resample` is traced into."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)
