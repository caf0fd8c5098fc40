"""How busy the machine is, and two clocks: what a benchmark must say beside its numbers.

Wall time is what one waits for, and is worth quoting where nothing else runs. CPU seconds of the process hang far less
on other work: where a machine is busy, only their ratios say something.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

__all__ = ["QUIET_LOAD", "best_and_median", "say_load", "timed"]

QUIET_LOAD = 0.5
"""Load of the last minute below which a machine is quiet: less than half a process at work."""


def say_load() -> dict[str, Any]:
    """Print, before anything is measured, whether the machine is quiet; return the same for the last line."""
    load = os.getloadavg()[0]
    quiet = load < QUIET_LOAD
    cpus = os.cpu_count()
    print(f"load before the start {load:.2f}, {cpus} processors: "
          + ("quiet machine" if quiet else "NOT a quiet machine: quote ratios of CPU seconds only"), flush=True)
    return {"load": round(load, 2), "quiet": quiet, "cpus": cpus}


def timed(call: Callable[[], Any]) -> tuple[float, float]:
    """Call once; seconds on the wall, and CPU seconds of the whole process with all its threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def best_and_median(seconds: list[float]) -> tuple[float, float]:
    """Return the shortest, which other work lengthens least, and the median."""
    return min(seconds), statistics.median(seconds)
