"""Renaming finished output to its final path; only what was there when the command began is replaced.

Where something else was put there meanwhile, the result stays beside it under another name.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from wavegan_tf.errors import ExportError
from wavegan_tf.files.claims import Claim, written
from wavegan_tf.files.flush import sync, sync_folder
from wavegan_tf.files.leftovers import OLD, names_beside, put_back
from wavegan_tf.files.signals import uninterrupted
from wavegan_tf.files.snapshots import look_at

__all__ = ["place_file", "place_files", "place_folder"]

_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR, errno.EBUSY, errno.EXDEV)
_WITHOUT_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EXDEV)


def place_file(claim: Claim, new: Path) -> None:
    """Rename a finished file to the path of the claim.

    Raises:
        ExportError: something was put there or changed there meanwhile; the message says where the result is.
    """
    sync(new)
    with uninterrupted():
        now = claim.look()
        if (now and now != claim.before) or not _move_file(new, claim.path, replace=bool(now)):
            raise _kept(claim, _keep_file(new, claim.path))
        sync(claim.path.parent)
        written(claim.path)


def place_folder(claim: Claim, new: Path) -> None:
    """Rename a finished folder to the path of the claim; errors as in `place_file`."""
    sync_folder(new)
    with uninterrupted():
        now = claim.look()
        if (now and now != claim.before) or not _move_folder(claim, new):
            raise _kept(claim, _keep_folder(new, claim.path))
        sync(claim.path.parent)
        written(claim.path)


def place_files(claim: Claim, new: Path) -> None:
    """Move every file below a folder into the folder of the claim, all or none; errors as in `place_file`."""
    sync_folder(new)
    names = sorted(path.relative_to(new) for path in new.rglob("*") if not path.is_dir())
    with uninterrupted():
        now = claim.look()
        strange = [name for name in names if str(name) in now and now[str(name)] != claim.before.get(str(name))]
        if strange or any((claim.path / name).is_dir() for name in names):
            raise _kept(claim, _keep_folder(new, claim.path / (claim.output.name or claim.path.name or "files")))
        for name in names:
            (claim.path / name).parent.mkdir(parents=True, exist_ok=True)
            if not _move_file(new / name, claim.path / name, replace=str(name) in now):
                raise _kept(claim, _keep_file(new / name, claim.path / name))
        for folder in {(claim.path / name).parent for name in names}:
            sync(folder)
        for name in names:
            written(claim.path / name)


def _move_file(new: Path, path: Path, *, replace: bool) -> bool:
    """Rename a file; false where the name is taken and must not be replaced."""
    if replace:
        new.replace(path)
        return True
    try:
        os.link(new, path)  # unlike a rename, it removes nothing
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _WITHOUT_LINKS:
            raise
        if os.path.lexists(path):
            return False
        new.replace(path)
        return True
    new.unlink()
    return True


def _move_folder(claim: Claim, new: Path) -> bool:
    """Rename a folder; false where something else was put there meanwhile, which then stays."""
    path, old = claim.path, claim.work / OLD
    if path.is_dir():
        new.chmod(stat.S_IMODE(path.stat().st_mode))
        if any(path.iterdir()):
            path.rename(old)
            if look_at(old) != claim.before:
                put_back(old, path)
                return False
        elif os.name == "nt":  # where a rename replaces no folder, not even an empty one
            path.rmdir()
    try:
        new.rename(path)  # replaces an empty folder, nothing else
    except OSError as error:
        if old.exists():
            put_back(old, path)
        if error.errno not in _TAKEN:
            raise
        return False
    return True


def _keep_file(new: Path, path: Path) -> Path:
    return next(other for other in names_beside(path) if _move_file(new, other, replace=False))


def _keep_folder(new: Path, path: Path) -> Path:
    other = next(name for name in names_beside(path) if not os.path.lexists(name))
    new.rename(other)
    return other


def _kept(claim: Claim, where: Path) -> ExportError:
    what = {"files": "folder"}.get(claim.output.kind, claim.output.kind)
    return ExportError(f"output {what} (={claim.output.path}) must stay as it was when the command began; something "
                       f"was put there or changed meanwhile, and is still there; the result is {where}; keep which "
                       "you need")
