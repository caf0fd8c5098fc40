"""Whole files or none: what a crash in the middle of a write leaves behind."""

import pytest

from wavegan_tf.atomic import atomic_file, atomic_files, atomic_folder, check_output_file, check_output_folder
from wavegan_tf.errors import ExportError


def test_file_appears_only_when_the_block_ends(tmp_path):
    target = tmp_path / "deep" / "table.csv"
    with atomic_file(target) as temporary:
        temporary.write_text("a,b\n")
        assert temporary.suffix == ".csv" and not target.exists()
    assert target.read_text() == "a,b\n"
    assert [p.name for p in target.parent.iterdir()] == ["table.csv"]


def test_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path):
    target = tmp_path / "model.npz"
    target.write_text("old")
    with pytest.raises(OSError, match="No space left"), atomic_file(target) as temporary:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


def test_folder_is_whole_or_absent(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "out") as temporary:
        (temporary / "one").write_text("1")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
    with atomic_folder(tmp_path / "out") as temporary:
        (temporary / "one").write_text("1")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "one").read_text() == "1"


def test_folder_refuses_to_overwrite_unless_asked(tmp_path):
    (tmp_path / "out").mkdir()
    with atomic_folder(tmp_path / "out") as temporary:  # an empty folder is as good as none
        (temporary / "first").write_text("1")
    with pytest.raises(ExportError, match="must be new or empty"), atomic_folder(tmp_path / "out"):
        raise AssertionError("must not be reached")
    with atomic_folder(tmp_path / "out", replace=True) as temporary:
        (temporary / "second").write_text("2")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["second"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_places_are_checked_before_long_work(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "one").write_text("1")
    (tmp_path / "empty").mkdir()
    check_output_file(tmp_path / "file")  # will be replaced
    check_output_file(tmp_path / "new" / "deep" / "x.npz")
    check_output_folder(tmp_path / "full")
    for folder in ("empty", "new/deep"):
        check_output_folder(tmp_path / folder, new=True)
    for check, place, message in ((check_output_file, "full", "must be a file; it is a folder"),
                                  (check_output_file, "file/x.npz", "file is no folder"),
                                  (check_output_folder, "file", "file is no folder"),
                                  (check_output_folder, "file/out", "file is no folder")):
        with pytest.raises(ExportError, match=message):
            check(tmp_path / place)
    with pytest.raises(ExportError, match="must be new or empty"):
        check_output_folder(tmp_path / "full", new=True)
    assert not (tmp_path / "new").exists()


def test_several_files_come_at_once(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "mine").write_text("x")
    with pytest.raises(OSError, match="No space"), atomic_files(tmp_path) as folder:
        (folder / "a").write_text("half")
        raise OSError(28, "No space left on device")
    assert (tmp_path / "a").read_text() == "old" and {p.name for p in tmp_path.iterdir()} == {"a", "mine"}
    with atomic_files(tmp_path) as folder:
        (folder / "a").write_text("new")
        (folder / "b").write_text("2")
    assert (tmp_path / "a").read_text() == "new" and {p.name for p in tmp_path.iterdir()} == {"a", "b", "mine"}
    with pytest.raises(KeyboardInterrupt), atomic_files(tmp_path / "deep" / "out"):
        raise KeyboardInterrupt
    assert not (tmp_path / "deep" / "out").exists()


def test_a_failed_write_names_the_file(tmp_path):
    """Writes that fail half-way name no file, and the temporary name would say nothing."""
    for given in (None, "temporary"):
        with pytest.raises(OSError, match="File too large") as caught, atomic_file(tmp_path / "out.npz") as temporary:
            raise OSError(27, "File too large", given and str(temporary))
        assert caught.value.filename == str(tmp_path / "out.npz")
    with pytest.raises(FileNotFoundError) as caught, atomic_file(tmp_path / "out.npz"):
        (tmp_path / "input").read_text()  # of another file: as it is
    assert caught.value.filename == str(tmp_path / "input")
