"""Temporary files of killed commands: named in claim files, removed when the process no longer runs.

A claim file holds a line of JSON for each command: its process, its machine, and the temporary names it writes under.
Only names of our own form are removed, and only those that a process of this machine noted which no longer runs.
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

__all__ = ["EXTRA", "NEW", "OLD", "Record", "clear", "clear_work", "names_beside", "put_back", "read_records",
           "this_process"]

NEW, OLD = "new", "old"
"""In a folder of work: what is being written, and what it replaces."""
EXTRA = "wavegan-tf-"
"""Prefix of the names of folders in the system's folder for temporary files."""
_WHAT = "wavegan_tf claim"
_WORK = re.compile(r"\..+-[0-9a-f]{8}")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Record:
    """The process that holds a claim.

    Attributes:
        process: its number.
        host: name of the machine.
        boot: what tells one start of a machine from all others; empty where the system has no such thing.
        work: name of the folder beside the output in which it writes.
        extra: name of another temporary folder of its, or empty.
    """

    process: int
    host: str
    boot: str
    work: str
    extra: str = ""

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}"

    @property
    def is_of_this_machine(self) -> bool:
        """Whether its process is, or was, one of this machine."""
        return self.host == socket.gethostname() or (bool(self.boot) and self.boot == _boot())

    def to_line(self) -> bytes:
        """Write it as one line."""
        return json.dumps({"what": _WHAT, **asdict(self)}).encode() + b"\n"


def this_process(work: str) -> Record:
    """Describe this process, which writes in `work`."""
    return Record(os.getpid(), socket.gethostname(), _boot(), work)


def read_records(text: bytes) -> list[Record] | None:
    """Read a claim file; None where it is not one of ours."""
    found = []
    for line in text.replace(b"\0", b"").split(b"\n"):  # zeros: a file that a power cut left
        if not line.strip():
            continue
        try:
            values = json.loads(line)
            if values.pop("what") != _WHAT:
                return None
            found.append(Record(**values))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
    return found


def clear(record: Record, folder: Path, target: Path | None) -> None:
    """Remove the files of an ended process; what it had moved aside is put back where its path is free.

    Args:
        record: its claim.
        folder: in which the claim lies.
        target: what it was writing, if that is one file or folder.
    """
    for path in _left_by(record, folder):
        clear_work(path, target)


def clear_work(path: Path, target: Path | None) -> None:
    """Remove a folder of work, and put back the user's files in it that were not replaced yet."""
    old = path / OLD
    if target is not None and old.exists() and ((path / NEW).exists() or not os.path.lexists(target)):
        put_back(old, target)
    shutil.rmtree(path, ignore_errors=True)


def put_back(old: Path, target: Path) -> None:
    """Rename something to its former name, or to a similar one where that is taken."""
    try:
        old.rename(target)  # takes the place of nothing, or of an empty folder
    except OSError:
        other = next(name for name in names_beside(target) if not os.path.lexists(name))
        old.rename(other)
        print(f"{target} was moved out of the way, and is {other} now: something else is in its place", file=sys.stderr)


def names_beside(path: Path) -> Iterator[Path]:
    """Give other names for a file or folder: with `-2`, `-3` and so on."""
    stem, suffix = (path.name, "") if path.is_dir() else (path.stem, path.suffix)
    return (path.with_name(f"{stem}-{i}{suffix}") for i in itertools.count(2))


def _left_by(record: Record, folder: Path) -> Iterator[Path]:
    if isinstance(record.work, str) and _WORK.fullmatch(record.work) and _is_ours(folder / record.work):
        yield folder / record.work
    if isinstance(record.extra, str) and re.fullmatch(EXTRA + r"[0-9a-f]{8}", record.extra):
        extra = Path(tempfile.gettempdir(), record.extra)
        if _is_ours(extra):
            yield extra


def _is_ours(path: Path) -> bool:
    """Tell whether a folder is there, is none of a link, and belongs to this user."""
    try:
        facts = os.lstat(path)
    except OSError:
        return False
    return path.is_dir() and not path.is_symlink() and (platform.system() == "Windows" or facts.st_uid == os.getuid())


@cache
def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
