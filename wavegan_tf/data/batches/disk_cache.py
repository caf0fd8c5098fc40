"""Disk cache of decoded audio: written atomically, verified with checksums when opened."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from wavegan_tf.atomic import atomic_folder
from wavegan_tf.data.batches.decoding import DecodedFile, UnusableFile
from wavegan_tf.formats.arrays import map_values
from wavegan_tf.formats.json_files import read_json

__all__ = ["FORMAT", "IndexEntry", "index_entry", "read_cache", "write_cache"]

FORMAT = 2
"""Of the files on disk; a change makes old ones be built again."""
_INDEX_NAME, _SAMPLES_NAME = "index.json", "samples.f32"


@dataclass(frozen=True)
class IndexEntry:
    """Entry of the cache index for one file: a reason when it is unusable, else length, hash and place in the cache."""

    index: int
    reason: str = ""
    n_samples: int = 0
    content_hash: int = 0
    native: bool = False
    first_byte: int = 0
    n_bytes: int = 0
    crc32: int = 0


def index_entry(item: DecodedFile | UnusableFile, first_byte: int = 0, crc32: int = 0) -> IndexEntry:
    """Make the index entry of a file, decoded or unusable."""
    if isinstance(item, UnusableFile):
        return IndexEntry(item.index, item.reason)
    return IndexEntry(item.index, "", len(item.waveform), item.content_hash, item.native, first_byte,
                      item.waveform.nbytes, crc32)


def write_cache(folder: Path, decoded: Iterable[DecodedFile | UnusableFile], *, with_samples: bool = True) -> None:
    """Write decoded samples and their index to a cache folder, atomically.

    Args:
        folder: the folder; one that exists is replaced.
        decoded: every file once.
        with_samples: false writes the index alone.

    Raises:
        OSError: it cannot be written; nothing is left then.
    """
    with atomic_folder(folder, replace=True) as temporary:
        entries = []
        with (temporary / _SAMPLES_NAME).open("wb") as file:
            for item in decoded:
                if with_samples and isinstance(item, DecodedFile):
                    samples = np.ascontiguousarray(item.waveform, "<f4").data
                    entries.append(index_entry(item, file.tell(), zlib.crc32(samples)))
                    file.write(samples)
                else:
                    entries.append(index_entry(item))
        text = json.dumps({"format": FORMAT, "files": [astuple(entry) for entry in entries]})
        (temporary / _INDEX_NAME).write_text(text, encoding="utf-8")


def read_cache(folder: Path, n_files: int, channels: int, *, with_samples: bool = True
               ) -> tuple[list[IndexEntry], list[np.ndarray]] | None:
    """Open a cache folder that `write_cache` wrote; samples are memory-mapped.

    Args:
        folder: the folder.
        n_files: how many files it must describe.
        channels: of the samples.
        with_samples: false reads the index alone.

    Returns:
        The entries in the files' order and, for each usable one, float32 [n_samples, channels] on disk. None when the
        folder is not there, or not as it was written.
    """
    try:
        raw = read_json(folder / _INDEX_NAME)
        entries = sorted((IndexEntry(*fields) for fields in raw["files"]), key=lambda entry: entry.index)
        if raw["format"] != FORMAT or [entry.index for entry in entries] != list(range(n_files)):
            return None
        if not with_samples:
            return entries, []
        used = [entry for entry in entries if not entry.reason]
        path = folder / _SAMPLES_NAME
        size = sum(entry.n_bytes for entry in used)
        if path.stat().st_size != size:
            return None
        samples = map_values(path, "<f4", "decoded samples")
        flat = [samples[entry.first_byte // 4:(entry.first_byte + entry.n_bytes) // 4] for entry in used]
        with ThreadPoolExecutor() as pool:
            if list(pool.map(zlib.crc32, flat)) != [entry.crc32 for entry in used]:
                return None
        return entries, [np.asarray(part).reshape(-1, channels) for part in flat]
    except (OSError, ValueError, KeyError, TypeError):
        return None
