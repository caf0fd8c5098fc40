"""Plant every fault of `faults.toml`, one at a time, into a copy of the packages, and see whether its tests notice.

    python tests/planted/plant.py            all of them
    python tests/planted/plant.py snap_tf/   those of the files that begin so
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
COPIED = ("wavegan_tf", "snap_tf", "tests", "pyproject.toml", "saved_models", "README.md", "docs", "scripts")


@dataclass(frozen=True)
class Fault:
    """One thing that might be wrong; see the head of `faults.toml`."""

    file: str
    kind: str
    old: str
    new: str
    tests: str

    def __str__(self) -> str:
        line = next(line for line in self.old.splitlines() if line.strip())
        return f"{self.file}: {self.kind}: {line.strip()[:70]}"


def read_faults() -> list[Fault]:
    found = tomllib.loads((PROJECT / "tests" / "planted" / "faults.toml").read_text(encoding="utf-8"))
    return [Fault(**fault) for fault in found["fault"]]


@contextmanager
def copy_of_the_project() -> Iterator[Path]:
    """Copy what tests need: the packages themselves stay as they are, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        copy = Path(name)
        for item in COPIED:
            source = PROJECT / item
            if source.is_dir():
                shutil.copytree(source, copy / item, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy / item)
        yield copy


def is_noticed(fault: Fault, copy: Path) -> bool:
    """Plant a fault in the copy, run its tests, and take it out again.

    Raises:
        RuntimeError: the tests could not be run.
    """
    path = copy / fault.file
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    try:
        # without bytecode: two faults of one length within a second would look the same
        done = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-m", "not slow", "-p", "no:cacheprovider", fault.tests],
            cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, text=True, check=False)
    finally:
        path.write_text(text, encoding="utf-8")
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{fault}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 1


def main(beginnings: tuple[str, ...]) -> int:
    faults = [fault for fault in read_faults() if not beginnings or fault.file.startswith(beginnings)]
    with copy_of_the_project() as copy:
        unnoticed = []
        for fault in faults:
            seen = is_noticed(fault, copy)
            unnoticed += [] if seen else [fault]
            print(f"{'noticed  ' if seen else 'UNNOTICED'} {fault}", flush=True)
    print(f"{len(faults) - len(unnoticed)} of {len(faults)} faults noticed")
    return bool(unnoticed)


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
