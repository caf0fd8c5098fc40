"""Snapshots of a file or folder, to see whether it changed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["Snapshot", "look_at", "look_into"]

Snapshot = dict[str, tuple[int, ...]]
"""By path below the place (`.` for itself): device, inode and kind; of what is no folder also size and time."""


def look_at(path: Path) -> Snapshot:
    """Describe a file, or a folder with everything below it; nothing where nothing is."""
    facts = _facts(path)
    if facts is None:
        return {}
    inside = look_into(path, deep=True) if stat.S_ISDIR(facts[2]) else {}
    return {".": facts, **inside}


def look_into(folder: Path, *, deep: bool) -> Snapshot:
    """Describe what is in a folder, and where `deep` in the folders below."""
    found: Snapshot = {}
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            facts = _facts(Path(root, name))
            if facts is not None:
                found[str(Path(root, name).relative_to(folder))] = facts
        if not deep:
            break
    return found


def _facts(path: Path) -> tuple[int, ...] | None:
    try:
        facts = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    what = (facts.st_dev, facts.st_ino, stat.S_IFMT(facts.st_mode))
    return what if stat.S_ISDIR(facts.st_mode) else (*what, facts.st_size, facts.st_mtime_ns)
