"""Benchmarks say how busy the machine is before they start, give CPU seconds too, and end in one JSON object."""

import ast
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
# gamm_speakers.py measures how often a test is wrong, not how long it takes
PROGRAMS = sorted({path.name for path in BENCHMARKS.glob("*.py")} - {"machine.py", "gamm_speakers.py"})


@pytest.fixture
def machine() -> ModuleType:
    spec = importlib.util.spec_from_file_location("machine", BENCHMARKS / "machine.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("load", "quiet"), [(0.49, True), (0.5, False), (7.0, False)])
def test_a_machine_is_quiet_below_half_a_process(load: float, quiet: bool, machine: ModuleType, capsys,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    assert machine.say_load() == {"load": load, "quiet": quiet, "cpus": os.cpu_count()}
    said = capsys.readouterr().out
    assert f"load before the start {load:.2f}" in said and ("NOT a quiet machine" in said) is not quiet


def test_the_two_clocks(machine: ModuleType) -> None:
    wall, cpu = machine.timed(lambda: time.sleep(0.3))
    assert wall >= 0.3 and cpu < 0.15  # who waits does not compute
    wall, cpu = machine.timed(lambda: sum(range(3_000_000)))
    assert 0.01 < cpu <= 1.2 * wall
    assert machine.best_and_median([3.0, 1.0, 8.0]) == (1.0, 3.0)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_benchmark_says_the_load_first_and_ends_in_json_with_it(name: str) -> None:
    tree = ast.parse((BENCHMARKS / name).read_text(encoding="utf-8"))
    calls = {node.func.id: node.lineno for node in ast.walk(tree)
             if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert "say_load" in calls
    written = ast.unparse(tree)
    assert "print(json.dumps(" in written
    assert "**machine" in written and "cpu" in written and "'ratio'" in written


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("snap.py", "--width", "0.02", "--frames", "2", "--rounds", "1"),
                                       ("training_round.py", "--dim", "1", "--batch", "1", "--rounds", "1",
                                        "--bfloat16-rounds", "0"),
                                       ("layers.py", "--dims", "1", "--rounds", "1", "--words", "1")])
def test_benchmarks_run(arguments: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, str(BENCHMARKS / arguments[0]), *arguments[1:]], capture_output=True,
                          text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("load before the start ")
    figures = json.loads(lines[-1])
    assert figures["benchmark"] == arguments[0].removesuffix(".py") and figures["ratio"] > 0
    assert {"load", "quiet", "cpus"} <= set(figures)
