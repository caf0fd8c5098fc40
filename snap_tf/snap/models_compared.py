"""Several profile files side by side, each under a name of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from snap_tf.snap.profile_file import ProfileFile, read_profiles
from wavegan_tf import __version__
from wavegan_tf.errors import ConfigError

__all__ = ["about_files", "read_models"]


def read_models(paths: Sequence[str | Path]) -> dict[str, ProfileFile]:
    """Read profile files, each under the name of its model, or its own name where two have the same model.

    Raises:
        ConfigError: a file twice, or two of the same name and model.
        DataError: no profile file.
        OSError: a file cannot be read.
    """
    paths = [Path(path) for path in paths]
    if len({path.resolve() for path in paths}) < len(paths):
        raise ConfigError(f"profile files (={', '.join(map(str, paths))}) must be different; name each once")
    files = [read_profiles(path) for path in paths]
    models = Counter(str(file.model["name"]) for file in files)
    names = [str(file.model["name"]) if models[str(file.model["name"])] == 1 else path.stem
             for file, path in zip(files, paths, strict=True)]
    if len(set(names)) < len(names):
        raise ConfigError(f"profile files (={', '.join(map(str, paths))}) must differ in their models or names; rename "
                          "one")
    return dict(zip(names, files, strict=True))


def about_files(files: Mapping[str, ProfileFile]) -> dict[str, Any]:
    """Return what a result about profile files says of where it comes from, for JSON."""
    return {"models": {name: {"model": file.model, "source": file.source, "options": file.options.to_dict(),
                              "versions": file.versions} for name, file in files.items()},
            "wavegan_tf": __version__}
