"""Manifests with any kind of damage: one line with file and row."""

from pathlib import Path

import pandas as pd
import pytest
from damage import damage_file, of_any, of_table

from wavegan_tf.data.batches.audio_files import find_audio_files
from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.slices.manifest import MANIFEST_COLUMNS, read_manifest, write_manifest
from wavegan_tf.errors import DataError

NUMBERS = ("start_sample", "end_sample", "source_rate_hz", "n_samples", "rate_hz")
NO_NUMBERS = ("", "x", "-1", "1.5", "1e308", "nan", "inf", "9" * 5000, "1_0")
NO_FILES = ("", "/etc/passwd", "../a.wav", "a/../../b.wav", "b.wav")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [{**dict.fromkeys(MANIFEST_COLUMNS, "x"), "file": f"{name}.wav", "split": "train", "start_sample": 10,
             "end_sample": 900, "source_rate_hz": 16000, "n_samples": 1000, "rate_hz": 16000,
             "phones": (Segment(10, 500, "@"), Segment(500, 900, "=1 2"))} for name in "ab"]
    write_manifest(pd.DataFrame(rows), tmp_path / "manifest.csv")
    return tmp_path


def refused(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_manifest(folder)
    assert str(folder / "manifest.csv") in str(caught.value) and "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    return str(caught.value)


def test_a_good_one_comes_back(folder: Path) -> None:
    table = read_manifest(folder)
    assert [phone.label for phone in table["phones"][0]] == ["@", "=1 2"]
    assert table["n_samples"].tolist() == [1000, 1000]
    raw = (folder / "manifest.csv").read_text()
    assert ",'@:10-500" in raw  # a cell of phones may begin with a sign too


@pytest.mark.parametrize("kind", of_any(b""))
def test_files_that_are_none(folder: Path, kind: str) -> None:
    damage_file(folder / "manifest.csv", of_any((folder / "manifest.csv").read_bytes())[kind])
    refused(folder)


@pytest.mark.parametrize("column", MANIFEST_COLUMNS)
def test_columns_that_are_missing_are_named(folder: Path, column: str) -> None:
    table = {(name, kind): raw for name, kind, raw in of_table((folder / "manifest.csv").read_bytes(), ())}
    (folder / "manifest.csv").write_bytes(table[column, "gone"])
    assert f"it lacks {column}" in refused(folder)


def test_cells_that_cannot_be_are_named_with_their_row(folder: Path) -> None:
    raw, n = (folder / "manifest.csv").read_bytes(), 0
    for column, cell, table in of_table(raw, tuple({*NO_NUMBERS, *NO_FILES})):
        wanted = NO_NUMBERS if column in NUMBERS else NO_FILES if column == "file" else ()
        if cell in wanted:
            (folder / "manifest.csv").write_bytes(table)
            said = refused(folder)
            assert "row 1" in said or "rows 1 and 2" in said
            n += 1
    assert n == len(NUMBERS) * len(NO_NUMBERS) + len(NO_FILES)


@pytest.mark.parametrize("phones", ["s:5-1", "s:a-b", "s", "s:-5-10", "s:1-" + "9" * 5000, "s:١-٢", "s:1.5-2"])
def test_phones_that_cannot_be_are_named_with_their_row(folder: Path, phones: str) -> None:
    for column, cell, table in of_table((folder / "manifest.csv").read_bytes(), (phones,)):
        if (column, cell) == ("phones", phones):
            (folder / "manifest.csv").write_bytes(table)
    assert "see row 1 of manifest" in refused(folder)


def test_slices_that_end_before_they_begin(folder: Path) -> None:
    raw = (folder / "manifest.csv").read_text()
    (folder / "manifest.csv").write_text(raw.replace(",10,900,", ",900,10,", 1))
    assert "slice (=900 to 10) must end after it begins; see row 1" in refused(folder)


@pytest.mark.parametrize("name", NO_FILES)
def test_training_reads_no_file_from_elsewhere(folder: Path, name: str) -> None:
    (folder / "manifest.csv").write_text(f"file,split\n{name},train\nb.wav,train\n")
    with pytest.raises(DataError, match=r"file \(=.*manifest"):
        find_audio_files(folder, "train")
