"""The folder of a run: its settings (written once), its lock, the log of its sessions.

    RUN/config.json                     the settings, never overwritten
    RUN/sessions.jsonl                  a line for every start and every end: versions, machine, command, options
    RUN/checkpoints/step-000001234/     see `checkpoints`
    RUN/metrics.csv                     see `metrics`
    RUN/logs/                           for TensorBoard
"""

from __future__ import annotations

import datetime
import itertools
import json
import os
import platform
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from wavegan_tf import __version__
from wavegan_tf.atomic import atomic_file
from wavegan_tf.config import differences
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.files.claims import clear_folder
from wavegan_tf.files.locks import LockedFile, lock_file, make_folders
from wavegan_tf.files.own_files import open_own_file
from wavegan_tf.files.signals import uninterrupted
from wavegan_tf.files.write_errors import named_errors
from wavegan_tf.formats.json_files import parse_json
from wavegan_tf.formats.plain_files import read_text

__all__ = ["CONFIG_NAME", "SESSIONS_NAME", "RunSettings", "check_run", "create_run", "finished_sessions", "last_data",
           "lock_run", "log_session", "read_sessions", "versions"]

CONFIG_NAME = "config.json"
SESSIONS_NAME = "sessions.jsonl"
LOCK_NAME = ".lock"


class RunSettings(Protocol):
    """What defines a run of any kind of training: settings that go to `config.json` and back."""

    @classmethod
    def load(cls, path: str | Path) -> Any:
        """Read the settings."""

    def to_json(self) -> str:
        """Return the settings as JSON text."""


def check_run(run: str | Path, config: RunSettings, *, differ: Callable[[Any, Any], list[str]] = differences) -> bool:
    """Tell whether a run exists already; one with other settings is an error. Writes nothing.

    Args:
        run: the folder.
        config: its settings.
        differ: lists what differs between the settings that are there and these.

    Raises:
        ConfigError: the run has other settings (the message lists them), or the folder holds something else.
    """
    run = Path(run)
    if (run / CONFIG_NAME).is_file():
        changed = differ(type(config).load(run / CONFIG_NAME), config)
        if changed:
            raise ConfigError(f"settings of run (={run}) must stay as they were when it began; changed: "
                              f"{'; '.join(changed)}; leave these options out to go on with it, or name another --run")
        return True
    if run.exists() and not run.is_dir():
        raise ConfigError(f"run (={run}) must be a folder; it is a file; choose another name")
    # hidden ones are the lock, what a session left that was killed before it had settings, or the system's
    others = sorted(item.name for item in run.iterdir() if item.name[0] != ".") if run.is_dir() else []
    if others:
        raise ConfigError(f"run (={run}) must be a new folder or one that has a {CONFIG_NAME}; it holds "
                          f"{', '.join(others[:5])}; choose another name")
    return False


def create_run(run: str | Path, config: RunSettings, **how: Any) -> Path:
    """Make the folder of a run and write its settings; a run that has these settings already stays as it is.

    Args:
        run: the folder.
        config: its settings.
        how: see `check_run`.

    Raises:
        ConfigError: see `check_run`.
        OSError: the folder cannot be written.
    """
    run = Path(run)
    if not check_run(run, config, **how):
        with atomic_file(run / CONFIG_NAME) as path:
            path.write_text(config.to_json(), encoding="utf-8")
    return run


@contextmanager
def lock_run(run: str | Path) -> Iterator[None]:
    """Lock a run against other sessions while the block lasts; the lock ends with the process.

    Files that a killed session was writing are removed first. A folder that was made for this, and in which
    nothing was written, is removed in the end.

    Raises:
        ConfigError: another session is training it.
        ExportError: the lock is a link or no plain file.
    """
    run = Path(run)
    with uninterrupted():
        made = make_folders(run)
        lock = lock_file(run / LOCK_NAME)
    if not isinstance(lock, LockedFile):
        owner = lock.decode("utf-8", "replace").strip() or "another process"
        raise ConfigError(f"run (={run}) must not be in use; {owner} is training it; wait, stop it, or name another "
                          "--run")
    try:
        lock.write(f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        _clear(run)
        yield
    finally:
        with uninterrupted():
            if made and [item.name for item in run.iterdir()] == [LOCK_NAME]:
                lock.remove()
            lock.close()
            for folder in made:
                with suppress(OSError):  # there is something in it
                    folder.rmdir()


def _clear(run: Path) -> None:
    """Remove what a killed session left in the folder of the run, where no other can be at work now."""
    clear_folder(run)
    for left in run.glob(".config-????????.json"):  # as versions before this one named it
        left.unlink()


def log_session(run: str | Path, event: str, **facts: Any) -> None:
    """Add a line to the log of sessions, with the time."""
    path = Path(run) / SESSIONS_NAME
    line = json.dumps({"event": event, "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                       **facts})
    with named_errors(path, path), os.fdopen(open_own_file(path, os.O_RDWR | os.O_CREAT | os.O_APPEND), "r+b") as file:
        if file.seek(0, os.SEEK_END) > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a session was killed while it wrote
                line = "\n" + line
        file.write(line.encode() + b"\n")


def read_sessions(run: str | Path) -> list[dict[str, Any]]:
    """Read the log of sessions, oldest first; a line that was cut off is left out."""
    path, entries = Path(run) / SESSIONS_NAME, []
    for line in read_text(path, "log of sessions", lenient=True).splitlines() if path.is_file() else []:
        try:
            entry = parse_json(line, "entry", None, finite=False)
        except DataError:  # a session was killed while it wrote
            continue
        if isinstance(entry, dict):
            entries.append(entry)
    return entries


def finished_sessions(sessions: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any], float]]:
    """Give start, end and duration in seconds of every session; killed ones, which have no end, are left out."""
    found = []
    for start, end in itertools.pairwise(sessions):
        if (start.get("event"), end.get("event")) == ("start", "end") and "time" in start and "time" in end:
            began, ended = (datetime.datetime.fromisoformat(entry["time"]) for entry in (start, end))
            found.append((start, end, (ended - began).total_seconds()))
    return found


def last_data(run: str | Path) -> str | None:
    """Return the training data of the last session that said so, or None."""
    return next((entry["data"] for entry in reversed(read_sessions(run)) if isinstance(entry.get("data"), str)), None)


def versions() -> dict[str, str]:
    """Return the versions that results depend on."""
    import keras
    import numpy as np
    import tensorflow as tf

    return {"wavegan_tf": __version__, "tensorflow": tf.__version__, "keras": keras.__version__,
            "numpy": np.__version__, "python": platform.python_version(), "platform": platform.platform()}
