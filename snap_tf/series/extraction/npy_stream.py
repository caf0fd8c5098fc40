"""Write a NumPy file (`.npy`) row by row, without holding it in memory."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

__all__ = ["NpyStream"]


class NpyStream:
    """Write float32 rows to a `.npy` file; use it in a `with` block.

    A memory map would count towards the memory of the process, and its number of rows must be known beforehand.
    """

    def __init__(self, path: str | Path) -> None:
        self.n_rows = 0
        self._path = Path(path)
        self._row_shape: tuple[int, ...] | None = None
        self._file: BinaryIO | None = None

    def append(self, rows: np.ndarray) -> None:
        """Add rows: float32 [n, ...], all of one shape."""
        rows = np.ascontiguousarray(rows, np.float32)
        if self._file is None:
            self._row_shape = rows.shape[1:]
            self._file = self._path.open("w+b")
            self._write_header()
        if rows.shape[1:] != self._row_shape:
            raise ValueError(f"rows (shape {rows.shape[1:]}) must all have the shape {self._row_shape}")
        self._file.write(rows.data)
        self.n_rows += len(rows)

    def __enter__(self) -> NpyStream:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._write_header()  # with the number of rows, for which the first one left room
            self._file.close()

    def _write_header(self) -> None:
        assert self._file is not None
        self._file.seek(0)
        np.lib.format.write_array_header_1_0(self._file, {
            "descr": "<f4", "fortran_order": False, "shape": (self.n_rows, *(self._row_shape or ()))})
