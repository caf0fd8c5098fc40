"""NumPy's npy and npz files, checked: sizes as in the header, within memory, and no Python objects."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from wavegan_tf.errors import DataError
from wavegan_tf.formats.damage import told_as_damage
from wavegan_tf.formats.plain_files import open_plain
from wavegan_tf.memory import available_memory_bytes

__all__ = ["Arrays", "map_values", "open_npz", "read_npy"]

_NUMBERS = "biuf"
"""NumPy's letters for truth values, whole numbers and real ones; complex ones would lose half, words be cut."""
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_npy(path: str | Path, what: str = "array", *, mapped: bool = False) -> np.ndarray:
    """Read an array from an npy file.

    Args:
        path: the file.
        what: what it is called in messages.
        mapped: whether it stays on the disk, and only what is used of it is read.

    Raises:
        DataError: it cannot be read, is no such file, is shorter or longer than its header says, or holds
            something else than real numbers.
    """
    with open_plain(path, what) as file, told_as_damage(path, what, rule="be an array in a .npy file"):
        shape, fortran, dtype, start = _header(file, file.seek(0, 2), f"{what} (={path})", _NUMBERS)
        if mapped and 0 not in shape:
            return np.memmap(file, dtype, "r", start, shape, "F" if fortran else "C")
        _refuse_beyond_memory(shape, dtype, f"{what} (={path})")
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)


def map_values(path: str | Path, dtype: str, what: str = "values") -> np.ndarray:
    """Open a file of numbers without a header as a memory-mapped array.

    Raises:
        DataError: it cannot be read, or its size is no whole number of values.
    """
    with open_plain(path, what) as file, told_as_damage(path, what):
        return np.memmap(file, dtype, "r") if file.seek(0, 2) else np.zeros(0, dtype)


class Arrays(Mapping[str, np.ndarray]):
    """The arrays of an open npz file by name; each is read when it is used."""

    def __init__(self, archive: zipfile.ZipFile, path: str | Path, what: str) -> None:
        """Take an archive that is open; `path` and `what` name it in messages."""
        self._archive, self._path, self._what = archive, path, what
        self._files = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}

    def __getitem__(self, name: str) -> np.ndarray:
        """Read an array.

        Raises:
            DataError: the file has none of that name, or it is damaged.
        """
        shape, dtype = self._promise(name)
        _refuse_beyond_memory(shape, dtype, self._title(name))
        with told_as_damage(self._path, self._title(name, "")), self._archive.open(self._files[name]) as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
            file.read(1)  # only at the end of the file is its checksum compared
            return array

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array without reading its values.

        Raises:
            DataError: see `__getitem__`.
        """
        return self._promise(name)[0]

    def _promise(self, name: str) -> tuple[tuple[int, ...], np.dtype]:
        if name not in self._files:
            raise DataError(f"{self._what} (={self._path}) must hold an array `{name}`; it holds {self._names()}")
        with told_as_damage(self._path, self._title(name, "")), self._archive.open(self._files[name]) as file:
            shape, _, dtype, _ = _header(file, self._files[name].file_size, self._title(name))
        return shape, dtype

    def _title(self, name: str, place: str | None = None) -> str:
        return f"array `{name}` in {self._what}{f' (={self._path})' if place is None else place}"

    def _names(self) -> str:
        names = list(self._files)
        return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "") or "none"

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


@contextmanager
def open_npz(path: str | Path, what: str = "file of arrays") -> Iterator[Arrays]:
    """Open an npz file; it is closed at the end of the block.

    Raises:
        DataError: it cannot be read or is no such file; inside the block, see `Arrays`.
    """
    with open_plain(path, what) as file:
        with told_as_damage(path, what):
            archive = zipfile.ZipFile(file)
        with archive:
            yield Arrays(archive, path, what)


def _header(file: IO[bytes], size: int, title: str, kinds: str = _NUMBERS + "U"
            ) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Read shape, order, type and place of the values, and compare them with the size of the file."""
    file.seek(0)
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise DataError(f"{title} must be NumPy's format 1 or 2; it is {version[0]}.{version[1]}")
    shape, fortran, dtype = _HEADERS[version](file)
    start = file.tell()
    if dtype.kind not in kinds or dtype.subdtype:
        raise DataError(f"{title} must hold {'real numbers' if kinds == _NUMBERS else 'real numbers or words'}; it "
                        f"holds {dtype}")
    promised = _size_bytes(shape, dtype)
    if any(n < 0 for n in shape) or promised != size - start:
        raise DataError(f"{title} must be readable; its header says shape {list(shape)} of {dtype}, {promised} bytes, "
                        f"and it holds {size - start}; copy it again")
    return shape, fortran, dtype, start


def _refuse_beyond_memory(shape: tuple[int, ...], dtype: np.dtype, title: str) -> None:
    wanted, there = _size_bytes(shape, dtype), available_memory_bytes()
    if wanted > there:
        raise DataError(f"{title} (={list(shape)} of {dtype}) must fit into memory; it takes {wanted / 2**30:.1f} GiB, "
                        f"{there / 2**30:.1f} GiB are free")


def _size_bytes(shape: tuple[int, ...], dtype: np.dtype) -> int:
    return math.prod([int(n) for n in shape]) * dtype.itemsize
