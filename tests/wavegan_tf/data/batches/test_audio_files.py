"""Which files are read: found by suffix or content, in a fixed order, never one that would be waited for."""

import os
from pathlib import Path

import pytest
from audio_folders import voices, write

from wavegan_tf.data.batches.audio_files import find_audio_files
from wavegan_tf.errors import DataError


def names(folder: Path, split: str | None = None) -> list[str]:
    return [file.name for file in find_audio_files(folder, split).files]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.wav", "a/z.WAV", "a/y.flac", "a.wav"):
        write(tmp_path / name, voices(100, 16000))
    return tmp_path


def test_folders_are_read_to_the_bottom_and_sorted(folder: Path) -> None:
    assert names(folder) == ["a.wav", "a/y.flac", "a/z.WAV", "b.wav"]


def test_other_files_are_counted_not_read(folder: Path) -> None:
    for name in ("notes.txt", "manifest.csv", "a/cover.jpg", "empty", "utf16.txt"):
        (folder / name).write_bytes(b"" if name == "empty" else b"\xff\xfew\0")
    (folder / "._b.wav").write_bytes(b"what macOS leaves")
    (folder / ".trash").mkdir()
    write(folder / ".trash/c.wav", voices(100, 16000))
    found = find_audio_files(folder)
    assert len(found.files) == 4 and found.n_ignored == 5 and found.skipped == ()


@pytest.mark.parametrize("kind", [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("NIST", "PCM_16"),
                                  ("MP3", "MPEG_LAYER_III")])
def test_audio_without_a_known_suffix_is_found_by_its_content(tmp_path: Path, kind: tuple[str, str]) -> None:
    write(tmp_path / "recording", voices(4000, 16000), kind=kind)
    assert names(tmp_path) == ["recording"]


def test_other_media_are_skipped_by_name(tmp_path: Path) -> None:
    """Also where there is nothing else; a film beside its sound is no recording that was lost."""
    for name in ("a.m4a", "b.MP4", "c.wma", "d.aac", "e.mp4"):
        (tmp_path / name).write_bytes(b"\0\0\0 ftypM4A ")
    write(tmp_path / "E.wav", voices(100, 16000))
    found = find_audio_files(tmp_path)
    assert [file.name for file in found.files] == ["E.wav"] and found.n_ignored == 1
    assert dict(found.skipped) == {name: f"{Path(name).suffix} files are not read; convert it to WAV or FLAC"
                                   for name in ("a.m4a", "b.MP4", "c.wma", "d.aac")}
    (tmp_path / "E.wav").unlink()
    assert find_audio_files(tmp_path).files == () and len(find_audio_files(tmp_path).skipped) == 5


def test_what_is_inside_a_file_of_another_kind_decides(tmp_path: Path) -> None:
    write(tmp_path / "a.raw", voices(100, 16000))
    found = find_audio_files(tmp_path)
    assert [file.name for file in found.files] == ["a.raw"] and found.skipped == () and found.n_ignored == 0


def test_both_copies_of_a_recording_count_once(tmp_path: Path) -> None:
    """The TIMIT copy that has SA1.WAV (SPHERE) and SA1.WAV.wav (RIFF) side by side."""
    write(tmp_path / "SA1.WAV", voices(100, 16000), kind=("NIST", "PCM_16"))
    write(tmp_path / "SA1.WAV.wav", voices(100, 16000))
    found = find_audio_files(tmp_path)
    assert [file.name for file in found.files] == ["SA1.WAV.wav"]
    assert found.skipped == (("SA1.WAV", "the same recording lies beside it as SA1.WAV.wav"),)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_loops_and_dangling_links_do_not_stop_it(folder: Path) -> None:
    os.mkfifo(folder / "pipe.wav")
    os.mkfifo(folder / "control")
    (folder / "a" / "up").symlink_to(folder)
    (folder / "gone.wav").symlink_to(folder / "nowhere.wav")
    found = find_audio_files(folder)
    assert [file.name for file in found.files] == ["a.wav", "a/y.flac", "a/z.WAV", "b.wav"]
    assert found.n_ignored == 1
    assert found.skipped == (("gone.wav", "it cannot be read (No such file or directory)"),
                             ("pipe.wav", "it is no plain file but a pipe, a device or a folder"))


def test_a_split_of_the_manifest(folder: Path) -> None:
    (folder / "manifest.csv").write_text("file,split,label\nb.wav,train,ask\na/z.WAV,test,ask\nmissing.wav,train,rag\n")
    found = find_audio_files(folder, "train")
    assert [file.name for file in found.files] == ["b.wav"]
    assert found.skipped == (("missing.wav", "it cannot be read (No such file or directory)"),)
    assert found.n_ignored == 1
    assert len(names(folder)) == 4
    with pytest.raises(DataError, match=r"`split` \(=dev\) must be a split of .*manifest\.csv; there are: test, train"):
        find_audio_files(folder, "dev")


def test_a_split_needs_a_manifest_with_its_columns(folder: Path) -> None:
    with pytest.raises(DataError, match=r"`split` \(=train\) must come with a folder that holds manifest\.csv"):
        find_audio_files(folder, "train")
    (folder / "manifest.csv").write_text("file,label\nb.wav,ask\n")
    with pytest.raises(DataError, match="must have the columns file and split; it lacks split"):
        find_audio_files(folder, "train")
    with pytest.raises(DataError, match="`data` is a list of files"):
        find_audio_files([folder / "b.wav"], "train")


def test_single_files_and_lists(folder: Path) -> None:
    assert names(folder / "b.wav") == ["b.wav"]
    listed = find_audio_files([folder / "b.wav", str(folder / "a" / "y.flac"), folder / "b.wav"])
    assert [file.name for file in listed.files] == ["a/y.flac", "b.wav"]


@pytest.mark.parametrize(("make", "message"), [
    (lambda folder: folder / "nowhere", r"`data` \(=.*nowhere\) must be an existing folder"),
    (lambda folder: folder / "empty", r"must hold audio files \(WAV, FLAC, Ogg, MP3 or SPHERE\); it is empty"),
    (lambda folder: folder / "texts", "must hold audio files .*; 1 other files are there"),
    (lambda folder: [], "must name at least one audio file"),
])
def test_nothing_to_read_is_an_error_that_says_so(tmp_path: Path, make, message: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=message):
        find_audio_files(make(tmp_path))
