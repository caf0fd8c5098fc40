"""Damage to lines, numbers and names in text files: labels, tables, TextGrids, settings."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import numpy as np
from fuzz.damage_bytes import Edit, on_bytes

__all__ = ["CELLS", "ENCODINGS", "HOSTILE", "LINES", "NUMBERS"]

HOSTILE = ("$\\frac{$", "=cmd()", "+1", "-x", "@a", "a\x1b[31mb", "..", "../../x", "/etc/x", "a/b", "a\\b", "x" * 300,
           "NA", "nan", "None", "ʃ", "é", "\u202e", "%s", "{0}", "a,b", 'a"b', "a:b", "i:", "i", "S", "?", "t 1", "t_1",
           ".", "CON", "'")
"""Labels and names that are something to LaTeX, spreadsheets, terminals, file systems, formats."""

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")
_REMARKABLE = ("0", "-1", "--5", "1e400", "-1e400", "1e308", "nan", "inf", "9" * 19, "9" * 40, "9" * 5000, "0x10",
               "1_0", "٣", "1.5", "1e3", "", "2147483648", "1e-320", "-0", "+5")


def _on_text(change: Callable[[np.random.Generator, str], str]) -> Edit:
    return on_bytes(lambda rng, raw: change(rng, raw.decode("utf-8", "surrogateescape"))
                    .encode("utf-8", "surrogateescape"))


def _on_lines(change: Callable[[np.random.Generator, list[str], int], list[str]]) -> Edit:
    def text(rng: np.random.Generator, whole: str) -> str:
        lines = whole.splitlines(keepends=True) or ["\n"]
        return "".join(change(rng, lines, int(rng.integers(0, len(lines)))))
    return _on_text(text)


def _swapped(rng: np.random.Generator, lines: list[str], at: int) -> list[str]:
    other = int(rng.integers(0, len(lines)))
    lines[at], lines[other] = lines[other], lines[at]
    return lines


def _quoted(rng: np.random.Generator, whole: str) -> str:
    at = int(rng.integers(0, len(whole) + 1))
    return whole[:at] + '"' + whole[at:]


def _number(rng: np.random.Generator, whole: str) -> str:
    found = list(_NUMBER.finditer(whole))
    if not found:
        return whole + "9"
    one = found[int(rng.integers(0, len(found)))]
    return whole[:one.start()] + str(rng.choice(_REMARKABLE)) + whole[one.end():]


def _digit(rng: np.random.Generator, whole: str) -> str:
    found = [match.start() for match in re.finditer(r"\d", whole)]
    at = found[int(rng.integers(0, len(found)))] if found else 0
    return whole[:at] + str(rng.integers(0, 10)) + whole[at + 1:]


def _hostile(rng: np.random.Generator, whole: str) -> str:
    words = list(re.finditer(r"[A-Za-z][\w#]*", whole))
    if not words:
        return whole + str(rng.choice(HOSTILE))
    one = words[int(rng.integers(0, len(words)))]
    return whole[:one.start()] + str(rng.choice(HOSTILE)) + whole[one.end():]


LINES: dict[str, Edit] = {
    "line doubled": _on_lines(lambda rng, lines, at: [*lines[:at + 1], *lines[at:]]),
    "line lost": _on_lines(lambda rng, lines, at: lines[:at] + lines[at + 1:]),
    "lines swapped": _on_lines(_swapped),
    "line very long": _on_lines(lambda rng, lines, at: [*lines[:at], "y" * 200_000 + lines[at], *lines[at + 1:]]),
    "line joined": _on_lines(lambda rng, lines, at: [*lines[:at], lines[at].rstrip("\r\n"), *lines[at + 1:]]),
    "everything twice": _on_text(lambda rng, whole: whole + whole),
    "open quote": _on_text(_quoted),
    "word exchanged": _on_text(_hostile),
}

NUMBERS: dict[str, Edit] = {"number exchanged": _on_text(_number), "digit exchanged": _on_text(_digit)}

ENCODINGS: dict[str, Edit] = {
    "UTF-16": on_bytes(lambda rng, raw: raw.decode("utf-8", "replace").encode(
        str(rng.choice(["utf-16", "utf-16-le", "utf-16-be"])))),
    "BOM": on_bytes(lambda rng, raw: b"\xef\xbb\xbf" + raw),
    "Latin-1": on_bytes(lambda rng, raw: _letter(rng, raw, b"\xe9")),
    "half a character": on_bytes(lambda rng, raw: _letter(rng, raw, b"\xc3")),
    "NUL inside": on_bytes(lambda rng, raw: _letter(rng, raw, b"\x00")),
    "lines end with CR": on_bytes(lambda rng, raw: raw.replace(b"\n", b"\r")),
    "lines end with CRLF": on_bytes(lambda rng, raw: raw.replace(b"\n", b"\r\n")),
}


def _letter(rng: np.random.Generator, raw: bytes, byte: bytes) -> bytes:
    at = int(rng.integers(0, len(raw) + 1))
    return raw[:at] + byte + raw[at + 1:]


def _on_rows(change: Callable[[np.random.Generator, list[list[str]]], list[list[str]]]) -> Edit:
    def text(rng: np.random.Generator, whole: str) -> str:
        rows = list(csv.reader(io.StringIO(whole)))
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(change(rng, rows))
        return out.getvalue()
    return _on_text(text)


def _cell(rng: np.random.Generator, rows: list[list[str]], value: str) -> list[list[str]]:
    row = rows[int(rng.integers(1, len(rows)))]
    row[int(rng.integers(0, len(row)))] = value
    return rows


def _columns(rng: np.random.Generator, rows: list[list[str]], rename_too: bool) -> list[list[str]]:
    one, other = rng.choice(len(rows[0]), 2, replace=False)
    for row in rows[0 if rename_too else 1:]:
        row[one], row[other] = row[other], row[one]
    return rows


def _without_column(rng: np.random.Generator, rows: list[list[str]]) -> list[list[str]]:
    at = int(rng.integers(0, len(rows[0])))
    return [row[:at] + row[at + 1:] for row in rows]


def _same_name(rng: np.random.Generator, rows: list[list[str]]) -> list[list[str]]:
    one, other = rng.choice(len(rows[0]), 2, replace=False)
    rows[0][one] = rows[0][other]
    return rows


def _ragged(rng: np.random.Generator, rows: list[list[str]]) -> list[list[str]]:
    row = rows[int(rng.integers(1, len(rows)))]
    if rng.random() < 0.5:
        row.append("more")
    else:
        row.pop()
    return rows


CELLS: dict[str, Edit] = {
    "cell hostile": _on_rows(lambda rng, rows: _cell(rng, rows, str(rng.choice(HOSTILE)))),
    "cell a remarkable number": _on_rows(lambda rng, rows: _cell(rng, rows, str(rng.choice(_REMARKABLE)))),
    "cell empty": _on_rows(lambda rng, rows: _cell(rng, rows, "")),
    "cells swapped": _on_rows(lambda rng, rows: _columns(rng, rows, False)),
    "columns moved": _on_rows(lambda rng, rows: _columns(rng, rows, True)),
    "column missing": _on_rows(_without_column), "column name twice": _on_rows(_same_name),
    "row ragged": _on_rows(_ragged),
    "header only": _on_rows(lambda rng, rows: rows[:1]), "no header": _on_rows(lambda rng, rows: rows[1:]),
    "row doubled": _on_rows(lambda rng, rows: [*rows, rows[int(rng.integers(1, len(rows)))]]),
    "semicolons": _on_text(lambda rng, whole: whole.replace(",", ";")),
}
