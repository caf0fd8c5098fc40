"""The journal of a chain of commands: what was run, when, how long it took and what it printed.

`scripts/steps.sh` writes it, a line of JSON per step, beside the results.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from wavegan_tf.errors import DataError

__all__ = ["JOURNAL_NAME", "Entry", "read_journal"]

JOURNAL_NAME = "journal.jsonl"


@dataclass(frozen=True)
class Entry:
    """One command that ended well.

    Attributes:
        title: what it was for.
        command: as one would type it.
        seconds: how long it took.
        ended: date and time, ISO 8601.
        output: what it printed, progress left out.
    """

    title: str
    command: str
    seconds: float
    ended: str
    output: str


def read_journal(folder: str | Path) -> dict[str, Entry]:
    """Read the journal of a folder of results.

    Args:
        folder: the results.

    Returns:
        The steps by title, in the order in which they first ended; of a step that was run again the last run.

    Raises:
        DataError: there is no journal, or a line that is none of it.
    """
    path = Path(folder) / JOURNAL_NAME
    if not path.is_file():
        raise DataError(f"journal (={path}) must exist; it is written by scripts/demo.sh and scripts/reproduce; run "
                        "one of them, or name its folder of results")
    entries: dict[str, Entry] = {}
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line)
            entry = Entry(**{field.name: values[field.name] for field in fields(Entry)})
        except (ValueError, TypeError, KeyError) as error:
            if number == len(lines):  # a step was killed while it wrote
                break
            raise DataError(f"journal (={path}) must have one step per line; line {number} is none: {error}; remove "
                            "the line") from error
        entries[entry.title] = entry
    return entries
