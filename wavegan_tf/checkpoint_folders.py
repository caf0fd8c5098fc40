"""Checkpoints of a training run: written atomically with checksums, found, verified, loaded and deleted.

    RUN/checkpoints/step-000001234/
        NAME.npz          variables by name, a file for each network and each optimiser
        state.json        the step and other values from which training resumes
        manifest.json     size and SHA-256 of each file above

A folder is written under a temporary name, flushed to the disk and renamed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from wavegan_tf.atomic import atomic_folder
from wavegan_tf.errors import DataError, ExportError
from wavegan_tf.files.claims import clear_folder
from wavegan_tf.formats.arrays import open_npz
from wavegan_tf.formats.json_files import read_json
from wavegan_tf.formats.npz_writing import write_npz
from wavegan_tf.formats.plain_files import open_plain
from wavegan_tf.tensors import KerasVariable

__all__ = ["assign_variables", "checkpoint_step_folder", "checkpoint_steps", "find_checkpoint", "locate_checkpoint",
           "newest_checkpoint", "prune_checkpoints", "read_state", "remove_leftovers", "set_damaged_aside",
           "variables_by_path", "write_checkpoint"]

FOLDER = "checkpoints"
STATE_NAME = "state.json"
MANIFEST_NAME = "manifest.json"
_STEP_NAME = re.compile(r"step-(\d{9,})")

Notice = Callable[[str], None]


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr)


def checkpoint_step_folder(run: str | Path, step: int) -> Path:
    """Return the folder of the checkpoint of a step, whether it exists or not."""
    return Path(run) / FOLDER / f"step-{step:09d}"


def checkpoint_steps(run: str | Path) -> list[int]:
    """List the steps of all checkpoints of a run, damaged ones included, oldest first."""
    folder = Path(run) / FOLDER
    matches = (_STEP_NAME.fullmatch(item.name) for item in (folder.iterdir() if folder.is_dir() else ()))
    return sorted(int(match[1]) for match in matches if match)


def write_checkpoint(run: str | Path, step: int, files: Mapping[str, Mapping[str, KerasVariable]],
                     state: Mapping[str, Any]) -> Path:
    """Write the checkpoint of a step; an existing one is replaced.

    Args:
        run: the folder of the run.
        step: which.
        files: variables (Keras') by name, by file.
        state: JSON values; `step` is added.

    Returns:
        The folder of the checkpoint.

    Raises:
        ExportError: it cannot be written, as on a full disk; older checkpoints are as they were.
    """
    folder = checkpoint_step_folder(run, step)
    try:
        with atomic_folder(folder, replace=True) as temporary:
            for name, variables in files.items():
                write_npz(temporary / f"{name}.npz", ((key, v.numpy()) for key, v in variables.items()))
            (temporary / STATE_NAME).write_text(json.dumps({"step": step, **state}, indent=2) + "\n", encoding="utf-8")
            facts = {path.name: {"bytes": path.stat().st_size, "sha256": _sha256(path)}
                     for path in sorted(temporary.iterdir())}
            (temporary / MANIFEST_NAME).write_text(json.dumps({"files": facts}, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        older = [s for s in checkpoint_steps(run) if s != step]
        kept = f"those before it are untouched, the newest of step {older[-1]}" if older else "there is none before it"
        raise ExportError(f"checkpoint (={folder}) must be writable: {error.strerror or error}; {kept}; free some "
                          "space (or mend what the message says) and start the same command again") from error
    return folder


def find_checkpoint(run: str | Path, step: int | None = None, notice: Notice = _to_stderr) -> Path:
    """Return the newest whole checkpoint, or that of a step.

    Args:
        run: the folder of the run.
        step: which; the newest by default.
        notice: called with a message for each damaged checkpoint that is skipped.

    Raises:
        ExportError: there is none, or none that is whole.
    """
    if step is None:
        found = newest_checkpoint(run, notice)
        if found is None:
            raise ExportError(f"run (={run}) must have a checkpoint; it has none yet; train it first")
        return found
    folder = checkpoint_step_folder(run, step)
    if not folder.is_dir():
        there = ", ".join(map(str, checkpoint_steps(run))) or "none"
        raise ExportError(f"`step` (={step}) must be one that has a checkpoint in {run}; there are {there}")
    damage = _damage(folder)
    if damage:
        raise ExportError(f"checkpoint (={folder}) must be whole; {damage}; choose another step")
    return folder


def newest_checkpoint(run: str | Path, notice: Notice = _to_stderr) -> Path | None:
    """Return the newest whole checkpoint; None when there is none at all.

    Args:
        run: the folder of the run.
        notice: called with a message for each damaged checkpoint that is skipped.

    Raises:
        ExportError: there are checkpoints, and every one is damaged.
    """
    damages: list[str] = []
    for step in reversed(checkpoint_steps(run)):
        folder = checkpoint_step_folder(run, step)
        damage = _damage(folder)
        if not damage:
            for line in damages:
                notice(f"checkpoint {line}; passed over for step {step}")
            return folder
        damages.append(f"{folder} is damaged ({damage})")
    if damages:
        raise ExportError(f"run (={run}) must have one whole checkpoint; all {len(damages)} are damaged, the newest: "
                          f"{damages[0]}; copy one back, or name another --run")
    return None


def set_damaged_aside(run: str | Path, whole: Path) -> None:
    """Rename checkpoints newer than `whole`, which are damaged, so that they are not used again; remove leftovers."""
    for step in checkpoint_steps(run):
        folder = checkpoint_step_folder(run, step)
        if folder.name > whole.name:
            target = folder.with_name(f"damaged-{folder.name}")
            shutil.rmtree(target, ignore_errors=True)
            folder.rename(target)
    remove_leftovers(run)


def remove_leftovers(run: str | Path) -> None:
    """Remove the temporary folders of a process that was killed while it wrote or deleted a checkpoint."""
    clear_folder(Path(run) / FOLDER)  # first: a checkpoint that was being replaced is moved back
    for leftover in (Path(run) / FOLDER).glob(".*step-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def locate_checkpoint(path: str | Path, step: int | None = None) -> tuple[Path, Path]:
    """Return the folders of run and checkpoint, given either of them; errors as in `find_checkpoint`."""
    path = Path(path)
    match = _STEP_NAME.fullmatch(path.name)
    if match and path.parent.name == FOLDER:
        run = path.parent.parent
        return run, find_checkpoint(run, int(match[1]))
    return path, find_checkpoint(path, step)


def prune_checkpoints(run: str | Path, keep: int, keep_every: int = 0) -> None:
    """Delete old checkpoints: all but the newest `keep` and those at multiples of `keep_every`."""
    for step in checkpoint_steps(run)[:-keep]:
        if not keep_every or step % keep_every:
            folder = checkpoint_step_folder(run, step)
            # renamed first: a folder that is half removed must not look like a checkpoint
            doomed = folder.with_name(f".removed-{folder.name}")
            folder.rename(doomed)
            shutil.rmtree(doomed, ignore_errors=True)


def variables_by_path(variables: Iterable[KerasVariable], *, drop_owner: bool = True) -> dict[str, KerasVariable]:
    """Map the variables of a network or an optimiser by their path.

    Args:
        variables: Keras'.
        drop_owner: leave out the first part of the path, the name of the network or optimiser; not for functional
            models, whose paths begin with the layer.

    Raises:
        ValueError: two variables get the same name.
    """
    found = [(v.path.partition("/")[2] if drop_owner else v.path, v) for v in variables]
    if len(dict(found)) < len(found):
        raise ValueError("variables must have different paths to have a name each")
    return dict(found)


def assign_variables(path: Path, variables: Mapping[str, KerasVariable]) -> None:
    """Load a checkpoint file: assign its values to variables.

    Raises:
        ExportError: the file cannot be read, or holds other variables or shapes.
    """
    try:
        with open_npz(path, "checkpoint file") as stored:
            wrong = sorted(set(variables) ^ set(stored))
            if wrong:
                raise ExportError(f"checkpoint file (={path}) must hold these networks and optimisers; {wrong[0]} is "
                                  "only in one of the two; it belongs to another run or another version")
            for key, variable in variables.items():
                value = stored[key]
                if value.shape != tuple(variable.shape):
                    raise ExportError(f"checkpoint file (={path}) must fit; {key} has shape {list(value.shape)} "
                                      f"instead of {list(variable.shape)}; it belongs to another run")
                variable.assign(value)
    except DataError as error:
        raise ExportError(str(error)) from error


def read_state(folder: Path) -> dict[str, Any]:
    """Read `state.json` of a checkpoint: the step and other values that training resumes from.

    Raises:
        ExportError: it cannot be read.
    """
    try:
        return read_json(folder / STATE_NAME, "state of the checkpoint", finite=False)
    except DataError as error:
        raise ExportError(str(error)) from error


def _damage(folder: Path) -> str:
    """Say what is wrong with a checkpoint; empty when every byte is as it was written."""
    try:
        files = read_json(folder / MANIFEST_NAME)["files"]
        if STATE_NAME not in files:
            return f"{MANIFEST_NAME} does not name {STATE_NAME}"
        for name, facts in files.items():
            path = folder / name
            if not path.is_file():
                return f"{name} is missing"
            if path.stat().st_size != facts["bytes"]:
                return f"{name} has {path.stat().st_size} bytes instead of {facts['bytes']}"
            if _sha256(path) != facts["sha256"]:
                return f"{name} has other bytes than were written"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        there = (folder / MANIFEST_NAME).exists()
        return f"{MANIFEST_NAME} cannot be read" if there else f"{MANIFEST_NAME} is missing"
    try:
        read_state(folder)  # with the right checksum it may still be none
    except ExportError:
        return f"{STATE_NAME} cannot be read"
    return ""


def _sha256(path: Path) -> str:
    with open_plain(path, "checkpoint file") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
