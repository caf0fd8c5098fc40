"""Opening files of fixed names in our own folders, without following links."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from wavegan_tf.errors import ExportError

__all__ = ["check_own_file", "open_own_file"]

_WITHOUT_DETOURS = (getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
                    | getattr(os, "O_BINARY", 0))
_LINK = "it is a link; put a copy of what it leads to in its place, or remove it"
_SECOND_NAME = "it has a second name, a hard link; put a copy of it in its place"
_PIPE = "it is a pipe, a device or a folder; put it elsewhere"


def open_own_file(path: str | Path, flags: int) -> int:
    """Open a file for writing in place, and return its descriptor.

    A link would lead to a file of somebody else, a second name (a hard link) is one, and a pipe never answers.

    Args:
        path: of the file.
        flags: those of `os.open`.

    Raises:
        ExportError: it is a link, has a second name, or is no plain file.
        OSError: it cannot be opened.
    """
    path = Path(path)
    try:
        handle = os.open(path, flags | _WITHOUT_DETOURS, 0o666)
    except OSError as error:
        if path.is_symlink() or error.errno in (errno.ELOOP, errno.EMLINK):
            raise _refused(path, _LINK) from error
        if error.errno == errno.ENXIO:
            raise _refused(path, _PIPE) from error
        raise
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink > 1:
        os.close(handle)
        raise _refused(path, _SECOND_NAME if stat.S_ISREG(facts.st_mode) else _PIPE)
    return handle


def check_own_file(path: str | Path) -> None:
    """Check that `open_own_file` would open an existing file; see there for errors."""
    if os.path.lexists(path):
        os.close(open_own_file(path, os.O_RDWR))


def _refused(path: Path, why: str) -> ExportError:
    return ExportError(f"file (={path}) must be a plain file of its folder, since it is written in place; {why}")
