"""Lock files: held by a running process, and free again when it ends, also when it is killed."""

from __future__ import annotations

import os
from pathlib import Path

from wavegan_tf.files.own_files import open_own_file

try:
    import fcntl
except ImportError:  # Windows has no such locks; there the user must not let two processes write to one path
    fcntl = None  # type: ignore[assignment]

__all__ = ["LockedFile", "lock_file", "make_folders"]


class LockedFile:
    """An open lock file.

    Attributes:
        path: of the file.
        is_locked: false where the file system or the operating system has no locks, and nothing is known of others.
    """

    def __init__(self, path: Path, handle: int, is_locked: bool) -> None:
        self.path, self.is_locked, self._handle = path, is_locked, handle

    def read(self) -> bytes:
        """Return the content."""
        os.lseek(self._handle, 0, os.SEEK_SET)
        return os.read(self._handle, 1 << 20)

    def write(self, content: bytes) -> None:
        """Replace the content by one write: a process that is killed leaves all of it or nothing."""
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.write(self._handle, content)
        os.ftruncate(self._handle, len(content))

    def remove(self) -> None:
        """Remove the file, while it is locked."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Unlock it."""
        os.close(self._handle)


def lock_file(path: Path) -> LockedFile | bytes:
    """Lock a file; it is created if it does not exist.

    Returns:
        The file, or what is in it where another process has locked it.

    Raises:
        ExportError: it is a link or no plain file.
        OSError: it cannot be opened.
    """
    while True:
        handle = open_own_file(path, os.O_RDWR | os.O_CREAT)
        file = LockedFile(path, handle, fcntl is not None)
        try:
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            content = file.read()
            file.close()
            return content
        except OSError:  # a file system without locks
            file.is_locked = False
        if _is_still(handle, path):
            return file
        file.close()  # its owner removed it when it ended


def make_folders(folder: Path) -> list[Path]:
    """Make a folder and its parents; return those that did not exist, the deepest first."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
    return missing


def _is_still(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except FileNotFoundError:
        return False
