"""The set-up without its downloads: which environment a machine gets, and what a stopped set-up leaves behind."""

import importlib.util
import os
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).parents[2]


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("set_up", PROJECT / "scripts" / "set_up.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


script = load_script()


@pytest.mark.parametrize(
    ("version", "system", "machine", "wanted", "environment"),
    [
        ((3, 11), "Linux", "x86_64", "", "tf217"),
        ((3, 12), "Linux", "aarch64", "", "tf217"),
        ((3, 12), "Darwin", "arm64", "", "tf217"),
        ((3, 12), "Linux", "x86_64", "tf221", "tf221"),
        ((3, 13), "Linux", "x86_64", "", "tf221"),
        ((3, 13), "Darwin", "arm64", "tf221", "tf221"),
    ],
)
def test_environment_follows_from_python_and_machine(
    version: tuple[int, int], system: str, machine: str, wanted: str, environment: str
) -> None:
    chosen, reason = script.choose_environment(version, system, machine, "glibc", wanted)
    assert chosen == environment
    assert f"Python {version[0]}.{version[1]} on {system}" in reason
    assert ("without tensorflow-io" in reason) == (environment == "tf221")


@pytest.mark.parametrize(
    ("version", "system", "machine", "libc", "wanted", "message"),
    [
        ((3, 13), "Linux", "x86_64", "glibc", "tf217", "needs Python 3.11 or 3.12"),
        ((3, 12), "Windows", "AMD64", "", "", "use WSL"),
        ((3, 12), "Darwin", "x86_64", "", "", "Intel Macs"),
        ((3, 12), "Linux", "armv7l", "glibc", "", "not for armv7l"),
        ((3, 12), "Linux", "x86_64", "", "", "glibc"),
    ],
)
def test_machine_without_tensorflow_is_told_so(
    version: tuple[int, int], system: str, machine: str, libc: str, wanted: str, message: str
) -> None:
    with pytest.raises(script.SetUpError, match=message):
        script.choose_environment(version, system, machine, libc, wanted)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace every command of the set-up by what it leaves behind; give the list of those that ran."""
    done: list[str] = []

    def run(command: list[str], venv: Path, lock: int, watch=lambda line: None) -> None:
        (venv / script.LOG).touch()
        names = {"venv": "venv", "-r": "lock", "--editable": "project", "-c": "try"}
        (step,) = (names[word] for word in command if word in names)
        done.append(step)
        if step == "venv":
            make_venv(venv)
        if step == fail_in.get("step"):
            watch("Collecting numpy==1.26.4\n")
            if fail_in["phase"] == "install":
                watch("Installing collected packages: numpy\n")
            raise script.SetUpError("no space left")

    fail_in: dict[str, str] = {}
    monkeypatch.setattr(script, "run", run)
    monkeypatch.setattr(script, "choose_environment", lambda *args: (args[-1] or "tf217", "for a test"))
    monkeypatch.setattr(script, "fail_in", fail_in, raising=False)
    return done


def make_venv(venv: Path) -> None:
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch()
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (venv / "lib" / version / "site-packages" / "pip").mkdir(parents=True)


WHOLE = ["venv", "lock", "project", "try"]
REPAIR = ["lock", "project", "try"]


def test_first_start_makes_everything_and_the_second_nothing(tmp_path: Path, steps: list[str]) -> None:
    venv = tmp_path / "a b" / ".venv"
    script.set_up(venv)
    assert steps == WHOLE
    assert not (venv / script.UNFINISHED).exists()
    stamp = (venv / script.STAMP).read_text()
    assert stamp.startswith(f"{venv}\ntf217\n{PROJECT}\n")
    assert stamp.endswith((PROJECT / "requirements" / "tf217" / "lock.txt").read_text())
    script.set_up(venv)
    assert steps == WHOLE


@pytest.mark.parametrize(("phase", "then"), [("download", REPAIR), ("install", WHOLE)])
def test_failed_set_up_goes_on_or_begins_anew(
    tmp_path: Path, steps: list[str], phase: str, then: list[str]
) -> None:
    script.fail_in.update(step="lock", phase=phase)
    with pytest.raises(script.SetUpError, match="no space left"):
        script.set_up(tmp_path)
    assert not (tmp_path / script.STAMP).exists()
    assert (tmp_path / script.UNFINISHED).exists() == (phase == "install")
    script.fail_in.clear()
    steps.clear()
    script.set_up(tmp_path)
    assert steps == then


def test_killed_set_up_begins_anew(tmp_path: Path, steps: list[str]) -> None:
    make_venv(tmp_path)
    (tmp_path / script.UNFINISHED).touch()
    (tmp_path / "lib" / "half a package").touch()
    script.set_up(tmp_path)
    assert steps == WHOLE
    assert not (tmp_path / "lib" / "half a package").exists()


def test_changed_lock_file_is_followed_in_place(tmp_path: Path, steps: list[str]) -> None:
    script.set_up(tmp_path)
    stamp = tmp_path / script.STAMP
    stamp.write_text(stamp.read_text() + "one more package==1.0\n")
    steps.clear()
    script.set_up(tmp_path)
    assert steps == REPAIR


def test_other_environment_or_moved_folder_is_made_anew(tmp_path: Path, steps: list[str]) -> None:
    script.set_up(tmp_path / "old")
    steps.clear()
    script.set_up(tmp_path / "old", "tf221")
    assert steps == WHOLE
    (tmp_path / "old").rename(tmp_path / "new")
    steps.clear()
    script.set_up(tmp_path / "new", "tf221")
    assert steps == WHOLE


def test_folder_of_something_else_is_left_alone(tmp_path: Path, steps: list[str]) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(script.SetUpError, match="must be new, empty or made by this script"):
        script.set_up(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
    assert steps == []


def test_second_process_waits_for_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entered = threading.Event()

    def second() -> None:
        with script.exclusive(tmp_path):
            entered.set()

    with script.exclusive(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.2)
    thread.join(timeout=10)
    assert entered.is_set()
    assert "waiting for it" in capsys.readouterr().err


def test_failing_command_shows_the_end_of_what_it_said(tmp_path: Path) -> None:
    program = "print('first'); [print('line', i) for i in range(20)]; raise SystemExit(3)"
    with pytest.raises(script.SetUpError, match=r"exit code 3") as caught, script.exclusive(tmp_path) as lock:
        script.run([sys.executable, "-c", program], tmp_path, lock)
    assert "line 19\n" in str(caught.value) and "line 4\n" not in str(caught.value)
    assert str(tmp_path / script.LOG) in str(caught.value)
    assert (tmp_path / script.LOG).read_text().startswith("first\n")


def test_main_turns_failures_into_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert script.main([os.fspath(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
