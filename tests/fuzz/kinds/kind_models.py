"""Models: exported folders, SavedModels alone, runs with checkpoints, Keras files."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
from fuzz.damage_bytes import BYTES, PLACES
from fuzz.damage_formats import ARCHIVES, JSON, members
from fuzz.good_models import write_keras_file, write_run, write_tiny_model
from fuzz.kinds.kind import Argv, Kind
from fuzz.kinds.kind_tables import make_slices, sounds
from fuzz.oracle import Values

__all__ = ["MODELS"]

_GENERATE: Argv = ("wavegan-tf", "generate", "IN/model", "OUT", "-n", "1", "--seed", "0")
_PARTS = {name: BYTES[name] for name in ("truncated", "bits flipped", "zeroed", "empty", "rubbish after",
                                         "another format")}


def _make_export(folder: Path) -> None:
    write_tiny_model(folder / "model")


def _make_saved_model(folder: Path) -> None:
    write_tiny_model(folder / "model", weights=False)


def _make_run(folder: Path) -> None:
    make_slices(folder)
    write_run(folder / "model", folder / "slices")


def _older(folder: Path, file: Path) -> list[Values]:
    """What the older checkpoint gives, whose weights were saved apart before anything was damaged."""
    from fuzz.commands import run_argv

    steps = sorted((folder / "model" / "checkpoints").iterdir())
    if len(steps) < 2 or steps[-1] not in file.parents:
        return []
    ran = run_argv((*_GENERATE, "--step", "1"), folder, folder.with_name("older"))
    return [sounds(folder.with_name("older"), "")] if ran.code == 0 else []


def _make_keras(folder: Path) -> None:
    make_slices(folder)
    write_keras_file(folder / "tiny.keras")


def _series(out: Path, printed: str) -> Values:
    with (out / "tokens.csv").open(encoding="utf-8", newline="") as file:
        tokens = [row["file"] for row in csv.DictReader(file)]
    arrays = {path.stem: np.load(path) for path in sorted(out.glob("*.npy"))}
    return {token: {name: array[i] for name, array in arrays.items()} for i, token in enumerate(tokens)}


def _make_tf1(folder: Path) -> None:
    shutil.copytree(Path(__file__).parents[2] / "golden" / "tf1" / "ciwgan_dim2_ckpt", folder / "model")


def _weights(out: Path, printed: str) -> Values:
    """Read all weights of an exported model by network and place."""
    import h5py

    found: dict[str, dict[str, object]] = {}
    for path in sorted((out / "weights").iterdir()):
        with h5py.File(path) as file:
            arrays: dict[str, object] = {}
            file.visititems(lambda name, item, to=arrays: to.update({name: item[()]})  # type: ignore[misc]
                            if isinstance(item, h5py.Dataset) else None)
            found[path.stem] = arrays
    return found


_IMPORT: Argv = ("wavegan-tf", "import-tf1", "IN/model/model.ckpt-1", "OUT", "--code", "ciw")
_LAYERS: Argv = ("snap-tf", "layers", "IN/tiny.keras", "IN/slices", "OUT", "--no-stimuli")
_CONFIG = {name: edit for name, edit in JSON.items() if name != "JSON value exchanged"}

MODELS = (
    Kind("exported model", 60, _make_export,
         {"model/model.json": BYTES | JSON | PLACES, "model/weights/generator.weights.h5": BYTES | PLACES,
          "model/SHA256SUMS": BYTES | PLACES, "model/config.json": JSON, "model/saved_model.pb": _PARTS | PLACES},
         (_GENERATE,), sounds),
    Kind("SavedModel", 30, _make_saved_model,
         {"model/saved_model.pb": BYTES | PLACES, "model/variables/*": _PARTS | PLACES, "model/model.json": JSON},
         (_GENERATE,), sounds),
    Kind("run with checkpoints", 50, _make_run,
         {"model/config.json": BYTES | JSON | PLACES, "model/checkpoints/*/*": _PARTS | PLACES,
          "model/checkpoints/*/*.json": JSON}, (_GENERATE,), sounds, _older,
         unknowable=("model/config.json: *",), falls_back=True),
    Kind("checkpoint of TensorFlow 1", 40, _make_tf1, {"model/*": BYTES | PLACES}, (_IMPORT,), _weights),
    Kind("Keras file", 50, _make_keras,
         {"tiny.keras": BYTES | PLACES | ARCHIVES | members(_CONFIG, ".json") | members(_PARTS, ".h5")},
         (_LAYERS,), _series, unknowable=("tiny.keras: zeroed in*", "tiny.keras: bits flipped in*",
                                          "tiny.keras: JSON *")),
)
