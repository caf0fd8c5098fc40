"""Only plain files are opened, and what the system refuses is one error with the file's name."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import snap_tf.cli
from wavegan_tf.errors import DataError
from wavegan_tf.files.outputs import real_path
from wavegan_tf.formats.json_files import read_json
from wavegan_tf.formats.plain_files import check_plain, is_plain, is_there, open_plain, read_bytes, read_text
from wavegan_tf.formats.toml_files import read_toml
from wavegan_tf.use.labels import find_labels


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listener(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


OTHERS: dict[str, Callable[[Path], None]] = {
    "a pipe": pipe, "a folder": Path.mkdir, "a socket": listener, "a device": lambda path: path.symlink_to("/dev/zero"),
    "No such file": lambda path: path.symlink_to("nowhere"), "Too many": lambda path: path.symlink_to(path.name),
}


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("what", OTHERS)
@pytest.mark.parametrize("read", [check_plain, read_bytes, read_text, read_json, read_toml])
def test_what_is_no_plain_file_is_refused_and_never_waited_for(tmp_path: Path, what: str, read: Callable) -> None:
    OTHERS[what](tmp_path / "thing.json")
    with pytest.raises(DataError, match=rf"(?s)recipe \(=.*thing.json\) must be a .*{what}"):
        read(tmp_path / "thing.json", "recipe")
    assert not is_plain(tmp_path / "thing.json")


def test_what_becomes_a_pipe_after_the_check_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "thing")
    monkeypatch.setattr("wavegan_tf.formats.plain_files.check_plain", lambda *_: None)
    with pytest.raises(DataError, match="it is a pipe"):
        read_bytes(tmp_path / "thing")


def test_names_that_cannot_be_are_refused() -> None:
    with pytest.raises(DataError, match="must be a file that can be read"):
        read_bytes("a\0b")


def test_failures_in_the_middle_of_a_file_name_it(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"x")
    with pytest.raises(DataError, match=r"file \(=.*a.bin\) must be a file that can be read: Input/output error"), \
            open_plain(tmp_path / "a.bin"):
        raise OSError(5, "Input/output error")


def test_links_to_plain_files_are_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("here\n")
    (tmp_path / "b").symlink_to("a")
    assert read_text(tmp_path / "b") == "here\n" and is_plain(tmp_path / "b")


@pytest.mark.parametrize(("content", "expected"), [
    (b"\xef\xbb\xbfa\r\nb\rc\n", "a\nb\nc\n"), (b"", ""), ("ʃ".encode(), "ʃ"),
])
def test_text_is_utf_8_with_plain_newlines(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    assert read_text(tmp_path / "a.txt") == expected


@pytest.mark.parametrize(("content", "place"), [
    ("a\nbé\n".encode("latin-1"), "line 2 has a byte 0xe9"), ("a\n".encode("utf-16"), "it is UTF-16"),
    (b"a\nb\n\xff", "line 3 has a byte 0xff"), (b"\xed\xa0\x80", "line 1 has a byte 0xed"),
])
def test_other_encodings_are_named(tmp_path: Path, content: bytes, place: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(DataError, match=rf"notes \(=.*a.txt\) must be text in UTF-8; {place}"):
        read_text(tmp_path / "a.txt", "notes")
    if place != "it is UTF-16":
        assert "\ufffd" in read_text(tmp_path / "a.txt", lenient=True)


def test_files_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"12345")
    assert read_text(tmp_path / "a.txt", limit=5) == "12345"
    with pytest.raises(DataError, match="must have at most 4 bytes; it has more"):
        read_text(tmp_path / "a.txt", limit=4)


def test_what_stands_in_the_place_of_a_file_that_may_be_missing_is_refused(tmp_path: Path) -> None:
    """A dangling link or a pipe is not `no manifest`: labels would be left out without a word."""
    path = tmp_path / "manifest.csv"
    assert not is_there(path) and not is_there(tmp_path / "nowhere" / "manifest.csv")
    for make in (lambda: path.symlink_to("nowhere"), lambda: os.mkfifo(path), path.mkdir):
        make()
        with pytest.raises(DataError, match=r"manifest \(=.*manifest.csv\) must be"):
            is_there(path, "manifest")
        with pytest.raises(DataError, match=r"manifest \(=.*manifest.csv\) must be"):
            find_labels(tmp_path, ["a.wav"])
        path.rmdir() if path.is_dir() else path.unlink()
    path.write_text("file,label\na.wav,ask\n")
    assert is_there(path) and find_labels(tmp_path, ["a.wav"]).of == {"a.wav": "ask"}


def test_links_in_a_circle_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """`Path.resolve` raises a RuntimeError there, up to Python 3.12."""
    path = tmp_path / "a.npz"
    path.symlink_to(path.name)
    assert real_path(path).name == path.name and real_path(tmp_path / "b" / "..") == tmp_path.resolve()
    for argv in (["cluster", str(path), "out"], ["layers", str(path), str(path), str(path)],
                 ["gamm", str(path), "--out", str(tmp_path / "out")]):
        assert snap_tf.cli.main(argv) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and "a.npz" in lines[0]
