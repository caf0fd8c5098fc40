"""The package's metadata, its lock files, and what no file of it may contain."""

import argparse
import re
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import setuptools
from packaging.requirements import Requirement

import wavegan_tf
from wavegan_tf.command_line import run_command
from wavegan_tf.errors import DataError

PROJECT = Path(__file__).parents[2]
EXTRAS = {"tf217": ("io", "synth", "dev"), "tf221": ("jax", "synth", "dev")}  # as scripts/lock.sh asks for them


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> dict:
    """What setup.py hands to setuptools."""
    given: dict = {}
    monkeypatch.setattr(setuptools, "setup", given.update)
    monkeypatch.chdir(PROJECT)
    runpy.run_path("setup.py")
    return given


def pins(environment: str) -> list[Requirement]:
    lines = (PROJECT / "requirements" / environment / "lock.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.lstrip().startswith("#")]


def test_metadata(metadata: dict) -> None:
    assert metadata["version"] == wavegan_tf.__version__
    assert metadata["python_requires"] == ">=3.11"
    folders = {path.parent.relative_to(PROJECT).as_posix().replace("/", ".")
               for name in ("wavegan_tf", "snap_tf") for path in PROJECT.glob(f"{name}/**/__init__.py")}
    assert set(metadata["packages"]) == folders


def test_every_folder_of_modules_is_a_package(metadata: dict) -> None:
    folders = {path.parent.relative_to(PROJECT).as_posix().replace("/", ".")
               for name in ("wavegan_tf", "snap_tf") for path in PROJECT.glob(f"{name}/**/*.py")}
    assert folders <= set(metadata["packages"]), "a folder without __init__.py is not installed"


def test_data_files_are_installed(metadata: dict) -> None:
    patterns = metadata["package_data"][""]
    left_out = [path for name in ("wavegan_tf", "snap_tf") for path in PROJECT.glob(f"{name}/**/*")
                if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".py"
                and not any(path.match(pattern) for pattern in patterns)]
    assert not left_out, "package_data in setup.py does not name these"


@pytest.mark.parametrize("command", ["wavegan-tf", "snap-tf"])
def test_console_commands_exist(metadata: dict, command: str) -> None:
    entries = dict(entry.split(" = ") for entry in metadata["entry_points"]["console_scripts"])
    module, function = entries[command].split(":")
    code = f"import sys; from {module} import {function}; sys.exit({function}(['--version']))"
    run = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, f"{command} {wavegan_tf.__version__}\n"), run.stderr


def test_console_commands_give_their_exit_code() -> None:
    def refuse(args: argparse.Namespace) -> None:
        raise DataError("no audio")

    parser = argparse.ArgumentParser()
    parser.set_defaults(run=refuse)
    assert run_command(parser, []) == 2


@pytest.mark.parametrize("environment", EXTRAS)
def test_lock_file_holds_what_setup_asks_for(metadata: dict, environment: str) -> None:
    locked: dict[str, list[Requirement]] = {}
    for pin in pins(environment):
        locked.setdefault(pin.name, []).append(pin)
    asked = [*metadata["install_requires"], *(r for e in EXTRAS[environment] for r in metadata["extras_require"][e])]
    for requirement in map(Requirement, asked):
        assert requirement.name in locked, f"{requirement} is not in the lock file; run scripts/lock.sh"
        for pin in locked[requirement.name]:
            assert requirement.specifier.contains(next(iter(pin.specifier)).version), f"{pin} is not {requirement}"


@pytest.mark.parametrize(("environment", "minors"), [("tf217", (11, 12)), ("tf221", (11, 12, 13))])
def test_lock_file_pins_each_package_once_on_every_machine(environment: str, minors: tuple[int, ...]) -> None:
    machines = [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")]
    names = {pin.name for pin in pins(environment)}
    only_on_windows = {"colorama"}
    for pin in pins(environment):
        assert [item.operator for item in pin.specifier] == ["=="], f"{pin} is not exact"
    for system, machine in machines:
        for minor in minors:
            here = {"sys_platform": system, "platform_machine": machine, "python_version": f"3.{minor}",
                    "python_full_version": f"3.{minor}.1", "implementation_name": "cpython",
                    "platform_python_implementation": "CPython"}
            chosen = [pin.name for pin in pins(environment) if pin.marker is None or pin.marker.evaluate(here)]
            assert len(chosen) == len(set(chosen))
            missing = names - set(chosen) - only_on_windows
            # a package may be left out where nothing needs it
            assert missing <= {"audioread"}, f"{missing} on {system} {machine}, Python 3.{minor}"


@pytest.mark.parametrize("environment", EXTRAS)
def test_lock_file_names_no_host_and_no_folder(environment: str) -> None:
    text = (PROJECT / "requirements" / environment / "lock.txt").read_text()
    assert "scripts/lock.sh" in text.splitlines()[1]
    assert not re.search(r"://|@ |--index|--find-links|-e ", text)


def test_environments_differ_as_documented() -> None:
    first, second = ({pin.name: str(pin.specifier) for pin in pins(name)} for name in ("tf217", "tf221"))
    assert (first["tensorflow"], first["tensorflow-io"]) == ("==2.17.1", "==0.37.1")
    assert first["numpy"].startswith("==1.26")
    assert second["tensorflow"] == "==2.21.0" and second["numpy"].startswith("==2.")
    assert "tensorflow-io" not in second
    # TensorBoard 2.17 imports pkg_resources; setuptools 80.9 warns about it on every start, 82 has none
    assert Requirement("setuptools<80.9").specifier.contains(first["setuptools"][2:])


def committed_files() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout, so what is committed is not known")
    return [PROJECT / name for name in listing.stdout.split("\0") if name and (PROJECT / name).is_file()]


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    folders = {Path.home(), PROJECT, PROJECT.parent, *map(Path, (sys.prefix, sys.base_prefix, tempfile.gettempdir()))}
    folders -= {Path("/"), Path("/usr")}
    pattern = re.compile(rb"(?<![\w.}$)*-])(" + b"|".join(re.escape(f"{f}/".encode()) for f in folders) + rb")[^\s]*")
    found = [f"{path.relative_to(PROJECT)}: {match[0].decode(errors='replace')}"
             for path in committed_files() for match in [pattern.search(path.read_bytes())] if match]
    assert not found, "\n" + "\n".join(found)


def test_no_recordings_are_committed() -> None:
    suffixes = {".wav", ".flac", ".mp3", ".ogg", ".sph", ".nist"}
    assert [path for path in committed_files() if path.suffix.lower() in suffixes] == []


def test_shell_scripts_run_as_they_are() -> None:
    scripts = [path for path in committed_files() if path.suffix == ".sh" or path.match(".ci/run")]
    assert len(scripts) >= 4
    for path in scripts:
        assert subprocess.run(["bash", "-n", path], check=False).returncode == 0
        if path.name not in ("environment.sh", "steps.sh"):  # are sourced
            assert path.stat().st_mode & 0o111, f"{path} is not executable"
            assert "set -euo pipefail" in path.read_text()
