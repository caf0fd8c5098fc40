"""Damage that knows nothing of formats: bytes lost, changed, moved, and files that are something else altogether."""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

__all__ = ["BYTES", "PLACES", "Edit", "on_bytes"]

Edit = Callable[[np.random.Generator, Path], None]
"""Changes a file in place, or what lies where it was."""


def on_bytes(change: Callable[[np.random.Generator, bytes], bytes]) -> Edit:
    """Make an edit of a function from bytes to bytes; where it changes nothing, the last byte goes."""
    def edit(rng: np.random.Generator, path: Path) -> None:
        raw = path.read_bytes()
        changed = change(rng, raw)
        path.write_bytes(changed if changed != raw else raw[:-1])
    return edit


def _span(rng: np.random.Generator, raw: bytes, longest: int) -> tuple[int, int]:
    start = int(rng.integers(0, max(len(raw), 1)))
    return start, min(len(raw), start + int(rng.integers(1, longest + 1)))


def _truncated(rng: np.random.Generator, raw: bytes) -> bytes:
    return raw[:int(rng.integers(0, max(len(raw), 1)))]


def _flipped(rng: np.random.Generator, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for at in rng.integers(0, max(len(raw), 1), int(rng.integers(1, 9))):
        changed[at] ^= 1 << int(rng.integers(0, 8))
    return bytes(changed)


def _head_flipped(rng: np.random.Generator, raw: bytes) -> bytes:
    return _flipped(rng, raw[:128]) + raw[128:]


def _zeroed(rng: np.random.Generator, raw: bytes) -> bytes:
    start, end = _span(rng, raw, 200)
    return raw[:start] + bytes(end - start) + raw[end:]


def _noise(rng: np.random.Generator, raw: bytes) -> bytes:
    start, end = _span(rng, raw, 200)
    return raw[:start] + rng.bytes(end - start) + raw[end:]


def _inserted(rng: np.random.Generator, raw: bytes) -> bytes:
    start, end = _span(rng, raw, 60)
    return raw[:start] + rng.bytes(end - start) + raw[start:]


def _deleted(rng: np.random.Generator, raw: bytes) -> bytes:
    start, end = _span(rng, raw, 200)
    return raw[:start] + raw[end:]


def _repeated(rng: np.random.Generator, raw: bytes) -> bytes:
    start, end = _span(rng, raw, 300)
    return raw[:end] + raw[start:]


def _field(rng: np.random.Generator, raw: bytes) -> bytes:
    """Put a remarkable number into one of the first fields, as headers have them."""
    width = int(rng.choice([1, 2, 4, 8]))
    at = int(rng.integers(0, 32)) * 2
    number = int(rng.choice([0, 1, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**62]))
    word = (number % 2**(8 * width)).to_bytes(width, str(rng.choice(["little", "big"])))
    return raw[:at] + word + raw[at + width:]


BYTES: dict[str, Edit] = {name: on_bytes(change) for name, change in {
    "truncated": _truncated, "bits flipped": _flipped, "bits of the head flipped": _head_flipped, "zeroed": _zeroed,
    "noise": _noise, "bytes inserted": _inserted, "bytes deleted": _deleted, "bytes repeated": _repeated,
    "field of the head": _field, "empty": lambda rng, raw: b"", "NUL bytes": lambda rng, raw: bytes(len(raw)),
    "rubbish before": lambda rng, raw: rng.bytes(7) + raw, "rubbish after": lambda rng, raw: raw + rng.bytes(70),
    "another format": lambda rng, raw: (b"\x89PNG\r\n\x1a\n" + rng.bytes(300), zlib.compress(raw),
                                        b"<html>404</html>")[int(rng.integers(0, 3))],
}.items()}


def _as_folder(rng: np.random.Generator, path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside.txt").write_text("x")


def _as_pipe(rng: np.random.Generator, path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _as_link_to(target: str) -> Edit:
    def edit(rng: np.random.Generator, path: Path) -> None:
        path.unlink()
        path.symlink_to(target)
    return edit


def _as_loop(rng: np.random.Generator, path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _unreadable(rng: np.random.Generator, path: Path) -> None:
    path.chmod(0)


def _missing(rng: np.random.Generator, path: Path) -> None:
    path.unlink()


def _strange_copy(rng: np.random.Generator, path: Path) -> None:
    """Leave a copy beside the file whose name is no UTF-8, or moves the cursor of a terminal."""
    name = (b"\xff\xfe\xe9", b"a\x1b[2Jb", b"new\nline", b"=cmd()")[int(rng.integers(0, 4))]
    shutil.copy(path, path.parent / os.fsdecode(name + os.fsencode(path.suffix)))


PLACES: dict[str, Edit] = {
    "folder in its place": _as_folder, "pipe in its place": _as_pipe, "link to nothing": _as_link_to("nowhere"),
    "link to a device": _as_link_to("/dev/zero"), "link with I/O errors": _as_link_to("/proc/self/mem"),
    "link to itself": _as_loop, "unreadable": _unreadable, "missing": _missing, "strange name": _strange_copy,
}
