"""List the audio files of a training set: all below a folder, or those of one split of its manifest."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wavegan_tf.data.corpus import Problem
from wavegan_tf.data.folders import walk_files
from wavegan_tf.data.media import AUDIO_SUFFIXES, left_out_media
from wavegan_tf.data.slices.manifest import MANIFEST_NAME, check_file_names
from wavegan_tf.errors import DataError
from wavegan_tf.files.outputs import real_path
from wavegan_tf.formats.plain_files import is_there, open_plain
from wavegan_tf.formats.tables import read_table

__all__ = ["AudioFile", "AudioFileList", "find_audio_files"]

_MAGIC = (b"NIST_1A", b"fLaC", b"OggS", b"ID3", b".snd", b"dns.", b"caff", b"Creative Voice File", b"2BIT",
          b"riff\x2e\x91\xcf\x11")
_IN_CHUNKS = {b"RIFF": (b"WAVE",), b"RIFX": (b"WAVE",), b"RF64": (b"WAVE",), b"BW64": (b"WAVE",),
              b"FORM": (b"AIFF", b"AIFC", b"8SVX", b"16SV")}
_MPEG_LAYER_3 = {0xFB, 0xFA, 0xF3, 0xF2, 0xE3, 0xE2}


@dataclass(frozen=True)
class AudioFile:
    """An audio file that has not been decoded yet; `name` is its path below the root, with forward slashes."""

    name: str
    path: Path
    n_bytes: int
    mtime_ns: int


@dataclass(frozen=True)
class AudioFileList:
    """The audio files of a training set, sorted by name, and what was left out.

    `n_ignored` counts files that are no audio, or of another split; `skipped` names audio files that cannot be used,
    with the reason, and folders that cannot be read, whose names end with a slash.
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

    Example:
        >>> from wavegan_tf.data import find_audio_files
        >>> found = find_audio_files("corpus")
        >>> len(found.files), found.files[0].name
        (16, 'TEST/DR5/FXNP0/SA1.WAV')
    """
    if isinstance(data, str | Path):
        root = Path(data)
        if split is not None:
            found = _from_manifest(root, split)
        elif root.is_dir():
            found = _of_folder(root)
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


def _of_folder(root: Path) -> AudioFileList:
    problems: list[Problem] = []
    paths = list(walk_files(root, problems))
    found = _collect(str(root), root, paths, all_audio=False)
    heard = {file.path for file in found.files}  # what is inside decides, not the suffix
    media = [path for path in left_out_media(paths) if path not in heard]
    skipped = [(path.relative_to(root).as_posix(), f"{path.suffix} files are not read; convert it to WAV or FLAC")
               for path in media]
    skipped += [(Path(problem.where).relative_to(root).as_posix() + "/" * Path(problem.where).is_dir(), problem.what)
                for problem in problems]
    return replace(found, n_ignored=found.n_ignored - len(media), skipped=tuple(sorted([*found.skipped, *skipped])))


def _from_list(paths: list[Path], split: str | None) -> AudioFileList:
    if split is not None:
        raise DataError(f"`split` (={split}) must come with a folder that holds {MANIFEST_NAME}; `data` is a list of "
                        "files; leave `split` out or name the folder")
    if not paths:
        raise DataError("`data` (=[]) must name at least one audio file")
    # absolute, so that the names do not depend on the current folder
    paths = sorted({real_path(path) for path in paths})
    return _collect(f"{len(paths)} files", Path(os.path.commonpath([path.parent for path in paths])), paths, True)


def _from_manifest(root: Path, split: str) -> AudioFileList:
    path = root / MANIFEST_NAME
    if not is_there(path, "manifest"):
        raise DataError(f"`split` (={split}) must come with a folder that holds {MANIFEST_NAME}; {root} has none; "
                        "leave `split` out, or make the folder with `wavegan-tf slice`")
    table = read_table(path, "manifest", needs=("file", "split"))
    check_file_names(table["file"], f"manifest (={path})")
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
        except OSError as error:
            skipped.append((name, f"it cannot be read ({error.strerror or error})"))
            continue
        try:
            is_audio = all_audio or _looks_like_audio(path, status)
        except DataError as error:
            skipped.append((name, str(error).replace(f"(={path}) ", "")))
            continue
        if not is_audio:
            n_ignored += 1
        elif not stat.S_ISREG(status.st_mode):
            skipped.append((name, "it is no plain file but a pipe, a device or a folder"))
        elif f"{path}.wav" in names:
            skipped.append((name, f"the same recording lies beside it as {path.name}.wav"))
        else:
            files.append(AudioFile(name, path, status.st_size, status.st_mtime_ns))
    files.sort(key=lambda file: file.name)
    return AudioFileList(title, tuple(files), n_ignored, tuple(sorted(skipped)))


def _looks_like_audio(path: Path, status: os.stat_result) -> bool:
    """Tell it from the suffix, or from the first bytes of a plain file; a pipe would be waited for without end."""
    if path.suffix.lower() in AUDIO_SUFFIXES:
        return True
    if not stat.S_ISREG(status.st_mode):
        return False
    with open_plain(path) as file:
        start = file.read(19)
    if start.startswith(_MAGIC):
        return True
    if start[:4] in _IN_CHUNKS:
        return start[8:12] in _IN_CHUNKS[start[:4]]
    return len(start) > 1 and start[0] == 0xFF and start[1] in _MPEG_LAYER_3
