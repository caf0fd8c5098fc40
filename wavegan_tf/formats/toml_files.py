"""TOML files: read as a table of values; an error names its place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import read_text

__all__ = ["read_toml"]


def read_toml(path: str | Path, what: str = "TOML file") -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        DataError: it cannot be read, is not UTF-8, not TOML, nested too deep, or has numbers too long to read.
    """
    text = read_text(path, what)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise DataError(f"{what} (={path}) must be TOML; it is nested too deep") from error
    except ValueError as error:  # TOMLDecodeError is one, and so are numbers and dates out of range
        raise DataError(f"{what} (={path}) must be TOML; {error}") from error
