"""Checkpoint files of TensorFlow 1 (format V2): found by prefix or folder, read tensor by tensor, written back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from wavegan_tf.errors import ExportError
from wavegan_tf.formats.plain_files import check_all_plain, is_there, read_text

__all__ = ["Checkpoint", "find_prefix", "write_checkpoint"]

STATE_NAME = "checkpoint"
_PARTS = re.compile(r"\.(index|meta|data-\d{5}-of-\d{5})$")


class Checkpoint:
    """An open checkpoint.

    Attributes:
        prefix: path without `.index` and `.data-...`.
        shapes: of every variable, by name.
    """

    def __init__(self, path: str | Path) -> None:
        """Open a checkpoint.

        Args:
            path: its prefix, one of its files, or a folder; of a folder the checkpoint that its file `checkpoint`
                names, or the only one.

        Raises:
            ExportError: there is none, or it is damaged.
        """
        self.prefix = find_prefix(path)
        check_all_plain((file for file in self.prefix.parent.iterdir() if file.name.startswith(f"{self.prefix.name}.")),
                        "checkpoint file")
        try:
            self._reader = tf.train.load_checkpoint(str(self.prefix))
            self.shapes: dict[str, tuple[int, ...]] = {
                name: tuple(shape) for name, shape in self._reader.get_variable_to_shape_map().items()}
        # the native reader raises whatever its parser meets
        except Exception as error:
            raise _damaged(self.prefix, error) from error

    def __contains__(self, name: str) -> bool:
        return name in self.shapes

    def read(self, name: str) -> np.ndarray:
        """Read one variable.

        Raises:
            ExportError: it is not there, or its data are damaged or cut off.
        """
        if name not in self.shapes:
            raise ExportError(f"checkpoint (={self.prefix}) must hold the variable {name}; it is missing")
        try:
            return np.asarray(self._reader.get_tensor(name))
        except Exception as error:
            raise _damaged(self.prefix, error) from error


def find_prefix(path: str | Path) -> Path:
    """Find the prefix of a checkpoint; see `Checkpoint`.

    Raises:
        ExportError: nothing is there, or it is not clear which is meant.
    """
    path = Path(path)
    if path.is_dir():
        return _latest(path)
    prefix = path.with_name(_PARTS.sub("", path.name))
    if not prefix.with_name(prefix.name + ".index").is_file():
        there = _prefixes(prefix.parent)
        found = f"{prefix.parent} holds the checkpoints {', '.join(there[-5:])}" if there else "no .index file is there"
        raise ExportError(f"checkpoint (={path}) must be the prefix of a TensorFlow checkpoint, such as "
                          f"train/model.ckpt-1000, or its folder; {found}")
    return prefix


def _latest(folder: Path) -> Path:
    there = _prefixes(folder)
    state = folder / STATE_NAME
    if is_there(state, "state of checkpoints"):
        named = re.search(r'^model_checkpoint_path:\s*"(.*)"', read_text(state, "state of checkpoints", lenient=True),
                          re.MULTILINE)
        # the path is that of the machine it was trained on; the name is what counts here
        name = re.split(r"[/\\]", named[1])[-1] if named else ""
        if name in there:
            return folder / name
    if len(there) == 1:
        return folder / there[0]
    if not there:
        raise ExportError(f"checkpoint (={folder}) must be a folder that holds a TensorFlow checkpoint; it has no "
                          ".index file; copy .index and .data files together")
    raise ExportError(f"checkpoint (={folder}) must be one checkpoint; the folder holds {', '.join(there[-5:])}; name "
                      f"one, such as {folder / there[-1]}")


def _prefixes(folder: Path) -> list[str]:
    """Names of the checkpoints in a folder, by their step."""
    if not folder.is_dir():
        return []
    names = [path.name.removesuffix(".index") for path in folder.glob("*.index")]
    return sorted(names, key=lambda name: [(int(part) if part.isdigit() else 0, part)
                                           for part in re.split(r"(\d+)", name)])


def _damaged(prefix: Path, error: Exception) -> ExportError:
    lines = str(error).strip().splitlines()
    return ExportError(f"checkpoint (={prefix}) must be a whole TensorFlow checkpoint; reading it failed: "
                       f"{lines[0] if lines else type(error).__name__}; copy its .index and .data files again")


def write_checkpoint(prefix: str | Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Write `PREFIX.index` and `PREFIX.data-00000-of-00001`, which TensorFlow 1's Saver restores by name."""
    names = sorted(tensors)
    tf.raw_ops.SaveV2(prefix=str(prefix), tensor_names=names, shape_and_slices=[""] * len(names),
                      tensors=[tf.constant(tensors[name]) for name in names])
