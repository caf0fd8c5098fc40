"""Decode audio files in a tf.data graph: in parallel, each file complete, checked, resampled and normalised."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from wavegan_tf.config import DataConfig
from wavegan_tf.data.audio import native_audio
from wavegan_tf.data.audio.audio_header import audio_header
from wavegan_tf.data.audio.recording_audio import (
    CANCELLED,
    SILENCE_PEAK,
    normalize_peak,
    read_audio,
    silence_in_words,
)
from wavegan_tf.data.audio.resampling import resampling_filter
from wavegan_tf.data.batches.audio_files import AudioFile
from wavegan_tf.data.batches.python_calls import call_python
from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import system_name

__all__ = ["DecodedFile", "DecodingGraph", "UnusableFile", "decode_files"]


@dataclass(frozen=True)
class DecodedFile:
    """Decoded samples of one audio file.

    `index`: which file. `waveform`: float32 [n_samples, channels]. `content_hash`: of the file's bytes, as they are on
    disk. `native`: whether tensorflow-io decoded it.
    """

    index: int
    waveform: np.ndarray
    content_hash: int
    native: bool


@dataclass(frozen=True)
class UnusableFile:
    """An audio file that cannot be used, and the reason."""

    index: int
    reason: str


class DecodingGraph:
    """Decodes file number i of a list, as TensorFlow operations.

    Whole 16-bit WAV files go through tensorflow-io where it loads, all others through `read_audio`.
    """

    def __init__(self, files: tuple[AudioFile, ...], config: DataConfig, native: np.ndarray | None = None) -> None:
        """Decide for each file which decoder reads it.

        Args:
            files: the files.
            config: sampling rate, channels and normalisation of the result.
            native: bool [n_files], whether tensorflow-io reads the file, where that is known already.
        """
        self._files, self._config = files, config
        # up, down and input_taps of the filter for each file that tensorflow-io reads; zeros for the others
        filters = np.zeros([len(files), 3], np.int64)
        if native_audio.tensorflow_io_audio()[0] is not None:
            for i, file in enumerate(files):
                if native is None or native[i]:
                    filters[i] = self._native_filter(file)
        self.native = filters[:, 0] > 0
        self._any_resampled = bool((filters[:, 0] != filters[:, 1]).any())
        with tf.device("/CPU:0"):
            self._filters = tf.constant(filters)
            self._paths = tf.constant([system_name(file.path) for file in files])

    def _native_filter(self, file: AudioFile) -> tuple[int, int, int]:
        """Return `up`, `down` and `input_taps` when tensorflow-io shall read the file, else zeros."""
        to_hz = self._config.sample_rate_hz
        try:
            rate_hz = native_audio.plain_wav_rate(file.path)
            audio_header(file.path)  # what is refused there is not read here
            if rate_hz and native_audio.resamples_faithfully(rate_hz, to_hz):
                low_pass = resampling_filter(rate_hz, to_hz)
                return low_pass.up, low_pass.down, low_pass.input_taps
        except (OSError, DataError):
            pass  # `read_audio` meets the same and says what it is
        return 0, 0, 0

    def __call__(self, index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Decode one file.

        Returns:
            waveform: float32 [n_samples, channels].
            reason: string, empty, or why there is no waveform; files that tensorflow-io refuses raise instead.
        """
        def through_python() -> tuple[tf.Tensor, tf.Tensor]:
            return tuple(call_python(self._read, [index], [tf.float32, tf.string]))

        if self.native.any():
            waveform, reason = tf.cond(self._filters[index, 0] > 0, lambda: self._read_native(index, through_python),
                                       through_python)
        else:
            waveform, reason = through_python()
        waveform = tf.ensure_shape(waveform, [None, self._config.channels])
        if self._config.normalize:
            peak = _peak(waveform)
            # as `normalize_peak`: what is no more than rounding becomes zeros
            waveform = tf.math.divide_no_nan(waveform, tf.where(peak < SILENCE_PEAK, 0.0, peak))
        return waveform, reason

    def content(self, index: tf.Tensor) -> tf.Tensor:
        """Hash the bytes of one file: int64."""
        return tf.strings.to_hash_bucket_fast(tf.io.read_file(self._paths[index]), 2**63 - 1)

    def read(self, index: int) -> np.ndarray:
        """Decode one file without TensorFlow: float32 [n_samples, channels].

        Raises:
            DataError, OSError: as `read_audio`.
        """
        waveform = read_audio(self._files[index].path, self._config.sample_rate_hz, self._config.channels)
        return normalize_peak(waveform) if self._config.normalize else waveform

    def silence_in_words(self, index: int) -> str:
        """Explain why a file that decodes to zeros counts as silent.

        Raises:
            DataError, OSError: as `read_audio`.
        """
        waveform = read_audio(self._files[index].path, self._config.sample_rate_hz, self._config.channels)
        return silence_in_words(float(np.abs(waveform).max(initial=0.0)))

    def _read(self, index: np.ndarray) -> tuple[np.ndarray, bytes]:
        try:
            path, config = self._files[int(index)].path, self._config
            return read_audio(path, config.sample_rate_hz, config.channels), b""
        except Exception as error:  # whatever a damaged file does to a decoder must not end the pipeline
            return np.zeros([0, self._config.channels], np.float32), reason_of(error, self._files[int(index)]).encode()

    def _read_native(self, index: tf.Tensor, otherwise: Callable[[], tuple[tf.Tensor, tf.Tensor]]
                     ) -> tuple[tf.Tensor, tf.Tensor]:
        """Read a file through tensorflow-io, or otherwise where its channels cancel each other, which has a reason."""
        waveform = native_audio.decode_wav(tf.io.read_file(self._paths[index]))
        channels, own_peak = self._config.channels, _peak(waveform)
        if channels == 1:
            waveform = tf.reduce_mean(waveform, axis=1, keepdims=True)
        elif channels == 2:
            waveform = tf.cond(tf.shape(waveform)[1] == 1, lambda: tf.repeat(waveform, 2, axis=1), lambda: waveform)
        waveform = tf.ensure_shape(waveform, [None, channels])
        cancelled = (own_peak >= SILENCE_PEAK) & (_peak(waveform) < CANCELLED * own_peak)
        return tf.cond(cancelled, otherwise, lambda: (self._resampled(waveform, index), tf.constant("")))

    def _resampled(self, waveform: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        if not self._any_resampled:
            return waveform
        up, down, input_taps = tf.unstack(self._filters[index])
        return tf.cond(up == down, lambda: waveform, lambda: native_audio.resample(waveform, up, down, input_taps))


def _peak(waveform: tf.Tensor) -> tf.Tensor:
    """Return the largest absolute sample, 0 where there are none."""
    return tf.reduce_max(tf.abs(tf.pad(waveform, [[0, 1], [0, 0]])))


def reason_of(error: Exception, file: AudioFile) -> str:
    """Convert an exception about a file to a reason for the report, which names the file itself."""
    if isinstance(error, DataError):
        return str(error).replace(f"(={file.path}) ", "")
    if isinstance(error, OSError):
        return f"it cannot be read ({error.strerror or error})"
    return f"it cannot be decoded ({type(error).__name__}: {error})"


def decode_files(files: tuple[AudioFile, ...], config: DataConfig, *, progress: bool = True
                 ) -> Iterator[DecodedFile | UnusableFile]:
    """Decode audio files in parallel; yield each file once, usable or not.

    A file that tensorflow-io refuses is read again by `read_audio`, which knows the reason or reads it after all.
    """
    graph = DecodingGraph(files, config)

    @tf.autograph.experimental.do_not_convert
    def decode(index: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return (index, *graph(index), graph.content(index))

    dataset = tf.data.Dataset.range(len(files)).map(decode, num_parallel_calls=os.cpu_count() or 1, deterministic=True)
    missing = set(range(len(files)))
    with tf.device("/CPU:0"), tqdm(total=len(files), desc="decoding", unit="file", disable=not progress) as bar:
        for index, waveform, reason, content_hash in dataset.ignore_errors().as_numpy_iterator():
            missing.remove(int(index))
            bar.update()
            yield _judge(graph, int(index), waveform, reason.decode(), int(content_hash), bool(graph.native[index]))
        for index in sorted(missing):
            bar.update()
            try:
                content_hash = int(graph.content(tf.constant(index)))
                yield _judge(graph, index, graph.read(index), "", content_hash, False)
            except Exception as error:
                yield UnusableFile(index, reason_of(error, files[index]))


def _judge(graph: DecodingGraph, index: int, waveform: np.ndarray, reason: str, content_hash: int, native: bool
           ) -> DecodedFile | UnusableFile:
    if not reason and not len(waveform):
        reason = "it holds no samples"
    if not reason and not np.isfinite(waveform).all():
        reason = "it holds values too large to resample"
    if not reason and not waveform.any():
        reason = graph.silence_in_words(index)
    return UnusableFile(index, reason) if reason else DecodedFile(index, waveform, content_hash, native)
