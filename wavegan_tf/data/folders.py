"""Every file of a corpus folder in a fixed order: hidden ones passed over, linked folders followed once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from wavegan_tf.data.audio_header import AUDIO_SUFFIXES
from wavegan_tf.errors import DataError

__all__ = ["audio_stem", "require_folder", "walk_files"]


def require_folder(root: str | Path) -> Path:
    """Return `root` as a path.

    Raises:
        DataError: there is no such folder.
    """
    root = Path(root)
    if not root.is_dir():
        kind = "it is a file" if root.exists() else "it does not exist"
        raise DataError(f"corpus folder (={root}) must be a folder; {kind}; check the path")
    return root


def walk_files(root: Path) -> Iterator[Path]:
    """Yield the files below `root`, sorted within each folder.

    Names that begin with a dot are left out: what macOS writes beside files (`._SA1.WAV`), `.git`, temporary folders.
    """
    seen = set()
    for folder, subfolders, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))


def audio_stem(path: Path) -> str:
    """Return a file's name in lower case without its audio suffixes: `sa1` for SA1.WAV and SA1.WAV.wav."""
    name = Path(path.name.lower())
    while name.suffix in AUDIO_SUFFIXES:
        name = name.with_suffix("")
    return name.name
