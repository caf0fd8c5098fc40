"""CSV files read by Python's own module and written anew: what a damaged table says, if it says anything."""

from __future__ import annotations

import csv
import io
import math
import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from fuzz.commands import run_argv
from fuzz.kinds.kind import Argv
from fuzz.oracle import Values

__all__ = ["plain_table", "rewritten", "unmarked"]

_DECIMAL = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", re.ASCII)


def unmarked(cell: str) -> str:
    """Take off what makes a cell harmless: the apostrophe before formulas, the escapes of control characters."""
    if cell.startswith("'\\"):
        return re.sub(r"\\(\\|x[0-9a-f]{2}|u[0-9a-f]{4})", lambda m: "\\" if m[1] == "\\" else chr(int(m[1][1:], 16)),
                      cell[2:])
    return cell[1:] if cell[:1] == "'" and cell[1:2] in tuple("=+-@'\t\r\n") else cell


def plain_table(file: Path, numbers: Collection[str] = ()) -> bytes | None:
    """Read a table strictly and write it anew.

    Args:
        file: the table.
        numbers: columns in which every cell is a finite decimal number, or missing.

    Returns:
        The same table in plain UTF-8, or None where it cannot be read without a doubt.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
        csv.field_size_limit(2**30)
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except (UnicodeDecodeError, csv.Error):
        return None
    if not rows or len(set(rows[0])) < len(rows[0]) or any(len(row) != len(rows[0]) for row in rows) or "\0" in text:
        return None
    for at in (at for at, name in enumerate(rows[0]) if name in numbers):
        for row in rows[1:]:
            if row[at] in ("", "NA"):
                continue
            if not _DECIMAL.fullmatch(row[at]) or not math.isfinite(float(row[at])):
                return None
            row[at] = repr(float(row[at])) if not re.fullmatch(r"\d{1,15}", row[at], re.ASCII) else str(int(row[at]))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def rewritten(argv: Argv, values: Callable[[Path, str], Values], plain: Callable[[Path], bytes | None]
              ) -> Callable[[Path, Path], list[Values]]:
    """Make readings of a damaged file: written anew in plain form, and given to the same command.

    Args:
        argv: the command.
        values: reads its values.
        plain: gives the file's content in plain form, or None where it has none.
    """
    def readings(folder: Path, file: Path) -> list[Values]:
        content = plain(file) if file.is_file() else None
        if content is None:
            return []
        other = folder.with_name("plain")
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(folder, other / "in", symlinks=True)
        target = other / "in" / file.relative_to(folder)
        target.unlink()
        target.write_bytes(content)
        ran = run_argv(argv, other / "in", other / "out")
        return [values(other / "out", ran.out)] if ran.code == 0 else []
    return readings
