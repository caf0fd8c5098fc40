"""Make the virtual environment of scripts/demo.sh and scripts/test.sh; needs nothing but Python.

    python scripts/set_up.py VENV [tf217|tf221]        (environment.sh calls it)
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["SetUpError", "choose_environment", "main", "set_up"]

PROJECT = Path(__file__).resolve().parent.parent
STAMP = "set-up-stamp"  # what the environment was made from; environment.sh compares it
UNFINISHED = "set-up-unfinished"  # there while packages are being changed; still there after a kill
LOG = "set-up.log"


class SetUpError(Exception):
    """The environment cannot be made; the message says what to do."""


def choose_environment(
    version: tuple[int, int], system: str, machine: str, libc: str, wanted: str = ""
) -> tuple[str, str]:
    """Say which of the two tested environments this machine gets, and why.

    Args:
        version: of Python, such as (3, 12).
        system: as `platform.system()` gives it.
        machine: as `platform.machine()` gives it.
        libc: as `platform.libc_ver()[0]` gives it; empty for musl.
        wanted: `tf217` or `tf221` to insist on one.

    Returns:
        The folder below requirements/, and a sentence.

    Raises:
        SetUpError: there is no TensorFlow for this machine, or none in the wanted environment.
    """
    if system not in ("Linux", "Darwin"):
        raise SetUpError(f"these scripts run on Linux and macOS, not on {system}; on Windows use WSL 2")
    if (system, machine) == ("Darwin", "x86_64"):
        raise SetUpError("TensorFlow has no wheels for Intel Macs since 2.17; use Linux, or a Mac with Apple silicon")
    if machine not in ("x86_64", "aarch64", "arm64"):
        raise SetUpError(f"TensorFlow has wheels for x86_64 and arm64, not for {machine}")
    if system == "Linux" and libc != "glibc":
        raise SetUpError("TensorFlow's wheels need glibc; this Linux has another C library (Alpine?)")
    here = f"Python {version[0]}.{version[1]} on {system} {machine}"
    has_tensorflow_io = version <= (3, 12)
    if wanted == "tf217" and not has_tensorflow_io:
        raise SetUpError(f"environment tf217 needs Python 3.11 or 3.12 (this is {here}); set PYTHON, or take tf221")
    if wanted == "tf221":
        return "tf221", f"{here}: TensorFlow 2.21 without tensorflow-io, as asked for"
    if not has_tensorflow_io:
        return "tf221", f"{here}: TensorFlow 2.21 without tensorflow-io, which has no wheel for this Python"
    return "tf217", f"{here}: TensorFlow 2.17 with tensorflow-io"


def set_up(venv: Path, wanted: str = "") -> None:
    """Make or repair the environment in `venv`, or wait for another process that is doing so."""
    environment, reason = choose_environment(
        sys.version_info[:2], platform.system(), platform.machine(), platform.libc_ver()[0], wanted
    )
    lock_file = PROJECT / "requirements" / environment / "lock.txt"
    venv = venv.resolve()
    head = os.fsencode(f"{venv}\n{environment}\n")
    stamp = head + os.fsencode(f"{PROJECT}\n") + (PROJECT / "setup.py").read_bytes() + lock_file.read_bytes()
    venv.mkdir(parents=True, exist_ok=True)
    with exclusive(venv) as lock:
        usable = fits(venv, head)
        if usable and (venv / STAMP).exists() and (venv / STAMP).read_bytes() == stamp:
            return  # another process has just made it
        if not usable and not is_ours(venv):
            raise SetUpError(f"{venv} must be new, empty or made by this script; remove it, or set WAVEGAN_TF_VENV")
        started = time.monotonic()
        say(f"Bringing {venv} up to date" if usable else f"Setting up {venv} (first start only, a few minutes)")
        say(f"  {reason}")
        if not usable:
            (venv / UNFINISHED).touch()
            clear(venv)
            # a link to python3 would change its meaning with the next system upgrade
            run([os.path.realpath(sys.executable), "-I", "-m", "venv", str(venv)], venv, lock)
        (venv / STAMP).unlink(missing_ok=True)
        python = str(venv / "bin" / "python")
        pip = [python, "-I", "-u", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]
        n_packages = len(set(re.findall(r"^([\w.-]+)==", lock_file.read_text(), re.MULTILINE)))
        install([*pip, "--only-binary=:all:", "-r", str(lock_file)], venv, lock, PipProgress(n_packages))
        install([*pip, "--no-build-isolation", "--editable", str(PROJECT)], venv, lock, PipProgress())
        say("  first import of TensorFlow")
        run([python, "-I", "-c", "import tensorflow"], venv, lock)
        temporary = venv / f"{STAMP}.new"
        temporary.write_bytes(stamp)
        temporary.replace(venv / STAMP)
        say(f"  ready after {time.monotonic() - started:.0f} s")


def fits(venv: Path, head: bytes) -> bool:
    """Whether `venv` is a whole environment of this Python, to be brought up to date rather than made anew.

    A stamp that begins otherwise than with `head` (where the environment is, which of the two it is) tells that
    it was moved, and its commands name a folder that is gone, or that it holds packages of the other environment.
    """
    stamp = venv / STAMP
    return (
        (venv / "bin" / "python").exists()
        and (venv / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages" / "pip").is_dir()
        and not (venv / UNFINISHED).exists()
        and (not stamp.exists() or stamp.read_bytes().startswith(head))
    )


def is_ours(venv: Path) -> bool:
    """Whether `venv` may be cleared: it is empty or was made here."""
    names = {entry.name for entry in venv.iterdir()}
    return not names or bool(names & {LOG, UNFINISHED})


def clear(venv: Path) -> None:
    """Empty `venv` but for the mark of unfinished work."""
    for entry in venv.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != UNFINISHED:
            entry.unlink()


@contextmanager
def exclusive(folder: Path) -> Iterator[int]:
    """Hold the lock on `folder`; wait where another process has it. The lock ends with its holders, killed or not."""
    import fcntl  # Windows has none, and has been told so by now

    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another process is setting up {folder}; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:  # some network file systems have no locks
            pass
        yield handle
    finally:
        os.close(handle)


class PipProgress:
    """Reads pip's output and shows how far it is, in one line on a terminal.

    Args:
        n_packages: how many packages there will be; 0 shows nothing.
    """

    def __init__(self, n_packages: int = 0) -> None:
        self.n_packages = n_packages
        self.n_seen = 0
        self.installing = False
        self.on_terminal = sys.stderr.isatty()

    def __call__(self, line: str) -> None:
        """Take one line of pip's output."""
        if line.startswith("Installing collected packages"):
            self.installing = True
            self._show("installing them (a minute or so)\n")
        elif match := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line):
            self.n_seen += 1
            if self.on_terminal:
                self._show(f"downloading {self.n_seen} of {self.n_packages} packages: {match[1]}")
            elif self.n_seen == 1:
                self._show(f"downloading {self.n_packages} packages\n")

    def finish(self) -> None:
        """End the line, when nothing had to be installed."""
        if self.on_terminal and not self.installing:
            self._show("every package is there already\n")

    def _show(self, text: str) -> None:
        if self.n_packages:
            over_the_last = "\r\033[K" if self.on_terminal else ""
            print(f"{over_the_last}  {text}", end="", file=sys.stderr, flush=True)


def install(command: Sequence[str], venv: Path, lock: int, progress: PipProgress) -> None:
    """Run pip, with the mark of unfinished work set while `venv` may be half changed."""
    (venv / UNFINISHED).touch()
    try:
        run(command, venv, lock, progress)
    except SetUpError:
        if not progress.installing:  # pip downloads and builds everything before it changes anything
            (venv / UNFINISHED).unlink()
        raise
    progress.finish()
    (venv / UNFINISHED).unlink()


def run(command: Sequence[str], venv: Path, lock: int, watch: Callable[[str], None] = lambda line: None) -> None:
    """Run `command` into the log; when it fails, raise the last lines of what it said.

    The command keeps the lock open, so that the next start waits for it even if this process is killed.
    """
    lines: list[str] = []
    with (
        (venv / LOG).open("a", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=[lock],
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            lines.append(line)
            watch(line)
    if process.returncode:
        tail = "".join(f"    {line}" for line in lines[-15:])
        raise SetUpError(
            f"set-up failed (exit code {process.returncode}) in: {' '.join(command)}\n{tail}"
            f"  the whole log is {venv / LOG}; the next start tries again"
        )


def say(text: str) -> None:
    """Print one line on stderr at once."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Make the environment named on the command line; return the exit code."""
    try:
        set_up(Path(arguments[0]), *arguments[1:])
    except (SetUpError, OSError) as error:
        say(f"error: {error}")
        return 2
    except KeyboardInterrupt:
        say("\nset-up interrupted; the next start begins it again")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
