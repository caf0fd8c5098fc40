"""Damage that keeps a format whole outside: JSON of another shape, arrays of another type, archives without parts."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from fuzz.damage_bytes import Edit
from fuzz.damage_text import HOSTILE

__all__ = ["ARCHIVES", "ARRAYS", "JSON", "SPHERE", "members"]

_OTHERS = (None, [], {}, "", "x", -1, 0, 2**70, 1.5, True, "../x", "/etc/passwd", float("nan"), float("inf"), 1e308,
           [[]], {"a": 1}, *HOSTILE[:8])


def _spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Give every (container, key) inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from _spots(inner)


def _on_json(change: Callable[[np.random.Generator, Any], Any]) -> Edit:
    def edit(rng: np.random.Generator, path: Path) -> None:
        value = change(rng, json.loads(path.read_text(encoding="utf-8")))
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return edit


def _exchanged(rng: np.random.Generator, value: Any) -> Any:
    spots = list(_spots(value))
    where, key = spots[int(rng.integers(0, len(spots)))]
    where[key] = _OTHERS[int(rng.integers(0, len(_OTHERS)))]
    return value


def _lost(rng: np.random.Generator, value: Any) -> Any:
    spots = list(_spots(value))
    where, key = spots[int(rng.integers(0, len(spots)))]
    del where[key]
    return value


def _deep(rng: np.random.Generator, value: Any) -> str:
    depth = int(rng.choice([500, 1_000, 20_000, 200_000]))
    inner = ("[" * depth + "]" * depth) if rng.random() < 0.5 else '{"a":' * depth + "1" + "}" * depth
    return inner if rng.random() < 0.5 else json.dumps(value).rstrip().removesuffix("}") + f', "deep": {inner}}}'


JSON: dict[str, Edit] = {
    "JSON value exchanged": _on_json(_exchanged), "JSON key lost": _on_json(_lost), "JSON nested deep": _on_json(_deep),
    "JSON of another shape": _on_json(lambda rng, value: json.dumps(
        [[value], "text", 5, None, [], {}][int(rng.integers(0, 6))])),
    "JSON key added": _on_json(lambda rng, value: {**value, "unknown": 1} if isinstance(value, dict) else [1]),
    "JSON with a huge number": _on_json(lambda rng, value: json.dumps(value).rstrip().removesuffix("}") + (
        ', "n": ' + "9" * 10_000 + "}")),
}


def _on_array(change: Callable[[np.random.Generator, np.ndarray], np.ndarray]) -> Edit:
    def edit(rng: np.random.Generator, path: Path) -> None:
        np.save(path, change(rng, np.atleast_1d(np.load(path))), allow_pickle=True)
    return edit


def _with(rng: np.random.Generator, array: np.ndarray, value: float) -> np.ndarray:
    array = array.astype(np.float64) if array.dtype.kind != "f" else array.copy()
    array.reshape(-1)[int(rng.integers(0, max(array.size, 1)))] = value
    return array


def _huge_shape(rng: np.random.Generator, path: Path) -> None:
    """Claim more values in the head than there are."""
    array = np.atleast_1d(np.load(path))
    shape = (int(rng.choice([len(array) + 1, 10**6, 10**12, 2**62])), *array.shape[1:])
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": array.dtype.str, "fortran_order": False, "shape": shape})
        file.write(array.tobytes())


ARRAYS: dict[str, Edit] = {
    "array with NaN": _on_array(lambda rng, array: _with(rng, array, np.nan)),
    "array with infinity": _on_array(lambda rng, array: _with(rng, array, np.inf)),
    "array of huge values": _on_array(lambda rng, array: _with(rng, array, 1e38)),
    "array a row short": _on_array(lambda rng, array: array[:-1]),
    "array without a step": _on_array(lambda rng, array: array[:, :-1] if array.ndim > 1 else array[:0]),
    "array transposed": _on_array(lambda rng, array: array.T if array.ndim > 1 else array[None]),
    "array flat": _on_array(lambda rng, array: array.reshape(-1) if array.ndim > 1 else array[:, None]),
    "array of text": _on_array(lambda rng, array: array.astype("U8")),
    "array of objects": _on_array(lambda rng, array: array.astype(object)),
    "array of complex numbers": _on_array(lambda rng, array: array.astype(complex)),
    "array empty": _on_array(lambda rng, array: np.zeros(0, np.float32)),
    "array head claims more": _huge_shape,
}


def members(edits: dict[str, Edit], only: str = "") -> dict[str, Edit]:
    """Make edits of an archive: one of its members, named `*only*`, is damaged and the checksums are right again."""
    return {f"{name} in the archive": _on_member(edit, only) for name, edit in edits.items()}


def _on_member(edit: Edit, only: str) -> Edit:
    def whole(rng: np.random.Generator, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        chosen = [name for name in parts if only in name]
        name = chosen[int(rng.integers(0, len(chosen)))]
        part = path.with_name("part" + Path(name).suffix)
        part.write_bytes(parts[name])
        edit(rng, part)
        parts[name] = part.read_bytes()
        part.unlink()
        _write(path, parts)
    return whole


def _write(path: Path, parts: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, raw in parts.items():
            archive.writestr(name, raw)
    path.write_bytes(buffer.getvalue())


def _without_member(rng: np.random.Generator, path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    del parts[str(rng.choice(list(parts)))]
    _write(path, parts)


ARCHIVES: dict[str, Edit] = {"member lost": _without_member}

_FIELDS = ("channel_count -i", "sample_count -i", "sample_rate -i", "sample_n_bytes -i", "sample_byte_format -s2",
           "sample_coding -s3")
_TEXTS = ("0", "-1", "1", "2", "3", "9" * 30, "nan", "", "1e9", "10", "ulaw", "pcm,embedded-shorten-v2.00",
          "2147483648")


def _sphere_field(rng: np.random.Generator, path: Path) -> None:
    raw = path.read_bytes()
    head, samples = raw[:1024].decode("latin-1"), raw[1024:]
    field = str(rng.choice(_FIELDS))
    lines = [f"{field} {rng.choice(_TEXTS)}" if line.startswith(field) else line for line in head.split("\n")]
    path.write_bytes("\n".join(lines).ljust(1024)[:1024].encode("latin-1") + samples)


def _sphere_size(rng: np.random.Generator, path: Path) -> None:
    raw = path.read_bytes()
    size = str(rng.choice(["-1024", "0", "16", "1023", "2048", "9999999", "x"]))
    path.write_bytes(raw[:8] + size.rjust(7).encode() + raw[15:])


SPHERE: dict[str, Edit] = {"field of SPHERE": _sphere_field, "size of SPHERE's head": _sphere_size}
