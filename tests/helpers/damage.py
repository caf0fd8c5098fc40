"""Kinds of damage to a file: what is cut off, swapped, out of range or of another kind, made from a good one."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["JSON_VALUES", "damage_file", "of_any", "of_arrays", "of_json", "of_table"]

JSON_VALUES: tuple[Any, ...] = (None, "x", -1, 1e308, [], {}, True, 10**30, "\ud800", [[]], 1.5)


def damage_file(path: Path, content: bytes | str | None) -> None:
    """Put something in the place of a file: bytes, `a folder`, `a pipe`, or nothing."""
    path.unlink()
    if content == "a folder":
        path.mkdir()
    elif content == "a pipe":
        os.mkfifo(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)


def of_any(raw: bytes) -> dict[str, bytes | str | None]:
    """Damage that any file can have."""
    return {"gone": None, "a folder": "a folder", "a pipe": "a pipe", "empty": b"", "one byte": raw[:1],
            "half": raw[: len(raw) // 2], "zeros": bytes(len(raw)), "noise": bytes(range(256)) * 9}


def of_json(raw: bytes, values: tuple[Any, ...] = JSON_VALUES) -> Iterator[tuple[str, bytes]]:
    """Every value of a JSON text exchanged for values of other kinds, or left out; and nesting without end."""
    yield "deep", b"[" * 100_000
    whole = json.loads(raw)
    for place in _places(whole):
        for value in values:
            yield f"{place} {value!r}", json.dumps(_with(whole, place, value)).encode()
        if place:
            yield f"{place} gone", json.dumps(_with(whole, place, None, gone=True)).encode()


def of_table(raw: bytes, cells: tuple[str, ...]) -> Iterator[tuple[str, str, bytes]]:
    """Column, kind and table: every column left out, and with some cells in its first row."""
    header, *rows = csv.reader(io.StringIO(raw.decode(), newline=""))
    for k, name in enumerate(header):
        yield name, "gone", _written([row[:k] + row[k + 1:] for row in (header, *rows)])
        for cell in cells:
            yield name, cell, _written([header, [*rows[0][:k], cell, *rows[0][k + 1:]], *rows[1:]])


def of_arrays(array: np.ndarray) -> dict[str, np.ndarray]:
    """Arrays of another shape or kind, or with numbers that are none; what would fit is not among them."""
    found = {"scalar": np.array(0.0), "words": np.full(array.shape, "x"), "extra axis": array[..., None]}
    if array.ndim:
        found |= {"row less": array[:-1], "empty": array[:0]}
    if array.dtype.kind == "f":
        found |= {"nan": np.full_like(array, np.nan), "inf": np.full_like(array, np.inf),
                  "complex": array.astype(complex)}
    elif array.dtype.kind in "iu":
        found |= {"negative": -array - 1, "fractions": array + 0.5, "huge": np.full_like(array, 2**62)}
    return found


def _places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield place
    if isinstance(value, dict):
        for name in value:
            yield from _places(value[name], (*place, name))
    elif isinstance(value, list) and value:
        yield from _places(value[0], (*place, 0))


def _with(whole: Any, place: tuple[str | int, ...], value: Any, gone: bool = False) -> Any:
    if not place:
        return value
    whole = json.loads(json.dumps(whole))
    inner = whole
    for part in place[:-1]:
        inner = inner[part]
    if gone:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return whole


def _written(rows: list[list[str]]) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode()
