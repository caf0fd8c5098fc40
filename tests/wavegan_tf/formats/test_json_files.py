"""JSON and TOML: whatever is wrong is one line with its place."""

import json
import re
from pathlib import Path

import pytest

from wavegan_tf.errors import DataError
from wavegan_tf.formats.json_files import json_text, parse_json, read_json
from wavegan_tf.formats.toml_files import read_toml
from wavegan_tf.printing import printable

DAMAGE = {
    "": "line 1 column 1: Expecting value", '{"a": 1,\n "b" 2}': "line 2 column 6", "[" * 100_000: "nested too deep",
    '{"a":' * 100_000: "nested too deep", '{"a": NaN}': "NaN is no number",
    '{"a": -Infinity}': "-Infinity is no number",
    '{"a": 1e400}': "1e400 is no number", '{"a": ' + "9" * 5000 + "}": "4300 digits", '{"a": 1, "a": 2}': "`a` twice",
    "[1, 2]": "an object {...}; it holds list", "3": "an object {...}; it holds int", "null": "it holds NoneType",
    '{"a": 1} x': "line 1 column 10: Extra data", '{"a\0": 1}': "line 1 column 4: Invalid control",
}


@pytest.mark.parametrize("text", DAMAGE, ids=range(len(DAMAGE)))
def test_damaged_json_is_one_line_with_its_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=re.escape(DAMAGE[text])) as caught:
        read_json(tmp_path / "a.json", "settings")
    assert str(caught.value).startswith(f"settings (={tmp_path / 'a.json'}) must ")
    assert len(str(caught.value)) < 500 and "\n" not in str(caught.value)


def test_a_list_is_refused_or_asked_for() -> None:
    assert parse_json("[1]", "it", list) == [1] and parse_json("3", "it", None) == 3
    with pytest.raises(DataError, match=r"must hold a list \[\.\.\.\]; it holds dict"):
        parse_json("{}", "it", list)


@pytest.mark.parametrize("value", [{"name": "caf\udce9.wav"}, {"ʃ": [1, 2.5, None, True]},
                                   {"a\nb\x1b": "\\udce9\x9b\u202e"}])
def test_what_is_written_reads_back(tmp_path: Path, value: dict) -> None:
    (tmp_path / "a.json").write_text(json_text(value), encoding="utf-8")
    assert read_json(tmp_path / "a.json") == value == json.loads(printable(json_text(value, indent=None)))


def test_numbers_that_are_none_are_written_as_null_and_read_where_python_wrote_them(tmp_path: Path) -> None:
    assert parse_json(json_text({"a": [float("nan"), (1.5, -float("inf"))], "b": "NaN"}), "it") == {
        "a": [None, [1.5, None]], "b": "NaN"}
    (tmp_path / "a.json").write_text('{"a": Infinity, "b": 1e400}')
    assert read_json(tmp_path / "a.json", finite=False) == {"a": float("inf"), "b": float("inf")}


@pytest.mark.parametrize(("text", "place"), [
    ("a = ]", "line 1"), ("a = 1\na = 2\n", "line 2"), ("a = " + "[" * 50_000, "nested too deep"),
    ("a = " + "9" * 5000, "4300 digits"), ("d = 2020-99-99\n", "must be TOML"),
])
def test_damaged_toml_is_one_line_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(DataError, match=rf"plan \(=.*a.toml\) must be TOML; .*{place}|plan .*{place}"):
        read_toml(tmp_path / "a.toml", "plan")


def test_json_that_is_printed_stays_json() -> None:
    """What terminals obey is escaped as JSON does, or the printing of it would spoil the JSON."""
    value = {"a\x9bb\x7f": "caf\udce9\u202e", "plain": "ʃ 家"}
    text = json_text(value)
    assert printable(text) == text and json.loads(text) == value and "ʃ 家" in text
