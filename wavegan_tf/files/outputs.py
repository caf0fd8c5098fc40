"""Output paths of a command, checked before the work begins."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wavegan_tf.errors import ExportError

__all__ = ["Output", "check_inputs_stay", "check_output_file", "check_output_folder", "files_in", "new_folder",
           "one_file", "real_path"]

_MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True)
class Output:
    """One file, folder or group of files that a command writes.

    Attributes:
        path: of the file or folder, or the folder that files are put into.
        kind: `folder` (as a whole), `file`, or `files` (beside what is in the folder already).
        replace: whether an existing file, or a folder that is not empty, is replaced.
        name: of `files`, what tells them from others in the same folder, such as the name of a figure.
        deep: of `files`, whether some lie in folders below.
    """

    path: str | Path
    kind: str
    replace: bool = False
    name: str = ""
    deep: bool = False

    def check(self) -> None:
        """Check that it can be written.

        Raises:
            ExportError: see `check_output_file` and `check_output_folder`.
        """
        if self.kind == "file":
            check_output_file(self.path)
        elif self.kind == "folder":
            check_output_folder(self.path, new=not self.replace)
            _check_exchange(Path(self.path))
        else:
            check_output_folder(self.path)


def new_folder(path: str | Path, *, replace: bool = False) -> Output:
    """Describe an output folder that is written as a whole; it must be new or empty unless it may be replaced."""
    return Output(path, "folder", replace)


def one_file(path: str | Path) -> Output:
    """Describe an output file; an existing one is replaced."""
    return Output(path, "file", replace=True)


def files_in(folder: str | Path, name: str = "", *, deep: bool = False) -> Output:
    """Describe output files in a folder; existing ones of the same names are replaced, others stay."""
    return Output(folder, "files", replace=True, name=name, deep=deep)


def check_inputs_stay(given: Mapping[str, object], outputs: Iterable[Output]) -> None:
    """Refuse to replace a folder that holds a file or folder which the command was given.

    Args:
        given: the command's arguments, by name.
        outputs: what it is going to write.

    Raises:
        ExportError: an argument lies inside a folder that would be replaced as a whole.
    """
    for output in outputs:
        if output.kind != "folder" or not output.replace:
            continue
        folder = real_path(output.path)
        for name, value in given.items():
            for item in value if isinstance(value, list | tuple) else [value]:
                if isinstance(item, str | Path) and str(item) and real_path(item) != folder and (
                        folder in real_path(item).parents and real_path(item).exists()):
                    raise ExportError(f"output folder (={output.path}) must not hold what is read: `{name}` (={item}) "
                                      "lies in it and would be lost; choose another folder")


def real_path(path: str | Path) -> Path:
    """Follow all links of a path, which themselves stay; a circle of links is kept, where `Path.resolve` fails."""
    return Path(os.path.realpath(path))


def check_output_file(path: str | Path) -> None:
    """Check that a file can be written at a path, before long work for it begins.

    Raises:
        ExportError: it is a folder, a pipe or a device, or its parent is no folder or not writable.
    """
    real = real_path(path)
    if real.is_dir():
        raise ExportError(f"output file (={path}) must be a file; it is a folder; choose another name")
    if real.exists() and not stat.S_ISREG(real.stat().st_mode):
        raise ExportError(f"output file (={path}) must be a file; it is a pipe or a device; choose another name")
    _check_parent(Path(path), real.parent, "file")


def check_output_folder(path: str | Path, *, new: bool = False) -> None:
    """Check that a folder can be made or filled at a path, before long work for it begins.

    Args:
        path: the folder.
        new: whether it must not be there yet, or be empty.

    Raises:
        ExportError: it is a file, its parent is no folder or not writable, or it is not new.
    """
    real = real_path(path)
    if new and real.exists() and not (real.is_dir() and not any(real.iterdir())):
        raise ExportError(f"output folder (={path}) must be new or empty; choose another name or remove it first")
    _check_parent(Path(path), real.parent if new else real, "folder")


def _check_parent(path: Path, folder: Path, what: str) -> None:
    """Check the nearest existing folder above."""
    if real_path(path).is_symlink():  # still a link when all are followed: a circle
        raise ExportError(f"output {what} (={path}) must be where one can be made; its links lead in a circle; choose "
                          "another name")
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        why = "must not be written to" if folder.is_dir() else "is no folder"
        raise ExportError(f"output {what} (={path}) must be where one can be made; {folder} {why}; choose another name")


def _check_exchange(path: Path) -> None:
    """Check that a folder can be replaced: it is not the current folder, and nothing is mounted there."""
    real = real_path(path)
    if real.exists() and not real.is_dir():
        raise ExportError(f"output folder (={path}) must be a folder; it is a file; choose another name")
    why = ("it is the folder you are in" if _working_folder().is_relative_to(real) else
           "something is mounted there" if any(mount.is_relative_to(real) for mount in _mount_points(real)) else "")
    if why:
        raise ExportError(f"output folder (={path}) must be one that can be put there as a whole; {why}; name a folder "
                          f"inside it, such as {path / 'out'}")


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was removed under us
        return Path("/")


def _mount_points(path: Path) -> list[Path]:
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        return [Path(_unescaped(line.split(" ")[4])) for line in lines]
    except (OSError, IndexError):  # not Linux
        return [path] if os.path.ismount(path) else []


def _unescaped(text: str) -> str:
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(escape, character)
    return text
