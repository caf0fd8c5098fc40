"""The recordings of a corpus: one readable file for each, decoded completely or refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

from wavegan_tf.data.audio.audio_header import AudioHeader, audio_header
from wavegan_tf.data.audio.sphere import read_sphere
from wavegan_tf.data.corpus import Problem
from wavegan_tf.data.media import AUDIO_SUFFIXES, audio_stem, left_out_media
from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import system_name

__all__ = ["choose_recording", "group_recordings", "nothing_readable", "read_recording"]


def group_recordings(files: Iterable[Path], problems: list[Problem]) -> dict[tuple[Path, str], list[Path]]:
    """Group audio files by folder and lower-case stem: SA1.WAV and SA1.WAV.wav are one recording.

    Args:
        files: all files of a folder.
        problems: recordings of kinds that are not read are added here.
    """
    files = list(files)
    groups: dict[tuple[Path, str], list[Path]] = {}
    for path in files:
        if path.suffix.lower() in AUDIO_SUFFIXES:
            groups.setdefault((path.parent, audio_stem(path)), []).append(path)
    problems += [Problem(str(path), f"{path.suffix} files are not read; convert it to WAV or FLAC",
                         "kind of file that is not read") for path in left_out_media(files)]
    return groups


def choose_recording(paths: list[Path], problems: list[Problem]) -> tuple[Path, AudioHeader] | None:
    """Choose which of several files of the same recording to read.

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
    # a RIFF file beside a SPHERE file was made from it; every program reads it
    return min(readable, key=lambda item: (item[1].container == "SPHERE", item[0].name), default=None)


def nothing_readable(layout: str, root: Path, n_files: int, problems: list[Problem], advice: str) -> DataError:
    """Make the exception for a folder without a readable recording, with a count of all problems."""
    met = ", ".join(f"{kind} {n}" for kind, n in Counter(problem.kind for problem in problems).most_common())
    first = "".join(f" (first: {p.what if p.where in p.what else f'{p.where}: {p.what}'}; all: {met})"
                    for p in problems[:1])
    return DataError(f"{layout} folder (={root}) must hold readable recordings; of {n_files} audio files none can be "
                     f"read{first}; {advice}")


def read_recording(path: str | Path) -> tuple[np.ndarray, int]:
    """Decode a whole audio file at its own sampling rate.

    Returns:
        waveform: float32 [n_samples, channels]; full scale is [-1, 1].
        rate_hz: its sampling rate.

    Raises:
        DataError: it cannot be decoded, holds fewer samples than its header says, or values that are no numbers.
        OSError: the file cannot be read.
    """
    header = audio_header(path)
    if header.container == "SPHERE":
        waveform, rate_hz = read_sphere(path)
    else:
        try:
            waveform, rate_hz = soundfile.read(system_name(path), dtype="float32", always_2d=True)
        except soundfile.SoundFileError:
            raise DataError(f"audio file (={path}) must decode to its end; it is damaged or truncated; copy it "
                            "again") from None
        except (MemoryError, ValueError):  # NumPy says either of arrays that nothing can hold
            raise DataError(f"audio file (={path}) must fit into memory; its header says {header.n_samples} samples in "
                            f"{header.channels} channels; cut it into shorter files, or copy it again") from None
    if len(waveform) < header.n_samples:
        raise DataError(f"audio file (={path}) must hold the {header.n_samples} samples of its header; it holds "
                        f"{len(waveform)}; the file is truncated, copy it again")
    if not np.isfinite(waveform).all():
        raise DataError(f"audio file (={path}) must hold numbers only; {int((~np.isfinite(waveform)).sum())} samples "
                        "are NaN or infinite; export it again")
    return waveform[:header.n_samples], int(rate_hz)
