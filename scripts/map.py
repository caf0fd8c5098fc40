#!/usr/bin/env python3
"""Write the map of rooms in docs/ARCHITECTURE.md: what each folder is for, in its own words, and what lies in it.

    python scripts/map.py
"""

import ast
import re
from itertools import groupby
from pathlib import Path

__all__ = ["DOCUMENT", "map_of_rooms", "with_map"]

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENT = PROJECT / "docs" / "ARCHITECTURE.md"
PATTERNS = ("wavegan_tf/**/*.py", "snap_tf/**/*.py", "scripts/**/*.py", "scripts/**/*.sh", "examples/**/*.py",
            "benchmarks/**/*.py")
BEGIN = "<!-- map: written by scripts/map.py -->"
END = "<!-- end of map -->"


def description(path: Path) -> str:
    """Give what a folder's `__init__.py`, or else a file's own first sentence, says it is for; on one line."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        paragraphs = [" ".join(part.split()) for part in (ast.get_docstring(ast.parse(text)) or "").split("\n\n")]
        said = [part for part in paragraphs[: 2 if path.name == "__init__.py" else 1] if part.endswith((".", "?"))]
    else:
        said = [line.removeprefix("# ") for line in text.splitlines() if re.match("# (?!shellcheck)", line)][:1]
    return " ".join(said).replace("|", "\\|")


def map_of_rooms() -> str:
    """Make a table of the rooms of the packages, then one of the files of each other folder."""
    files = sorted({path for pattern in PATTERNS for path in PROJECT.glob(pattern)}, key=lambda path: (
        [pattern.split("/")[0] for pattern in PATTERNS].index(path.relative_to(PROJECT).parts[0]), path.parent, path
    ))
    rooms, others = [], []
    for folder, members in groupby(files, key=lambda path: path.parent):
        paths, name = list(members), folder.relative_to(PROJECT).as_posix()
        if (folder / "__init__.py").is_file():
            modules = ", ".join(f"`{path.stem}`" for path in paths if path.stem != "__init__")
            rooms.append(f"| `{name}` | {description(folder / '__init__.py')} | {modules} |")
        else:
            others += [f"| `{path.relative_to(PROJECT).as_posix()}` | {description(path)} |" for path in paths]
    return "\n".join(["| room | what it is for; what goes in and out | modules |", "|---|---|---|", *rooms, "",
                      "| file | what it does |", "|---|---|", *others, ""])


def with_map(text: str) -> str:
    """Give `text` with what stands between the two marks replaced by the map as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{map_of_rooms()}\n{END}{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_map(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
