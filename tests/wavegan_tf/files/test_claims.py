"""Two commands in one place, commands that were killed, and what lies where a command writes."""

import argparse
import json
import signal
import socket
import tempfile
import threading
from pathlib import Path

import pytest
from other_processes import KINDS, die, finish, names, start

from wavegan_tf.atomic import atomic_file, atomic_files, atomic_folder
from wavegan_tf.command_line import run_command
from wavegan_tf.errors import ExportError
from wavegan_tf.files.claims import InUseError, claim, clear_folder, extra_folder
from wavegan_tf.files.locks import LockedFile, lock_file
from wavegan_tf.files.outputs import files_in, new_folder, one_file
from wavegan_tf.files.signals import Terminated


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_command_is_refused_at_its_start(kind: str, tmp_path: Path) -> None:
    first = start(kind, tmp_path / "out")
    second = start(kind, tmp_path / "elsewhere" / ".." / "out" if kind == "folder" else tmp_path / "out")
    said = finish(second, 2)
    assert f"out) must not be in use; process {first.pid} on {socket.gethostname()} is writing it; wait" in said
    finish(first)
    assert names(tmp_path) == (["out"] if kind == "file" else ["out", "out/table"])


def test_a_command_of_another_place_is_not(tmp_path: Path) -> None:
    first = start("folder", tmp_path / "out")
    finish(start("folder", tmp_path / "out2"))
    finish(start("files", tmp_path))
    finish(first)
    assert names(tmp_path) == ["out", "out/table", "out2", "out2/table", "table"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_command_clears_what_a_killed_one_left(kind: str, tmp_path: Path) -> None:
    if kind == "replace":
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "old").write_text("old")
    before = names(tmp_path)
    killed = start(kind, tmp_path / "out")
    killed.kill()
    killed.communicate()
    assert [name for name in names(tmp_path) if "table" in name or ".claim" in name]  # there is something to clear
    visible = [name for name in names(tmp_path) if "/." not in f"/{name}"]
    assert visible == (["out"] if kind == "files" else before)
    finish(start(kind, tmp_path / "out"))
    assert names(tmp_path) == (["out"] if kind == "file" else ["out", "out/table"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("kind", ["folder", "file", "files"])
def test_a_signal_cleans_up_at_once(kind: str, number: signal.Signals, tmp_path: Path) -> None:
    process = start(kind, tmp_path / "deep" / "out")
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number and said == "command: interrupted\n"
    assert names(tmp_path) == []


def test_what_dead_processes_of_other_machines_left_stays(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    left = tmp_path / ".out-01234567"
    (left / "new").mkdir(parents=True)
    record = {"what": "wavegan_tf claim", "process": 1, "host": "elsewhere", "boot": "another", "work": left.name,
              "extra": ""}
    (tmp_path / ".out.claim").write_text(json.dumps(record) + "\n")
    with atomic_folder(tmp_path / "out") as folder:
        (folder / "table").touch()
    assert names(tmp_path) == [".out-01234567", ".out-01234567/new", ".out.claim", "out", "out/table"]
    assert "process 1 on elsewhere wrote here" in capsys.readouterr().err
    (tmp_path / ".out.claim").write_text(json.dumps({**record, "host": socket.gethostname()}) + "\n")
    (tmp_path / "out" / "table").unlink()
    with atomic_folder(tmp_path / "out"):
        assert not left.exists()
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("work", ["../mine", "/{}/mine", "mine", ".mine", "", 7, ".out-01234567/../../mine"])
def test_a_claim_file_cannot_make_us_remove_files_of_the_user(work: object, tmp_path: Path) -> None:
    for place in (tmp_path / "mine", tmp_path / "results" / "mine", tmp_path / "results" / ".mine"):
        place.mkdir(parents=True)
        (place / "work").touch()
    if isinstance(work, str):
        work = work.format(tmp_path)
    (tmp_path / "results" / ".out.claim").write_text(json.dumps({
        "what": "wavegan_tf claim", "process": 1, "host": socket.gethostname(), "boot": "", "work": work,
        "extra": str(work)}))
    with atomic_folder(tmp_path / "results" / "out"):
        pass
    assert len(list(tmp_path.rglob("work"))) == 3


def test_links_in_the_place_of_ours_are_not_followed(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (tmp_path / ".out.claim").symlink_to(mine)
    with pytest.raises(ExportError, match=r"\.out\.claim\) must be a plain file of its folder.*it is a link"):
        claim(new_folder(tmp_path / "out")).__enter__()
    (tmp_path / ".out.claim").unlink()
    (tmp_path / ".out.claim").write_text("notes of mine\n")
    with pytest.raises(ExportError, match=r"\.out\.claim\) must be a file of ours.*another program's"):
        claim(new_folder(tmp_path / "out")).__enter__()
    assert mine.read_text() == "mine" and (tmp_path / ".out.claim").read_text() == "notes of mine\n"


def test_claims_inside_a_claim_are_the_same_one(tmp_path: Path) -> None:
    with claim(one_file(tmp_path / "out")) as outer:
        (tmp_path / "out").write_text("new")  # came after the command had begun
        with claim(one_file(tmp_path / "out")) as inner:
            assert inner is outer and inner.before == {}
    assert names(tmp_path) == ["out"]


def test_a_command_may_write_twice(tmp_path: Path) -> None:
    """Numbers first and then figures beside them, as `layers --figure` does, and a figure drawn again."""
    with claim(new_folder(tmp_path / "out")):
        with atomic_folder(tmp_path / "out") as folder:
            (folder / "table").write_text("1")
        for text in ("1", "2"):
            with atomic_files(tmp_path / "out", "figure") as folder:
                (folder / "figure.png").write_text(text)
            with atomic_file(tmp_path / "out" / "table") as file:
                file.write_text(text)
        (tmp_path / "out" / "figure.pdf").write_text("of the user")
        with pytest.raises(ExportError, match="must stay as it was when the command began"), \
                atomic_files(tmp_path / "out", "figure") as folder:
            (folder / "figure.pdf").write_text("ours")
    assert (tmp_path / "out" / "figure.pdf").read_text() == "of the user"
    assert (tmp_path / "out" / "figure-2" / "figure.pdf").read_text() == "ours"
    assert (tmp_path / "out" / "figure.png").read_text() == (tmp_path / "out" / "table").read_text() == "2"


def test_folders_made_for_nothing_are_removed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bad"), claim(new_folder(tmp_path / "a" / "b" / "out")):
        raise ValueError("bad")
    with pytest.raises(ValueError, match="bad"), claim(files_in(tmp_path / "a" / "b" / "out")):
        raise ValueError("bad")
    assert names(tmp_path) == []


def test_long_names_have_room(tmp_path: Path) -> None:
    long = "ü" * 125  # 250 bytes; 255 are allowed
    with atomic_folder(tmp_path / long) as folder:
        (folder / "table").touch()
    with atomic_file(tmp_path / long / (long + ".csv")) as file:
        file.write_text("x")
    assert set(names(tmp_path)) == {long, f"{long}/{long}.csv", f"{long}/table"}


def test_waiting_for_another(tmp_path: Path) -> None:
    first = start("folder", tmp_path / "out")
    with pytest.raises(InUseError), atomic_folder(tmp_path / "out"):
        raise AssertionError("must not be reached")
    threading.Timer(0.3, lambda: first.communicate("\n")).start()
    with atomic_folder(tmp_path / "out", replace=True, wait=True) as folder:
        assert (tmp_path / "out" / "table").read_text() == "ours"
        (folder / "table").write_text("second")
    assert (tmp_path / "out" / "table").read_text() == "second"


def test_extra_folders_are_cleared_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    die("""
import tempfile
from wavegan_tf.files.claims import claim, extra_folder
from wavegan_tf.files.outputs import new_folder
tempfile.tempdir = sys.argv[2]
with claim(new_folder(sys.argv[1])), extra_folder(sys.argv[1]) as extra:
    (extra / "library").touch()
    os._exit(9)
""", tmp_path / "out", tmp_path / "tmp")
    assert len(names(tmp_path / "tmp")) == 2
    with claim(new_folder(tmp_path / "out")), extra_folder(tmp_path / "out") as extra:
        assert names(tmp_path / "tmp") == [extra.name]
    assert names(tmp_path) == ["tmp"]


def test_a_folder_is_cleared_of_all_that_was_left_in_it(tmp_path: Path) -> None:
    killed = [start("folder", tmp_path / "a"), start("file", tmp_path / "b")]
    for process in killed:
        process.kill()
        process.communicate()
    living = start("folder", tmp_path / "c")
    clear_folder(tmp_path)
    assert {path.name.split("-")[0] for path in tmp_path.iterdir()} == {".c.claim", ".c"}
    finish(living)
    assert names(tmp_path) == ["c", "c/table"]


@pytest.mark.parametrize(("interrupt", "code"), [
    (KeyboardInterrupt(), 130), (Terminated(signal.SIGINT), 130), (Terminated(signal.SIGTERM, "saved"), 143)])
def test_the_exit_code_of_a_signal_is_128_and_its_number(interrupt: KeyboardInterrupt, code: int,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    def run(args: argparse.Namespace) -> None:
        raise interrupt

    parser = argparse.ArgumentParser("planted")
    parser.set_defaults(run=run)
    assert run_command(parser, []) == code
    assert capsys.readouterr().err == "planted: interrupted\n"


def test_a_lock_file_holds_what_was_written_last_and_nothing_of_what_was_there(tmp_path: Path) -> None:
    lock = lock_file(tmp_path / "lock")
    assert isinstance(lock, LockedFile)
    for content in (b"process 123456789 on a machine\n", b"process 1\n", b""):
        lock.write(content)
        assert lock.read() == (tmp_path / "lock").read_bytes() == content
    lock.close()
