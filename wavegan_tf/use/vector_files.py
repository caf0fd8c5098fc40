"""Latent vectors from files: NumPy arrays or tables of numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import DataError
from wavegan_tf.formats.arrays import open_npz, read_npy
from wavegan_tf.formats.tables import read_rows
from wavegan_tf.use.vectors import LatentVectors, given_vectors

__all__ = ["read_vectors"]

_WHAT = "file of latent vectors"
_LARGEST = 1e30
"""Of numbers that networks can compute with in float32."""


def read_vectors(path: str | Path, config: NetworkConfig) -> LatentVectors:
    """Read latent vectors from a file: NPY, NPZ or CSV.

    Args:
        path: `.npy`; `.npz` with an array `z` or a single one; `.csv` with a column per latent variable, with or
            without a heading.
        config: says how long a vector is.

    Raises:
        DataError: no such file, or not of `latent_dim` numbers a row.

    Example:
        >>> import numpy as np
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.use import read_vectors
        >>> np.save("z.npy", np.zeros([4, 100], np.float32))
        >>> read_vectors("z.npy", NetworkConfig()).z.shape
        (4, 100)
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"file of latent vectors (={path}) must exist; check the path")
    try:
        numbers = _read_numbers(path)
        if numbers.dtype.kind not in "biuf":  # words may have been cut, complex numbers would lose half
            raise ValueError(f"it holds {numbers.dtype}")
        z = np.asarray(numbers, np.float64)
    except ValueError as error:  # words, or damage of a format
        if str(error).startswith(_WHAT):
            raise
        raise DataError(f"{_WHAT} (={path}) must be .npy, .npz or .csv with numbers; {error}") from error
    z = z[None] if z.ndim == 1 else z
    if z.ndim != 2 or z.shape[1] != config.latent_dim or not len(z):
        raise DataError(f"file of latent vectors (={path}, shape {list(z.shape)}) must hold rows of "
                        f"{config.latent_dim} numbers for this model, the code first")
    wrong = ~(np.abs(z.astype(np.float64)) <= _LARGEST)
    if wrong.any():
        raise DataError(f"file of latent vectors (={path}) must hold finite numbers; {int(wrong.sum())} are "
                        f"not, or are beyond {_LARGEST:g}; the first is in row {int(np.argwhere(wrong)[0][0]) + 1}")
    return given_vectors(z.astype(np.float32), config)


def _read_numbers(path: Path) -> np.ndarray:
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return read_npy(path)
    if suffix == ".npz":
        with open_npz(path) as arrays:
            names = list(arrays)
            if "z" not in names and len(names) != 1:
                raise DataError(f"file of latent vectors (={path}) must hold an array `z`; it holds {', '.join(names)}")
            return arrays["z" if "z" in names else names[0]]
    if suffix == ".csv":
        rows = read_rows(path)
        if not rows:
            raise ValueError("it is empty")
        first = int(_has_heading(rows[0]))
        for line, row in enumerate(rows, 1):
            if len(row) != len(rows[0]):
                raise DataError(f"{_WHAT} (={path}) must have {len(rows[0])} numbers in every row; row {line} has "
                                f"{len(row)}")
        if any("_" in cell for row in rows[first:] for cell in row):  # Python reads 1_0 as 10
            raise ValueError("it has cells with _")
        return np.array(rows[first:], dtype=object).astype(np.float64)
    raise DataError(f"file of latent vectors (={path}) must end in .npy, .npz or .csv")


def _has_heading(first: list[str]) -> bool:
    """Tell whether the first row of a table names its columns: by words, or as 0, 1, 2, ... where a table has none."""
    if first == [str(i) for i in range(len(first))]:
        return True
    try:
        [float(value) for value in first]
    except ValueError:
        return True
    return False
