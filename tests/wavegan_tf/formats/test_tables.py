"""CSV tables: every kind of damage is one line with its place, and what is written reads back the same."""

import csv
import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wavegan_tf.errors import DataError
from wavegan_tf.formats.table_cells import is_foreign, marked, unmarked
from wavegan_tf.formats.tables import (
    numbers,
    read_columns,
    read_log,
    read_rows,
    read_table,
    whole_numbers,
    write_rows,
    write_table,
)

DAMAGE = {
    b"": "header line; it is empty", b"\n\n": "header line; it is empty", b"\xef\xbb\xbf": "header line; it is empty",
    b"file,label\na,b,c\n": "2 cells in every line, as its header has; line 2 has 3",
    b"file,label\na,b\n\nc\n": "2 cells in every line, as its header has; line 4 has 1",
    b"file,label\na,\xe9\n": "must be a CSV in UTF-8", "file,label\na,b\n".encode("utf-16"): "must be a CSV in UTF-8",
    b"file,label\na,b\0\n": "line 2 has bytes that are none", bytes(range(256)) * 40: "must be",
    b'file,label\na,"b\n': "a quote is open at its end", b'file,label\na,"b"c\n': "line 2: ',' expected after",
    b"file,file\na,b\n": "name every column once; it has `file` several times",
    b"file,word\na,b\n": "must have the columns file and label; it lacks label",
    b'file,label\na,"' + b"b" * 2**25: "field larger than field limit",
}


@pytest.mark.parametrize("content", DAMAGE, ids=range(len(DAMAGE)))
def test_damaged_tables_are_one_line_with_its_place(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    csv.field_size_limit(2**17)  # a setting of the whole process, which other libraries may change
    with pytest.raises(DataError, match=re.escape(DAMAGE[content])) as caught:
        read_table(tmp_path / "a.csv", "labels", needs=("file", "label"))
    assert str(caught.value).startswith(f"labels (={tmp_path / 'a.csv'}) must ") and "\n" not in str(caught.value)
    if DAMAGE[content].startswith("must have the columns"):
        return
    with pytest.raises(DataError, match=re.escape(DAMAGE[content])):
        read_columns(tmp_path / "a.csv", "labels")


def test_words_stay_words_and_numbers_become_numbers_where_asked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbftoken,word,x,n\r\n007,NA,1.5,1\r\n008,null,-2,\r\n\r\n")
    table = read_table(tmp_path / "a.csv")
    assert table.to_dict("list") == {"token": ["007", "008"], "word": ["NA", "null"], "x": ["1.5", "-2"],
                                     "n": ["1", ""]}
    table = read_table(tmp_path / "a.csv", text=("token", "nowhere"), missing=True)
    assert table["token"].tolist() == ["007", "008"] and table["x"].tolist() == [1.5, -2.0]
    assert table["n"].isna().tolist() == [False, True] and table["word"].tolist() == ["NA", "null"]
    assert read_columns(tmp_path / "a.csv") == ("token", "word", "x", "n")
    assert read_rows(tmp_path / "a.csv")[1] == ["007", "NA", "1.5", "1"]


def test_cells_longer_than_the_modules_own_limit_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("phones\n" + "s:1-2 " * 30_000 + "\n")
    assert len(read_table(tmp_path / "a.csv")["phones"][0]) == 180_000


@pytest.mark.parametrize("cell", ["inf", "nan", "1e400", "x", "", "-1", "2e9"])
def test_numbers_that_are_none_or_out_of_range_are_named_with_their_row(cell: str) -> None:
    table = pd.DataFrame({"n": ["1", cell]})
    for convert in (numbers, whole_numbers):
        with pytest.raises(DataError, match=rf"`n` \(={cell}\) must be a .* number.*; see row 2 of it \(=a\)"):
            convert(table, "n", "it (=a)", low=0, high=10)


def test_the_least_and_the_largest_number_are_allowed_themselves() -> None:
    table = pd.DataFrame({"n": ["0", "10"]})
    for convert in (numbers, whole_numbers):
        assert convert(table, "n", "it", low=0, high=10).tolist() == [0, 10]
        for low, high, word in ((1, 10, "row 1"), (0, 9, "row 2")):
            with pytest.raises(DataError, match=word):
                convert(table, "n", "it", low=low, high=high)


def test_fractions_are_no_whole_numbers() -> None:
    table = pd.DataFrame({"n": ["1", "1.5"]})
    assert numbers(table, "n", "it").tolist() == [1, 1.5]
    with pytest.raises(DataError, match=r"`n` \(=1\.5\) must be a whole number; see row 2 of it"):
        whole_numbers(table, "n", "it")
    assert whole_numbers(table[:1], "n", "it").tolist() == [1] and whole_numbers(table[:1], "n", "it").dtype == np.int64


SIGNS = ("'", "=", "-", "+", "@", "\\", "\x1b", "\t", "\r", "1", "\udce9", "x", ".", "\0", ",", '"', "\n")


@pytest.fixture(scope="module")
def cells() -> list[str]:
    return ["".join(signs) for n in range(4) for signs in itertools.product(SIGNS, repeat=n)]


def test_cells_are_harmless_one_to_one_and_read_back(cells: list[str]) -> None:
    written = [marked(cell) for cell in cells]
    assert [unmarked(cell) for cell in written] == cells and len(set(written)) == len(cells)
    assert not is_foreign(written)
    for cell in written:
        assert not re.match("[=+@\t\r-]", cell) or cell in "=+@-" or float(cell) is not None
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", cell)
        cell.encode("utf-8")


def test_a_table_of_such_cells_reads_back_and_negative_numbers_stay_numbers(tmp_path: Path, cells: list[str]) -> None:
    table = pd.DataFrame({"=label": cells, "x": -np.arange(len(cells)) / 8, "n": -np.arange(len(cells))})
    write_table(table, tmp_path / "a.csv")
    found = read_table(tmp_path / "a.csv", text=["=label", "'=label"])
    assert found["=label"].tolist() == cells
    assert found["x"].tolist() == table["x"].tolist() and found["n"].tolist() == table["n"].tolist()
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[3]["x"] == "-0.375" and rows[3]["n"] == "-3"


def test_rows_written_one_by_one_are_as_harmless(tmp_path: Path, cells: list[str]) -> None:
    write_rows(tmp_path / "rows.csv", ("label", "n"), ((cell, -1) for cell in cells))
    write_table(pd.DataFrame({"label": cells, "n": -1}), tmp_path / "table.csv")
    assert read_table(tmp_path / "rows.csv")["label"].tolist() == cells
    with (tmp_path / "rows.csv").open(newline="") as rows, (tmp_path / "table.csv").open(newline="") as table:
        assert list(csv.reader(rows)) == list(csv.reader(table))


def test_a_log_keeps_the_lines_before_and_after_damage(tmp_path: Path) -> None:
    """Sectors that a power cut left, and a line that was being written when its program was killed."""
    path = tmp_path / "metrics.csv"
    path.write_bytes(b"step,loss\n1,2.5\n\xff\xfe\x80,3\n\0\0\0\n4,\"1\n5,6.5\n6,7")
    rows = read_log(path)
    assert [row for row in rows if row[0] in ("step", "1", "5")] == [["step", "loss"], ["1", "2.5"], ["5", "6.5"]]
    assert not any("\0" in cell for row in rows for cell in row) and ["6", "7"] not in rows


def test_a_sign_alone_is_no_formula_and_stays_for_those_who_read_tables_with_other_programs(tmp_path: Path) -> None:
    # `@` is SAMPA's schwa, `-`, `+` and `=` are labels too: spreadsheets show them as words
    cells = ["@", "-", "+", "=", "'@", "''@", "@:", "'@:", "=1", "\t"]
    write_table(pd.DataFrame({"label": cells}), tmp_path / "a.csv")
    seen = pd.read_csv(tmp_path / "a.csv", keep_default_na=False, quotechar='"')["label"].tolist()
    assert seen == ["@", "-", "+", "=", "'@", "''@", "'@:", "''@:", "'=1", "'\t"]
    assert read_table(tmp_path / "a.csv")["label"].tolist() == cells


def test_tables_of_others_keep_their_apostrophes(tmp_path: Path) -> None:
    # SAMPA writes stress as an apostrophe: a table with @U as it is has not been marked by us
    (tmp_path / "a.csv").write_text("label,phone\n'@U,ow1\n@U,ow\n")
    assert read_table(tmp_path / "a.csv")["label"].tolist() == ["'@U", "@U"]
    (tmp_path / "a.csv").write_text("label,phone\n'@U,ow\n's,s\n'@,ax1\n")
    assert read_table(tmp_path / "a.csv")["label"].tolist() == ["@U", "'s", "'@"]
