"""The demo's steps: each a command line that the parsers take, done once, stopped at the first failure; the report's
plan fits them. The slow test runs the whole demo, looks at every picture of its report, and runs it a second time."""

import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

import snap_tf.cli
import wavegan_tf.cli
from snap_tf.reports.plan import read_plan

PROJECT = Path(__file__).parents[2]
PLAN = PROJECT / "scripts" / "demo-report.toml"
PARSERS = {"wavegan-tf": wavegan_tf.cli.build_parser(), "snap-tf": snap_tf.cli.build_parser()}


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The demo beside a set-up that only puts recording commands on the PATH; they fail at $FAIL_AT."""
    folder = tmp_path / "a b" / "scripts"
    folder.mkdir(parents=True)
    for name in ("demo.sh", "steps.sh"):
        shutil.copy(PROJECT / "scripts" / name, folder)
    (folder / "environment.sh").write_text(
        f'project="{folder.parent}"\npython="{sys.executable}"\nPATH="{folder}:$PATH"\n')
    for name in PARSERS:
        (folder / name).write_text(
            "#!/usr/bin/env bash\n"
            f"printf '%s\\037' '{name}' \"$@\" >>'{folder}/calls'\n"
            f"echo >>'{folder}/calls'\n"
            '[ "$1" != "${FAIL_AT:-}" ] || exit 2\n'
            "echo said $1\n"
        )
        (folder / name).chmod(0o755)
    return folder


def demo(scripts: Path, *arguments: str, **settings: str) -> tuple[subprocess.CompletedProcess[str], list[list[str]]]:
    """Run the demo; give what it said and the command lines it ran."""
    calls = scripts / "calls"
    calls.unlink(missing_ok=True)
    run = subprocess.run(
        ["bash", str(scripts / "demo.sh"), *arguments], cwd=scripts.parent, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", **settings}, stdin=subprocess.DEVNULL,
    )
    return run, [line.split("\037")[:-1] for line in calls.read_text().splitlines()] if calls.exists() else []


def journal(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def test_every_step_is_a_command_that_exists(scripts: Path) -> None:
    run, calls = demo(scripts)
    assert run.returncode == 0, run.stderr
    assert len(calls) > 20
    for name, *call in calls:
        assert hasattr(PARSERS[name].parse_args(call), "run")
        assert " ".join([name, *call]) in run.stdout  # printed before it runs
    assert "Everything is in demo-output" in run.stdout
    entries = journal(scripts.parent / "demo-output")
    assert len({entry["title"] for entry in entries}) == len(entries) == len(calls)
    assert [entry["output"] for entry in entries] == [f"said {call[1]}\n" for call in calls]
    assert calls[-1][:2] == ["snap-tf", "report"]


def test_report_shows_what_the_demo_makes(scripts: Path) -> None:
    _, calls = demo(scripts)
    titles = [entry["title"] for entry in journal(scripts.parent / "demo-output")]
    plan = read_plan(PLAN)
    shown = [title for section in plan.sections for title in section.steps]
    assert shown == titles[:-1]  # every step but the report itself, in the order in which they are done
    made = " ".join(argument for call in calls for argument in call)
    for section in plan.sections:
        for exhibit in section.exhibits:
            assert f"demo-output/{exhibit.file.split('/')[0]}" in made, exhibit.file


def test_shipped_models_are_there() -> None:
    text = (PROJECT / "scripts" / "demo.sh").read_text()
    models = re.findall(r"=\$models/(\w+)", text)
    assert len(models) == 4
    for name in models:
        assert (PROJECT / "saved_models" / name / "CARD.md").is_file(), name


def test_what_is_there_is_not_made_again(scripts: Path) -> None:
    out = scripts.parent / "results"
    for name in ("corpus", "words", "run", "generated"):
        (out / name).mkdir(parents=True)
    run, calls = demo(scripts, "results")
    assert run.returncode == 0, run.stderr
    # training knows itself how far it is
    assert [call[1] for call in calls[:4]] == ["corpus", "train", "classify", "layers"]
    assert calls[0] == ["wavegan-tf", "corpus", "info", "results/corpus"]
    assert run.stdout.count("done before") == 3
    # a journal that was lost is made up for, and what it says of a step that took time is not overwritten
    (before, *_) = journal(out)
    assert (before["seconds"], before["output"]) == (0, "")
    demo(scripts, "results")
    assert [entry["title"] for entry in journal(out)].count(before["title"]) == 1


def test_first_failure_ends_the_demo(scripts: Path) -> None:
    run, calls = demo(scripts, FAIL_AT="train")
    assert run.returncode == 2
    assert [call[1] for call in calls] == ["corpus", "corpus", "slice", "train"]
    assert "Everything is in" not in run.stdout
    assert len(journal(scripts.parent / "demo-output")) == 3


def numbers(folder: Path) -> dict[str, str]:
    """Give every table of results its checksum; times of day and of work are in none of those compared."""
    timed = ("metrics.csv",)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*.csv")) if path.name not in timed}


@pytest.mark.slow
def test_whole_demo_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        run = subprocess.run([str(PROJECT / "scripts" / "demo.sh"), str(tmp_path / name)], check=False, text=True,
                             capture_output=True, stdin=subprocess.DEVNULL,
                             env={**os.environ, "WAVEGAN_TF_DEMO_STEPS": "10"})
        assert run.returncode == 0, run.stderr[-3000:]
    one, two = numbers(tmp_path / "one"), numbers(tmp_path / "two")
    assert len(one) > 30
    assert {name for name in one if one[name] != two.get(name)} == set()

    page = (tmp_path / "one" / "report.html").read_text(encoding="utf-8")
    pictures = re.findall(r'<img alt="([^"]+)" title="([^"]+)" src="data:image/png;base64,([^"]+)"', page)
    wanted = [exhibit for section in read_plan(PLAN).sections for exhibit in section.exhibits
              if exhibit.kind == "figure"]
    assert len(pictures) >= len(wanted) > 10
    for caption, name, data in pictures:
        pixels = imread(io.BytesIO(base64.b64decode(data)))[..., :3]
        assert caption and min(pixels.shape[:2]) > 200, name
        background = pixels[0, 0]
        assert np.mean(np.any(np.abs(pixels - background) > 0.05, axis=-1)) > 0.01, f"{name} is empty"
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)  # one file, nothing beside it
    assert tomllib.loads(PLAN.read_text())["title"] in page
