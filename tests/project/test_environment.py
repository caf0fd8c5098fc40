"""The shell part of the set-up: which Python it takes, when nothing is to be done, what test.sh passes on."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
TOOLS = ("bash", "env", "cat", "cmp", "dirname", "readlink", "nproc", "awk", "touch", "mkdir")


class Checkout:
    """A copy of the scripts beside Pythons that only record how they were called."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a check out"
        self.bin = folder / "bin"
        self.calls = folder / "calls.txt"
        self.bin.mkdir(parents=True)
        for tool in TOOLS:
            if found := shutil.which(tool):
                (self.bin / tool).symlink_to(found)
        shutil.copytree(PROJECT / "scripts", self.root / "scripts")
        shutil.copytree(PROJECT / "requirements", self.root / "requirements")
        shutil.copy(PROJECT / "setup.py", self.root)

    def add_python(self, name: str, version: str, status: int = 0) -> None:
        """Add a Python that says its version to the check and makes an empty environment when asked to set up."""
        (self.bin / name).write_text(
            "#!/usr/bin/env bash\n"
            f'case $1 in -) echo {version}; exit {status} ;; esac\n'
            f'echo "{name} $*" >>"{self.calls}"\n'
            'mkdir -p "$2/bin"; touch "$2/bin/python"\n'
        )
        (self.bin / name).chmod(0o755)

    def make_ready(self, environment: str, version: str = "3.12", folder: str = ".venv") -> Path:
        """Write what a finished set-up leaves: the stamp, and a Python that records its arguments."""
        venv = self.root / folder
        (venv / "lib" / f"python{version}").mkdir(parents=True)
        (venv / "bin").mkdir()
        (venv / "bin" / "python").write_text(f'#!/usr/bin/env bash\necho "venv $*" >>"{self.calls}"\nexit 5\n')
        (venv / "bin" / "python").chmod(0o755)
        lock = self.root / "requirements" / environment / "lock.txt"
        text = f"{venv}\n{environment}\n{self.root}\n" + (self.root / "setup.py").read_text() + lock.read_text()
        (venv / "set-up-stamp").write_text(text)
        return venv

    def bash(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": str(self.root), **settings}
        return subprocess.run(
            ["bash", *arguments], cwd="/", env=environment, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )

    def source(self, **settings: str) -> subprocess.CompletedProcess[str]:
        return self.bash("-c", '. "$0" && echo "$python"', str(self.root / "scripts" / "environment.sh"), **settings)

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines() if self.calls.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_first_python_that_works_is_taken(checkout: Checkout) -> None:
    checkout.add_python("python3.12", "pyenv: command not found", status=127)
    checkout.add_python("python3.11", "3.11")
    checkout.add_python("python3", "3.13")
    assert checkout.source().returncode == 0
    assert checkout.called() == [f"python3.11 {checkout.root}/scripts/set_up.py {checkout.root}/.venv"]


def test_second_environment_has_its_own_folder_and_prefers_the_newest_python(checkout: Checkout) -> None:
    for minor in (11, 12, 13):
        checkout.add_python(f"python3.{minor}", f"3.{minor}")
    checkout.source(WAVEGAN_TF_ENV="tf221")
    assert checkout.called() == [f"python3.13 {checkout.root}/scripts/set_up.py {checkout.root}/.venv-tf221 tf221"]


@pytest.mark.parametrize(
    ("pythons", "settings", "message"),
    [
        ({}, {}, "Python 3.11 to 3.13 must be on the PATH"),
        ({"python3": ("3.9", 1)}, {}, "Python 3.11 to 3.13 must be on the PATH"),
        ({"python3": ("3.12", 3)}, {}, "python3 cannot make virtual environments"),
        ({"python3": ("3.12", 0), "old": ("3.9", 1)}, {"PYTHON": "old"}, "it is Python 3.9"),
        ({"python3": ("3.12", 0)}, {"PYTHON": "gone"}, "it does not run"),
        ({"python3": ("3.12", 0)}, {"WAVEGAN_TF_ENV": "tf218"}, "must be tf217 or tf221"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(
    checkout: Checkout, pythons: dict[str, tuple[str, int]], settings: dict[str, str], message: str
) -> None:
    for name, (version, status) in pythons.items():
        checkout.add_python(name, version, status)
    run = checkout.source(**settings)
    assert run.returncode == 2
    assert run.stderr.startswith("error: ") and message in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert not (checkout.root / ".venv").exists() and checkout.called() == []


@pytest.mark.parametrize("environment", ["tf217", "tf221"])
def test_finished_set_up_starts_no_python(checkout: Checkout, environment: str) -> None:
    venv = checkout.make_ready(environment)
    run = checkout.source()  # there is no Python on the PATH at all
    assert (run.returncode, run.stdout, run.stderr) == (0, f"{venv}/bin/python\n", "")


def test_finished_set_up_is_seen_through_a_link(checkout: Checkout) -> None:
    checkout.make_ready("tf217")
    (checkout.root.parent / "link").symlink_to(checkout.root)
    run = checkout.bash("-c", '. "$0"', str(checkout.root.parent / "link" / "scripts" / "environment.sh"))
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("changed", ["setup.py", "requirements/tf217/lock.txt"])
def test_change_of_what_is_installed_sets_up_again(checkout: Checkout, changed: str) -> None:
    checkout.make_ready("tf217")
    checkout.add_python("python3", "3.12")
    with (checkout.root / changed).open("a") as file:
        file.write("# more\n")
    assert checkout.source().returncode == 0
    assert checkout.called() == [f"python3 {checkout.root}/scripts/set_up.py {checkout.root}/.venv"]


def test_python_asked_for_must_be_the_one_there(checkout: Checkout) -> None:
    checkout.make_ready("tf217", version="3.12")
    checkout.add_python("same", "3.12")
    checkout.add_python("other", "3.11")
    assert checkout.source(PYTHON="same").returncode == 0
    run = checkout.source(PYTHON="other")
    assert run.returncode == 2
    assert "was made with another" in run.stderr


def test_failed_set_up_ends_the_script_with_its_code(checkout: Checkout) -> None:
    checkout.add_python("python3", "3.12")
    (checkout.bin / "python3").write_text("#!/usr/bin/env bash\n[ $1 = - ] && echo 3.12 || exit 2\n")
    run = checkout.bash(str(checkout.root / "scripts" / "test.sh"))
    assert run.returncode == 2
    assert checkout.called() == []


def test_tests_get_the_arguments_and_give_the_exit_code(checkout: Checkout) -> None:
    checkout.make_ready("tf217")
    (checkout.root.parent / "link.sh").symlink_to(checkout.root / "scripts" / "test.sh")
    run = checkout.bash(str(checkout.root.parent / "link.sh"), "tests/a b", "-x")
    assert run.returncode == 5  # what the Python of the environment gave
    (call,) = checkout.called()
    start, _, rest = call.partition(" -n ")
    n_processes, _, passed_on = rest.partition(" ")
    assert start == "venv -m pytest -m not slow"
    assert 1 <= int(n_processes) <= (os.cpu_count() or 1)
    assert passed_on == "tests/a b -x"


def test_ci_runs_everything_and_stops_at_the_first_failure(checkout: Checkout) -> None:
    (checkout.root / ".ci").mkdir()
    shutil.copy(PROJECT / ".ci" / "run", checkout.root / ".ci")
    venv = checkout.make_ready("tf217")

    def ci(tests: int, tool: int) -> list[str]:
        (checkout.root / "scripts" / "test.sh").write_text(
            f'#!/usr/bin/env bash\necho "tests ${{WAVEGAN_TF_ENV:-default}} $*" >>"{checkout.calls}"; exit {tests}\n'
        )
        (venv / "bin" / "python").write_text(f'#!/usr/bin/env bash\necho "$*" >>"{checkout.calls}"; exit {tool}\n')
        checkout.calls.unlink(missing_ok=True)
        run = checkout.bash(str(checkout.root / ".ci" / "run"), WAVEGAN_TF_ENV="tf221", PYTHON="python2")
        assert run.returncode == (tests or tool)
        return checkout.called()

    fast, examples = "tests default ", "tests default tests/project/test_examples.py -m slow"
    assert ci(0, 0) == [fast, examples, "-m ruff check .", "-m mypy", "tests tf221 "]
    assert ci(1, 0) == [fast]
    assert ci(0, 1) == [fast, examples, "-m ruff check ."]
