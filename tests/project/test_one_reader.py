"""Files are opened and formats parsed in one room; what else reads is named here, with the reason."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
ROOM = "wavegan_tf/formats/"
SOURCES = sorted(path.relative_to(PROJECT).as_posix() for name in ("wavegan_tf", "snap_tf")
                 for path in PROJECT.glob(f"{name}/**/*.py"))

PARSERS = {"json": {"load", "loads", "JSONDecoder"}, "csv": {"reader", "DictReader", "Sniffer"},
           "tomllib": {"load", "loads"}, "zipfile": {"ZipFile", "is_zipfile"}, "pickle": {"load", "loads"},
           "np": {"load", "memmap", "fromfile", "loadtxt", "genfromtxt"},
           "pd": {"read_csv", "read_table", "read_json", "read_pickle", "read_excel"}}
READS = {"read_text", "read_bytes", "read_array", "open_memmap"}
# what reads for itself, and why
ALLOWED = {
    "wavegan_tf/memory.py": "files of the system, which tell how much memory there is",
    "wavegan_tf/presets/catalogue.py": "settings that come with the package",
    "wavegan_tf/data/synthetic/sentences.py": "sentences that come with the package",
    "wavegan_tf/data/synthetic/espeak.py": "voices that come with eSpeak NG",
    "wavegan_tf/data/synthetic/workers.py": "what processes of our own send through a pipe",
    "snap_tf/reports/page.py": "the page that comes with the package",
    "wavegan_tf/files/flush.py": "opened to be flushed to the disk",
    "wavegan_tf/files/leftovers.py": "lines in which processes of ours say what they write, and the system's own files",
    "wavegan_tf/files/outputs.py": "what the system says of mounted disks",
    "wavegan_tf/files/own_files.py": "files of ours to which lines are added",
    "wavegan_tf/command_line.py": "the null device",
    "snap_tf/asr/export.py": "a network that was just saved, packed again",
}


def readings(source: str) -> Iterator[tuple[int, str]]:
    """Give line and name of every call that reads a file or parses a format."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        owner, _, name = called.rpartition(".")
        reads = name in READS and (owner or name == "read_array") and not owner.endswith("formats")
        if reads or name in PARSERS.get(owner, ()) or (name == "open" and is_reading(node, owner)):
            yield node.lineno, called


def is_reading(node: ast.Call, owner: str) -> bool:
    """Tell whether a call of `open` reads: its mode is that of reading, or not to be seen."""
    given = [keyword.value for keyword in node.keywords if keyword.arg == "mode"]
    place = 1 if owner in ("", "io", "os") or "archive" in owner else 0
    given += node.args[place:place + 1]
    if not given:
        return True
    mode = given[0]
    return not isinstance(mode, ast.Constant) or (not any(sign in str(mode.value) for sign in "wx") and (
        any(sign in str(mode.value) for sign in "r+")))


@pytest.mark.parametrize("call", [
    "json.loads(x)", "np.load(p)", "pd.read_csv(p)", "p.read_text()", "p.read_bytes()", "open(p)", "p.open()",
    "p.open('rb')", "p.open('a+b')", "open(p, 'r+')", "p.open(mode='r')", "csv.DictReader(f)", "tomllib.loads(t)",
    "zipfile.ZipFile(p)", "np.memmap(p)", "np.lib.format.read_array(f)", "p.open(how)", "os.open(p, flags)",
])
def test_readings_are_seen(call: str) -> None:
    assert list(readings(f"def f():\n    return {call}\n")) == [(2, call.partition("(")[0])]


@pytest.mark.parametrize("call", ["p.open('w')", "open(p, 'wb')", "p.open('a')", "read_text(p)", "json.dumps(x)",
                                  "archive.open('a.npy', 'w')", "np.save(p, x)"])
def test_writing_is_none_of_it(call: str) -> None:
    assert not list(readings(call))


def test_nothing_but_the_room_of_formats_reads_files() -> None:
    found = [f"{path}:{line}: {name}" for path in SOURCES if not path.startswith(ROOM) and path not in ALLOWED
             for line, name in readings((PROJECT / path).read_text(encoding="utf-8"))]
    assert not found, "\n" + "\n".join(found)


def test_what_may_read_for_itself_still_does() -> None:
    idle = [path for path in ALLOWED if not list(readings((PROJECT / path).read_text(encoding="utf-8")))]
    assert not idle, idle


def test_nothing_but_the_room_of_formats_writes_tables() -> None:
    # words in cells are made harmless there; metrics are numbers under names of our own
    found = [f"{path}:{node.lineno}: {ast.unparse(node.func)}" for path in SOURCES
             if not path.startswith(ROOM) and path != "wavegan_tf/training/metrics.py"
             for node in ast.walk(ast.parse((PROJECT / path).read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
             and re.search(r"\bto_csv$|\bcsv\.(writer|DictWriter)$", ast.unparse(node.func))]
    assert not found, "\n" + "\n".join(found)


def test_figures_are_made_by_one_class() -> None:
    # it draws words as they are; matplotlib's own takes $ for the beginning of a formula
    found = [f"{path}:{node.lineno}" for path in SOURCES if path.startswith("snap_tf/") and "style.py" not in path
             for node in ast.walk(ast.parse((PROJECT / path).read_text(encoding="utf-8")))
             if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("Figure", "subplots")
             and "figure" not in ast.unparse(node.func)]
    assert not found, "\n" + "\n".join(found)
