"""The documents say what is there: files, links, names, commands."""

import argparse
import ast
import difflib
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import snap_tf.cli
import wavegan_tf.cli
from scripts import load_script

PROJECT = Path(__file__).parents[2]
DOCUMENTS = sorted([PROJECT / "README.md", *(PROJECT / "docs").glob("**/*.md")])
EXAMPLES = sorted((PROJECT / "examples").glob("*.py"))
PARSERS = {"wavegan-tf": wavegan_tf.cli.build_parser(), "snap-tf": snap_tf.cli.build_parser()}


def blocks(text: str, *languages: str) -> list[str]:
    """Give the code blocks of a document in these languages."""
    return re.findall(rf"```(?:{'|'.join(languages)})\n(.*?)```", text, re.DOTALL)


def anchors(document: Path) -> set[str]:
    """Give the anchors of a document's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
            for line in document.read_text(encoding="utf-8").splitlines() if line.startswith("#")}


@cache
def names_in(file: Path) -> frozenset[str]:
    """Give what a Python file defines or imports at its top, methods and fields of classes as `Class.name`."""
    names: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        names |= bound(node)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{name}" for inner in node.body for name in bound(inner)}
    return frozenset(names)


def bound(node: ast.stmt) -> set[str]:
    """Give the names that a statement binds."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


def exists(dotted: str) -> bool:
    """Tell whether a dotted name is a module of ours, or something in one."""
    parts = dotted.split(".")
    for n in range(len(parts), 0, -1):
        place = PROJECT.joinpath(*parts[:n])
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if file.is_file():
            stub = file.with_suffix(".pyi")  # the public names of a package
            known = names_in(file) | (names_in(stub) if stub.is_file() else frozenset())
            return n == len(parts) or ".".join(parts[n:]) in known
    return False


def subparser(words: list[str]) -> tuple[argparse.ArgumentParser, list[str]]:
    """Follow a command's words down to its own parser; give it and the words that are left."""
    parser, rest = PARSERS[words[0]], words[1:]
    while rest:
        choices = next((action.choices for action in parser._actions
                        if isinstance(action, argparse._SubParsersAction)), {})
        if rest[0] not in choices:
            break
        parser, rest = choices[rest[0]], rest[1:]
    return parser, rest


def test_map_of_files_is_up_to_date() -> None:
    script = load_script("map")
    is_there = script.DOCUMENT.read_text(encoding="utf-8")
    should_be = script.with_map(is_there)
    found = "\n".join(difflib.unified_diff(
        is_there.splitlines(), should_be.splitlines(), "docs/ARCHITECTURE.md", "the files", n=0, lineterm=""
    ))
    assert not found, f"run: python scripts/map.py\n{found}"


def test_picture_of_the_rooms_is_up_to_date() -> None:
    script = load_script("rooms")
    assert script.PICTURE.read_text(encoding="utf-8") == script.picture(script.module_graph()), (
        "run: python scripts/rooms.py")


each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        file = document.parent / name if name else document
        assert file.exists(), f"{document.name} links to {target}"
        assert not anchor or anchor in anchors(file), f"{file.name} has no heading for {target}"


@each_document
def test_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    folders = "|".join(("wavegan_tf", "snap_tf", "packaging", "scripts", "tests", "benchmarks", "docs", "examples",
                        "requirements", "saved_models", r"\.ci"))
    paths = re.findall(rf"`((?:{folders})/[\w./-]*)`", text)
    assert [path for path in paths if not (PROJECT / path).exists()] == []


@each_document
def test_names_are_where_the_documents_say(document: Path) -> None:
    """A link [`name`](file.py) leads to a file that defines the name; `wavegan_tf.x.y` is there; imports work."""
    text = document.read_text(encoding="utf-8")
    stale = [f"{name} in {target}" for name, target in re.findall(r"\[`([\w.]+)`\]\(([^)\s]+\.py)\)", text)
             if name != Path(target).name and name not in names_in((document.parent / target).resolve())]
    stale += [name for name in re.findall(r"`((?:wavegan_tf|snap_tf)(?:\.\w+)+)`", text) if not exists(name)]
    for block in blocks(text, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("wavegan_tf", "snap_tf"):
                stale += [f"{node.module}.{alias.name}" for alias in node.names
                          if not exists(f"{node.module}.{alias.name}")]
    assert stale == []


def refusals(text: str) -> list[str]:
    """Give the lines that are commands of ours and that the parsers refuse."""
    refused = []
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words and Path(words[0]).name in PARSERS and "--help" not in words:
            try:
                PARSERS[Path(words[0]).name].parse_args(words[1:])
            except SystemExit:
                refused.append(line)
    return refused


@each_document
def test_commands_that_are_shown_can_be_given(document: Path) -> None:
    assert refusals("\n".join(blocks(document.read_text(encoding="utf-8"), "bash", "sh", "console"))) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_commands_in_examples_can_be_given(example: Path) -> None:
    says = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8"))) or ""
    assert refusals("\n".join(line.strip() for line in says.splitlines() if line.startswith("    "))) == []


@pytest.mark.parametrize("document", [*DOCUMENTS, *EXAMPLES], ids=lambda path: path.name)
def test_commands_in_running_text_exist(document: Path) -> None:
    """Whatever begins with a command's name: its subcommand is there, and so are the flags it is shown with."""
    stale = []
    for text in re.findall(r"`((?:wavegan|snap)-tf(?: [^`\n]+)?)`", document.read_text(encoding="utf-8")):
        parser, rest = subparser(text.split())
        flags = [word.split("=")[0] for word in rest if word.startswith("-") and not re.match(r"-[\d.]", word)]
        left = [flag for flag in flags if flag not in parser._option_string_actions]
        at_top = parser in PARSERS.values()
        if left or (at_top and rest and not rest[0].startswith("-")):
            stale.append(text)
    assert stale == []


def test_readme_example_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(PROJECT)
    (example,) = blocks((PROJECT / "README.md").read_text(encoding="utf-8"), "python")
    exec(compile(example, "README.md", "exec"), {})
    rates, code = capsys.readouterr().out.rsplit("}", 1)
    assert "'Conv1': 4000" in rates and int(code) in range(8)


def test_page_on_gamms_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                            capsys: pytest.CaptureFixture[str]) -> None:
    """Its blocks in their order, in one empty folder; the first one prints what the page shows."""
    monkeypatch.chdir(tmp_path)
    page, names = (PROJECT / "docs" / "GAMM.md").read_text(encoding="utf-8"), dict[str, Any]()
    for block in blocks(page, "python"):
        exec(compile(block, "GAMM.md", "exec"), names)
    out = capsys.readouterr().out
    assert blocks(page, "text")[0] in out
    assert "s(Time,Speaker):Wordwash" in out and "ti(Time, Dur)" in out
    assert names["odds"].family == "binomial" and names["fit"].rho > 0.3
    assert len(names["stretches"](names["difference"])) == 2  # the words cross once
    assert (tmp_path / "words" / "fit.json").is_file()


KRUG_SECTIONS = {"2.2.1", "2.3", "2.4", "3.1", "3.2", "3.3", "5.1", "5.3"}


def test_sections_of_krug_et_al_that_are_cited_exist() -> None:
    """SNAPs are section 3.3, steps and all; there is no 3.4 and no 4.4 (they stood on sixteen lines)."""
    cited = []
    for folder in ("wavegan_tf", "snap_tf", "tests", "docs", "scripts", "examples", "benchmarks", "README.md"):
        place = PROJECT / folder
        for path in [place] if place.is_file() else sorted(place.rglob("*.*")):
            if path.suffix in (".py", ".md", ".sh", ".toml", ".json"):
                text = path.read_text(encoding="utf-8")
                cited += [(path.name, number) for words in re.findall(
                    r"Krug et al\.[^|\n]{0,60}?sections? ((?:\d+(?:\.\d+)*(?:,| and)? ?)+)", text)
                    for number in re.findall(r"\d+(?:\.\d+)+", words)]
    assert len(cited) > 20 and [place for place in cited if place[1] not in KRUG_SECTIONS] == []
    row = next(line for line in (PROJECT / "README.md").read_text(encoding="utf-8").splitlines() if "SNAP, NAP" in line)
    assert "| 3.3: SNAP, NAP, NAvAI |" in row
