"""Commands in forked processes that start at once, to be killed at a chosen moment and looked at afterwards."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

# everything is imported once; no operation of TensorFlow runs here, so a fork is a fresh process that has imported
SERVER = """
import json, os, sys, tempfile
tempfile.tempdir = sys.argv[1]
import importlib, pkgutil
import snap_tf, wavegan_tf
for package in (wavegan_tf, snap_tf):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
import matplotlib.backends.backend_agg, matplotlib.backends.backend_pdf, soundfile, statsmodels.api, tensorflow
from snap_tf.cli import main as snap_main
from wavegan_tf.cli import main as wavegan_main
log = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
print("ready", flush=True)
for line in sys.stdin:
    program, *argv = json.loads(line)
    child = os.fork()
    if not child:
        code = 99
        try:
            os.dup2(log, 1), os.dup2(log, 2)
            sys.argv = [program, *argv]
            code = {"wavegan-tf": wavegan_main, "snap-tf": snap_main}[program](argv)
            sys.stdout.flush()
        finally:
            os._exit(code)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Commands:
    """A process that runs commands one after the other, each in a fork of its own. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        (folder / "tmp").mkdir()
        self.temporary, self.log = folder / "tmp", folder / "log.txt"
        self._server = subprocess.Popen([sys.executable, "-c", SERVER, self.temporary, self.log], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
        assert self._server.stdout.readline() == "ready\n"

    def run(self, argv: list[str], moment: Callable[[], bool] | None = None) -> tuple[int, float]:
        """Run a command, and kill it when `moment` says so.

        Returns:
            Its exit code (-9: it was killed), and how many seconds it ran.
        """
        began = time.monotonic()
        self._server.stdin.write(json.dumps(list(map(str, argv))) + "\n")
        self._server.stdin.flush()
        child = int(self._server.stdout.readline())
        if moment is not None:
            while not moment():
                if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                    break
                time.sleep(0.0005)
            os.kill(child, signal.SIGKILL)
        return int(self._server.stdout.readline()), time.monotonic() - began

    def must_run(self, argv: list[str]) -> float:
        """Run a command to its good end; return how many seconds it took."""
        code, seconds = self.run(argv)
        assert code == 0, f"{argv}\n{self.log.read_text()[-3000:]}"
        return seconds

    def __enter__(self) -> "Commands":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()


def content(place: Path) -> dict[str, bytes]:
    """Read a file, or every file below a folder; nothing where nothing is."""
    if place.is_file():
        return {"": place.read_bytes()}
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def remove(place: Path) -> None:
    """Remove a file or a folder, if it is there."""
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
