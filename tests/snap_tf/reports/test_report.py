"""Reports: everything that the plan names is inside the page, or the page is not written."""

import base64
import json
import re
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

from snap_tf.cli import main
from snap_tf.reports.journal import read_journal
from snap_tf.reports.plan import read_plan
from wavegan_tf.errors import ConfigError, DataError

matplotlib.use("Agg")

PLAN = """
title = "Three & more"
about = "First.\\n\\nSecond."
[[section]]
title = "Seen <one>"
text = "What it is."
steps = ["Draw"]
unfolded = ["Draw"]
[[section.show]]
file = "figures/*.png"
caption = "a line & a point"
[[section.show]]
file = "table.csv"
caption = "numbers"
columns = ["b", "name"]
rows = 2
sort = "b"
[[section]]
title = "Said"
text = "Words."
[[section.show]]
file = "said.txt"
caption = "text"
[[section.show]]
file = "values.json"
caption = "values"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of results with everything that the plan names."""
    (tmp_path / "figures").mkdir()
    for name in ("one", "two"):
        figure, axes = plt.subplots(figsize=(1, 1))
        axes.plot([0, 1])
        figure.savefig(tmp_path / "figures" / f"{name}.png")
        plt.close(figure)
    (tmp_path / "table.csv").write_text("name,a,b\nx,1,0.5\nNA,2,0.25\ny,3,0.123456789\nz,4,2\n")
    (tmp_path / "said.txt").write_text("a < b\n")
    (tmp_path / "values.json").write_text(json.dumps({"accuracy": 0.5, "inner": {"not": "shown"}}))
    lines = [{"title": "Draw", "command": "draw 'a b'", "seconds": 2.0, "ended": "2026-01-01T00:00:00+00:00",
              "output": "old"},
             {"title": "Draw", "command": "draw 'a b'", "seconds": 3.0, "ended": "2026-01-02T00:00:00+00:00",
              "output": "<printed>"}]
    (tmp_path / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "plan.toml").write_text(PLAN)
    return tmp_path


def report(folder: Path, expected: int = 0) -> str:
    assert main(["report", str(folder), str(folder / "report.html"), "--plan", str(folder / "plan.toml")]) == expected
    out = folder / "report.html"
    assert out.exists() == (expected == 0)
    return out.read_text(encoding="utf-8") if out.exists() else ""


def test_page_holds_everything(folder: Path) -> None:
    page = report(folder)
    pictures = re.findall(r'<img alt="a line &amp; a point" title="figures/(\w+).png" '
                          r'src="data:image/png;base64,([^"]+)"', page)
    assert [name for name, _ in pictures] == ["one", "two"]
    assert [base64.b64decode(data) for _, data in pictures] == [
        (folder / "figures" / f"{name}.png").read_bytes() for name in ("one", "two")]
    assert "<h2>Seen &lt;one&gt;</h2>" in page and "<h1>Three &amp; more</h1>" in page
    assert "draw &#x27;a b&#x27;" in page and "&lt;printed&gt;" in page and "Draw: 3 s" in page and "old" not in page
    cells = re.findall(r"<td>(.*?)</td>", page)
    assert cells[:4] == ["2", "z", "0.5", "x"]  # the largest two, two columns
    assert "2 of 4 rows" in page and page.count("<details open>") == 1
    assert "a &lt; b" in page and "<td>accuracy</td>" in page and "not" not in cells
    assert "1, 3 s in all" in page and "tensorflow" in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)  # nothing outside of the file


def test_missing_things_are_all_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "said.txt").unlink()
    (folder / "values.json").write_text("")
    (folder / "plan.toml").write_text(PLAN.replace('["Draw"]', '["Draw", "Paint"]'))
    report(folder, expected=2)
    said = capsys.readouterr().err
    assert "step 'Paint', file said.txt, file values.json (empty)" in said


@pytest.mark.parametrize(("old", "new", "message"), [
    ('title = "Said"', "", r"section 2 .* lacks title"),
    ('caption = "text"', 'caption = "text"\ncolour = "red"', "has unknown colour"),
    ('"said.txt"', '"said.doc"', r"file \(=said.doc\).*must end in one of .png"),
    ("title = \"Three & more\"", "title = ", "must be TOML"),
])
def test_plan_that_is_wrong(folder: Path, old: str, new: str, message: str) -> None:
    (folder / "plan.toml").write_text(PLAN.replace(old, new))
    with pytest.raises(ConfigError, match=message):
        read_plan(folder / "plan.toml")


def test_columns_that_are_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "plan.toml").write_text(PLAN.replace('["b", "name"]', '["b", "c"]'))
    report(folder, expected=2)
    assert "columns (=c) must be in table" in capsys.readouterr().err


def test_journal_that_was_cut_off_or_is_none(folder: Path) -> None:
    path = folder / "journal.jsonl"
    path.write_text(path.read_text() + '{"title": "Dr')
    assert list(read_journal(folder)) == ["Draw"]
    path.write_text("nonsense\n" + path.read_text())
    with pytest.raises(DataError, match="line 1 is none"):
        read_journal(folder)
    path.unlink()
    with pytest.raises(DataError, match="must exist"):
        read_journal(folder)


def test_values_are_those_that_the_plan_names_and_the_end_is_that_of_the_last_step(folder: Path) -> None:
    (folder / "values.json").write_text(json.dumps({"accuracy": 0.5, "n": 7, "seed": 3, "inner": {"not": "shown"}}))
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text().replace('"values"', '"values"\ncolumns = ["seed", "accuracy"]'))
    with (folder / "journal.jsonl").open("a") as file:
        file.write(json.dumps({"title": "Later", "command": "late", "seconds": 4.0, "output": "",
                               "ended": "2026-03-04T00:00:00+00:00"}) + "\n")
    page = report(folder)
    assert re.findall(r"<td>(.*?)</td>", page)[4:8] == ["seed", "3", "accuracy", "0.5"]
    assert "<th>last step ended</th><td>2026-03-04T00:00:00+00:00</td>" in page and "2, 7 s in all" in page
