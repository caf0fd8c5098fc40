"""More than a thousand mangled inputs: refused in one line or used rightly; no traceback, no hang, no wrong value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fuzz.case import Outcome
from fuzz.kinds.all_kinds import KINDS
from fuzz.oracle import FAULTS
from fuzz.worker_pool import run_cases

_AT_ONCE = 100
"""Cases of a test; kinds with more are several tests, so that several processes can share them."""

CHUNKS = [(name, first) for name, kind in KINDS.items() for first in range(0, kind.n_cases, _AT_ONCE)]


def test_there_are_enough() -> None:
    """The count is part of what was promised."""
    assert sum(kind.n_cases for kind in KINDS.values()) >= 1000


@pytest.mark.slow
@pytest.mark.parametrize(("name", "first"), CHUNKS)
def test_mangled_inputs(name: str, first: int, good_inputs: Path, tmp_path: Path,
                        record_property: Callable[[str, object], None]) -> None:
    numbers = range(first, min(first + _AT_ONCE, KINDS[name].n_cases))
    outcomes = run_cases(name, numbers, good_inputs / name, tmp_path / "case")
    record_property("counts of mangled inputs", [(o.kind, o.damage, o.verdict) for o in outcomes])
    assert [outcome.number for outcome in outcomes] == list(numbers)
    faults = [told(outcome) for outcome in outcomes if outcome.verdict in FAULTS]
    assert not faults, f"{len(faults)} of {len(outcomes)}\n" + "\n".join(faults)


def told(outcome: Outcome) -> str:
    return f"{outcome.number}: {outcome.verdict}: {outcome.file}, {outcome.damage}: {outcome.detail}"
