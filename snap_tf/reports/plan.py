"""What a report shows, in which order: a TOML file of sections, each with its text, steps, figures and tables."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wavegan_tf.errors import ConfigError

__all__ = ["Exhibit", "Plan", "Section", "read_plan"]

_KINDS = {".png": "figure", ".csv": "table", ".txt": "text", ".md": "text", ".json": "values", ".wav": "sound"}


@dataclass(frozen=True)
class Exhibit:
    """One thing to look at or listen to.

    Attributes:
        file: path inside the folder of results, or a pattern such as `gamm/*/curves.png`; all files that fit are shown.
        caption: what one sees.
        kind: figure (.png), table (.csv), text (.txt, .md), values (.json) or sound (.wav), by the file's ending.
        columns: of a table or of values: these only, in this order; empty for all.
        rows: of a table: at most so many.
        sort: of a table: the column by which rows are sorted, largest first; empty for the file's order.
    """

    file: str
    caption: str
    kind: str
    columns: tuple[str, ...] = ()
    rows: int = 12
    sort: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        title: its heading.
        text: paragraphs, divided by empty lines.
        steps: titles of the steps that made what it shows.
        exhibits: what it shows.
        unfolded: which of the steps show what they printed from the start.
    """

    title: str
    text: str
    steps: tuple[str, ...]
    exhibits: tuple[Exhibit, ...]
    unfolded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A report before it is filled: heading, opening paragraphs, sections."""

    title: str
    about: str
    sections: tuple[Section, ...]


def read_plan(path: str | Path) -> Plan:
    """Read a plan.

    Args:
        path: a TOML file with `title`, `about` and `[[section]]` tables (`title`, `text`, `steps`,
            `unfolded`, and `[[section.show]]` tables: `file`, `caption`, and for tables `columns`, `rows`, `sort`).

    Raises:
        ConfigError: it is not TOML, or a key is missing or unknown.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError(f"plan (={path}) must be an existing TOML file; check the path")
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"plan (={path}) must be TOML: {error}; correct it") from error
    _check_keys(found, {"title", "about", "section"}, f"plan (={path})")
    sections = []
    for number, given in enumerate(found["section"], 1):
        where = f"section {number} of plan (={path})"
        _check_keys(given, {"title", "text"}, where, {"steps", "show", "unfolded"})
        exhibits = tuple(_exhibit(show, where) for show in given.get("show", ()))
        sections.append(Section(given["title"], given["text"], tuple(given.get("steps", ())), exhibits,
                                tuple(given.get("unfolded", ()))))
    return Plan(found["title"], found["about"], tuple(sections))


def _exhibit(given: dict[str, Any], where: str) -> Exhibit:
    _check_keys(given, {"file", "caption"}, f"exhibit in {where}", {"columns", "rows", "sort"})
    kind = _KINDS.get(Path(given["file"]).suffix)
    if kind is None:
        raise ConfigError(f"file (={given['file']}) in {where} must end in one of {', '.join(_KINDS)}; name another")
    return Exhibit(given["file"], given["caption"], kind, tuple(given.get("columns", ())), given.get("rows", 12),
                   given.get("sort", ""))


def _check_keys(given: dict[str, Any], needed: set[str], where: str, allowed: set[str] | None = None) -> None:
    missing, unknown = sorted(needed - given.keys()), sorted(given.keys() - needed - (allowed or set()))
    if missing or unknown:
        wrong = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has unknown {', '.join(unknown)}"] * bool(unknown)
        raise ConfigError(f"{where} must have the keys {', '.join(sorted(needed | (allowed or set())))}; it "
                          f"{' and '.join(wrong)}; correct it")
