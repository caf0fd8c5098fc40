"""The tf.data input pipeline: batches from any folder of audio, as a function of seed and position only."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from wavegan_tf.config import DataConfig
from wavegan_tf.data.batches.audio_files import find_audio_files
from wavegan_tf.data.batches.decoding import DecodingGraph
from wavegan_tf.data.batches.framing import Framing
from wavegan_tf.data.batches.order import EpochOrder, SlicePlaces
from wavegan_tf.data.batches.python_calls import call_python
from wavegan_tf.data.batches.scan import ScanReport, report_slices
from wavegan_tf.data.batches.store import RecordingStore, open_store
from wavegan_tf.errors import ConfigError

__all__ = ["SliceSource", "open_source"]


def open_source(data: str | Path | Sequence[str | Path], config: DataConfig, seed: int, *, split: str | None = None,
                cache: str = "auto", cache_dir: str | Path | None = None, memory_budget_bytes: int | None = None,
                progress: bool = True) -> SliceSource:
    """Open a folder of audio as training data: find the files, decode and check them, count the slices.

    Args:
        data: a folder (read with its subfolders), an audio file, or a list of files.
        config: rate, channels, normalisation and slicing.
        seed: of the random offsets and of the order.
        split: only this split of the folder's `manifest.csv`.
        cache: where decoded samples are kept: `memory`, `disk`, `auto` (memory as long as they fit, then disk), or
            `none` (files are decoded for every slice; for data that fit nowhere).
        cache_dir: folder for the disk cache; default the user's cache folder.
        memory_budget_bytes: what fits into memory; default half of what is available.
        progress: show a bar on stderr while decoding.

    Raises:
        DataError: no folder, no audio, nothing usable, or hardly a slice; says what to change.
        ConfigError: an unknown cache, or an overlap that leaves no step.
        OSError: the cache cannot be written.

    Example:
        >>> from wavegan_tf.config import DataConfig
        >>> from wavegan_tf.data import open_source
        >>> source = open_source("corpus", DataConfig(), seed=0, cache="memory", progress=False)
        >>> batch = next(iter(source.batches(batch_size=8, group=5)))  # for 5 updates of D
        >>> tuple(batch.shape), round(source.slices_per_epoch)
        ((5, 8, 16384, 1), 26)
    """
    Framing.from_config(config)  # a wrong setting raises before the decoding
    listing = find_audio_files(data, split)
    if not listing.files:
        report_slices(listing, listing.skipped, np.zeros(0, np.int64), config)
    store = open_store(listing, config, cache=cache, cache_dir=cache_dir, memory_budget_bytes=memory_budget_bytes,
                       progress=progress)
    return SliceSource(store, config, seed, report_slices(listing, store.skipped, store.n_samples, config, store.place))


class SliceSource:
    """Training data: an infinite, shuffled stream of audio slices in batches (`batches` makes a `tf.data.Dataset`).

    Slices come epoch after epoch, each epoch with new offsets and in a new order (see `EpochOrder`); a batch may hold
    slices of two epochs, as in the original. Batch k is the same wherever the stream is started, for every cache and,
    for one seed, in every environment (resampled recordings: within 3e-5 of full scale).
    """

    def __init__(self, store: RecordingStore, config: DataConfig, seed: int, report: ScanReport) -> None:
        """Use `open_source` instead."""
        self.report = report
        self._store, self._config = store, config
        self._order = EpochOrder(store.n_samples, Framing.from_config(config), seed)

    @property
    def slices_per_epoch(self) -> float:
        """Slices per epoch in the mean; the random offsets make epochs differ a little."""
        return self.report.slices_per_epoch

    @property
    def fingerprint(self) -> str:
        """Hash of the data and their slicing, 32 hexadecimal digits.

        It depends on the names and contents of the usable files and on the settings, not on where or when they were
        stored; a run that is resumed with another fingerprint would continue with other data.
        """
        files = [[file.name, int(content)]
                 for file, content in zip(self._store.files, self._store.content_hashes, strict=True)]
        text = json.dumps([dataclasses.asdict(self._config), files], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def epoch_of(self, batch: int, batch_size: int) -> int:
        """Return the epoch, counted from 0, of the first slice of a batch."""
        return self._order.epoch_of(batch * batch_size)

    def batches(self, batch_size: int, *, group: int = 1, first_batch: int = 0, shard: tuple[int, int] = (0, 1),
                device: str | None = "auto") -> tf.data.Dataset:
        """Make an infinite `tf.data.Dataset` of batches.

        Args:
            batch_size: slices in a batch, over all shards.
            group: batches in an element; a training round takes several at once.
            first_batch: the first batch of the stream to return; nothing before it is decoded.
            shard: (w, n) takes the w-th of n equal parts of every batch.
            device: to which elements are prefetched; `auto` is the GPU when there is one and no distribution
                strategy (which places them itself); None leaves them in main memory.

        Returns:
            float32 [group, batch_size / n, slice_len, channels]; full scale is [-1, 1].

        Raises:
            ConfigError: a batch that cannot be divided, or a shard that does not exist.
        """
        worker, n_shards = shard
        if batch_size < 1 or n_shards < 1 or batch_size % n_shards:
            raise ConfigError(f"`batch_size` (={batch_size}) must be a positive multiple of the {n_shards} workers")
        if not 0 <= worker < n_shards:
            raise ConfigError(f"`shard` (={worker} of {n_shards}) must be from 0 to {n_shards - 1}")
        if group < 1 or first_batch < 0:
            raise ConfigError(f"`group` (={group}) must be positive and `first_batch` (={first_batch}) 0 or more")
        per_shard = batch_size // n_shards
        rows = worker * per_shard + np.arange(per_shard)

        def places(element: np.ndarray) -> SlicePlaces:
            batch = first_batch + int(element) * group + np.arange(group)
            return self._order.places((batch[:, None] * batch_size + rows).reshape(-1))

        elements = tf.data.Dataset.range(2**62 // (group * batch_size))
        make = self._decoded_slices if self._store.waveforms is None else self._copied_slices
        options = tf.data.Options()
        options.deterministic = True
        options.autotune.enabled = False  # `call_python` needs buffers that do not grow
        # shards are cut here; tf.data must not cut them again
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
        dataset = make(elements, places, group, per_shard).prefetch(2).with_options(options)
        if device == "auto":
            gpus = tf.config.list_logical_devices("GPU")
            device = gpus[0].name if gpus and not tf.distribute.has_strategy() else None
        return dataset.apply(tf.data.experimental.prefetch_to_device(device, 2)) if device else dataset

    def _copied_slices(self, elements: tf.data.Dataset, places: Callable[[np.ndarray], SlicePlaces], group: int,
                       per_shard: int) -> tf.data.Dataset:
        """Copy slices from the decoded samples, an element at a time."""
        waveforms, shape = self._store.waveforms, [group, per_shard, self._config.slice_len, self._config.channels]
        assert waveforms is not None

        def copy(element: np.ndarray) -> np.ndarray:
            where = places(element)
            slices = _aligned([group * per_shard, *shape[2:]])
            for row, recording, start in zip(slices, where.recording, where.start, strict=True):
                found = waveforms[recording][start:start + len(row)]
                row[:len(found)] = found
                row[len(found):] = 0.0
            return slices.reshape(shape)

        @tf.autograph.experimental.do_not_convert
        def copy_in_graph(element: tf.Tensor) -> tf.Tensor:
            return tf.ensure_shape(call_python(copy, [element], tf.float32), shape)

        return elements.map(copy_in_graph, num_parallel_calls=min(4, os.cpu_count() or 1))

    def _decoded_slices(self, elements: tf.data.Dataset, places: Callable[[np.ndarray], SlicePlaces], group: int,
                        per_shard: int) -> tf.data.Dataset:
        """Decode the file of every slice, in parallel."""
        store, slice_len = self._store, self._config.slice_len
        graph = DecodingGraph(store.files, self._config, store.native)

        def look_up(element: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            where = places(element)
            return where.recording, where.start

        @tf.autograph.experimental.do_not_convert
        def look_up_in_graph(element: tf.Tensor) -> list[tf.Tensor]:
            return call_python(look_up, [element], [tf.int64, tf.int64])

        @tf.autograph.experimental.do_not_convert
        def decode(recording: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
            waveform, reason = graph(recording)
            tf.debugging.assert_equal(reason, "", "an audio file has become unreadable since it was checked")
            tf.debugging.assert_equal(tf.shape(waveform, tf.int64)[0], tf.constant(store.n_samples)[recording],
                                      "an audio file has changed since it was checked; start again")
            found = waveform[start:start + slice_len]
            missing = slice_len - tf.shape(found)[0]
            return tf.ensure_shape(tf.pad(found, [[0, missing], [0, 0]]), [slice_len, self._config.channels])

        slices = elements.map(look_up_in_graph).unbatch().map(decode, num_parallel_calls=os.cpu_count() or 1)
        return slices.batch(per_shard, drop_remainder=True).batch(group, drop_remainder=True)


def _aligned(shape: list[int]) -> np.ndarray:
    """Make an array that begins at a multiple of 64 bytes; TensorFlow takes such an array over without copying it."""
    n = math.prod(shape)
    room = np.empty(n + 16, np.float32)
    first = -room.ctypes.data % 64 // 4
    return room[first:first + n].reshape(shape)
