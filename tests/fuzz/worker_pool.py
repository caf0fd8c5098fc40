"""Give the cases of a kind to a process of their own, and replace it where it dies or does not come back."""

from __future__ import annotations

import ctypes
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from fuzz.case import Outcome

__all__ = ["run_cases"]

START_S, CASE_S = 300.0, 150.0
"""Seconds that a process may take to make the good input, and for one case: alarms inside it go off much earlier."""

_DROP_FROM_BOUNDING_SET, _OVERRIDE_PERMISSIONS, _SEARCH_ANYWHERE = 24, 1, 2
_TESTS = Path(__file__).parent.parent


def run_cases(kind: str, numbers: Sequence[int], good_folder: Path, workplace: Path,
              worker: Sequence[str] = ("-m", "fuzz.worker")) -> list[Outcome]:
    """Run cases of a kind one after the other.

    Args:
        kind: its name.
        numbers: of the cases.
        good_folder: where the good input is, or is to be made.
        workplace: a folder for the cases, used again and again.
        worker: arguments of Python that start the process.

    Returns:
        What became of each; a process that died or hung is an outcome too.

    Raises:
        RuntimeError: the process cannot make the good input.
    """
    outcomes: list[Outcome] = []
    left = list(numbers)
    while left:
        found, why = _session(kind, left, good_folder, workplace, worker)
        outcomes += found
        left = left[len(found):]
        if left and why:
            outcomes.append(Outcome(kind, left.pop(0), "", "", *why))
    return outcomes


def _session(kind: str, numbers: Sequence[int], good_folder: Path, workplace: Path, worker: Sequence[str]
             ) -> tuple[list[Outcome], tuple[str, str] | None]:
    """Run one process until it is done, dies or hangs."""
    process = subprocess.Popen(
        [sys.executable, *worker, kind, str(good_folder), str(workplace), *map(str, numbers)], env=_environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_as_anybody)
    lines: queue.Queue[str] = queue.Queue()
    said: list[str] = []
    threads = [threading.Thread(target=_pass_on, args=(process.stdout, lines.put), daemon=True),
               threading.Thread(target=_pass_on, args=(process.stderr, lambda line: said.append(line[-2000:])),
                                daemon=True)]
    for thread in threads:
        thread.start()
    found: list[Outcome] = []
    try:
        if lines.get(timeout=START_S).strip() != '"ready"':
            raise RuntimeError(f"no good input of {kind}: {''.join(said)[-3000:]}")
        while len(found) < len(numbers):
            line = lines.get(timeout=CASE_S)
            if not line:
                return found, ("killed", f"the process ended with {process.wait()}: {''.join(said)[-300:]}")
            found.append(Outcome(**json.loads(line)))
    except queue.Empty:
        return found, ("hang", f"no answer for {CASE_S:.0f} s, alarms included")
    finally:
        process.kill()
        process.wait()
    return found, None


def _pass_on(stream: Iterable[str] | None, put: Callable[[str], object]) -> None:
    for line in stream or ():
        put(line)
    put("")


def _environment() -> dict[str, str]:
    paths = [str(_TESTS.parent), str(_TESTS), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "MPLBACKEND": "Agg",
                         "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}


def _as_anybody() -> None:
    """Let root be refused what anybody would be: files without permissions are part of the damage."""
    libc = ctypes.CDLL(None)
    for capability in (_OVERRIDE_PERMISSIONS, _SEARCH_ANYWHERE):
        libc.prctl(_DROP_FROM_BOUNDING_SET, capability)
