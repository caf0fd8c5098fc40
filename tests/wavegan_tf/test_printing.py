"""What is printed is harmless to terminals, and names that are not UTF-8 crash nothing."""

import argparse
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tqdm import tqdm

import snap_tf.cli
import wavegan_tf.cli
from wavegan_tf.command_line import run_command
from wavegan_tf.printing import harmless_output, one_line, printable

NASTY = "caf\udce9\x1b]0;owned\x07\x9b31m\u202e.wav"


@pytest.mark.parametrize(("text", "expected"), [
    ("plain ʃ 家\ttab\nline", "plain ʃ 家\ttab\nline"), ("a\x1b[31mb", "a\\x1b[31mb"), ("a\rb", "a\\x0db"),
    ("caf\udce9", "caf\\udce9"), ("\x9b", "\\x9b"), ("\x00\x7f", "\\x00\\x7f"), ("\u202egnp", "\\u202egnp"),
])
def test_control_characters_and_stray_bytes_are_escapes(text: str, expected: str) -> None:
    assert printable(text) == expected and printable(expected) == expected
    assert one_line(text) == expected.replace("\n", "\\n").replace("\t", "\\t")


def test_both_streams_are_harmless_and_come_back(capsys: pytest.CaptureFixture) -> None:
    before = sys.stdout, sys.stderr
    with harmless_output():
        print(NASTY)
        print(NASTY, file=sys.stderr)
        sys.stdout.writelines([NASTY])
    assert (sys.stdout, sys.stderr) == before
    shown = capsys.readouterr()
    assert shown.err == f"{printable(NASTY)}\n" and shown.out == f"{printable(NASTY)}\n{printable(NASTY)}"


def test_whatever_a_command_prints_is_harmless(capsys: pytest.CaptureFixture) -> None:
    def run(_: argparse.Namespace) -> None:
        print(NASTY)
        print(NASTY, file=sys.stderr)

    parser = argparse.ArgumentParser(prog="x")
    parser.set_defaults(run=run)
    assert run_command(parser, []) == 0
    shown = capsys.readouterr()
    assert shown.out == shown.err == f"{printable(NASTY)}\n"


def test_letters_that_a_terminal_lacks_are_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    with harmless_output():
        print("ʃ a")
    assert raw.getvalue() == b"\\u0283 a\n"


def test_bars_of_progress_still_move(capsys: pytest.CaptureFixture) -> None:
    with harmless_output():
        for _ in tqdm(range(3), desc="a\x1b[31m", mininterval=0):
            pass
    shown = capsys.readouterr().err
    assert "\r" in shown and "3/3" in shown and "\\x1b[31m" in shown and "\x1b[31m" not in shown


@pytest.mark.parametrize(("main", "arguments"), [
    (wavegan_tf.cli.main, ["corpus", "info"]), (snap_tf.cli.main, ["gamm", "--out", "x"]),
    (snap_tf.cli.main, ["report", "x", "y", "--plan"]),
])
def test_refusals_of_such_names_are_one_harmless_line(main: Callable, arguments: list[str], tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
                                                      ) -> None:
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"caf\xe9\x1b[31m\nerror: x")
    os.mkdir(name)  # noqa: PTH102
    try:
        code = main([*arguments, name])
    except SystemExit as left:  # argparse
        code = left.code
    shown = capfd.readouterr()
    assert code == 2 and shown.out == ""
    assert "\x1b" not in shown.err and shown.err.splitlines()[-1].count("error: ") <= 2
    assert "caf\\udce9\\x1b[31m" in shown.err


def test_long_messages_keep_their_beginning_and_their_advice(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """A cell of a damaged table may have any number of letters."""
    name = tmp_path / "long.csv"
    name.write_text("value,time_s\n" + "y" * 200_000 + ",0\n1,1\n")
    assert snap_tf.cli.main(["gamm", str(name), "--random", "none", "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert len(error) < 3000 and error.startswith("snap-tf: error: ") and " [...] " in error
    assert error.rstrip().endswith("take them out")
