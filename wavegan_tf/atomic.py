"""Write whole files and whole folders or nothing: a temporary name first, then one rename."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wavegan_tf.errors import ExportError

__all__ = ["atomic_file", "atomic_files", "atomic_folder", "check_output_file", "check_output_folder", "sync_folder"]


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well.

    The temporary name keeps the suffix, since writers choose a format by it. When the block
    raises (a full disk, an interrupt), the temporary file is removed and `path` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync(temporary)
    except OSError as error:
        if error.errno is None or error.filename not in (None, name):
            raise
        # the user knows the file by its own name, and a write that fails half-way gives none
        raise OSError(error.errno, error.strerror, str(path)) from error
    else:
        # mkstemp makes private files; results are to be shared like any other file
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_files(folder: str | Path) -> Iterator[Path]:
    """Give an empty temporary folder; move its files into `folder` when the block ends well.

    Files of the same names are exchanged, others in `folder` stay. When the block raises, nothing has changed.
    """
    folder = Path(folder)
    there = folder if folder.is_dir() else folder.parent
    there.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=there))
    try:
        yield temporary
        sync_folder(temporary)
        folder.mkdir(exist_ok=True)
        for file in sorted(temporary.iterdir()):
            file.replace(folder / file.name)
        _sync(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def atomic_folder(path: str | Path, *, replace: bool = False) -> Iterator[Path]:
    """Give an empty temporary folder beside `path`; rename it to `path` when the block ends well.

    Args:
        path: the folder to make.
        replace: whether an existing folder is exchanged; else it is an error.

    Raises:
        ExportError: `path` exists already and `replace` is false (an empty folder does not count).
    """
    path = Path(path)
    if not replace:
        check_output_folder(path, new=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        yield temporary
        sync_folder(temporary)
        temporary.chmod(0o777 & ~_umask())
        if path.is_dir():
            old = Path(tempfile.mkdtemp(prefix=f".{path.name}-old-", dir=path.parent))
            path.replace(old)  # an empty folder gives way to a folder
            temporary.replace(path)
            shutil.rmtree(old)
        else:
            temporary.replace(path)
        _sync(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_output_file(path: str | Path) -> None:
    """Refuse a place at which no file can be written, before long work for it begins.

    Raises:
        ExportError: it is a folder, or lies in something that is none or must not be written to.
    """
    path = Path(path)
    if path.is_dir():
        raise ExportError(f"output file (={path}) must be a file; it is a folder; choose another name")
    _check_parent(path, path.parent, "file")


def check_output_folder(path: str | Path, *, new: bool = False) -> None:
    """Refuse a place at which no folder can be made or filled, before long work for it begins.

    Args:
        path: the folder.
        new: whether it must not be there yet, or be empty.

    Raises:
        ExportError: it is a file, lies in something that is no folder or must not be written to, or is not new.
    """
    path = Path(path)
    if new and path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise ExportError(f"output folder (={path}) must be new or empty; choose another name or remove it first")
    _check_parent(path, path, "folder")


def _check_parent(path: Path, folder: Path, what: str) -> None:
    """Check the first folder on the way up that is there."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        why = "must not be written to" if folder.is_dir() else "is no folder"
        raise ExportError(f"output {what} (={path}) must be where one can be made; {folder} {why}; choose another name")


def sync_folder(folder: Path) -> None:
    """Flush every file and folder below `folder` to the disk."""
    for root, _, files in os.walk(folder):
        for name in files:
            _sync(Path(root, name))
        _sync(Path(root))


def _sync(path: Path) -> None:
    flags = os.O_RDONLY
    try:
        handle = os.open(path, flags)
    except (IsADirectoryError, PermissionError):  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (9, 22):  # some file systems do not sync folders
            raise
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
