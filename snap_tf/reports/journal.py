"""The journal of a chain of commands: what was run, when, how long it took and what it printed.

`scripts/steps.sh` writes it, a line of JSON per step, beside the results.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from wavegan_tf.errors import DataError
from wavegan_tf.formats.json_files import parse_json
from wavegan_tf.formats.plain_files import read_text

__all__ = ["JOURNAL_NAME", "Entry", "read_journal"]

JOURNAL_NAME = "journal.jsonl"


@dataclass(frozen=True)
class Entry:
    """One command that succeeded.

    Attributes:
        title: what it was for.
        command: as typed in a shell.
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
        DataError: there is no journal, or a line that is not a step.

    Example:
        >>> import json
        >>> from pathlib import Path
        >>> from snap_tf.reports import read_journal
        >>> step = {"title": "corpus", "command": "wavegan-tf corpus synth corpus", "seconds": 2.5,
        ...         "ended": "2026-01-01T12:00:00", "output": "4 speakers"}
        >>> _ = Path("journal.jsonl").write_text(json.dumps(step))
        >>> read_journal(".")["corpus"].seconds
        2.5
    """
    path = Path(folder) / JOURNAL_NAME
    if not path.is_file():
        raise DataError(f"journal (={path}) must exist; it is written by scripts/demo.sh and scripts/reproduce; run "
                        "one of them, or name its folder of results")
    entries: dict[str, Entry] = {}
    lines = read_text(path, "journal").split("\n")
    lines = lines[:-1] if lines[-1] == "" else lines
    for number, line in enumerate(lines, 1):
        try:
            values = parse_json(line, f"line {number}")
            entry = _entry(values)
        except (ValueError, TypeError, KeyError) as error:
            if number == len(lines):  # a step was killed while it wrote
                break
            raise DataError(f"journal (={path}) must have one step per line; line {number} is none: {error}; remove "
                            "the line") from error
        entries[entry.title] = entry
    return entries


def _entry(values: dict[str, Any]) -> Entry:
    entry = Entry(**{field.name: values[field.name] for field in fields(Entry)})
    wrong = [name for name in ("title", "command", "ended", "output") if not isinstance(values[name], str)]
    if isinstance(entry.seconds, bool) or not isinstance(entry.seconds, int | float):
        wrong.append("seconds")
    if wrong:
        raise ValueError(f"`{wrong[0]}` (={values[wrong[0]]}) is of another kind")
    return entry
