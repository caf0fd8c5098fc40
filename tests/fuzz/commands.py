"""Run the command lines of a kind of input inside this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from fuzz.kinds.kind import Argv
from fuzz.oracle import Ran, run_command

__all__ = ["LIMIT_S", "out_name", "run_argv"]

LIMIT_S = 30.0
"""Seconds after which a command hangs; the longest takes two on an idle machine."""


def out_name(number: int) -> str:
    """Name the folder that command number `number` of a kind writes into."""
    return f"out{number or ''}"


def run_argv(argv: Argv, given: Path, out: Path, patience: float = 1.0) -> Ran:
    """Run a command, IN and OUT being these folders; the first run imports everything and needs patience."""
    program, *arguments = argv
    places = {"IN": str(given), "OUT": str(out)}
    placed = [_placed(argument, places) for argument in arguments]
    return run_command(_main(program), placed, patience * LIMIT_S)


def _placed(argument: str, places: dict[str, str]) -> str:
    head, slash, rest = argument.partition("/")
    return places[head] + slash + rest if head in places else argument


@cache
def _main(program: str) -> Callable[[Sequence[str]], int]:
    if program == "wavegan-tf":
        from wavegan_tf.cli import main
    else:
        from snap_tf.cli import main
    return main
