"""The demo's steps: each a command line that the parser takes, done once, stopped at the first failure."""

import shutil
import subprocess
from pathlib import Path

import pytest

from wavegan_tf.cli import build_parser

PROJECT = Path(__file__).parent.parent
STEPS = ["corpus", "corpus", "slice", "train", "generate", "export", "classify"]


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The demo beside a set-up that only puts a recording `wavegan-tf` on the PATH; it fails at $FAIL_AT."""
    folder = tmp_path / "a b" / "scripts"
    folder.mkdir(parents=True)
    for name in ("demo.sh", "steps.sh"):
        shutil.copy(PROJECT / "scripts" / name, folder)
    (folder / "environment.sh").write_text(f'project="{folder.parent}"\nPATH="{folder}:$PATH"\n')
    (folder / "wavegan-tf").write_text(
        "#!/usr/bin/env bash\n"
        f"printf '%s\\n' \"$*\" >>'{folder}/calls.txt'\n"
        '[ "$1" != "${FAIL_AT:-}" ] || exit 2\n'
    )
    (folder / "wavegan-tf").chmod(0o755)
    return folder


def demo(scripts: Path, *arguments: str, **settings: str) -> tuple[subprocess.CompletedProcess[str], list[list[str]]]:
    """Run the demo; give what it said and the command lines it ran."""
    calls = scripts / "calls.txt"
    calls.unlink(missing_ok=True)
    run = subprocess.run(
        ["bash", str(scripts / "demo.sh"), *arguments], cwd=scripts.parent, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", **settings}, stdin=subprocess.DEVNULL,
    )
    return run, [line.split() for line in calls.read_text().splitlines()] if calls.exists() else []


def test_every_step_is_a_command_that_exists(scripts: Path) -> None:
    run, calls = demo(scripts)
    assert run.returncode == 0, run.stderr
    assert [call[0] for call in calls] == STEPS
    for call in calls:
        assert hasattr(build_parser().parse_args(call), "run")
        assert " ".join(["wavegan-tf", *call]) in run.stdout  # printed before it runs
    assert "Everything is in demo-output" in run.stdout


def test_what_is_there_is_not_made_again(scripts: Path) -> None:
    out = scripts.parent / "results"
    for name in ("corpus", "words", "run", "generated"):
        (out / name).mkdir(parents=True)
    run, calls = demo(scripts, "results")
    assert run.returncode == 0, run.stderr
    # training knows itself how far it is
    assert [call[0] for call in calls] == ["corpus", "train", "export", "classify"]
    assert calls[0] == ["corpus", "info", "results/corpus"]
    assert run.stdout.count("done before") == 3


def test_first_failure_ends_the_demo(scripts: Path) -> None:
    run, calls = demo(scripts, FAIL_AT="train")
    assert run.returncode == 2
    assert [call[0] for call in calls] == STEPS[:4]
    assert "Everything is in" not in run.stdout
