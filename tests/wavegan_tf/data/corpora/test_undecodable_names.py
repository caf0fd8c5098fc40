"""Recordings whose names are not UTF-8 are left out by name and counted; everything else goes on as it would."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

import snap_tf.cli
import wavegan_tf.cli
from wavegan_tf.data.batches.audio_files import find_audio_files
from wavegan_tf.data.corpus import Problem
from wavegan_tf.data.folders import walk_files

STRAY = [os.fsdecode(name) for name in (b"caf\xe9", b"caf\xea")]


def write(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        soundfile.write(file, np.random.default_rng(len(path.name)).uniform(-0.5, 0.5, 9000), 16000, format="WAV")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings of TIMIT's kind in a good folder, two with stray bytes, and one in a folder with stray bytes."""
    root = tmp_path / "corpus"
    root.mkdir()
    for name in ("speaker/good", f"speaker/{STRAY[0]}", f"speaker/{STRAY[1]}", "speaker/better", f"{STRAY[0]}/lost"):
        write(root / f"{name}.wav")
        for suffix in (".phn", ".wrd"):
            (root / f"{name}{suffix}").write_text("100 8000 ah\n")
    return root


def test_they_are_left_out_by_name(folder: Path) -> None:
    problems: list[Problem] = []
    names = [path.name for path in walk_files(folder, problems) if path.suffix == ".wav"]
    assert names == ["better.wav", "good.wav"]
    assert sorted({problem.where for problem in problems if problem.where.endswith((".wav", STRAY[0]))}) == sorted(
        [str(folder / STRAY[0]), *(str(folder / "speaker" / f"{name}.wav") for name in STRAY)])
    assert {problem.kind for problem in problems} == {"name that is not UTF-8"} and len(problems) == 7


def test_training_skips_them_with_the_reason(folder: Path) -> None:
    found = find_audio_files(folder)
    assert [file.name for file in found.files] == ["speaker/better.wav", "speaker/good.wav"]
    skipped = dict(found.skipped)
    assert "not UTF-8" in skipped[f"{STRAY[0]}/"] and "not UTF-8" in skipped[f"speaker/{STRAY[1]}.wav"]


def test_commands_tell_them_and_go_on(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    assert wavegan_tf.cli.main(["corpus", "info", str(folder)]) == 0
    shown = capfd.readouterr()
    assert "name that is not UTF-8 7" in shown.out and "speaker/caf\\udce9.wav: its name is not UTF-8" in shown.out
    assert "utterances            2" in shown.out
    assert wavegan_tf.cli.main(["slice", str(folder), str(tmp_path / "out"), "--kind", "phones", "--phones", "ah"]) == 0
    assert len(list((tmp_path / "out").rglob("*.wav"))) == 2
    capfd.readouterr()
    assert wavegan_tf.cli.main(["corpus", "info", str(folder), "--json"]) == 0
    problems = json.loads(capfd.readouterr().out)["problems"]
    assert str(folder / "speaker" / f"{STRAY[1]}.wav") in [problem["where"] for problem in problems]


@pytest.mark.parametrize("main", [wavegan_tf.cli.main, snap_tf.cli.main])
def test_arguments_that_are_not_utf_8_are_refused_before_any_work(main, capfd: pytest.CaptureFixture) -> None:
    assert main(["report", "x", STRAY[0], "--plan", "y"]) == 2
    assert capfd.readouterr().err.splitlines()[-1].endswith(
        "error: argument (=caf\\udce9) must be UTF-8; rename the file, or the folder that it is in")


def test_a_run_in_a_folder_with_stray_bytes_is_refused_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch,
                                                                   capfd: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(folder / STRAY[0])
    (Path.cwd() / "plan.toml").write_text("title = 'x'\nabout = ''\n[[section]]\ntitle = 'x'\ntext = ''\n")
    (Path.cwd() / "journal.jsonl").write_text(json.dumps(
        {"title": "x", "command": STRAY[0], "seconds": 1.0, "ended": "", "output": f"\x1b[31m{STRAY[1]}"}) + "\n")
    assert snap_tf.cli.main(["report", ".", "out.html", "--plan", "plan.toml"]) == 0
    assert "\x1b" not in Path("out.html").read_text(encoding="utf-8")
