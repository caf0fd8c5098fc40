"""Claims: locks on the output paths of a command, with a snapshot of what was there when it began.

A claim is a file beside the output, locked while its process runs. Inside a claim every other
claim of the same place by the same thread is the same one, so that what a function finds at its beginning is what was
there when the command began.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from wavegan_tf.errors import ExportError
from wavegan_tf.files.leftovers import EXTRA, Record, clear, clear_work, read_records, this_process
from wavegan_tf.files.locks import LockedFile, lock_file, make_folders
from wavegan_tf.files.outputs import Output, real_path
from wavegan_tf.files.signals import uninterrupted
from wavegan_tf.files.snapshots import Snapshot, look_at, look_into

__all__ = ["Claim", "InUseError", "claim", "claim_all", "clear_folder", "extra_folder", "written"]

_SUFFIX = ".claim"
_LONGEST = 180  # bytes of a name that still leave room for what is added to it
_PAUSE_S = 0.2


class InUseError(ExportError):
    """Another running process is writing to the same path."""


@dataclass
class Claim:
    """A locked output path.

    Attributes:
        output: what is written there.
        path: where, with links followed.
        file: the claim file, locked.
        record: what the claim file says of us.
        before: what was there when the claim began, or since we wrote there ourselves.
    """

    output: Output
    path: Path
    file: LockedFile
    record: Record
    before: Snapshot = field(default_factory=dict)

    @property
    def work(self) -> Path:
        """The folder in which the output is written before it gets its name."""
        return self.file.path.parent / self.record.work

    def look(self) -> Snapshot:
        """Describe what is there now."""
        if self.output.kind == "files":
            return look_into(self.path, deep=self.output.deep)
        return look_at(self.path)


_held = threading.local()


def _claims() -> dict[Path, Claim]:
    """Return the claims of this thread by their files."""
    if not hasattr(_held, "claims"):
        _held.claims = {}
    return _held.claims  # type: ignore[no-any-return]


@contextmanager
def claim(output: Output, *, wait: bool = False) -> Iterator[Claim]:
    """Lock an output path against other processes, and note what was there.

    Args:
        output: what is going to be written.
        wait: for another process that is writing there, instead of an error.

    Raises:
        InUseError: another process is writing there.
        ExportError: nothing can be written there.
    """
    path = real_path(output.path)
    file = _claim_file(output, path)
    if file in _claims():
        output.check()
        yield _claims()[file]
        return
    output.check()
    made: list[Path] = []
    try:
        with nullcontext() if wait else uninterrupted():
            made = make_folders(file.parent)
            taken = _claims()[file] = _take(output, path, file, wait)
        output.check()  # again: another process may have ended, or files that a killed one had moved aside are back
        taken.before = _before(taken)
        yield taken
    finally:
        with uninterrupted():
            if file in _claims():
                _release(_claims().pop(file))
            for folder in made:  # those that are still empty
                with suppress(OSError):
                    folder.rmdir()


@contextmanager
def claim_all(outputs: Iterable[Output]) -> Iterator[None]:
    """Claim everything that a command is going to write; errors as in `claim`."""
    with ExitStack() as stack:
        for output in outputs:
            stack.enter_context(claim(output))
        yield


@contextmanager
def extra_folder(output: str | Path) -> Iterator[Path]:
    """Make a folder in the system's temporary folder; it is cleared like those beside an output.

    Args:
        output: of the command; where it is claimed, its next command clears the folder of one that was killed.
    """
    name = EXTRA + secrets.token_hex(4)
    path = real_path(output)
    found = _claims().get(_claim_file(Output(path, "folder"), path))
    if found is not None:
        others = _others(found.file, found.record)
        found.record = replace(found.record, extra=name)
        found.file.write(_lines([*others, found.record]))
    folder = Path(tempfile.gettempdir(), name)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        with uninterrupted():
            shutil.rmtree(folder, ignore_errors=True)


def clear_folder(folder: str | Path) -> None:
    """Remove what killed commands left in a folder."""
    for file in sorted(Path(folder).glob(f".*{_SUFFIX}")):
        with suppress(ExportError, OSError):
            output = Output(Path(folder) / file.name[1:].removesuffix(_SUFFIX), "file")
            _release(_take(output, real_path(output.path), file, wait=False))


def written(path: Path) -> None:
    """Note that this process wrote a file or folder itself: its claims may replace it."""
    for taken in _claims().values():
        if path == taken.path and taken.output.kind != "files":
            taken.before = taken.look()
        elif path.is_relative_to(taken.path):
            place = path.relative_to(taken.path)
            taken.before |= {str(place / name): facts for name, facts in look_at(path).items()}


def _before(taken: Claim) -> Snapshot:
    """Describe what was there when the command began: as a claim from then has it, else as it is now."""
    for other in _claims().values():
        if other is not taken and _covers(other, taken):
            place = taken.path.relative_to(other.path)
            return {str(Path(name).relative_to(place)): facts for name, facts in other.before.items()
                    if Path(name).is_relative_to(place)}
    return taken.look()


def _covers(other: Claim, taken: Claim) -> bool:
    """Tell whether a claim knows what was there at the place of another."""
    if other.output.kind == "file" or not taken.path.is_relative_to(other.path):
        return False
    depth = len(taken.path.relative_to(other.path).parts) + (taken.output.kind == "files")
    return depth <= 1 or other.output.deep or other.output.kind == "folder"


def _claim_file(output: Output, path: Path) -> Path:
    if output.kind == "files":
        return path / f".{_short(output.name)}.files{_SUFFIX}"
    return path.parent / f".{_short(path.name)}{_SUFFIX}"


def _short(name: str) -> str:
    in_bytes = os.fsencode(name)
    if len(in_bytes) <= _LONGEST:
        return name
    return f"{os.fsdecode(in_bytes[:100])}-{hashlib.sha256(in_bytes).hexdigest()[:16]}"


def _take(output: Output, path: Path, place: Path, wait: bool) -> Claim:
    """Lock the claim file, clear what the last owner left, and write ourselves into it."""
    while not isinstance(file := lock_file(place), LockedFile):
        if not wait:
            records = read_records(file)
            raise InUseError(f"output {output.kind} (={output.path}) must not be in use; "
                             f"{records[-1] if records else 'another process'} is writing it; wait for it, or choose "
                             "another name")
        time.sleep(_PAUSE_S)
    try:
        return _take_over(output, path, file)
    except BaseException:
        file.close()
        raise


def _take_over(output: Output, path: Path, file: LockedFile) -> Claim:
    records = read_records(file.read())
    if records is None:
        raise ExportError(f"claim (={file.path}) must be a file of ours, beside which the output is written; it is "
                          "another program's; choose another output, or remove it")
    others = _others(file)
    for record in records:
        if record in others:
            print(f"{file.path} says that {record} wrote here; what it may have left there stays: {record.work}",
                  file=sys.stderr)
        else:
            clear(record, file.path.parent, path if output.kind != "files" else None)
    work = f".{_short(path.name if output.kind != 'files' else output.name or 'files')}-{secrets.token_hex(4)}"
    record = this_process(work)
    file.write(_lines([*others, record]))
    return Claim(output, path, file, record)


def _others(file: LockedFile, own: Record | None = None) -> list[Record]:
    """Return the records of processes that may still live, since nothing shows that they do not."""
    return [record for record in read_records(file.read()) or []
            if record != own and not (file.is_locked and record.is_of_this_machine)]


def _lines(records: Iterable[Record]) -> bytes:
    return b"".join(record.to_line() for record in records)


def _release(taken: Claim) -> None:
    """Remove what is left of our own work, and the claim."""
    clear_work(taken.work, taken.path if taken.output.kind != "files" else None)
    others = _others(taken.file, taken.record)
    if others:
        taken.file.write(_lines(others))
    else:
        with suppress(OSError):
            taken.file.remove()
    taken.file.close()
