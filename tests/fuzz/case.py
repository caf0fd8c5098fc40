"""One case: copy a good input, damage it, run its commands, judge what came of it."""

from __future__ import annotations

import fnmatch
import json
import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from fuzz.commands import out_name, run_argv
from fuzz.kinds.kind import Kind
from fuzz.oracle import Ran, Values, clean, compare, judge_refusal, same, tells, tree

__all__ = ["SEED", "Good", "Outcome", "prepare", "run_case"]

SEED = 20261127


@dataclass(frozen=True)
class Outcome:
    """What became of one mangled input."""

    kind: str
    number: int
    file: str
    damage: str
    verdict: str
    detail: str = ""


@dataclass(frozen=True)
class Good:
    """A good input of a kind, and what its commands make of it."""

    kind: Kind
    folder: Path
    runs: tuple[Ran, ...]
    values: Values


def _run(kind: Kind, given: Path, workplace: Path, patience: float = 1.0) -> tuple[Ran, ...]:
    return tuple(run_argv(argv, given, workplace / out_name(number), patience)
                 for number, argv in enumerate(kind.commands))


def prepare(kind: Kind, folder: Path, workplace: Path) -> Good:
    """Make a good input, unless it is there, and run its commands once.

    Raises:
        AssertionError: the good input is refused, or its slow readings differ from what the commands make of it.
    """
    if not folder.exists():
        made = folder.with_name(f"{folder.name}-{os.getpid()}")
        made.mkdir(parents=True)
        kind.make(made)
        made.rename(folder)
    shutil.rmtree(workplace, ignore_errors=True)
    shutil.copytree(folder, workplace / "in", symlinks=True)
    runs = _run(kind, workplace / "in", workplace, patience=5)
    assert all(ran.code == 0 for ran in runs), (kind.name, runs)
    values = kind.values(workplace / "out", runs[0].out)
    assert values, (kind.name, runs)
    for file in dict.fromkeys(file for file, *_ in kind.plan(folder) if not kind.falls_back):
        for reading in kind.readings(workplace / "in", workplace / "in" / file)[:1]:
            for owner in reading.keys() & values.keys():
                assert same(reading[owner], values[owner]), (kind.name, file, owner)
    return Good(kind, folder, runs, values)


def run_case(good: Good, number: int, workplace: Path) -> Outcome:
    """Do damage number `number` and judge what the commands make of it."""
    kind = good.kind
    rng = np.random.default_rng([SEED, *kind.name.encode(), number])
    plan = kind.plan(good.folder)
    order = np.random.default_rng([SEED, *kind.name.encode()]).permutation(len(plan))
    file, damage, edit = plan[order[number % len(plan)]]
    remove(workplace)
    given = workplace / "in"
    shutil.copytree(good.folder, given, symlinks=True)
    edit(rng, given / file)
    before = tree(workplace)
    runs = _run(kind, given, workplace)
    verdict, detail = _judge(good, given, given / file, file, damage, before, runs)
    return Outcome(kind.name, number, file, damage, verdict, detail)


def _judge(good: Good, given: Path, path: Path, file: str, damage: str, before: dict[str, Any], runs: tuple[Ran, ...]
           ) -> tuple[str, str]:
    outs = tuple(map(out_name, range(len(runs))))
    after = {name: facts for name, facts in tree(given.parent).items() if not name.startswith(outs)}
    for ran in runs:
        if ran.hung or ran.crash:
            return ("hang" if ran.hung else "traceback"), ran.crash
    if changed := [name for name in {*before, *after} if before.get(name) != after.get(name)]:
        return "input changed", ", ".join(sorted(changed)[:5])
    # the file, or the folder of which it is a part
    names = [path.name, repr(path.name)[1:-1], *([f"{given / Path(file).parts[0]}"] if "/" in file else [])]
    refusals = []
    for ran, known, out, argv in zip(runs, good.runs, outs, good.kind.commands, strict=True):
        if ran.code == 2:
            refusals.append(judge_refusal(ran, names, good.kind.places))
            if os.path.lexists(given.with_name(out)):
                return "half-written", f"{out} is there after an error"
        elif ran.code != 0:
            return "traceback", f"exit code {ran.code}"
        if problem := clean(ran, known):
            return problem
        if ran.code == 0 and "--json" in argv and not _is_json(ran.out):
            return "bad message", "what was printed is no JSON"
    for verdict in refusals:
        if verdict[0] != "refused":
            return verdict
    if runs[0].code == 2:
        return refusals[0]
    return _judge_values(good, given, path, file, damage, runs[0])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _judge_values(good: Good, given: Path, path: Path, file: str, damage: str, ran: Ran) -> tuple[str, str]:
    kind = good.kind
    try:
        values = kind.values(given.with_name("out"), ran.out)
    except Exception as error:
        return "half-written", f"the result cannot be read: {type(error).__name__}: {error}"
    if damage == "strange name":
        values = {owner: named for owner, named in values.items() if owner in good.values}
    told = [line for line in ran.said if line not in good.runs[0].said]
    unknowable = any(fnmatch.fnmatch(f"{file}: {damage}", pattern) for pattern in kind.unknowable)
    if unknowable:
        values = {owner: values.get(owner, {}) if not kind.touched(file, owner) else good.values[owner]
                  for owner in good.values}
    touched = partial(kind.touched, file)
    verdict = compare(values, good.values, [], touched, told)
    if verdict[0] not in ("same values", "told"):
        verdict = compare(values, good.values, kind.readings(given, path), touched, told)
        if kind.falls_back and verdict[0].startswith("other value"):
            return ("told", "") if tells(told) else ("lost in silence", "something older was used")
    return ("not checkable", "") if unknowable and verdict[0] == "same values" else verdict


def remove(folder: Path) -> None:
    """Remove a folder with whatever damage has left in it."""
    for root, folders, _ in os.walk(folder):
        for name in folders:
            path = Path(root, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
