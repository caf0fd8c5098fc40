"""Parsing of label lists on the command line; quotes allow any label.

A label with a comma, a colon or blanks at its ends stands in double quotes, as in a CSV: `"i:":i,"a,b":c`; a double
quote inside quotes is written twice.
"""

from __future__ import annotations

import argparse
import re

__all__ = ["comma_list", "pair_list"]

_PART = re.compile(r'\s*"((?:[^"]|"")*)"\s*(?=[,:]|$)|([^,:]*)')


def comma_list(text: str) -> tuple[str, ...]:
    """Read `s,sh` as two names; `"a,b",c` as `a,b` and `c`."""
    return tuple("".join(part for part, _ in item) if len(item) == 1 else ":".join(raw for _, raw in item)
                 for item in _items(text) if item != [("", "")])


def pair_list(text: str) -> tuple[tuple[str, str], ...]:
    """Read `a:b,c:d`; `"i:":i` as the pair of `i:` and `i`.

    Raises:
        argparse.ArgumentTypeError: what is no list of pairs of different labels.
    """
    pairs = [tuple(part for part, _ in item) for item in _items(text) if item != [("", "")]]
    if not pairs or any(len(pair) != 2 or not all(pair) for pair in pairs):
        raise argparse.ArgumentTypeError(f"`{text}` must read A:B or A:B,C:D; a label with a colon or a comma stands "
                                         'in double quotes, and all in single ones: \'"i:":i\'')
    if same := [a for a, b in pairs if a == b]:
        raise argparse.ArgumentTypeError(f"`{same[0]}:{same[0]}` must be of two different words or phones")
    return tuple((a, b) for a, b in pairs)


def _items(text: str) -> list[list[tuple[str, str]]]:
    """Split at commas, then at colons, outside of quotes: each part as it is meant and as it was written."""
    items: list[list[tuple[str, str]]] = [[]]
    at = 0
    while True:
        match = _PART.match(text, at)
        assert match is not None
        meant = match[2].strip() if match[1] is None else match[1].replace('""', '"')
        items[-1].append((meant, match[0].strip()))
        if match.end() == len(text):
            return items
        if text[match.end()] == ",":
            items.append([])
        at = match.end() + 1
