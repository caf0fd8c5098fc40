"""SIGTERM and SIGHUP raised as an exception, so that they clean up as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ENDING", "Terminated", "end_on_signals", "exit_code", "uninterrupted"]

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that ask a program to end, those that the system has."""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP asked the process to end."""

    def __init__(self, number: int, text: str = "") -> None:
        super().__init__(*[text] if text else [])
        self.signal = signal.Signals(number)


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """Return the exit status of an interrupted program: 128 plus the number of the signal."""
    return 128 + getattr(interrupt, "signal", signal.SIGINT)


@contextmanager
def end_on_signals() -> Iterator[None]:
    """Raise `Terminated` where a signal would end the process without cleaning up.

    What is ignored (SIGHUP under nohup) or handled already stays so. Outside the main thread nothing is changed, since
    Python handles signals there only.
    """
    def end(number: int, frame: FrameType | None) -> None:
        raise Terminated(number)

    with _handled([n for n in ENDING if signal.getsignal(n) is signal.SIG_DFL], end):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Delay stop signals to the end of the block, for renames that belong together and code that loses exceptions."""
    held: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        held.append(number)

    # None: a handler that was not set by Python, and could not be put back
    with _handled([n for n in ENDING if signal.getsignal(n) not in (signal.SIG_IGN, None)], note):
        yield
    if held:
        signal.raise_signal(held[0])


@contextmanager
def _handled(numbers: list[int], handler: object) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
