"""A few dozen of the mangled inputs in the fast suite, so that damage, commands and oracle keep fitting each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz.case import prepare, run_case
from fuzz.kinds.all_kinds import KINDS
from fuzz.oracle import FAULTS

SMOKE = {"TIMIT corpus": 14, "TextGrid corpus": 10, "recordings": 10, "report": 8}


@pytest.mark.parametrize("name", SMOKE)
def test_the_first_of_them(name: str, good_inputs: Path, tmp_path: Path) -> None:
    good = prepare(KINDS[name], good_inputs / name, tmp_path / "case")
    outcomes = [run_case(good, number, tmp_path / "case") for number in range(SMOKE[name])]
    assert not [outcome for outcome in outcomes if outcome.verdict in FAULTS]
    assert {outcome.verdict for outcome in outcomes} & {"refused", "told"}


@pytest.mark.parametrize("name", KINDS)
def test_every_damage_changes_something(name: str) -> None:
    """Names of damage and patterns of files are there to be met."""
    kind = KINDS[name]
    assert kind.edits and all(kind.edits.values()) and kind.n_cases > 0
