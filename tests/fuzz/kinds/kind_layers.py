"""Folders of layers, profile files and reports: results that other commands read."""

from __future__ import annotations

import base64
import csv
import html
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fuzz.damage_bytes import BYTES, PLACES, Edit
from fuzz.damage_formats import ARCHIVES, ARRAYS, JSON, members
from fuzz.damage_text import CELLS, ENCODINGS, LINES, NUMBERS
from fuzz.good_audio import audio_bytes, noise
from fuzz.kinds.kind import Argv, Kind
from fuzz.oracle import Values
from fuzz.plain_tables import plain_table, rewritten, unmarked

__all__ = ["RESULTS", "make_layers"]

_TEXT = BYTES | LINES | NUMBERS | ENCODINGS | PLACES
_STEPS = {"Conv1": 40, "Conv2": 20}


def make_layers(folder: Path) -> None:
    """What `snap-tf layers` writes, of a network with two layers and an output."""
    rng = np.random.default_rng(4)
    place = folder / "layers"
    place.mkdir()
    rows = ["token,file,label,word,speaker,n_samples,rate_hz,phones,cropped"]
    for i in range(6):
        word = ("ask", "wash")[i % 2]
        rows.append(f"{word}/u{i},{word}/u{i}.wav,{word},{word},S{i % 3},400,16000,ae:40-160 s:160-360,False")
    (place / "tokens.csv").write_text("\n".join(rows) + "\n")
    layers = [{"name": f"downconv_{k}", "paper_name": name, "steps": steps, "channels": 3, "rate_hz": 40.0 * steps,
               "activation": "relu", "file": f"{name}.npy"} for k, (name, steps) in enumerate(_STEPS.items())]
    layers.append({"name": "logits", "paper_name": "logits", "steps": 0, "channels": 3, "rate_hz": 0.0,
                   "activation": "linear", "file": "logits.npy"})
    (place / "layers.json").write_text(json.dumps({
        "format": 1, "model": "tiny", "weights_hash": "0", "config": None, "inputs": "slices", "seed": None,
        "stage": "post", "reduce": "mean", "rate_hz": 16000.0, "n_samples": 400, "layers": layers, "versions": {}}))
    for name, steps in _STEPS.items():
        np.save(place / f"{name}.npy", rng.normal(size=(6, steps)).astype(np.float32))
    np.save(place / "logits.npy", rng.normal(size=(6, 3)).astype(np.float32))


_OVERLAY: Argv = ("snap-tf", "plot", "overlay", "IN/layers", "OUT/overlay")


def _overlay(out: Path, printed: str) -> Values:
    """Read the means that were drawn, by layer and label."""
    found: dict[str, dict[str, list[float]]] = {}
    with (out / "overlay.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["layer"], {}).setdefault(unmarked(row["label"]), []).append(float(row["mean"]))
    return {layer: {f"mean of {label}": np.array(values) for label, values in of.items()}
            for layer, of in found.items()}


def _means(folder: Path, file: Path) -> list[Values]:
    """Average the arrays by the labels of the tokens, from the files as they stand."""
    place = folder / "layers"
    try:
        layers = json.loads((place / "layers.json").read_text())["layers"]
        plain = plain_table(place / "tokens.csv", ("n_samples", "rate_hz"))
        tokens = list(csv.DictReader((plain or b"").decode().splitlines()))
        labels = [unmarked(token["label"]) for token in tokens]
        found = {}
        for layer in layers:
            if layer["steps"]:
                values = np.load(place / layer["file"])
                if values.shape != (len(tokens), layer["steps"]) or values.dtype.kind != "f":
                    return []
                found[layer["paper_name"]] = {f"mean of {label}": values[[own == label for own in labels]].mean(
                    axis=0, dtype=np.float64) for label in dict.fromkeys(labels)}
    except Exception:
        return []
    return [found] if found else []


def _make_profiles(folder: Path) -> None:
    import planted_files as planted

    from snap_tf.snap.profiles.profile_file import write_profiles

    layers = planted.SUMMED_LAYERS[1:4]
    write_profiles(planted.summed_file(layers=layers, annotated=False, kinds="snap"), folder / "profiles.npz")


_CLUSTER: Argv = ("snap-tf", "cluster", "IN/profiles.npz", "OUT", "--percentiles", "80,90")


def _clusters(out: Path, printed: str) -> Values:
    """Read all numbers of the tables, layer by layer in their order: names may have been exchanged."""
    found = {}
    for name in ("silhouettes.csv", "clusters.csv", "changes.csv"):
        with (out / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        found[name] = {"numbers": np.array([[_number(cell) for cell in row.values()] for row in rows])}
    return found


def _number(cell: str | None) -> float:
    try:
        return float(cell or "nan")
    except ValueError:
        return np.nan


def _on_about(edit: Edit) -> Edit:
    """Make an edit of JSON one of the description inside a profile file."""
    def whole(rng: np.random.Generator, path: Path) -> None:
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        about = path.with_name("about.json")
        about.write_text(str(arrays["about"]))
        edit(rng, about)
        arrays["about"] = np.array(about.read_text())
        about.unlink()
        with zipfile.ZipFile(path, "w") as target:
            for name, array in arrays.items():
                with target.open(f"{name}.npy", "w") as file:
                    np.lib.format.write_array(file, array)
    return whole


# one large value in an array is as good as another; an array with names of its own is another good file
_SUMS = {name: edit for name, edit in ARRAYS.items() if name != "array of huge values"}
_ABOUT = {f"{name} in the description": _on_about(edit) for name, edit in JSON.items()}

_PLAN = """title = "Three & more"
about = "First."
[[section]]
title = "Seen"
text = "What it is."
steps = ["Draw"]
[[section.show]]
file = "figure.png"
caption = "a line"
[[section.show]]
file = "table.csv"
caption = "numbers"
columns = ["b", "name"]
rows = 3
sort = "b"
[[section.show]]
file = "said.txt"
caption = "text"
[[section.show]]
file = "values.json"
caption = "values"
[[section.show]]
file = "sound.wav"
caption = "sound"
"""
_PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
                        "AABJRU5ErkJggg==")


def _make_report(folder: Path) -> None:
    place = folder / "results"
    place.mkdir()
    (folder / "plan.toml").write_text(_PLAN)
    (place / "figure.png").write_bytes(_PNG)
    (place / "table.csv").write_text("name,a,b\nx,1,0.5\nNA,2,0.25\ny,3,0.123456789\nz,4,2\n")
    (place / "said.txt").write_text("a < b\nand more\n")
    (place / "values.json").write_text(json.dumps({"accuracy": 0.5, "count": 12, "inner": {"not": "shown"}}))
    (place / "sound.wav").write_bytes(audio_bytes(noise(1, 300), "WAV", "PCM_16"))
    lines = [{"title": title, "command": "draw 'a b'", "seconds": 2.0, "ended": "2026-01-01T00:00:00+00:00",
              "output": "printed"} for title in ("Draw", "Paint")]
    (place / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


_REPORT: Argv = ("snap-tf", "report", "IN/results", "OUT/page.html", "--plan", "IN/plan.toml")


def _exhibits(out: Path, printed: str) -> Values:
    """Read every exhibit of the page by the file that it is from."""
    page = (out / "page.html").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = {}
    for figure in re.findall(r"<figure.*?</figure>", page, re.DOTALL):
        name = html.unescape(re.findall(r"<code>(.*?)</code>", figure, re.DOTALL)[-1])
        cells = [html.unescape(cell) for cell in re.findall(r"<t[dh]>(.*?)</t[dh]>", figure, re.DOTALL)]
        pre = [html.unescape(text) for text in re.findall(r"<pre>(.*?)</pre>", figure, re.DOTALL)]
        data = re.findall(r'src="([^"]*)"', figure)
        found[name] = {"cells": tuple(cells), "text": tuple(pre), "data": tuple(data)}
    return found


def _said(folder: Path, file: Path) -> list[Values]:
    """What a damaged exhibit says by itself: bytes as they are, text as it is, tables written anew."""
    if not file.is_file():
        return []
    nothing: dict[str, tuple[str, ...]] = {"cells": (), "text": (), "data": ()}
    if file.suffix in (".png", ".wav"):
        kind = {".png": "image/png", ".wav": "audio/wav"}[file.suffix]
        raw = base64.b64encode(file.read_bytes()).decode()
        return [{file.name: nothing | {"data": (f"data:{kind};base64,{raw}",)}}]
    if file.suffix == ".txt":
        text = file.read_bytes().decode("utf-8-sig", "replace")
        # no control characters of a terminal belong on a page
        return [{file.name: nothing | {"text": (one.strip(),)}} for one in (
            text, text.replace("\r\n", "\n").replace("\r", "\n"), text.replace("\0", "\\x00"))]
    plain: Callable[[Path], bytes | None] = plain_table if file.suffix == ".csv" else _plain_json
    return rewritten(_REPORT, _exhibits, plain)(folder, file)


def _plain_json(file: Path) -> bytes | None:
    try:
        return json.dumps(json.loads(file.read_bytes().decode("utf-8-sig")), allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None


def _shown(file: str, owner: str) -> bool:
    return file == "plan.toml" or file.endswith(owner)


RESULTS = (
    Kind("layers folder", 110, make_layers,
         {"layers/tokens.csv": _TEXT | CELLS, "layers/layers.json": BYTES | JSON | PLACES,
          "layers/Conv1.npy": BYTES | ARRAYS | PLACES}, (_OVERLAY,), _overlay, _means),
    Kind("profile file", 80, _make_profiles,
         {"profiles.npz": BYTES | PLACES | ARCHIVES | _ABOUT | members(_SUMS, "sums")}, (_CLUSTER,), _clusters),
    Kind("report", 110, _make_report,
         {"plan.toml": _TEXT, "results/journal.jsonl": _TEXT, "results/table.csv": _TEXT | CELLS,
          "results/values.json": BYTES | JSON | PLACES, "results/said.txt": ENCODINGS | PLACES,
          "results/figure.png": BYTES | PLACES, "results/sound.wav": PLACES}, (_REPORT,), _exhibits, _said, _shown,
         unknowable=("plan.toml:*",)),
)
