"""Latent vectors from files: NumPy arrays or tables of numbers."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import DataError
from wavegan_tf.use.vectors import LatentVectors, given_vectors

__all__ = ["read_vectors"]


def read_vectors(path: str | Path, config: NetworkConfig) -> LatentVectors:
    """Read exact vectors from a file.

    Args:
        path: `.npy`; `.npz` with an array `z` or a single one; `.csv` with a column per latent variable, with or
            without a heading.
        config: says how long a vector is.

    Raises:
        DataError: no such file, or not of `latent_dim` numbers a row.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"file of latent vectors (={path}) must exist; check the path")
    try:
        z = _read_numbers(path)
    except (ValueError, OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"file of latent vectors (={path}) must be .npy, .npz or .csv with numbers: {error}") from error
    z = z[None] if z.ndim == 1 else z
    if z.ndim != 2 or z.shape[1] != config.latent_dim or not len(z):
        raise DataError(f"file of latent vectors (={path}, shape {list(z.shape)}) must hold rows of "
                        f"{config.latent_dim} numbers for this model, the code first")
    if not np.isfinite(z).all():
        raise DataError(f"file of latent vectors (={path}) must hold finite numbers; {int((~np.isfinite(z)).sum())} "
                        "are not")
    return given_vectors(z.astype(np.float32), config)


def _read_numbers(path: Path) -> np.ndarray:
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return np.asarray(np.load(path, allow_pickle=False), np.float64)
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            names = arrays.files
            if "z" not in names and len(names) != 1:
                raise DataError(f"file of latent vectors (={path}) must hold an array `z`; it holds {', '.join(names)}")
            return np.asarray(arrays["z" if "z" in names else names[0]], np.float64)
    if suffix == ".csv":
        rows = pd.read_csv(path, header=None, dtype=str, keep_default_na=False)
        return rows.iloc[int(_has_heading(list(rows.iloc[0]))):].to_numpy(dtype=np.float64)
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
