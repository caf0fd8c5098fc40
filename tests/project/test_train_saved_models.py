"""The script that trains the shipped models: command lines that the parsers take, in order, none twice."""

import os
import subprocess
from pathlib import Path

import pytest

from snap_tf.cli import build_parser as snap_parser
from wavegan_tf.cli import build_parser as gan_parser

PROJECT = Path(__file__).parents[2]
PARSERS = {"wavegan-tf": gan_parser, "snap-tf": snap_parser}
MODELS = ["W2P_shallow", "W2L_TL_frozen", "W2L_TL_finetuned", "W2L", "ciwgan", "fiwgan"]


def run_script(tmp_path: Path, *arguments: str, fail_at: str = ""
               ) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run the script with commands that only note how they were called, and make the folder they are asked for."""
    scripts = tmp_path / "a b" / "scripts"
    if not scripts.is_dir():
        scripts.mkdir(parents=True)
        for name in ("train_saved_models.sh", "steps.sh"):
            (scripts / name).write_text((PROJECT / "scripts" / name).read_text())
        (scripts / "environment.sh").write_text(
            f'project="{scripts.parent}"\npython=true\nPATH="{scripts}:$PATH"\n')
        for name in PARSERS:
            (scripts / name).write_text(
                "#!/usr/bin/env bash\n"
                f"(IFS=$'\\t'; printf '%s\\n' \"{name}\t$*\") >>'{scripts}/calls.txt'\n"
                '[[ "$*" != *"${FAIL_AT:-nothing}"* ]] || exit 2\n'
                'case "$1 $2" in "corpus synth") mkdir -p "$3";; slice*) mkdir -p "$3";; export*) mkdir -p "$3";;\n'
                '"asr export") mkdir -p "$4";; esac\n')
            (scripts / name).chmod(0o755)
    calls = scripts / "calls.txt"
    calls.unlink(missing_ok=True)
    run = subprocess.run(["bash", str(scripts / "train_saved_models.sh"), *arguments], cwd=scripts.parent,
                         capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                         env={"PATH": os.environ["PATH"], "FAIL_AT": fail_at or "nothing"})
    return run, calls.read_text().splitlines() if calls.exists() else []


def test_every_line_is_a_command_that_exists(tmp_path: Path) -> None:
    run, calls = run_script(tmp_path)
    assert run.returncode == 0, run.stderr
    for call in calls:
        program, *arguments = call.split("\t")
        assert hasattr(PARSERS[program]().parse_args(arguments), "run"), call
    exports = [Path(call.split("\t")[4 if "asr" in call else 3]).name for call in calls if "\texport\t" in call]
    assert exports == MODELS
    assert "seed\t5" in next(call for call in calls if "speech" in call)
    # transfer starts from the run made before
    assert [call.split("--from\t")[1].split("\t")[0].rsplit("/", 1)[1] for call in calls if "--from" in call] == [
        "W2P_shallow", "W2L_TL_frozen"]


def test_a_second_start_makes_nothing_twice(tmp_path: Path) -> None:
    run, calls = run_script(tmp_path, "work", "models", fail_at="export\twork/W2L\t".replace("\t", " "))
    assert run.returncode == 2 and sum("\texport\t" in call for call in calls) == 4
    run, calls = run_script(tmp_path, "work", "models")
    assert run.returncode == 0, run.stderr
    done = {name for name in MODELS if not any(f"models/{name}" in call for call in calls)}
    assert done == {"W2P_shallow", "W2L_TL_frozen", "W2L_TL_finetuned"}
    assert not any("corpus" in call.split("\t")[1:2] or "\tslice\t" in call for call in calls)
    run, calls = run_script(tmp_path, "work", "models")
    assert run.returncode == 0 and not calls


@pytest.mark.slow
def test_with_tiny_steps(tmp_path: Path) -> None:
    run = subprocess.run(["bash", str(PROJECT / "scripts" / "train_saved_models.sh"), str(tmp_path / "work"),
                          str(tmp_path / "models")], capture_output=True, text=True, check=False,
                         env={**os.environ, "WAVEGAN_TF_GAN_STEPS": "1", "WAVEGAN_TF_ASR_STEPS": "2",
                              "WAVEGAN_TF_SPEAKERS": "10"})
    assert run.returncode == 0, run.stderr[-3000:]
    for name in MODELS:
        folder = tmp_path / "models" / name
        assert (folder / "CARD.md").is_file() and (folder / "SHA256SUMS").is_file()
    assert "took" in run.stdout
