"""Audio formats by file suffix: those that are read, and other media, which are skipped and reported."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

__all__ = ["AUDIO_SUFFIXES", "CONTAINERS", "OTHER_MEDIA", "audio_stem", "left_out_media"]

AUDIO_SUFFIXES = frozenset({
    ".wav", ".wave", ".bwf", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".voc", ".avr", ".8svx",
    ".svx", ".sph", ".nist", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2", ".mpga"})
"""Lower-case suffixes of files that the readers try; what is inside decides how they are read."""

CONTAINERS = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "VOC", "AVR", "SVX", "FLAC",
                        "OGG", "MP3", "SPHERE"})
"""What may be inside, as libsndfile calls it. Its other formats (PAF, PVF, IRCAM, MAT, XI, ...) say nowhere how long
they are, or hold no recordings: of a truncated file only a part would be read, without an error."""

OTHER_MEDIA = frozenset({
    ".3gp", ".aac", ".ac3", ".amr", ".ape", ".avi", ".dff", ".dsf", ".dts", ".flv", ".gsm", ".htk", ".ircam", ".m4a",
    ".m4b", ".m4v", ".mka", ".mkv", ".mov", ".mp4", ".mpc", ".mpeg", ".mpg", ".ogv", ".paf", ".pcm", ".pvf", ".ra",
    ".raw", ".rm", ".sd2", ".sds", ".sf", ".shn", ".spx", ".tak", ".tta", ".vox", ".webm", ".wma", ".wmv", ".wv",
    ".wve", ".xi"})
"""Lower-case suffixes of recordings that are not read: skipped by name, counted and reported."""


def audio_stem(path: Path) -> str:
    """Return a file's name in lower case without its audio suffixes: `sa1` for SA1.WAV and SA1.WAV.wav."""
    name = Path(path.name.lower())
    while name.suffix in AUDIO_SUFFIXES:
        name = name.with_suffix("")
    return name.name


def left_out_media(paths: Iterable[Path]) -> list[Path]:
    """Return the files of media that are not read, without those for which there is a recording of the same name."""
    paths = list(paths)
    heard = {(path.parent, audio_stem(path)) for path in paths if path.suffix.lower() in AUDIO_SUFFIXES}
    return [path for path in paths
            if path.suffix.lower() in OTHER_MEDIA and (path.parent, path.stem.lower()) not in heard]
