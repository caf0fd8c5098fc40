"""Opening regular files only: a pipe, device, socket or folder is an error before it is opened."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wavegan_tf.errors import DataError

__all__ = ["check_all_plain", "check_plain", "is_plain", "is_there", "open_plain", "read_bytes", "read_text",
           "system_name", "text_of"]

_TEXT_LIMIT_BYTES = 2**28
_OTHERS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"),
           (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def open_plain(path: str | Path, what: str = "file") -> Iterator[io.BufferedReader]:
    """Open a plain file for reading; what the system refuses while the block reads is an error that names the file.

    Args:
        path: the file; links are followed.
        what: what it is called in messages.

    Raises:
        DataError: there is no such file, it is not a plain one, or it cannot be read.
    """
    check_plain(path, what)
    try:
        # O_NONBLOCK: what became a pipe since the check is not waited for
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise _unreadable(path, what, error) from error
    with os.fdopen(handle, "rb") as file:
        _refuse_others(path, what, os.fstat(handle).st_mode)
        try:
            yield file
        except OSError as error:
            raise _unreadable(path, what, error) from error


def check_plain(path: str | Path, what: str = "file") -> None:
    """Check that a path is an existing regular file, for libraries that open files themselves.

    Raises:
        DataError: see `open_plain`.
    """
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        raise _unreadable(path, what, error) from error
    _refuse_others(path, what, mode)


def check_all_plain(paths: Iterable[Path], what: str = "file") -> None:
    """Check files that a library opens by itself: pipes, devices and broken links are errors, folders are passed over.

    Raises:
        DataError: see `open_plain`.
    """
    for path in sorted(paths):
        if not path.is_dir():
            check_plain(path, what)


def is_plain(path: str | Path) -> bool:
    """Tell whether a plain file, or a link to one, is there."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises where a folder must not be entered


def is_there(path: str | Path, what: str = "file") -> bool:
    """Tell whether an optional file exists; something else of that name, such as a pipe, is an error.

    Raises:
        DataError: it is a folder, a pipe, a device, or a link that leads nowhere.
    """
    if not os.path.lexists(path):
        return False
    check_plain(path, what)
    return True


def system_name(path: str | Path) -> str | bytes:
    """Give a path as libraries in C take it: as bytes, since not every name is UTF-8; Windows' names always are."""
    return str(path) if os.name == "nt" else os.fsencode(path)


def read_bytes(path: str | Path, what: str = "file", *, limit: int = _TEXT_LIMIT_BYTES) -> bytes:
    """Read a whole plain file.

    Raises:
        DataError: see `open_plain`; or it has more than `limit` bytes.
    """
    with open_plain(path, what) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise DataError(f"{what} (={path}) must have at most {limit} bytes; it has more")
    return content


def read_text(path: str | Path, what: str = "file", *, lenient: bool = False, limit: int = _TEXT_LIMIT_BYTES) -> str:
    """Read a whole text file in UTF-8; a byte order mark is dropped, every kind of line end becomes a newline.

    Args:
        path: the file.
        what: what it is called in messages.
        lenient: whether bytes that are not UTF-8 become the sign of replacement, where only part of the text counts.
        limit: the most bytes it may have.

    Raises:
        DataError: see `read_bytes`; or it is not UTF-8.
    """
    return text_of(read_bytes(path, what, limit=limit), f"{what} (={path})", lenient=lenient)


def text_of(content: bytes, name: str, *, lenient: bool = False) -> str:
    """Decode UTF-8 as `read_text` does; `name` begins the message.

    Raises:
        DataError: it is not UTF-8; the message says in which line.
    """
    if content.startswith(_UTF_16):
        raise DataError(f"{name} must be text in UTF-8; it is UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig", errors="replace" if lenient else "strict")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{name} must be text in UTF-8; line {line} has a byte 0x{content[error.start]:02x} that is "
                        "none; save it as UTF-8") from error
    return io.IncrementalNewlineDecoder(None, translate=True).decode(text, final=True)


def _refuse_others(path: str | Path, what: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((name for is_kind, name in _OTHERS if is_kind(mode)), "something else")
        raise DataError(f"{what} (={path}) must be a plain file; it is {kind}")


def _unreadable(path: str | Path, what: str, error: Exception) -> DataError:
    why = getattr(error, "strerror", None) or str(error)
    return DataError(f"{what} (={path}) must be a file that can be read: {why}")
