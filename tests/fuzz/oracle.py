"""Judge what a command made of a damaged input: refused in one line, or right values, and what is missing is told."""

from __future__ import annotations

import io
import os
import re
import signal
import stat
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["FAULTS", "Hang", "Ran", "Values", "clean", "compare", "judge_refusal", "run_command", "same", "tells",
           "time_limit", "tree"]

Values = Mapping[str, Mapping[str, Any]]
"""What a result says, by owner (a recording, a row, a layer) and name: texts, numbers, arrays."""

FAULTS = ("traceback", "hang", "wrong value", "lost in silence", "half-written", "input changed", "bad message",
          "warnings", "killed")
"""Verdicts that no damage may lead to."""

_BAR = re.compile(r"\d+%\||\d+(it|ex|file|utt|s)/|\[\d\d:\d\d|\?it/s")
_TELLS = re.compile(r"left out|skipped|met while reading|problem|cannot be|lacks|not used|not tested|ignored|without|"
                    r"damaged|older|no label|empty")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")


class Hang(BaseException):
    """Raised inside a command that takes longer than its limit."""


@dataclass(frozen=True)
class Ran:
    """What a command did: exit code, what it printed, the end of its traceback, hang or not, Python's own warnings."""

    code: int | None
    out: str
    err: str
    crash: str = ""
    hung: bool = False
    warned: tuple[str, ...] = ()

    @property
    def said(self) -> list[str]:
        """Lines of both streams, without progress bars."""
        lines = re.split(r"[\r\n]+", self.out + "\n" + self.err)
        return [line for line in lines if line.strip() and not _BAR.search(line)]


def run_command(main: Callable[[Sequence[str]], int], argv: Sequence[str], limit_s: float) -> Ran:
    """Run a command line in this process, with streams as strict as a terminal's."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors=errors) for errors in
                ("strict", "backslashreplace"))
    code, crash, hung = None, "", False
    caught: list[warnings.WarningMessage] = []
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        with warnings.catch_warnings(record=True) as caught, time_limit(limit_s):
            warnings.simplefilter("always")
            warnings.filterwarnings("ignore", message="__array__ implementation")
            code = main(list(argv))
    except Hang:
        hung, crash = True, _where()
    except BaseException:
        crash = _where()
    finally:
        sys.stdout, sys.stderr = before
    return Ran(code, _text(out), _text(err), crash, hung,
               tuple(f"{one.category.__name__}: {one.message}" for one in caught))


def _where() -> str:
    lines = traceback.format_exc().strip().splitlines()
    places = [line.strip() for line in lines if line.lstrip().startswith("File ")]
    return f"{lines[-1][:300]} at {' < '.join(reversed([place.split('/')[-1] for place in places[-4:]]))}"


def _text(stream: io.TextIOWrapper) -> str:
    with suppress(UnicodeEncodeError):
        stream.flush()
    return stream.buffer.getvalue().decode("utf-8", "replace")  # type: ignore[attr-defined]


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `Hang` inside the block when it takes longer."""
    def stop(*_: Any) -> None:
        raise Hang
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again and again: the first may be swallowed
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def judge_refusal(ran: Ran, names: Sequence[str], places: str = "") -> tuple[str, str]:
    """Look at an error message: one line of the house's shape that names the file.

    Args:
        ran: a command that ended with code 2.
        names: of what was damaged; one must be in the message.
        places: regular expression of places in it that serve as well.
    """
    errors = [line for line in ran.said if re.search(r"^(wavegan-tf|snap-tf)[^:]*: error: ", line)]
    if len(errors) != 1 or "Traceback" in ran.err:
        return "bad message", f"{len(errors)} error lines: {ran.said[-3:]}"
    message = errors[0]
    if ran.err.rstrip().splitlines()[-1:] != [message.rstrip()]:
        return "bad message", f"more than one line: {ran.err[-300:]!r}"
    if not any(name in message for name in names) and not (places and re.search(places, message)):
        return "bad message", f"names none of {list(names)}: {message[:300]}"
    if (" must " not in message and "[Errno" not in message) or len(message) > 3000:
        return "bad message", f"not of the house's shape, {len(message)} characters: {message[:300]}"
    return "refused", message[:200]


def clean(ran: Ran, before: Ran | None) -> tuple[str, str] | None:
    """Find what no output may have: control characters, Python's own warnings."""
    known = before.said if before else []
    for line in ran.said:
        if _CONTROL.search(line) and line not in known:
            return "bad message", f"control characters: {line[:200]!r}"
    for line in ran.warned:
        if not before or line not in before.warned:
            return "warnings", line[:300]
    return None


def compare(found: Values, good: Values, readings: Sequence[Values], touched: Callable[[str], bool], told: Sequence[str]
            ) -> tuple[str, str]:
    """Compare a result with the good one and with slow readings of the damaged input.

    Args:
        found: the result's values.
        good: those of the undamaged input.
        readings: what else would be right, as the damaged file stands.
        touched: whether the damage may have changed an owner's values.
        told: lines that the good run had not printed.

    Returns:
        Verdict and, for faults, what is wrong.
    """
    for owner in (owner for owner in good if not touched(owner)):
        if not same(found.get(owner), good[owner]):
            return "wrong value", f"{owner} was not damaged: {_difference(found.get(owner, {}), good[owner])}"
    others = False
    for owner, values in found.items():
        right = [choice[owner] for choice in (good, *readings) if owner in choice]
        for name, value in values.items():
            fits = [any(name in one and _equal(value, one[name]) for one in right[:n]) for n in (1, len(right))]
            if not fits[1]:
                wanted = [one[name] for one in right if name in one]
                return "wrong value", f"{owner}, {name}: {_short(value)}, right would be {_short(wanted)}"
            others |= not fits[0]
    due = readings[0] if readings else good
    missing = [(owner, name) for owner, values in due.items() if owner in good for name in values
               if name not in found.get(owner, {})]
    if missing and not tells(told):
        return "lost in silence", f"{len(missing)} values, first {missing[0]}"
    return ("told" if missing else "other value, as the file says" if others else "same values"), ""


def tells(lines: Sequence[str]) -> bool:
    """Tell whether one of some lines says that something was left out, or used instead."""
    return any(_TELLS.search(line) for line in lines)


def same(one: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    """Tell whether two owners' values are the same, name by name."""
    return one is not None and one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray | float):
        a, b = np.asarray(one), np.asarray(other)
        return a.shape == b.shape and bool(np.allclose(a, b, rtol=2e-4, atol=2e-5, equal_nan=True))
    return bool(one == other)


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    changed = [name for name in [*other, *one] if name not in one or name not in other
               or not _equal(one[name], other[name])]
    return f"{len(changed)} of {len(other)} differ, first {changed[0]}: {_short(one.get(changed[0]))} instead of " \
           f"{_short(other.get(changed[0]))}"


def _short(value: Any) -> str:
    return repr(value).replace("\n", " ")[:120]


def tree(folder: Path) -> dict[str, Any]:
    """Describe everything below a folder, without following links or opening what is no file."""
    found: dict[str, Any] = {}
    for root, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(root, name)
            facts = path.lstat()
            plain = stat.S_ISREG(facts.st_mode)
            found[str(path.relative_to(folder))] = (
                facts.st_mode, facts.st_size if plain else 0, facts.st_mtime_ns if plain else 0)
    return found
