"""The same files in other commands: clips for profiles, layers to be measured, tables of contrasts, interpolations."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from fuzz.damage_bytes import BYTES, PLACES
from fuzz.damage_formats import ARRAYS, JSON
from fuzz.damage_text import CELLS, ENCODINGS, LINES, NUMBERS
from fuzz.good_models import write_keras_file, write_tiny_model
from fuzz.kinds.kind import Argv, Kind
from fuzz.kinds.kind_layers import make_layers
from fuzz.kinds.kind_tables import make_slices
from fuzz.oracle import Values
from fuzz.plain_tables import plain_table, rewritten, unmarked

__all__ = ["MORE"]

_CSV = BYTES | LINES | NUMBERS | CELLS | ENCODINGS | PLACES


def _make_clips(folder: Path) -> None:
    make_slices(folder)
    write_keras_file(folder / "tiny.keras")


_PROFILE: Argv = ("snap-tf", "profile", "IN/tiny.keras", "--clips", "IN/slices", "--group", "label:label", "--out",
                  "OUT/profiles.npz", "--kinds", "nap")


def _sums(out: Path, printed: str) -> Values:
    """Read counts and sums by group."""
    with np.load(out / "profiles.npz") as archive:
        grouping = json.loads(str(archive["about"]))["groupings"][0]
        counts, sums = archive["sums/0/counts"], {name: archive[f"sums/0/plain/{name}"] for name in ("first", "second")}
    return {group: {"frames": int(counts[:, i].sum()),
                    **{name: array[:, i].sum(axis=0) for name, array in sums.items()}}
            for i, group in enumerate(grouping["groups"])}


def _make_measured(folder: Path) -> None:
    make_layers(folder)
    rng = np.random.default_rng(7)
    np.save(folder / "layers" / "stimuli.npy", rng.normal(0, 0.1, (6, 400, 1)).astype(np.float32))


_ACOUSTICS: Argv = ("snap-tf", "acoustics", "IN/layers", "OUT")


def _measured(out: Path, printed: str) -> Values:
    """Read every measure's mean by token and layer."""
    found: dict[str, dict[str, object]] = {}
    with (out / "summary.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            measures = found.setdefault(unmarked(row["token"]), {})
            measures[f"{row['layer']} {row['measure']}"] = float(row["mean"] or "nan")
    return found


def _make_contrasts(folder: Path) -> None:
    """Two phones in two layers, eight tokens, nine steps."""
    rng = np.random.default_rng(6)
    rows = ["value,time_s,label,token,layer"]
    for layer in ("Conv1", "Conv2"):
        for token in range(8):
            level = rng.normal(0, 0.3)
            rows += [f"{np.cos(step / 2) * (1 + token % 2) + level + rng.normal(0, 0.2):.6f},{step / 10},"
                     f"{('s', 'sh')[token % 2]},t{token},{layer}" for step in range(9)]
    (folder / "long.csv").write_text("\n".join(rows) + "\n")


_CONTRASTS: Argv = ("snap-tf", "contrasts", "IN/long.csv", "--random", "none", "--k", "4", "--pairs", "s:sh", "--out",
                    "OUT")


def _tests(out: Path, printed: str) -> Values:
    with (out / "tests.csv").open(encoding="utf-8", newline="") as file:
        return {f"{unmarked(row['layer'])} {unmarked(row['a'])} {unmarked(row['b'])}": {
            name: float(row[name]) for name in ("level_t", "shape_F", "curve_z") if row[name]}
            for row in csv.DictReader(file)}


def _make_interpolation(folder: Path) -> None:
    from snap_tf.cli import main

    write_tiny_model(folder / "model")
    assert main(["interpolate", str(folder / "model"), str(folder / "found"), "--variable", "5", "--from", "-1",
                 "--to", "1", "--step", "1", "--bases", "2", "--no-figures"]) == 0


_DRAWN: Argv = ("snap-tf", "plot", "interpolation", "IN/found", "OUT")


def _numbers(out: Path, printed: str) -> Values:
    """Read all numbers that stand beside the figures."""
    found: dict[str, dict[str, object]] = {}
    for path in sorted(out.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        found[path.stem] = {name: np.array([_number(row[name]) for row in rows]) for name in (rows[0] if rows else ())}
    return found


def _number(cell: str) -> float:
    try:
        return float(cell or "nan")
    except ValueError:
        return np.nan


MORE = (
    Kind("manifest, profiles", 40, _make_clips, {"slices/manifest.csv": _CSV}, (_PROFILE,), _sums,
         rewritten(_PROFILE, _sums, plain_table), unknowable=("slices/manifest.csv: missing",),
         places="clips slices has"),
    Kind("layers folder, measured", 50, _make_measured,
         {"layers/tokens.csv": _CSV, "layers/layers.json": BYTES | JSON | PLACES,
          "layers/stimuli.npy": ARRAYS | PLACES},
         (_ACOUSTICS,), _measured, unknowable=("layers/tokens.csv: *", "layers/layers.json: JSON *",
                                               "layers/stimuli.npy: missing", "*: array of huge values")),
    Kind("table of contrasts", 30, _make_contrasts, {"long.csv": _CSV}, (_CONTRASTS,), _tests,
         rewritten(_CONTRASTS, _tests, lambda file: plain_table(file, ("value", "time_s"))),
         places=r"`(value|time_s|label|token|layer)`|column \(=|the table must|k \(=|s and sh in|pair"),
    Kind("interpolation folder", 20, _make_interpolation,
         {"found/summary.csv": _CSV, "found/effects.npz": BYTES | PLACES,
          "found/interpolation.json": BYTES | JSON | PLACES},
         (_DRAWN,), _numbers, unknowable=("found/summary.csv: *", "found/interpolation.json: JSON *")),
)
