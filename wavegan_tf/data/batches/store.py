"""Cache of decoded recordings: each file of a training set is decoded once, and kept in memory or on disk."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from wavegan_tf.config import DataConfig
from wavegan_tf.data.audio.native_audio import tensorflow_io_audio
from wavegan_tf.data.batches.audio_files import AudioFile, AudioFileList
from wavegan_tf.data.batches.decoding import DecodedFile, UnusableFile, decode_files
from wavegan_tf.data.batches.disk_cache import FORMAT, IndexEntry, index_entry, read_cache, write_cache
from wavegan_tf.errors import ConfigError
from wavegan_tf.files.claims import claim
from wavegan_tf.files.outputs import new_folder
from wavegan_tf.memory import available_memory_bytes

__all__ = ["CACHES", "RecordingStore", "open_store"]

CACHES = ("auto", "memory", "disk", "none")
MEMORY_SHARE = 0.5
"""Share of the available memory that `auto` fills before it uses the disk."""


@dataclass(frozen=True)
class RecordingStore:
    """The usable files of a training set and, unless nothing is cached, their samples.

    `files`: in the order of their names. `n_samples`, `content_hashes`: int64 [n_files]. `native`: bool [n_files],
    whether tensorflow-io reads the file. `skipped`: names and reasons of all others. `waveforms`: float32
    [n_samples, channels] for each file, or None. `place`: where the samples are, in words.
    """

    files: tuple[AudioFile, ...]
    n_samples: np.ndarray
    content_hashes: np.ndarray
    native: np.ndarray
    skipped: tuple[tuple[str, str], ...]
    waveforms: list[np.ndarray] | None
    place: str


def open_store(listing: AudioFileList, config: DataConfig, *, cache: str = "auto",
               cache_dir: str | Path | None = None, memory_budget_bytes: int | None = None,
               progress: bool = True) -> RecordingStore:
    """Decode the files of a training set, or take them from the disk cache of an earlier start.

    Args:
        listing: the files.
        config: sampling rate, channels and normalisation.
        cache: `memory`; `disk`; `none` checks every file once and keeps only an index; `auto` is memory as long as
            the samples fit, then disk.
        cache_dir: folder of the disk cache; default the user's cache folder.
        memory_budget_bytes: what counts as fitting for `auto`; default half of the available memory.
        progress: show a bar on stderr.

    Raises:
        ConfigError: an unknown cache.
        ExportError: the cache is no folder, or must not be written to.
        OSError: it cannot be written; a full disk among others.
    """
    if cache not in CACHES:
        raise ConfigError(f"`cache` (={cache}) must be one of {', '.join(CACHES)}")
    base = Path(cache_dir) if cache_dir is not None else Path(platformdirs.user_cache_dir("wavegan-tf")) / "audio"
    with_samples = cache != "none"
    folder = base / (_key(listing, config) + ("" if with_samples else "-index"))
    if cache != "memory":
        store = _open_folder(folder, listing, config, with_samples)
        if store is not None:
            return store
    decoded = decode_files(listing.files, config, progress=progress)
    if cache in ("memory", "auto"):
        budget = available_memory_bytes() * MEMORY_SHARE if memory_budget_bytes is None else memory_budget_bytes
        held, fits = _collect(decoded, budget if cache == "auto" else float("inf"))
        if fits:
            return _in_memory(listing, held)
        decoded = itertools.chain(_drain(held), decoded)
    with claim(new_folder(folder, replace=True), wait=True):  # another worker may be writing the same
        store = _open_folder(folder, listing, config, with_samples)
        if store is None:
            write_cache(folder, decoded, with_samples=with_samples)
            store = _open_folder(folder, listing, config, with_samples)
    if store is None:
        raise OSError(f"the audio cache {folder} was damaged while it was written; check the disk")
    return store


def _key(listing: AudioFileList, config: DataConfig) -> str:
    """Name a set of decoded samples by all that decides them, without reading the files."""
    decides = [FORMAT, config.sample_rate_hz, config.channels, config.normalize, tensorflow_io_audio()[0] is not None,
               [[str(file.path.absolute()), file.n_bytes, file.mtime_ns] for file in listing.files]]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:24]


def _open_folder(folder: Path, listing: AudioFileList, config: DataConfig, with_samples: bool
                 ) -> RecordingStore | None:
    found = read_cache(folder, len(listing.files), config.channels, with_samples=with_samples)
    if found is None:
        return None
    entries, waveforms = found
    if not with_samples:
        return _store(listing, entries, None, f"decoded from the files whenever needed, index in {folder}")
    return _store(listing, entries, waveforms, f"on disk, {_in_words(waveforms)} in {folder}")


def _in_memory(listing: AudioFileList, held: list[DecodedFile | UnusableFile]) -> RecordingStore:
    held.sort(key=lambda item: item.index)
    waveforms = [item.waveform for item in held if isinstance(item, DecodedFile)]
    return _store(listing, [index_entry(item) for item in held], waveforms, f"in memory, {_in_words(waveforms)}")


def _store(listing: AudioFileList, entries: Iterable[IndexEntry], waveforms: list[np.ndarray] | None, place: str
           ) -> RecordingStore:
    used = [entry for entry in entries if not entry.reason]
    skipped = [(listing.files[entry.index].name, entry.reason) for entry in entries if entry.reason]
    return RecordingStore(
        files=tuple(listing.files[entry.index] for entry in used),
        n_samples=np.array([entry.n_samples for entry in used], np.int64),
        content_hashes=np.array([entry.content_hash for entry in used], np.int64),
        native=np.array([entry.native for entry in used], bool),
        skipped=tuple(sorted([*listing.skipped, *skipped])), waveforms=waveforms, place=place)


def _collect(decoded: Iterator[DecodedFile | UnusableFile], budget: float
             ) -> tuple[list[DecodedFile | UnusableFile], bool]:
    """Take files until their samples exceed the budget; return them, and whether all fit."""
    held: list[DecodedFile | UnusableFile] = []
    size = 0
    for item in decoded:
        held.append(item)
        size += item.waveform.nbytes if isinstance(item, DecodedFile) else 0
        if size > budget:
            return held, False
    return held, True


def _drain(held: list[DecodedFile | UnusableFile]) -> Iterator[DecodedFile | UnusableFile]:
    """Yield what is held, and free it."""
    held.reverse()
    while held:
        yield held.pop()


def _in_words(waveforms: list[np.ndarray]) -> str:
    n_bytes = sum(waveform.nbytes for waveform in waveforms)
    return f"{n_bytes / 2**30:.1f} GiB" if n_bytes >= 2**30 else f"{n_bytes / 2**20:.1f} MiB"
