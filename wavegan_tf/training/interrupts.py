"""Stop requests: Ctrl-C, SIGTERM and SIGHUP are noted, and the training loop looks for them after every round."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from wavegan_tf.files.signals import ENDING, Terminated

__all__ = ["StopRequest", "catch_stop_requests"]


class StopRequest:
    """Whether a signal asked training to end, and which signal."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __bool__(self) -> bool:
        return self.signal is not None

    def interrupt(self, text: str) -> KeyboardInterrupt:
        """Return what to raise when everything is saved; it knows by which signal the end was asked for."""
        return KeyboardInterrupt(text) if self.signal in (None, signal.SIGINT) else Terminated(self.signal, text)


@contextmanager
def catch_stop_requests() -> Iterator[StopRequest]:
    """Note the first SIGINT, SIGTERM or SIGHUP in the block; the second has its usual effect.

    What is ignored stays so: SIGHUP under nohup. Outside the main thread nothing is caught, since Python handles
    signals there only.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in ENDING}
    before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: FrameType | None) -> None:
        request.signal = signal.Signals(number)
        restore()

    for number in before:
        signal.signal(number, note)
    try:
        yield request
    finally:
        restore()
