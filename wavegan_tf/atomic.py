"""Atomic writing of files and folders: a temporary name first, then one rename; complete, or nothing.

What is there when a command begins is replaced where that is allowed; what appears or changes there later never is. Two
processes cannot write to one place at once; what a killed process left is removed by the next, see `wavegan_tf.files`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wavegan_tf.files.claims import Claim, claim
from wavegan_tf.files.flush import sync_folder
from wavegan_tf.files.leftovers import NEW, clear_work
from wavegan_tf.files.outputs import check_output_file, check_output_folder, files_in, new_folder, one_file
from wavegan_tf.files.placing import place_file, place_files, place_folder
from wavegan_tf.files.signals import uninterrupted
from wavegan_tf.files.write_errors import named_errors

__all__ = ["atomic_file", "atomic_files", "atomic_folder", "check_output_file", "check_output_folder", "sync_folder"]


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Write a file atomically: yield a temporary path on the same disk, renamed to `path` when the block succeeds.

    The temporary file has the same name, since writers choose a format by its suffix. When the block raises (a full
    disk, an interrupt), `path` stays as it was. Links are followed.

    Raises:
        ExportError: no file can be written there; another process is writing it; or something was put there
            meanwhile, and then the message says where the result is.
        OSError: it cannot be written; the error names it.
    """
    with claim(one_file(path)) as taken, _work(taken) as folder:
        file = folder / taken.path.name
        file.touch()
        with named_errors(file, Path(path)):
            yield file
            place_file(taken, file)


@contextmanager
def atomic_files(folder: str | Path, name: str = "", *, deep: bool = False) -> Iterator[Path]:
    """Write several files atomically: yield a temporary folder, whose files move to `folder` when the block succeeds.

    Files of the same names are replaced, others in `folder` stay. When the block raises, nothing has changed.

    Args:
        folder: is made if it is not there.
        name: distinguishes these files from others that are written there at the same time.
        deep: whether some of them are in subfolders.

    Raises:
        ExportError, OSError: see `atomic_file`.
    """
    with (claim(files_in(folder, name, deep=deep)) as taken, _work(taken) as new,
          named_errors(new, Path(folder))):
        yield new
        place_files(taken, new)


@contextmanager
def atomic_folder(path: str | Path, *, replace: bool = False, wait: bool = False) -> Iterator[Path]:
    """Write a folder atomically: yield an empty temporary folder, renamed to `path` when the block succeeds.

    Args:
        path: the folder to make. A link to an empty folder is followed.
        replace: whether an existing folder is replaced; else it is an error.
        wait: for another process that is writing the same folder; else that is an error.

    Raises:
        ExportError: `path` exists already and `replace` is false (an empty folder does not count); see `atomic_file`.
        OSError: it cannot be written; the error names the file.
    """
    with (claim(new_folder(path, replace=replace), wait=wait) as taken, _work(taken) as new,
          named_errors(new, Path(path))):
        yield new
        place_folder(taken, new)


@contextmanager
def _work(taken: Claim) -> Iterator[Path]:
    """Give an empty folder to write in, and remove what is left of it in the end."""
    new = taken.work / NEW
    try:
        taken.work.mkdir(mode=0o700)
        new.mkdir()
        yield new
    finally:
        with uninterrupted():
            clear_work(taken.work, None if taken.output.kind == "files" else taken.path)
