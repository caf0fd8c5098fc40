"""The oracle is no rubber stamp: planted tracebacks, hangs, wrong values and losses are reported as what they are."""

from __future__ import annotations

import dataclasses
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fuzz import commands
from fuzz.case import Good, Outcome, prepare, run_case
from fuzz.damage_bytes import BYTES
from fuzz.kinds.kind import Kind
from fuzz.worker_pool import run_cases

PLANTS: dict[str, tuple[str, str]] = {
    "raises": ("traceback", "IndexError"), "never comes back": ("hang", ""), "wrong value": ("wrong value", "b, value"),
    "loses a line": ("lost in silence", "1 values"), "leaves a half": ("half-written", "out is there"),
    "changes the input": ("input changed", "in/a.txt"), "says nothing": ("bad message", "0 error lines"),
    "names no file": ("bad message", "names none"), "two lines": ("bad message", ""),
    "warns": ("warnings", "RuntimeWarning"),
    "escape": ("bad message", "control characters"), "exits": ("traceback", "SystemExit"),
    "undamaged owner": ("wrong value", "was not damaged"),
    "prints what has no code": ("traceback", "UnicodeEncodeError"), "": ("refused", "must")}
"""What a command does wrong, and what the oracle has to say."""


def _make(folder: Path) -> None:
    (folder / "a.txt").write_text("b 1\n")
    (folder / "c.txt").write_text("d 2\n")


def _values(out: Path, printed: str) -> dict[str, dict[str, str]]:
    rows = [line.split() for line in (out / "values.txt").read_text().splitlines()]
    return {name: {"value": value} for name, value in rows}


KIND = Kind("planted", 1, _make, {"a.txt": {"truncated": BYTES["empty"]}}, (("wavegan-tf", "IN", "OUT"),), _values,
            touched=lambda file, owner: owner == "b")


def _command(wrong: str) -> Callable[[list[str]], int]:
    """A command that copies two lines, or does one thing wrong where a file is empty."""
    def main(argv: list[str]) -> int:
        given, out = map(Path, argv)
        values = {"b": (given / "a.txt").read_text().split()[1:], "d": (given / "c.txt").read_text().split()[1:]}
        if not values["b"] and (code := _do(wrong, given, out, values)) is not None:
            return code
        out.mkdir()
        (out / "values.txt").write_text("".join(f"{name} {value[0]}\n" for name, value in values.items() if value))
        return 0
    return main


def _do(wrong: str, given: Path, out: Path, values: dict[str, list[str]]) -> int | None:
    error = f"wavegan-tf: error: file (={given / 'a.txt'}) must hold a line; it is empty"
    values["b"] = ["1"]
    match wrong:
        case "raises":
            raise IndexError("list index out of range")
        case "never comes back":
            time.sleep(60)
        case "exits":
            raise SystemExit(2)
        case "wrong value":
            values["b"] = ["7"]
        case "undamaged owner":
            values["d"] = ["3"]
        case "loses a line":
            values["b"] = []
        case "changes the input":
            (given / "a.txt").write_text("b 1\n")
        case "warns":
            warnings.warn("overflow encountered", RuntimeWarning, stacklevel=1)
        case "escape":
            print("label \x1b[2J")
        case "prints what has no code":
            print("\udcff", flush=True)
        case _:
            return _refuse(wrong, out, error)
    return None


def _refuse(wrong: str, out: Path, error: str) -> int:
    if wrong == "leaves a half":
        out.mkdir()
    lines = {"says nothing": "", "names no file": "wavegan-tf: error: the file must hold a line",
             "two lines": f"{error}\nsee the documents"}
    print(lines.get(wrong, error), file=sys.stderr)
    return 2


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Good]]:
    """Make the planted command the one that cases run, with a short limit."""
    def plant(wrong: str, folder: Path) -> Good:
        monkeypatch.setattr(commands, "_main", lambda program: _command(wrong))
        monkeypatch.setattr(commands, "LIMIT_S", 0.5)
        return prepare(KIND, folder / "good", folder / "case")
    yield plant


@pytest.mark.parametrize("wrong", PLANTS)
def test_what_is_planted_is_reported(wrong: str, quick: Callable[..., Good], tmp_path: Path) -> None:
    outcome = run_case(quick(wrong, tmp_path), 0, tmp_path / "case")
    verdict, detail = PLANTS[wrong]
    assert outcome.verdict == verdict and detail in outcome.detail, outcome


def test_a_loss_that_is_told_is_no_fault(quick: Callable[..., Good], tmp_path: Path,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    good = quick("loses a line", tmp_path)
    silent = commands._main("")

    def telling(argv: list[str]) -> int:
        print("a.txt: left out, it is empty")
        return silent(argv)

    monkeypatch.setattr(commands, "_main", lambda program: telling)
    assert run_case(good, 0, tmp_path / "case").verdict == "told"


def test_what_the_file_says_is_right_too(quick: Callable[..., Good], tmp_path: Path) -> None:
    good = quick("wrong value", tmp_path)
    kind = dataclasses.replace(KIND, readings=lambda folder, file: [{"b": {"value": "7"}}])
    outcome = run_case(dataclasses.replace(good, kind=kind), 0, tmp_path / "case")
    assert outcome.verdict == "other value, as the file says"


WORKER = """
import json, os, sys, time
numbers = sys.argv[4:]
print('"ready"', flush=True)
for number in numbers:
    if number == "1":
        os._exit(9)
    if number == "2":
        time.sleep(60)
    names = dict.fromkeys(("file", "damage", "detail"), "")
    print(json.dumps({"kind": "k", "number": int(number), "verdict": "refused", **names}), flush=True)
"""


def test_processes_that_die_or_hang_are_outcomes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.worker_pool.CASE_S", 2.0)
    outcomes = run_cases("k", range(4), tmp_path, tmp_path, worker=("-c", WORKER))
    assert [(o.number, o.verdict) for o in outcomes] == [(0, "refused"), (1, "killed"), (2, "hang"), (3, "refused")]
    assert "ended with 9" in outcomes[1].detail and isinstance(outcomes[0], Outcome)
