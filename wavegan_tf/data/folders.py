"""List the files of a corpus folder in a fixed order, without hidden files; linked folders are followed once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from wavegan_tf.data.corpus import Problem
from wavegan_tf.errors import DataError
from wavegan_tf.printing import is_text

__all__ = ["require_folder", "walk_files"]


def require_folder(root: str | Path) -> Path:
    """Return `root` as a path, if it is a folder.
    Raises:
        DataError: there is no such folder.
    """
    root = Path(root)
    try:
        kind = "" if stat.S_ISDIR(root.stat().st_mode) else "it is a file"
    except FileNotFoundError:
        kind = "it does not exist"
    except (OSError, ValueError) as error:  # a folder above that must not be entered, a loop of links
        kind = f"it cannot be read ({getattr(error, 'strerror', None) or error})"
    if kind:
        raise DataError(f"corpus folder (={root}) must be a folder; {kind}; check the path")
    return root


def walk_files(root: Path, problems: list[Problem]) -> Iterator[Path]:
    """Yield the files below `root`, sorted within each folder.

    Names that begin with a dot are left out: what macOS writes beside files (`._SA1.WAV`), `.git`, temporary folders.

    Args:
        root: where to begin.
        problems: folders that cannot be read are added here, what is in them is not seen; and names that are not
            UTF-8, which are left out.
    """
    def tell(error: OSError) -> None:
        problems.append(Problem(str(error.filename or root), f"this folder cannot be read ({error.strerror or error}); "
                                "what is in it is left out", "unreadable folder"))

    seen = set()
    for folder, subfolders, names in os.walk(root, onerror=tell, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        names, subfolders[:] = (_named(folder, found, problems) for found in (names, subfolders))
        yield from (Path(folder, name) for name in names)


def _named(folder: str, names: list[str], problems: list[Problem]) -> list[str]:
    """Sort names and leave out hidden ones, and those that are not UTF-8, which tables cannot hold."""
    seen = sorted(name for name in names if not name.startswith("."))
    problems += [Problem(str(Path(folder, name)), "its name is not UTF-8; it is left out; rename it",
                         "name that is not UTF-8") for name in seen if not is_text(name)]
    return [name for name in seen if is_text(name)]
