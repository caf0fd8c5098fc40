"""Places at which nothing can be written as it should be: used as they are, or refused before the work."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from other_processes import finish, names, start

from wavegan_tf.atomic import atomic_file, atomic_files, atomic_folder, check_output_file
from wavegan_tf.errors import ExportError
from wavegan_tf.files import outputs


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_to_a_folder_is_used_as_it_is(is_there: bool, tmp_path: Path) -> None:
    target = tmp_path / "disk" / "results"
    target.parent.mkdir()
    if is_there:
        target.mkdir()
    (tmp_path / "out").symlink_to(target)
    with atomic_folder(tmp_path / "out") as folder:
        (folder / "table").write_text("ours")
    assert (tmp_path / "out").is_symlink() and (target / "table").read_text() == "ours"
    assert names(tmp_path) == ["disk", "disk/results", "disk/results/table", "out"]
    with pytest.raises(ExportError, match="must be new or empty"), atomic_folder(tmp_path / "out"):
        raise AssertionError("must not be reached")
    with atomic_folder(tmp_path / "out", replace=True) as folder:
        (folder / "second").touch()
    assert names(target) == ["second"] and (tmp_path / "out").is_symlink()


def test_a_link_to_a_file_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out.csv").symlink_to(tmp_path / "disk" / "real.csv")
    for text in ("1", "2"):
        with atomic_file(tmp_path / "out.csv") as file:
            file.write_text(text)
        assert (tmp_path / "out.csv").is_symlink() and (tmp_path / "disk" / "real.csv").read_text() == text


def test_links_in_a_circle_are_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("again")
    (tmp_path / "again").symlink_to("out")
    for write in (atomic_file, atomic_files, atomic_folder):
        with pytest.raises(ExportError, match=r"out.* links lead in a circle"), write(tmp_path / "out"):
            raise AssertionError("must not be reached")
    assert names(tmp_path) == ["again", "out"]


@pytest.mark.parametrize("out", [".", "{}", "../{name}"])
def test_the_folder_one_is_in_is_refused_before_the_work(out: str, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    process = start("folder", out.format(here, name="here"), cwd=here)
    said = finish(process, 2)
    assert "must be one that can be put there as a whole; it is the folder you are in; name a folder inside it" in said
    assert names(tmp_path) == ["here"]


def test_a_folder_above_the_one_we_are_in_does_not_give_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out" / "here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "out" / "here")
    with pytest.raises(ExportError, match="it is the folder you are in"), atomic_folder("..", replace=True):
        raise AssertionError("must not be reached")


def test_the_folder_one_is_in_takes_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with atomic_files(".") as folder:
        (folder / "a").touch()
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("below", [False, True])
def test_where_something_is_mounted_is_refused_before_the_work(below: bool, tmp_path: Path,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "my out"
    mount = out / "data" if below else out
    mount.mkdir(parents=True)
    table = tmp_path / "mountinfo"
    place = str(mount).replace(" ", "\\040")
    table.write_text(f"24 1 0:22 / / rw - ext4 /dev/x rw\n36 24 0:5 /x {place} rw shared:9 - ext4 /dev/x rw\n")
    monkeypatch.setattr(outputs, "_MOUNTS", table)
    with pytest.raises(ExportError, match=r"something is mounted there; name a folder inside it, such as .*/my out/out"
                       ), atomic_folder(out, replace=True):
        raise AssertionError("must not be reached")
    with atomic_folder(out / "out") as folder:  # what the message says
        (folder / "a").touch()


def test_a_real_mount_point(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    if not shutil.which("mount") or subprocess.run(["mount", "-t", "tmpfs", "none", tmp_path / "out"],
                                                   capture_output=True, check=False).returncode:
        pytest.skip("a disk cannot be mounted here; only a superuser of the machine may")
    try:
        with pytest.raises(ExportError, match="something is mounted there"), atomic_folder(tmp_path / "out"):
            raise AssertionError("must not be reached")
        with atomic_folder(tmp_path / "out" / "inside") as folder:
            (folder / "a").touch()
        with atomic_files(tmp_path / "out") as folder:
            (folder / "b").touch()
        assert names(tmp_path) == ["out", "out/b", "out/inside", "out/inside/a"]
    finally:
        subprocess.run(["umount", tmp_path / "out"], check=True)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/null")])
def test_pipes_and_devices_are_no_files(make, tmp_path: Path) -> None:
    make(tmp_path / "out.csv")
    before = Path("/dev/null").stat().st_ino
    with pytest.raises(ExportError, match="must be a file; it is a pipe or a device"):
        check_output_file(tmp_path / "out.csv")
    with (pytest.raises(ExportError, match="must be a file; it is a pipe or a device"),
          atomic_file(tmp_path / "out.csv")):
        raise AssertionError("must not be reached")
    assert Path("/dev/null").stat().st_ino == before


def test_a_folder_that_takes_nothing_is_told_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="must be where one can be made"), atomic_folder(tmp_path / "file" / "out"):
        raise AssertionError("must not be reached")
