"""Flush files and folders to the disk (fsync): before a rename the file, after it the folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path

__all__ = ["sync", "sync_folder"]


def sync_folder(folder: Path) -> None:
    """Flush every file and folder below `folder` to the disk."""
    for root, _, files in os.walk(folder, topdown=False):  # what a folder holds before the folder
        for name in files:
            sync(Path(root, name))
        sync(Path(root))


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk.

    Raises:
        OSError: the disk is full or broken; the error names the file.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
    except (IsADirectoryError, PermissionError):  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EBADF, errno.EINVAL):  # some file systems do not sync folders
            raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(handle)
