"""Errors of writing, of any library, as an `OSError` that names the output file and not a temporary one."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wavegan_tf.errors import UserError

__all__ = ["named_errors", "write_errno"]

_OF_WRITES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
_SHORT_WRITE = re.compile(r"\d+ requested and \d+ written")  # NumPy's, which has no number


@contextmanager
def named_errors(temporary: Path, final: Path) -> Iterator[None]:
    """Name the output file in errors of writing that name no file, or a temporary one.

    A write that fails half-way names no file; in a folder it is the file that was written last. HDF5 and TensorFlow
    have errors of their own, with the system's words in them.

    Args:
        temporary: file or folder that is being written.
        final: where it will be.

    Raises:
        OSError: what went wrong, with the name below `final`.
    """
    try:
        yield
    except UserError:
        raise
    except OSError as error:
        named = _named(error, temporary, final)
        if named is None:
            raise
        raise named from error
    except Exception as error:
        number = write_errno(error)
        if number is None:
            raise
        raise OSError(number, os.strerror(number), str(_place(None, temporary, final))) from error


def write_errno(error: BaseException) -> int | None:
    """Return the system's number of a failed write, where the error of a library tells it; else None."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    text = str(error)
    return next((n for n in _OF_WRITES if os.strerror(n) in text or f"errno = {n}," in text), None)


def _named(error: OSError, temporary: Path, final: Path) -> OSError | None:
    """Return the same error with a name; None where it has one already, or is no error of the system."""
    number = write_errno(error)
    if number is None and _SHORT_WRITE.search(str(error)):
        number = _why_no_more(_newest(temporary))
    given = None if error.filename is None else Path(os.fsdecode(error.filename))
    if number is None or (number not in _OF_WRITES if given is None else not given.is_relative_to(temporary)):
        return None
    return OSError(number, os.strerror(number), str(_place(given, temporary, final)))


def _place(given: Path | None, temporary: Path, final: Path) -> Path:
    found = given or _newest(temporary)
    return final / found.relative_to(temporary) if found != temporary else final


def _why_no_more(file: Path) -> int:
    """Find out why a file cannot grow, by writing to it; its content is lost."""
    try:
        with file.open("ab", buffering=0) as end:
            for _ in range(64):  # a write that reaches the limit is cut short; the one after it fails
                end.write(bytes(1 << 14))
    except OSError as error:
        return error.errno or errno.EIO
    return errno.EIO


def _newest(path: Path) -> Path:
    """Return the file below a folder that was written last; the folder itself where that is gone again."""
    files = [Path(root, name) for root, _, names in os.walk(path) for name in names]
    folders = [Path(root) for root, _, _ in os.walk(path)]
    newest = max(files, key=_written_ns, default=path)
    return newest if all(_written_ns(newest) >= _written_ns(folder) for folder in folders) else path


def _written_ns(path: Path) -> int:
    return os.lstat(path).st_mtime_ns
