"""Several profile files by name of the model, with the sums of one at a time in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from snap_tf.snap.profiles.profile_file import ProfileFile, read_profiles
from wavegan_tf import __version__
from wavegan_tf.errors import ConfigError
from wavegan_tf.files.outputs import real_path

__all__ = ["ModelFiles", "about_files", "notes_on", "read_models", "without_sums"]


class ModelFiles(Mapping[str, ProfileFile]):
    """Profile files by name of the model; sums are read when they are asked for, and only the last ones are kept.

    Attributes:
        light: the same files without sums.
    """

    def __init__(self, paths: Mapping[str, Path], light: Mapping[str, ProfileFile]) -> None:
        """Take paths and what has been read of each."""
        self.light = dict(light)
        self._paths = dict(paths)
        self._last: tuple[str, ProfileFile] | None = None

    def __getitem__(self, name: str) -> ProfileFile:
        """Read a file, unless it was the last one."""
        if self._last is None or self._last[0] != name:
            path = self._paths[name]
            self._last = None  # before the next one is read, not after it
            self._last = (name, read_profiles(path))
        return self._last[1]

    def __iter__(self) -> Iterator[str]:
        """Give the names."""
        return iter(self._paths)

    def __len__(self) -> int:
        """Count the files."""
        return len(self._paths)


def read_models(paths: Sequence[str | Path]) -> ModelFiles:
    """Read profile files, each under the name of its model, or its own name where two have the same model.

    Raises:
        ConfigError: a file twice, or two of the same name and model.
        DataError: no profile file.
        OSError: a file cannot be read.

    Example:
        >>> from snap_tf.snap import profile, read_models, small_clips, write_profiles
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> write_profiles(found, "profiles.npz")
        >>> list(read_models(["profiles.npz"]))
        ['small']
    """
    places = [Path(path) for path in paths]
    if len({real_path(path) for path in places}) < len(places):
        raise ConfigError(f"profile files (={', '.join(map(str, places))}) must be different; name each once")
    files = [read_profiles(path, sums=False) for path in places]
    models = Counter(str(file.model["name"]) for file in files)
    names = [str(file.model["name"]) if models[str(file.model["name"])] == 1 else path.stem
             for file, path in zip(files, places, strict=True)]
    if len(set(names)) < len(names):
        raise ConfigError(f"profile files (={', '.join(map(str, places))}) must differ in their models or names; "
                          "rename one")
    return ModelFiles(dict(zip(names, places, strict=True)), dict(zip(names, files, strict=True)))


def without_sums(files: Mapping[str, ProfileFile]) -> Mapping[str, ProfileFile]:
    """Return files for those who need no sums, so that none have to be read."""
    return files.light if isinstance(files, ModelFiles) else files


def notes_on(files: Mapping[str, ProfileFile]) -> list[str]:
    """Return a sentence about every file that lacks shards of its pass, and so most of its frames."""
    return [f"note: {name} is a part of its pass; missing are the shards {', '.join(map(str, file.missing_shards))}"
            for name, file in without_sums(files).items() if file.missing_shards]


def about_files(files: Mapping[str, ProfileFile]) -> dict[str, Any]:
    """Return what a result about profile files says of where it comes from, for JSON."""
    return {"models": {name: {"model": file.model, "source": file.source, "options": file.options.to_dict(),
                              "versions": file.versions} for name, file in without_sums(files).items()},
            "wavegan_tf": __version__}
