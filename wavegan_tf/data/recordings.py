"""The recordings of a corpus folder: one per name, from the file that can be read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from wavegan_tf.data.audio_header import AUDIO_SUFFIXES, AudioHeader, audio_header
from wavegan_tf.data.corpus import Problem
from wavegan_tf.data.folders import audio_stem
from wavegan_tf.errors import DataError

__all__ = ["choose_recording", "group_recordings", "nothing_readable"]


def group_recordings(files: Iterable[Path]) -> dict[tuple[Path, str], list[Path]]:
    """Collect audio files by folder and lower-case stem: SA1.WAV and SA1.WAV.wav are one recording."""
    groups: dict[tuple[Path, str], list[Path]] = {}
    for path in files:
        if path.suffix.lower() in AUDIO_SUFFIXES:
            groups.setdefault((path.parent, audio_stem(path)), []).append(path)
    return groups


def choose_recording(paths: list[Path], problems: list[Problem]) -> tuple[Path, AudioHeader] | None:
    """Choose the file to read of those that hold the same recording.

    Args:
        paths: audio files with one stem.
        problems: those that cannot be read are added here.

    Returns:
        A readable file and its header, RIFF before SPHERE, or None.
    """
    readable = []
    for path in paths:
        try:
            readable.append((path, audio_header(path)))
        except (DataError, OSError) as error:
            problems.append(Problem(str(path), str(error), "unreadable recording"))
    # a RIFF beside a SPHERE file was made from it; every tool reads it
    return min(readable, key=lambda item: (item[1].container == "SPHERE", item[0].name), default=None)


def nothing_readable(layout: str, root: Path, n_files: int, problems: list[Problem], advice: str) -> DataError:
    """Make the error of a folder from which no recording came."""
    first = f" (first: {problems[0].what})" if problems else ""
    return DataError(f"{layout} folder (={root}) must hold readable recordings; of {n_files} audio files none can be "
                     f"read{first}; {advice}")
