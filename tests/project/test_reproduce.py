"""The scripts of the papers: every command line one that the parsers take; on synthetic speech they run to the end."""

import csv
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import snap_tf.cli
import wavegan_tf.cli

PROJECT = Path(__file__).parents[2]
SCRIPTS = PROJECT / "scripts" / "reproduce"
PARSERS = {"wavegan-tf": wavegan_tf.cli.build_parser(), "snap-tf": snap_tf.cli.build_parser()}
ARGUMENTS = {  # after the corpus and the folder of results
    "begus_zhou_words": [], "begus_zhou_generator": ["a model"], "krug_snap": [],
}
TINY = {  # the same scripts in minutes on a CPU; the numbers mean nothing
    "CIWGAN_STEPS": "4", "FIWGAN_STEPS": "4", "WAVEGAN_STEPS": "4", "PERMUTATIONS": "99",
    "TRAIN_FLAGS": "--dim 2 --train_batch_size 8 --summary-secs 0", "LABEL": "rms_db", "OUTPUTS": "100", "BASES": "3",
    "ASR_FLAGS": "--width 0.0625 --max-steps 20 --batch-size 4 --picture-secs 0", "PARTS": "2", "MIN_FRAMES": "2",
    "SANITY_FLAGS": "--blank nonblank --permutations 2 --utterances 10 --frames-per-group 3",
    "PROFILE_FLAGS": "--mode utterance --hop-steps 16 --blank nonblank",
}
# stands for both command lines and for Python: keeps what it was called with, and leaves the one file that is read
RECORDER = """#!/usr/bin/env bash
printf '%s\\037' "${{0##*/}}" "$@" >>'{calls}'
echo >>'{calls}'
if [ "$1" = latents ]; then
    mkdir -p "$3"
    printf 'rank,variable,name\\n1,42,z42\\n' >"$3/latents.csv"
fi
"""


def make_checkout(folder: Path, commands: dict[str, str]) -> Path:
    """Lay out the scripts beside an environment of these commands instead of the one that would be installed."""
    shutil.copytree(SCRIPTS, folder / "scripts" / "reproduce", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "scripts" / "steps.sh", folder / "scripts")
    place = folder / "commands"
    place.mkdir()
    for name, text in commands.items():
        (place / name).write_text(text)
        (place / name).chmod(0o755)
    (folder / "scripts" / "environment.sh").write_text(
        f'project="{folder}"\npython="{place}/python"\nPATH="{place}:$PATH"\n'
        "fail() { printf 'error: %s\\n' \"$*\" >&2; exit 2; }\n")
    return folder


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A checkout whose commands do nothing but keep what they were called with."""
    recorder = RECORDER.format(calls=tmp_path / "calls")
    return make_checkout(tmp_path / "a b", dict.fromkeys((*PARSERS, "python"), recorder))


def run(checkout: Path, name: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(checkout / "scripts" / "reproduce" / f"{name}.sh"), *arguments], cwd=checkout, text=True,
        capture_output=True, check=False, env={"PATH": "/usr/bin:/bin", **settings}, stdin=subprocess.DEVNULL)


def calls_of(checkout: Path) -> list[list[str]]:
    path = checkout.parent / "calls"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    calls = [line.split("\x1f")[:-1] for line in lines]
    return [call for call in calls if call[:2] != ["python", "-"]]  # those write the journal


def load_compare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare_published", SCRIPTS / "compare.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_script_is_tested() -> None:
    assert sorted(path.stem for path in SCRIPTS.glob("*.sh")) == sorted(ARGUMENTS)
    assert set(json.loads((SCRIPTS / "published.json").read_text(encoding="utf-8"))) == set(ARGUMENTS)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_settings_are_explained_and_tried(name: str) -> None:
    text = (SCRIPTS / f"{name}.sh").read_text(encoding="utf-8")
    used = set(re.findall(r"\$\{([A-Z_]+):-", text))
    assert used == set(re.findall(r"^#   ([A-Z_]+) ", text, re.M))
    assert used <= set(TINY)


@pytest.mark.parametrize("settings", [{}, TINY], ids=["as published", "tiny"])
@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_step_is_a_command_that_exists(recording: Path, name: str, settings: dict[str, str]) -> None:
    done = run(recording, name, "the corpus", "the results", *ARGUMENTS[name], **settings)
    assert done.returncode == 0, done.stderr
    calls = calls_of(recording)
    assert len(calls) > 5
    for program, *arguments in calls[:-1]:
        args = PARSERS[program].parse_args(arguments)
        assert hasattr(args, "run"), arguments
    assert calls[-1][0] == "python" and calls[-1][2:] == [name, "the results"]
    assert Path(calls[-1][1]) == recording / "scripts" / "reproduce" / "compare.py"


@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_is_there_is_not_made_again(recording: Path, name: str) -> None:
    run(recording, name, "corpus", "results")
    made = [words[-1] if words[1] == "export" else None for words in calls_of(recording)]
    for place in filter(None, made):
        (recording / place).mkdir(parents=True)
    again = run(recording, name, "corpus", "results")
    assert again.returncode == 0, again.stderr
    calls = calls_of(recording)
    assert not [words for words in calls if words[1] == "export"]
    assert [words for words in calls if "train" in words[1:3]]  # training knows itself how far it is


@pytest.mark.parametrize("name", ARGUMENTS)
def test_missing_folders_are_told(recording: Path, name: str) -> None:
    done = run(recording, name, "corpus")
    assert done.returncode == 2 and done.stderr.startswith("error: two folders must be given")
    assert not calls_of(recording)


def test_numbers_are_found_where_published_json_says(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,split,x\nda,test,1\nba,train,2\nda,train,3\n")
    (tmp_path / "b.json").write_text(json.dumps({"deep": {"x": 7}, "rows": [{"term": "t", "F": 2.5, "p": None}]}))
    paper = {"paper": "P", "tables": [
        {"title": "one", "source": "s", "numbers": [
            {"what": "da", "published": 4052, "file": "a.csv", "count": {"label": "da"}},
            {"what": "all", "published": None, "file": "a.csv", "count": {}},
            {"what": "kinds", "published": 1, "file": "a.csv", "different": "label"},
            {"what": "deep", "published": 8, "file": "b.json", "at": ["deep", "x"]},
            {"what": "not there", "published": 9, "file": "b.json", "at": ["no", "x"]},
            {"what": "no file", "published": 9, "file": "c.json", "at": ["no"]}]},
        {"title": "two", "source": "s", "file": "b.json", "list": "rows", "key": "term",
         "columns": {"F": "F", "p": "p"}, "rows": {"t": [2.0, "< .0001"], "u": [1.0, None]}},
        {"title": "three", "source": "s", "file": "a.csv", "where": {"split": "train"}, "key": "label split",
         "columns": {"x": "x"}, "rows": {"da train": [0.1]}}]}
    compare = load_compare()
    rows = compare.compare(paper, tmp_path)
    assert [row["here"] for row in rows] == [2, 3, 2, 7, None, None, 2.5, None, None, None, 3.0]
    text = compare.to_text(paper, rows)
    lines = [line.split() for line in text.splitlines()]
    assert ["da", "4,052", "2"] in lines and ["all", "-", "3"] in lines
    assert ["t", "p", "<", ".0001", "-"] in lines


def test_published_tables_are_well_formed() -> None:
    compare = load_compare()
    for paper in json.loads((SCRIPTS / "published.json").read_text(encoding="utf-8")).values():
        rows = compare.compare(paper, Path("nowhere"))
        assert rows and all(row["here"] is None and row["source"] for row in rows)
        assert paper["paper"] in compare.to_text(paper, rows)


def test_published_alignment_is_that_of_align_eval() -> None:
    from snap_tf.snap.alignment.evaluation import PUBLISHED

    tables = json.loads((SCRIPTS / "published.json").read_text(encoding="utf-8"))["krug_snap"]["tables"]
    grid = next(table for table in tables if table["file"].startswith("alignment"))
    columns = list(grid["columns"].values())
    for model, numbers in grid["rows"].items():
        for column in ("centre", "aligned", "within", "ceiling", "mean_offset_s", "n_majority"):
            assert numbers[columns.index(column)] == getattr(PUBLISHED[model], column), (model, column)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARGUMENTS)
def test_whole_protocol_on_synthetic_speech(name: str, tmp_path: Path) -> None:
    """Everything that the script does on TIMIT, in some minutes."""
    pytest.importorskip("espeakng_loader", reason="synthetic corpora need the extra `synth`")
    from wavegan_tf.data.synthetic import render_corpus

    render_corpus(tmp_path / "corpus", n_speakers=40, n_sentences=1, seed=3, progress=False)
    command = f"#!/bin/sh\nPYTHONPATH='{PROJECT}' TF_CPP_MIN_LOG_LEVEL=3 exec '{sys.executable}' "
    checkout = make_checkout(tmp_path / "a b", {
        "wavegan-tf": command + '-m wavegan_tf.cli "$@"\n', "snap-tf": command + '-m snap_tf.cli "$@"\n',
        "python": command + '"$@"\n'})
    done = run(checkout, name, str(tmp_path / "corpus"), "results", HOME=str(tmp_path), **TINY)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    with (checkout / "results" / "comparison.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    missing = [(row["table"], row["row"], row["column"]) for row in rows if not row["here"]]
    assert not missing
    again = run(checkout, name, str(tmp_path / "corpus"), "results", HOME=str(tmp_path), **TINY)
    assert again.returncode == 0 and again.stdout.count("done before") > 4
