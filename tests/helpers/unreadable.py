"""What a file system may refuse or never answer, made on the spot: no permission, pipes, devices, broken links."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def forbid(monkeypatch: pytest.MonkeyPatch, *paths: Path, number: int = errno.EACCES) -> None:
    """Make opening these files, or listing these folders, fail; tests may run as root, who may read everything."""
    forbidden = {os.path.realpath(path) for path in paths}

    def refusing(real):
        def call(path=".", *args, **kwargs):
            if isinstance(path, str | os.PathLike) and os.path.realpath(path) in forbidden:
                raise OSError(number, os.strerror(number), os.fspath(path))
            return real(path, *args, **kwargs)

        return call

    monkeypatch.setattr(os, "open", refusing(os.open))
    monkeypatch.setattr(os, "scandir", refusing(os.scandir))


# what may stand where a file should: each makes it at a path
BAD_PLACES = {"a pipe": os.mkfifo, "a folder": Path.mkdir, "a dangling link": lambda path: path.symlink_to("nowhere"),
              "a device": lambda path: path.symlink_to("/dev/zero"), "a loop": lambda path: path.symlink_to(path.name)}


@contextmanager
def no_waiting(seconds: int = 20) -> Iterator[None]:
    """Turn a wait for something that never comes into a failure."""
    def fail(*_: object) -> None:
        raise TimeoutError("something that never ends was opened")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
