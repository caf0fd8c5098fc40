"""Reports of damaged files: one line with the file's name, no page; and what is drawn on it is harmless."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from damage import damage_file, of_any
from matplotlib.figure import Figure

from snap_tf.cli import main
from wavegan_tf.errors import DataError
from wavegan_tf.formats.pictures import read_png

SHOWN = {"a.png": "figure", "t.csv": "table", "n.txt": "text", "v.json": "values", "s.wav": "sound"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A result of every kind, a plan that shows them, and a journal."""
    Figure(figsize=(1, 1)).savefig(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text("name,b\n'=1+1,0.5\n<b>,-2\n", encoding="utf-8")
    (tmp_path / "n.txt").write_text("a < b\n")
    (tmp_path / "v.json").write_text('{"accuracy": 0.5}')
    soundfile.write(tmp_path / "s.wav", np.zeros(800), 8000)
    shown = "".join(f'[[section.show]]\nfile = "{name}"\ncaption = "c"\n' for name in SHOWN)
    (tmp_path / "plan.toml").write_text(f'title = "T"\nabout = ""\n[[section]]\ntitle = "S"\ntext = "x"\n{shown}')
    (tmp_path / "journal.jsonl").write_text(2 * (json.dumps(
        {"title": "D", "command": "d", "seconds": 1.0, "ended": "", "output": "x"}) + "\n"))
    return tmp_path


def report(folder: Path, capsys: pytest.CaptureFixture, code: int) -> str:
    """Run the command; return the page, or the one line of the refusal."""
    assert main(["report", str(folder), str(folder / "r.html"), "--plan", str(folder / "plan.toml")]) == code
    assert (folder / "r.html").exists() == (code == 0)
    if code == 0:
        return (folder / "r.html").read_text(encoding="utf-8")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


def test_a_good_one_reads_marked_cells_and_escapes_the_rest(folder: Path, capsys: pytest.CaptureFixture) -> None:
    page = report(folder, capsys, 0)
    assert "<td>=1+1</td>" in page and "<td>&lt;b&gt;</td>" in page and "<td>-2</td>" in page and "a &lt; b" in page


# text is text, a header is a table, a plan may be shorter, and a line that was cut off is none of the journal
HARMLESS = {"n.txt": ("half", "zeros", "one byte"), "t.csv": ("one byte",), "plan.toml": ("half",),
            "journal.jsonl": ("half", "empty", "one byte", "zeros")}


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in (*SHOWN, "journal.jsonl", "plan.toml")
                                            for kind in of_any(b"") if kind not in HARMLESS.get(name, ())])
def test_files_that_are_none(folder: Path, name: str, kind: str, capsys: pytest.CaptureFixture) -> None:
    damage_file(folder / name, of_any((folder / name).read_bytes())[kind])
    assert name in report(folder, capsys, 2)


@pytest.mark.parametrize(("name", "text", "message"), [
    ("v.json", '{"a": ' + "[" * 99_999, "nested too deep"), ("v.json", "[1]", "an object"),
    ("t.csv", "name,b\nx\n", "line 2 has 1"), ("t.csv", "b\n\xe9\n", "UTF-8"),
    ("n.txt", "\xe9", "line 1 has a byte 0xe9"),
    ("plan.toml", 'title = 1\nabout = ""\nsection = []\n', "`title` (=1)"),
    ("plan.toml", 'title = ""\nabout = ""\nsection = 3\n', "`section`"),
    ("plan.toml", 'title = ""\nabout = ""\nsection = [1]\n', "`section`"),
    ("plan.toml", 'title = ""\nabout = ""\n[[section]]\ntitle = ""\ntext = ""\nsteps = "D"\n', "`steps` (=D)"),
    ("journal.jsonl", '{"title": 3}\n{}\n', "line 1 is none"),
    ("journal.jsonl", "[" * 99_999 + "\n{}\n", "line 1 is none"),
])
def test_damage_is_named_with_its_place(folder: Path, name: str, text: str, message: str, capsys: pytest.CaptureFixture
                                        ) -> None:
    (folder / name).write_bytes(text.encode("latin-1"))
    said = report(folder, capsys, 2)
    assert message in said and str(folder / name) in said


@pytest.mark.parametrize("show", [
    'file = "../a.png"', 'file = "/etc/x.png"', 'file = "a**/x.png"', 'file = "t.csv"\nrows = 0',
    'file = "t.csv"\nrows = "x"', "file = 3", 'file = "t.csv"\ncolumns = [1]'])
def test_plans_that_point_elsewhere_or_ask_for_nothing(folder: Path, show: str, capsys: pytest.CaptureFixture) -> None:
    (folder / "plan.toml").write_text('title = ""\nabout = ""\n[[section]]\ntitle = ""\ntext = ""\n'
                                      f'[[section.show]]\n{show}\ncaption = ""\n')
    assert "correct" in report(folder, capsys, 2) or "name another" in report(folder, capsys, 2)


def test_every_flipped_bit_of_a_picture_is_seen(folder: Path) -> None:
    raw = (folder / "a.png").read_bytes()
    assert read_png(folder / "a.png") == raw
    for place in range(0, len(raw), 7):
        (folder / "a.png").write_bytes(raw[:place] + bytes([raw[place] ^ 4]) + raw[place + 1:])
        with pytest.raises(DataError, match=r"picture \(=.*a.png\) must be"):
            read_png(folder / "a.png")
