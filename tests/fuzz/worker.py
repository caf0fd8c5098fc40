"""A process that works through cases of one kind and says after each what came of it, a line of JSON each.

Usage: python -m fuzz.worker KIND GOOD_FOLDER WORKPLACE NUMBER...
"""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import sys
from pathlib import Path

from fuzz.case import prepare, run_case
from fuzz.kinds.all_kinds import KINDS

__all__ = ["main"]

_MORE_BYTES = 4 * 2**30


def main(kind_name: str, good_folder: str, workplace: str, *numbers: str) -> None:
    """Prepare the good input, then run the cases."""
    lines = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not stand between the lines
    good = prepare(KINDS[kind_name], Path(good_folder), Path(workplace))
    _limit_memory()
    print(json.dumps("ready"), file=lines, flush=True)
    for number in numbers:
        outcome = run_case(good, int(number), Path(workplace))
        print(json.dumps(dataclasses.asdict(outcome)), file=lines, flush=True)


def _limit_memory() -> None:
    """Let an absurd size in a header end in a MemoryError rather than in a machine without memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + _MORE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main(*sys.argv[1:])
