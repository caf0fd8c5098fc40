"""Layers folders with any kind of damage: one line with the file's name."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from damage import damage_file, of_any, of_arrays, of_json, of_table

from snap_tf.cli import main
from snap_tf.series.extraction.store import open_layers, write_tokens
from wavegan_tf.data.corpus import Segment
from wavegan_tf.errors import DataError
from wavegan_tf.formats.tables import write_table

FILES = ("layers.json", "tokens.csv", "Conv1.npy", "logits.npy", "stimuli.npy", "intervals.csv")
FREE = ("model", "inputs", "activation", "paper_name")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What `snap-tf layers` writes, of four clips and two layers, made by hand."""
    made, rng = tmp_path / "made", np.random.default_rng(0)
    made.mkdir()
    layers = [{"name": "conv", "paper_name": "Conv1", "steps": 64, "channels": 4, "rate_hz": 1000.0,
               "activation": "relu", "file": "Conv1.npy"},
              {"name": "logits", "paper_name": "logits", "steps": 0, "channels": 3, "rate_hz": 0.0,
               "activation": "linear", "file": "logits.npy"}]
    (made / "layers.json").write_text(json.dumps({"format": 1, "model": "m", "inputs": "x", "n_samples": 1024,
                                                  "rate_hz": 16000, "layers": layers}))
    for name, shape in (("Conv1", (4, 64)), ("logits", (4, 3)), ("stimuli", (4, 1024, 1))):
        np.save(made / f"{name}.npy", rng.normal(size=shape).astype(np.float32))
    phones = (Segment(100, 500, "s"), Segment(500, 900, "k"))
    write_tokens(pd.DataFrame({
        "token": list("abcd"), "label": ["ask", "wash"] * 2, "word": "w", "speaker": "S", "file": "a.wav",
        "n_samples": 1024, "rate_hz": 16000, "source_rate_hz": 16000, "cropped": False, "phones": [phones] * 4}),
        made / "tokens.csv")
    write_table(pd.DataFrame({"row": range(4), "label": "s", "start_sample": 100, "end_sample": 500}),
                made / "intervals.csv")
    return made


def read_everything(folder: Path) -> float:
    """Use all that a folder has, and give a number made of it."""
    store = open_layers(folder)
    found = float(store["Conv1"].table()["value"].sum() + store.outputs["logits"].sum())
    found += 0.0 if store.stimuli is None else float(store.stimuli.sum())
    found += len(store["Conv1"].cut("s", min_points=1).table())
    if store.intervals is not None:
        found += len(store["Conv1"].cut_at(store.intervals, 1).table())
    return found + store.longest_s([0]) + sum(store.source_rates_hz([0]))


def refused(folder: Path, name: str) -> None:
    with pytest.raises(DataError) as caught:
        read_everything(folder)
    said = str(caught.value)
    assert ((str(folder) in said and name in said) or "table of tokens must have" in said) and "\n" not in said


@pytest.mark.parametrize("kind", of_any(b""))
@pytest.mark.parametrize("name", FILES)
def test_files_that_are_none(folder: Path, name: str, kind: str) -> None:
    read_everything(folder)
    damage_file(folder / name, of_any((folder / name).read_bytes())[kind])
    if kind == "gone" and name in ("stimuli.npy", "intervals.csv"):
        read_everything(folder)  # not every folder has them
    else:
        refused(folder, name)


@pytest.mark.parametrize("name", ["Conv1.npy", "logits.npy", "stimuli.npy"])
def test_arrays_that_do_not_fit(folder: Path, name: str) -> None:
    for kind, array in of_arrays(np.load(folder / name)).items():
        if kind != "extra axis" or name == "Conv1.npy":
            np.save(folder / name, array)
            refused(folder, name)


def test_settings_that_do_not_fit_are_refused_or_change_nothing(folder: Path) -> None:
    expected, n = read_everything(folder), 0
    for kind, text in of_json((folder / "layers.json").read_bytes(), (None, "x", -1, 1e308, [], True)):
        (folder / "layers.json").write_bytes(text)
        try:
            found = read_everything(folder)
        except DataError as error:
            assert str(folder) in str(error) and "\n" not in str(error), kind
            n += 1
        except KeyError as error:  # the layer has another name now
            assert ("paper_name" in kind or kind == "('layers', 0) gone") and "must be one of" in str(error)
        else:
            assert found == expected or "rate_hz" in kind, kind
            assert any(name in kind for name in (*FREE, "steps", "channels", "rate_hz", "'name'")), kind
    assert n > 60


@pytest.mark.parametrize("name", ["tokens.csv", "intervals.csv"])
def test_cells_that_do_not_fit(folder: Path, name: str) -> None:
    words = {"token", "label", "word", "speaker", "file"}
    cells = ("x", "-1", "1e308", "inf", "1.5", "a:1-" + "9" * 30)
    for column, kind, table in of_table((folder / name).read_bytes(), cells):
        (folder / name).write_bytes(table)
        optional = {"rate_hz", "source_rate_hz", "cropped"} | ({"label"} if name == "intervals.csv" else set())
        if (column in words and kind != "gone") or (kind == "gone" and column in optional):
            read_everything(folder)
        else:
            refused(folder, name)


def test_commands_leave_nothing_and_say_one_line(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    shutil.rmtree(folder / "nowhere", ignore_errors=True)
    np.save(folder / "Conv1.npy", np.full((4, 64), np.nan, np.float32))
    assert main(["acoustics", str(folder), str(tmp_path / "out"), "--measures", "intensity"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("snap-tf: error: ") and str(folder / "Conv1.npy") in lines[-1]
    assert not (tmp_path / "out").exists()
