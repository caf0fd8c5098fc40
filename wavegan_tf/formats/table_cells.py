"""CSV cells of text, marked so that spreadsheets and terminals do not run them as commands, and back without loss.

A cell that begins with = + - @ or a tab, and is no number, gets an apostrophe before it, as spreadsheets mark text. A
sign alone is no formula, and stays: `@` is SAMPA's schwa. A cell with control characters, or from a file name that is
not UTF-8, becomes an apostrophe, a backslash and its escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["is_foreign", "marked", "unmarked"]

_COMMAND = re.compile(r"'*(?:[=+\-@](?!\Z)|\t)|'+\\")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-](inf|nan)", re.ASCII)
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(\\|x[0-9a-f]{2}|u[0-9a-f]{4})")


def marked(cell: str) -> str:
    """Mark a cell for writing: no command to a spreadsheet, and different for different cells."""
    if _UNSAFE.search(cell):
        return "'\\" + _UNSAFE.sub(_escape, cell.replace("\\", r"\\"))
    return f"'{cell}" if _is_command(cell) else cell


def unmarked(cell: str) -> str:
    """Remove the mark that `marked` added."""
    if not cell.startswith("'"):
        return cell
    if _is_command(cell[1:]):
        return cell[1:]
    if cell.startswith("'\\"):
        return _ESCAPE.sub(_unescape, cell[2:])
    return cell


def is_foreign(cells: Iterable[str]) -> bool:
    """Tell whether words are not ours: one of them, unmarked, is what would have been marked.

    In such a table an apostrophe is an apostrophe (SAMPA has `'@U`), and nothing is taken off.
    """
    return any(not cell.startswith("'") and _is_command(cell) for cell in cells)


def _is_command(cell: str) -> bool:
    return _COMMAND.match(cell) is not None and _NUMBER.fullmatch(cell) is None


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _unescape(found: re.Match[str]) -> str:
    return "\\" if found[1] == "\\" else chr(int(found[1][1:], 16))
