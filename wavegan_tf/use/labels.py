"""Labels of audio files: from a manifest, a table, folder names or file names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from wavegan_tf.data.slices.manifest import MANIFEST_NAME
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.plain_files import is_there
from wavegan_tf.formats.tables import read_table
from wavegan_tf.label_names import label_of

__all__ = ["Labels", "find_labels", "read_label_table"]


@dataclass(frozen=True)
class Labels:
    """Labels of audio files, and where they come from.

    Attributes:
        of: label by file name (relative to the folder, with forward slashes); files without one are left out.
        are_codes: whether they are codes of the model, as in the manifest of generated audio.
        source: where they come from, in words.
    """

    of: dict[str, str]
    are_codes: bool = False
    source: str = "none"


def find_labels(folder: str | Path, files: Sequence[str], label_from: str = "auto") -> Labels:
    """Find the labels of audio files in a manifest, in folder names or in file names.

    Args:
        folder: the folder of the files.
        files: their names relative to it.
        label_from: `manifest`: column `label` (or `code`, for generated audio) of `manifest.csv` in the folder or in
            the one above; `folder`: the name of the folder that a file is in (`%53`, as `slice` names it, is S);
            `name:REGEX`: what the first group of a regular expression matches in the file's name, or all it matches;
            `none`; `auto`: the manifest if there is one.

    Raises:
        ConfigError: no such way, no regular expression, or one that no name matches.
        DataError: no manifest, or without labels.

    Example:
        >>> from wavegan_tf.use import find_labels
        >>> labels = find_labels("words", ["ask/s1_004.wav", "wash/s2_010.wav"], "folder")
        >>> labels.of
        {'ask/s1_004.wav': 'ask', 'wash/s2_010.wav': 'wash'}
        >>> find_labels("words", ["s1_ask.wav"], "name:_(.*)[.]wav").of
        {'s1_ask.wav': 'ask'}
    """
    folder = Path(folder)
    if label_from == "folder":
        return Labels({name: label_of(PurePosixPath(name).parent.name or folder.resolve().name) for name in files},
                      source="folder names")
    if label_from.startswith("name:"):
        return _from_names(files, label_from.removeprefix("name:"))
    if label_from == "none":
        return Labels({})
    if label_from not in ("auto", "manifest"):
        raise ConfigError(f"`label_from` (={label_from}) must be auto, manifest, folder, name:REGEX or none")
    for home, prefix in ((folder, ""), (folder.resolve().parent, folder.resolve().name + "/")):
        if is_there(home / MANIFEST_NAME, "manifest"):
            labels = read_label_table(home / MANIFEST_NAME, files, prefix)
            if prefix == "" or labels.of or label_from == "manifest":
                return labels
    if label_from == "manifest":
        raise DataError(f"manifest (={folder / MANIFEST_NAME}) must exist; it does not; use another --label-from")
    return Labels({})


def read_label_table(path: str | Path, files: Sequence[str], prefix: str = "") -> Labels:
    """Read labels from a CSV with the columns `file` and `label`, or `file` and `code`.

    Args:
        path: the table. A file is found by its path relative to the folder, or else by its bare name where that is
            unique among `files` and no row has its path.
        files: names of the files there are.
        prefix: what the table puts before them.

    Raises:
        DataError: no such table, a column is missing, or a file has two labels.

    Example:
        >>> import pandas as pd
        >>> from wavegan_tf.use import read_label_table
        >>> pd.DataFrame({"file": ["a.wav", "b.wav"], "label": ["ask", "wash"]}).to_csv("labels.csv", index=False)
        >>> read_label_table("labels.csv", ["a.wav"]).of
        {'a.wav': 'ask'}
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"table of labels (={path}) must be an existing CSV with the columns file and label")
    table = read_table(path, "table of labels")
    column = next((name for name in ("label", "code") if name in table.columns), None)
    if "file" not in table.columns or column is None:
        raise DataError(f"table of labels (={path}) must have the columns file and label; it has "
                        f"{', '.join(map(str, table.columns))}")
    rows = [(str(file).replace("\\", "/").removeprefix("./").removeprefix(prefix), str(label))
            for file, label in zip(table["file"], table[column], strict=True) if label]
    known = set(files)
    exact = _by_file(path, [row for row in rows if row[0] in known])
    bare = {} if prefix else _bare_names(files)
    similar = [(bare[PurePosixPath(name).name], label) for name, label in rows
               if name not in exact and PurePosixPath(name).name in bare]
    found = _by_file(path, [row for row in similar if row[0] not in exact]) | exact
    return Labels(found, column == "code", f"{path.name}, column {column}")


def _bare_names(files: Sequence[str]) -> dict[str, str]:
    """Return files by their names without folders, where only one has that name."""
    bare: dict[str, list[str]] = {}
    for name in files:
        bare.setdefault(PurePosixPath(name).name, []).append(name)
    return {name: same[0] for name, same in bare.items() if len(same) == 1}


def _by_file(path: Path, rows: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Make a dictionary of rows (file, label), in which a file must not have two labels."""
    found: dict[str, str] = {}
    for name, label in rows:
        if found.setdefault(name, label) != label:
            raise DataError(f"table of labels (={path}) must give a file one label; {name} has `{found[name]}` and "
                            f"`{label}`; keep one of the rows")
    return found


def _from_names(files: Sequence[str], pattern: str) -> Labels:
    try:
        regex = re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"`label_from` (=name:{pattern}) must hold a regular expression: {error}") from None
    found = {}
    for name in files:
        match = regex.search(PurePosixPath(name).name)
        if match:
            found[name] = match[1] if regex.groups else match[0]
    found = {name: label for name, label in found.items() if label}
    if files and not found:
        raise ConfigError(f"regular expression (=name:{pattern}) must match the name of at least one file; the first "
                          f"is {PurePosixPath(files[0]).name}")
    return Labels(found, source=f"file names by {pattern}")
