"""The documents say what is there: files, links, commands."""

import difflib
import importlib.util
import re
import shlex
from pathlib import Path

import pytest

import snap_tf.cli
import wavegan_tf.cli

PROJECT = Path(__file__).parent.parent
DOCUMENTS = sorted([PROJECT / "README.md", *(PROJECT / "docs").glob("**/*.md")])


def test_map_of_files_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("map_of_files", PROJECT / "scripts" / "map.py")
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    is_there = script.DOCUMENT.read_text(encoding="utf-8")
    should_be = script.with_map(is_there)
    found = "\n".join(difflib.unified_diff(
        is_there.splitlines(), should_be.splitlines(), "docs/ARCHITECTURE.md", "the files", n=0, lineterm=""
    ))
    assert not found, f"run: python scripts/map.py\n{found}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"https?://|mailto:", target)]
    headings = {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
                for line in text.splitlines() if line.startswith("#")}
    for target in targets:
        name, _, anchor = target.partition("#")
        assert (document.parent / name).exists(), f"{document.name} links to {target}"
        assert name or anchor in headings, f"{document.name} has no heading for {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    folders = "|".join(("wavegan_tf", "snap_tf", "scripts", "tests", "benchmarks", "docs", "requirements", r"\.ci"))
    paths = re.findall(rf"`((?:{folders})/[\w./-]*)`", text)
    assert [path for path in paths if not (PROJECT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_that_are_shown_can_be_given(document: Path) -> None:
    parsers = {"wavegan-tf": wavegan_tf.cli.build_parser(), "snap-tf": snap_tf.cli.build_parser()}
    blocks = re.findall(r"```(?:bash|sh|console)\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words and Path(words[0]).name in parsers and "--help" not in words:
            try:
                parsers[Path(words[0]).name].parse_args(words[1:])
            except SystemExit:
                pytest.fail(f"{document.name} shows a command that is refused: {line}")
