#!/usr/bin/env python3
"""Write the map of files in docs/ARCHITECTURE.md, each with the first sentence of its own description.

    python scripts/map.py
"""

import ast
import re
from itertools import groupby
from pathlib import Path

__all__ = ["DOCUMENT", "map_of_files", "with_map"]

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENT = PROJECT / "docs" / "ARCHITECTURE.md"
PATTERNS = ("wavegan_tf/**/*.py", "snap_tf/**/*.py", "scripts/**/*.py", "scripts/**/*.sh", "examples/**/*.py",
            "benchmarks/**/*.py")
BEGIN = "<!-- map: written by scripts/map.py -->"
END = "<!-- end of map -->"


def description(path: Path) -> str:
    """Give the first paragraph of a module's docstring, or of a shell script's opening comment, on one line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        paragraph = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].splitlines()
    else:
        paragraph = [line.removeprefix("# ") for line in text.splitlines() if re.match("# (?!shellcheck)", line)][:1]
    return " ".join(paragraph).replace("|", "\\|")


def map_of_files() -> str:
    """Make one table per folder: file and what it holds, the folder's own description above it."""
    files = sorted({path for pattern in PATTERNS for path in PROJECT.glob(pattern)}, key=lambda path: (
        [pattern.split("/")[0] for pattern in PATTERNS].index(path.relative_to(PROJECT).parts[0]), path.parent, path
    ))
    lines = []
    for folder, members in groupby(files, key=lambda path: path.parent):
        lines += [f"### `{folder.relative_to(PROJECT).as_posix()}/`", ""]
        rows = []
        for path in members:
            if path.name == "__init__.py":
                lines += [description(path), ""]
            else:
                rows.append(f"| `{path.name}` | {description(path)} |")
        if rows:
            lines += ["| file | what it holds |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def with_map(text: str) -> str:
    """Give `text` with what stands between the two marks replaced by the map as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{map_of_files()}\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_map(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
