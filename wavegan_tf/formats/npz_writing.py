"""Writing NumPy's npz files array by array, closed properly when the disk is full."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

__all__ = ["write_npz"]


def write_npz(path: str | Path, arrays: Iterable[tuple[str, np.ndarray]], *, compressed: bool = False) -> None:
    """Write an npz file, which `np.load` reads; unlike `np.savez` one array at a time.

    Args:
        path: of the file.
        arrays: by name; none with Python objects.
        compressed: whether to make it smaller, which takes time.

    Raises:
        OSError: it cannot be written.
    """
    how = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", how, allowZip64=True) as archive:
        for name, array in arrays:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
