"""Check that the disk has room for a file, for libraries that crash where it has not."""

from __future__ import annotations

from pathlib import Path

__all__ = ["check_room"]

_CHUNK = bytes(1 << 20)


def check_room(path: Path, n_bytes: int) -> None:
    """Write a file of that size and remove it again.

    Raises:
        OSError: the disk is full, or no file may be so large.
    """
    try:
        with path.open("wb") as file:
            for begin in range(0, n_bytes, len(_CHUNK)):
                file.write(_CHUNK[:n_bytes - begin])
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        path.unlink(missing_ok=True)
