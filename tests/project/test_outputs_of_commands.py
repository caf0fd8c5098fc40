"""Every command of both command lines: what it writes is claimed before its work, and no command is no success."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from snap_tf.cli import build_parser as snap_parser
from snap_tf.cli import main as snap_main
from wavegan_tf.cli import build_parser as wavegan_parser
from wavegan_tf.cli import main as wavegan_main

MAINS = {"wavegan-tf": wavegan_main, "snap-tf": snap_main}
# these write nothing, or into a run, which has a lock of its own from the beginning (see test_runs_in_use)
WITHOUT = {"wavegan-tf corpus info", "wavegan-tf corpus folding", "wavegan-tf train", "snap-tf asr train"}
OPTIONAL = {"snap-tf asr transcribe": ["--out", "out/table.csv", "--textgrids", "out/grids"],
            "snap-tf asr evaluate": ["--confusions", "out/a.csv", "--transcripts", "out/b.csv"],
            "wavegan-tf import-tf1": ["--run", "out/run"]}
HOLD = """
import sys
from wavegan_tf.files.claims import claim_all
from wavegan_tf.files.outputs import Output
with claim_all(Output(path, kind, replace=True, name=name) for path, kind, name in zip(*[iter(sys.argv[1:])] * 3)):
    print("held", flush=True)
    sys.stdin.readline()
"""


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups or "run" in parser._defaults:
        yield parser
    for group in groups:
        for below in group.choices.values():
            yield from commands(below)


ALL = {parser.prog.removesuffix(" [PRESET]"): parser for build in (wavegan_parser, snap_parser)
       for parser in commands(build())}


def arguments(name: str, parser: argparse.ArgumentParser) -> list[str]:
    """Fill in what must be given: new places for outputs, names of nothing for the rest."""
    words = name.split()[1:]
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        is_out = action.dest in ("out", "figure", "prefix") or name == "wavegan-tf corpus synth"
        value = "out/result" + (".npz" if "profile" in name and "plot" not in name else "") if is_out else "nothing"
        if action.required and not action.option_strings:
            words += [value if action.choices is None else str(next(iter(action.choices)))]
        elif action.required:
            words += [action.option_strings[0], value]
        elif action.nargs == "?" and is_out:
            words += [value]
    return words + OPTIONAL.get(name, [])


def test_the_commands_are_known() -> None:
    assert len(ALL) > 25 and set(ALL) >= WITHOUT, sorted(ALL)
    assert {name for name, parser in ALL.items() if "writes" not in parser._defaults} == WITHOUT


@pytest.mark.parametrize("name", sorted(set(ALL) - WITHOUT))
def test_what_a_command_writes_is_its_own_from_the_beginning(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    """Another process has claimed one of its outputs: refused before anything is read, for each of them."""
    monkeypatch.chdir(tmp_path)
    words = arguments(name, ALL[name])
    build = wavegan_parser if name.startswith("wavegan") else snap_parser
    args = build().parse_args(words)
    outputs = args.writes(args)
    assert outputs and all(Path(output.path).parts[0] == "out" for output in outputs)
    for output in outputs:
        other = subprocess.Popen([sys.executable, "-c", HOLD, str(output.path), output.kind, output.name], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert other.stdout.readline() == "held\n"
        assert MAINS[name.split()[0]](words) == 2
        other.communicate("\n")
        assert f"(={output.path}) must not be in use; process {other.pid} on " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("program", MAINS)
def test_no_command_is_no_success(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert MAINS[program]([]) == 2
    assert "usage:" in capsys.readouterr().out
    module = {"wavegan-tf": "wavegan_tf.cli", "snap-tf": "snap_tf.cli"}[program]
    done = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "usage:" in done.stdout
    for group in {name.split()[1] for name in ALL if name.startswith(program) and len(name.split()) == 3}:
        if f"{program} {group}" not in ALL:
            with pytest.raises(SystemExit) as caught:
                MAINS[program]([group])
            assert caught.value.code == 2
