"""Safe printing of names and texts: control characters and bytes that are not UTF-8 become escapes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

__all__ = ["harmless_output", "is_text", "one_line", "printable"]

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_STRAY = re.compile("[\ud800-\udfff]")
_BAR = re.compile("(\r|\x1b\\[A)")
"""What tqdm moves the cursor with."""


def is_text(name: str) -> bool:
    """Check that a name is UTF-8: Python decodes bytes that are not to single surrogates."""
    return _STRAY.search(name) is None


def printable(text: str) -> str:
    """Replace control characters, and bytes of names that are not UTF-8, by escapes such as \\x1b.

    Newlines and tabs stay.
    """
    return _UNSAFE.sub(_escape, text)


def one_line(text: str) -> str:
    """Escape a text as `printable` does, and newlines and tabs too: the result is one line."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


@contextmanager
def harmless_output() -> Iterator[None]:
    """Make all output inside the block `printable`, on stdout and stderr; progress bars on stderr still work."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Printable(sys.stdout), _Printable(sys.stderr, with_bars=True)  # type: ignore[assignment]
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class _Printable:
    """A text stream that escapes what it passes on to another stream."""

    def __init__(self, stream: IO[str], with_bars: bool = False) -> None:
        self._stream, self._with_bars = stream, with_bars

    def write(self, text: str) -> int:
        parts = _BAR.split(text) if self._with_bars else [text]
        safe = "".join(part if i % 2 else printable(part) for i, part in enumerate(parts))
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._stream.write(safe.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("ascii", "backslashreplace").decode("ascii") if ord(found[0]) > 127 else (
        f"\\x{ord(found[0]):02x}")
