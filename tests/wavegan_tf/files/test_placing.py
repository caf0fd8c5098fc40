"""What was not there when a command began is never removed: the result stays beside it, and the name is told."""

import os
import re
from pathlib import Path

import pytest
from other_processes import die, finish, names, start

from wavegan_tf.atomic import atomic_file, atomic_files, atomic_folder
from wavegan_tf.errors import ExportError
from wavegan_tf.files import placing
from wavegan_tf.files.claims import Claim


def appear(out: Path) -> None:
    out.mkdir()
    (out / "mine").write_text("mine")


def grow(out: Path) -> None:
    (out / "mine").write_text("mine")


def change(out: Path) -> None:
    (out / "old").write_text("mine")


def become_a_file(out: Path) -> None:
    out.write_text("mine")


CHANGES = {
    "a folder appears": (False, appear, False), "an empty folder is filled": (True, grow, False),
    "a file appears": (False, become_a_file, False), "a folder appears, replace": (False, appear, True),
    "a folder is filled, replace": (True, grow, True), "a file in it changes": (True, change, True),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_folder_that_changed_meanwhile_stays(case: str, tmp_path: Path) -> None:
    is_there, happens, replace = CHANGES[case]
    out = tmp_path / "out"
    if is_there:
        out.mkdir()
        if replace:
            (out / "old").write_text("before")
    with pytest.raises(ExportError, match=r"must stay as it was when the command began.*result is .*out-2") as caught, \
            atomic_folder(out, replace=replace) as folder:
        (folder / "table").write_text("ours")
        happens(out)
    kept = Path(re.search(r"the result is (\S+);", str(caught.value))[1])
    assert kept.parent == tmp_path and (kept / "table").read_text() == "ours"
    assert "mine" in (out.read_text() if out.is_file() else "".join(p.read_text() for p in out.iterdir()))
    assert not [name for name in names(tmp_path) if name.startswith(".")]
    assert not replace or not is_there or (out / "old").exists()


def test_an_empty_folder_that_appears_stays_too(tmp_path: Path) -> None:
    """It may be where somebody is just about to write."""
    with pytest.raises(ExportError, match=r"the result is .*out-2;"), atomic_folder(tmp_path / "out") as folder:
        (folder / "table").write_text("ours")
        (tmp_path / "out").mkdir()
    assert names(tmp_path) == ["out", "out-2", "out-2/table"]


@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_that_is_filled_at_the_last_moment_stays(is_there: bool, tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last look, before the rename."""
    out = tmp_path / "out"
    if is_there:
        out.mkdir()
        (out / "old").write_text("before")
    look, writing = Claim.look, []

    def late(claim: Claim) -> dict[str, tuple[int, ...]]:
        seen = look(claim)
        if writing:
            out.mkdir(exist_ok=True)
            (out / "mine").write_text("mine")
        return seen

    monkeypatch.setattr(Claim, "look", late)
    with pytest.raises(ExportError, match=r"the result is .*out-2;"), atomic_folder(out, replace=True) as folder:
        (folder / "table").write_text("ours")
        writing.append(True)
    assert (out / "mine").read_text() == "mine" and (out / "old").exists() == is_there
    assert (tmp_path / "out-2" / "table").read_text() == "ours"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out-2"]


def test_what_was_moved_out_of_the_way_is_kept_where_its_name_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                     capsys: pytest.CaptureFixture[str]) -> None:
    """Something appears between the two renames by which a folder gives way."""
    out, rename = tmp_path / "out", Path.rename
    appear(out)

    def late(path: Path, target: Path) -> Path:
        found = rename(path, target)
        if target.name == "old":
            out.mkdir()
            (out / "theirs").write_text("theirs")
        return found

    monkeypatch.setattr(Path, "rename", late)
    with pytest.raises(ExportError, match=r"the result is .*out-3;"), atomic_folder(out, replace=True) as folder:
        (folder / "table").write_text("ours")
    assert names(tmp_path) == ["out", "out-2", "out-2/mine", "out-3", "out-3/table", "out/theirs"]
    assert "was moved out of the way, and is" in capsys.readouterr().err


def test_after_a_kill_too(tmp_path: Path) -> None:
    out = tmp_path / "out"
    appear(out)
    die("""
from wavegan_tf.atomic import atomic_folder
rename = Path.rename
Path.rename = lambda path, target: os._exit(9) if target.name == "out" else rename(path, target)
with atomic_folder(sys.argv[1], replace=True) as folder:
    (folder / "table").write_text("ours")
""", out)
    out.mkdir()
    (out / "theirs").write_text("theirs")
    with atomic_folder(out, replace=True) as folder:
        (folder / "table").write_text("second")
    assert names(tmp_path) == ["out", "out-2", "out-2/mine", "out/table"]


def test_the_exit_code_says_so(tmp_path: Path) -> None:
    for kind, result in (("folder", "out-2/table"), ("replace", "out-3/table"), ("file", "out.csv-2")):
        out = tmp_path / ("out.csv" if kind == "file" else "out")
        if out.exists():
            (out / "mine").unlink()
            out.rmdir()
        process = start(kind, out)
        become_a_file(out) if kind == "file" else appear(out)
        said = finish(process, 2)
        shown = re.search(r"the result is (\S+);", said)[1]
        found = Path(shown) / "table" if kind != "file" else Path(shown)
        assert found.read_text() == "ours", result


def test_a_folder_that_went_away_is_made_again(tmp_path: Path) -> None:
    out = tmp_path / "out"
    appear(out)
    with atomic_folder(out, replace=True) as folder:
        (folder / "table").write_text("ours")
        (out / "mine").unlink()
        out.rmdir()
    assert names(tmp_path) == ["out", "out/table"]


@pytest.mark.parametrize("before", [None, "before"])
def test_a_file_that_changed_meanwhile_stays(before: str | None, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    if before:
        out.write_text(before)
    with pytest.raises(ExportError, match=r"the result is .*out-2\.csv;"), atomic_file(out) as file:
        file.write_text("ours")
        out.write_text("of the user")
    assert out.read_text() == "of the user" and (tmp_path / "out-2.csv").read_text() == "ours"
    assert names(tmp_path) == ["out-2.csv", "out.csv"]


def test_a_file_that_appears_at_the_last_moment_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the last look: a rename would take its place without a word."""
    out = tmp_path / "out.csv"
    link = os.link

    def late(new: Path, path: Path) -> None:
        if not out.exists():
            out.write_text("of the user")
        link(new, path)

    monkeypatch.setattr(placing.os, "link", late)
    with pytest.raises(ExportError, match="must stay as it was"), atomic_file(out) as file:
        file.write_text("ours")
    assert out.read_text() == "of the user" and (tmp_path / "out-2.csv").read_text() == "ours"


def test_a_file_where_there_are_no_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(new: Path, path: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(placing.os, "link", refuse)
    with atomic_file(tmp_path / "out.csv") as file:
        file.write_text("ours")
    assert (tmp_path / "out.csv").read_text() == "ours" and names(tmp_path) == ["out.csv"]


def test_of_several_files_none_is_put_there_when_one_cannot(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / "b").write_text("old")
    with pytest.raises(ExportError, match=r"the result is .*figure-2;"), atomic_files(tmp_path, "figure") as folder:
        for name in ("a", "b", "c"):
            (folder / name).write_text("ours")
        (tmp_path / "b").write_text("of the user")
    assert [(tmp_path / name).read_text() for name in "ab"] == ["old", "of the user"]
    assert names(tmp_path) == ["a", "b", "figure-2", "figure-2/a", "figure-2/b", "figure-2/c"]


def test_files_in_folders_below(tmp_path: Path) -> None:
    (tmp_path / "out" / "s1").mkdir(parents=True)
    (tmp_path / "out" / "s1" / "a").write_text("old")
    with atomic_files(tmp_path / "out", deep=True) as folder:
        for name in ("s1", "s2"):
            (folder / name).mkdir()
            (folder / name / "a").write_text(name)
    assert names(tmp_path / "out") == ["s1", "s1/a", "s2", "s2/a"]
    with pytest.raises(ExportError, match="must stay"), atomic_files(tmp_path / "out", deep=True) as folder:
        (folder / "s2").mkdir()
        (folder / "s2" / "a").write_text("again")
        (tmp_path / "out" / "s2" / "a").write_text("of the user")
    assert (tmp_path / "out" / "s2" / "a").read_text() == "of the user"


def test_permissions_are_those_of_the_folder_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o2770)
    with atomic_folder(tmp_path / "out") as folder:
        (folder / "a").touch()
    assert (tmp_path / "out").stat().st_mode & 0o7777 == 0o2770


def test_what_gave_way_comes_back_after_a_kill_between_two_renames(tmp_path: Path) -> None:
    out = tmp_path / "out"
    appear(out)
    die("""
from wavegan_tf.atomic import atomic_folder
rename = Path.rename
Path.rename = lambda path, target: os._exit(9) if target.name == "out" else rename(path, target)
with atomic_folder(sys.argv[1], replace=True) as folder:
    (folder / "table").write_text("ours")
""", out)
    assert not out.exists()
    with pytest.raises(ExportError, match="must be new or empty"), atomic_folder(out):
        raise AssertionError("must not be reached")
    assert (out / "mine").read_text() == "mine" and names(tmp_path) == ["out", "out/mine"]


def test_the_disk_is_asked_before_and_after_a_name_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of calls: content to the disk, then the name, then the folder of the name to the disk."""
    calls: list[str] = []
    real = {"fsync": os.fsync, "link": os.link, "rename": os.rename, "replace": os.replace}

    def fsync(handle: int) -> None:
        calls.append("sync " + Path(f"/proc/self/fd/{handle}").readlink().name)
        real["fsync"](handle)

    def named(kind: str):
        def call(source: Path, target: Path) -> None:
            calls.append(f"name {Path(target).name}")
            real[kind](source, target)
        return call

    monkeypatch.setattr(os, "fsync", fsync)
    for kind in ("link", "rename", "replace"):
        monkeypatch.setattr(os, kind, named(kind))
    with atomic_file(tmp_path / "out.csv") as file:
        file.write_text("1")
    assert calls == ["sync out.csv", "name out.csv", f"sync {tmp_path.name}"]
    calls.clear()
    with atomic_file(tmp_path / "out.csv") as file:  # one that is there gives way
        file.write_text("2")
    assert calls == ["sync out.csv", "name out.csv", f"sync {tmp_path.name}"]
    for replace in (False, True):
        calls.clear()
        with atomic_folder(tmp_path / "out", replace=replace) as folder:
            (folder / "sub").mkdir()
            (folder / "sub" / "a").write_text("1")
        last = calls.index("name out")
        assert {"sync a", "sync sub", "sync new"} <= set(calls[:last]) and calls[last + 1:] == [f"sync {tmp_path.name}"]
        assert calls.index("sync a") < calls.index("sync new")
    calls.clear()
    with atomic_files(tmp_path / "figures") as folder:
        (folder / "a.png").write_text("1")
        (folder / "b.pdf").write_text("1")
    assert set(calls[:3]) == {"sync a.png", "sync b.pdf", "sync new"}
    assert calls[3:] == ["name a.png", "name b.pdf", "sync figures"]
    calls.clear()
    with atomic_files(tmp_path / "grids", deep=True) as folder:
        for place in ("one", "two"):
            (folder / place).mkdir()
            (folder / place / f"{place}.txt").write_text("1")
    last = max(i for i, call in enumerate(calls) if call.startswith("name "))
    assert {"sync one", "sync two"} <= set(calls[last + 1:])  # every folder that got a name
