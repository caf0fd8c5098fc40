"""Available memory: that of the machine and, in a container, the limit of the container."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["available_memory_bytes"]

_UNKNOWN = 2 * 2**30
"""Assumed where the system does not report it (Windows)."""
_CONTAINER = (("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
              ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"))


def available_memory_bytes() -> int:
    """Return the memory, in bytes, that can be allocated without swapping, as far as the system reports it."""
    bounds = [_machine(), *(_number(limit) - _number(usage, 0) for limit, usage in _CONTAINER)]
    return max(0, min(bounds))


def _machine() -> int:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:  # macOS says how much there is, not how much is free
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return _UNKNOWN


def _number(path: str, otherwise: int = 2**62) -> int:
    """Read a number from a file; `max`, or no such file, is no bound."""
    try:
        return int(Path(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return otherwise
