"""JSON files: read with checks of syntax and kind of value; an error names line and column."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wavegan_tf.errors import DataError
from wavegan_tf.formats.plain_files import read_text

__all__ = ["json_text", "parse_json", "read_json"]

_KINDS: dict[type, str] = {dict: "an object {...}", list: "a list [...]"}
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def read_json(path: str | Path, what: str = "JSON file", kind: type | None = dict, *, finite: bool = True) -> Any:
    """Read a JSON file.

    Args:
        path: the file.
        what: what it is called in messages.
        kind: what must be at its top: `dict`, `list`, or None for anything.
        finite: whether NaN and infinite numbers, which are no JSON, are refused; Python writes them.

    Raises:
        DataError: it cannot be read, is not UTF-8, not JSON, nested too deep, names something twice, has numbers
            that are none (NaN, 1e400) or too long to read, or has another kind of value at its top.
    """
    return parse_json(read_text(path, what), f"{what} (={path})", kind, finite=finite)


def parse_json(text: str, name: str, kind: type | None = dict, *, finite: bool = True) -> Any:
    """Read JSON from text; `name` begins the message.

    Raises:
        DataError: see `read_json`.
    """
    try:
        numbers: dict[str, Any] = {"parse_constant": _refuse_number, "parse_float": _finite} if finite else {}
        value = json.loads(text, object_pairs_hook=_named_once, **numbers)
    except json.JSONDecodeError as error:
        raise DataError(f"{name} must be JSON; line {error.lineno} column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise DataError(f"{name} must be JSON; it is nested too deep") from error
    except ValueError as error:
        raise DataError(f"{name} must be JSON; {error}") from error
    if kind is not None and not isinstance(value, kind):
        raise DataError(f"{name} must hold {_KINDS[kind]}; it holds {type(value).__name__}")
    return value


def json_text(value: Any, *, indent: int | None = 2, default: Callable[[Any], Any] | None = None) -> str:
    """Give a value as JSON that `read_json` reads back, with a newline at its end.

    Letters stay as they are; control characters, and names of files that are not UTF-8, become escapes. Numbers
    that are none (NaN, infinity) become null, since JSON has none.
    """
    how: dict[str, Any] = {"indent": indent, "default": default, "ensure_ascii": False, "allow_nan": False}
    try:
        text = json.dumps(value, **how)
    except ValueError:
        text = json.dumps(_with_null(value), **how)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def _with_null(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _with_null(part) for name, part in value.items()}
    return [_with_null(part) for part in value] if isinstance(value, list | tuple) else value


def _refuse_number(text: str) -> float:
    raise ValueError(f"{text} is no number in JSON")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse_number(text[:40])


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"it has `{next(name for name in names if names.count(name) > 1)}` twice")
    return found
