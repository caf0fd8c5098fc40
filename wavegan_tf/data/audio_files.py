"""Which files a training run reads: every audio file below a folder, or those of one split of its manifest."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from wavegan_tf.data.audio_header import AUDIO_SUFFIXES
from wavegan_tf.data.folders import walk_files
from wavegan_tf.data.manifest import MANIFEST_NAME
from wavegan_tf.errors import DataError

__all__ = ["AudioFile", "AudioFileList", "find_audio_files"]

UNREADABLE_SUFFIXES = frozenset({".m4a", ".mp4", ".aac", ".wma", ".amr", ".webm", ".mka", ".ape", ".wv"})
"""Audio that nothing here decodes: it is listed, and skipped with a reason, not passed over in silence."""
_MAGIC = (b"NIST_1A", b"fLaC", b"OggS", b"ID3", b"FORM", b".snd")
_MPEG_LAYER_3 = {0xFB, 0xFA, 0xF3, 0xF2, 0xE3, 0xE2}


@dataclass(frozen=True)
class AudioFile:
    """A file that should hold audio; `name` is its path below the root, with forward slashes."""

    name: str
    path: Path
    n_bytes: int
    mtime_ns: int


@dataclass(frozen=True)
class AudioFileList:
    """The audio files of a training set, sorted by name, and what was left out.

    `n_ignored` counts files that are no audio, or of another split; `skipped` names audio files that cannot be used,
    with the reason.
    """

    root: str
    files: tuple[AudioFile, ...]
    n_ignored: int = 0
    skipped: tuple[tuple[str, str], ...] = ()


def find_audio_files(data: str | Path | Sequence[str | Path], split: str | None = None) -> AudioFileList:
    """List the audio files of a training set without decoding them.

    Args:
        data: a folder (read with its subfolders), an audio file, or a list of files.
        split: only the rows of the folder's `manifest.csv` that have this `split`.

    Raises:
        DataError: no such folder or file; `split` without a manifest that has it; no audio file at all.
    """
    if isinstance(data, str | Path):
        root = Path(data)
        if split is not None:
            found = _from_manifest(root, split)
        elif root.is_dir():
            found = _collect(str(root), root, list(walk_files(root)), all_audio=False)
        elif root.is_file():
            found = _collect(str(root), root.parent, [root], all_audio=True)
        else:
            raise DataError(f"`data` (={root}) must be an existing folder of audio files, or a file; check the path")
    else:
        found = _from_list([Path(path) for path in data], split)
    if not found.files and not found.skipped:
        there = f"{found.n_ignored} other files are there" if found.n_ignored else "it is empty"
        raise DataError(f"`data` (={found.root}) must hold audio files (WAV, FLAC, Ogg, MP3 or SPHERE); {there}; name "
                        "the folder of the recordings")
    return found


def _from_list(paths: list[Path], split: str | None) -> AudioFileList:
    if split is not None:
        raise DataError(f"`split` (={split}) must come with a folder that holds {MANIFEST_NAME}; `data` is a list of "
                        "files; leave `split` out or name the folder")
    if not paths:
        raise DataError("`data` (=[]) must name at least one audio file")
    # absolute, so that the names do not depend on the current folder
    paths = sorted({path.resolve() for path in paths})
    return _collect(f"{len(paths)} files", Path(os.path.commonpath([path.parent for path in paths])), paths, True)


def _from_manifest(root: Path, split: str) -> AudioFileList:
    path = root / MANIFEST_NAME
    if not path.is_file():
        raise DataError(f"`split` (={split}) must come with a folder that holds {MANIFEST_NAME}; {root} has none; "
                        "leave `split` out, or make the folder with `wavegan-tf slice`")
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    missing = [name for name in ("file", "split") if name not in table.columns]
    if missing:
        raise DataError(f"manifest (={path}) must have the columns file and split; it lacks {', '.join(missing)}")
    chosen = table.loc[table["split"] == split, "file"]
    if chosen.empty:
        there = ", ".join(sorted(set(table["split"]) - {""})) or "none"
        raise DataError(f"`split` (={split}) must be a split of {path}; there are: {there}")
    found = _collect(str(root), root, sorted({root / name for name in chosen}), True)
    return AudioFileList(found.root, found.files, len(table) - len(chosen), found.skipped)


def _collect(title: str, base: Path, paths: list[Path], all_audio: bool) -> AudioFileList:
    """Look at every path: its kind, size and, where the suffix says nothing, its first bytes."""
    files, skipped, n_ignored = [], [], 0
    names = {str(path) for path in paths}
    for path in paths:
        name = path.relative_to(base).as_posix()
        try:
            status = path.stat()
            # a pipe or a device would be waited for without end
            is_audio = stat.S_ISREG(status.st_mode) and (all_audio or _looks_like_audio(path))
        except OSError as error:
            skipped.append((name, f"it cannot be read ({error.strerror or error})"))
            continue
        if not is_audio:
            n_ignored += 1
        elif f"{path}.wav" in names:
            skipped.append((name, f"the same recording lies beside it as {path.name}.wav"))
        else:
            files.append(AudioFile(name, path, status.st_size, status.st_mtime_ns))
    files.sort(key=lambda file: file.name)
    return AudioFileList(title, tuple(files), n_ignored, tuple(sorted(skipped)))


def _looks_like_audio(path: Path) -> bool:
    if path.suffix.lower() in AUDIO_SUFFIXES | UNREADABLE_SUFFIXES:
        return True
    with path.open("rb") as file:
        start = file.read(12)
    if start.startswith(_MAGIC):
        return start[:4] != b"FORM" or start[8:11] == b"AIF"
    if start[:4] == b"RIFF":
        return start[8:] == b"WAVE"
    return len(start) > 1 and start[0] == 0xFF and start[1] in _MPEG_LAYER_3
