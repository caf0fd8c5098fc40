"""The plan of a report: a TOML file of sections, each with its text, steps, figures and tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.toml_files import read_toml

__all__ = ["Exhibit", "Plan", "Section", "read_plan"]

_KINDS = {".png": "figure", ".csv": "table", ".txt": "text", ".md": "text", ".json": "values", ".wav": "sound"}


@dataclass(frozen=True)
class Exhibit:
    """One figure, table, text or sound of a report.

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
    """Read the plan of a report.

    Args:
        path: a TOML file with `title`, `about` and `[[section]]` tables (`title`, `text`, `steps`,
            `unfolded`, and `[[section.show]]` tables: `file`, `caption`, and for tables `columns`, `rows`, `sort`).

    Raises:
        ConfigError: it is not TOML, or a key is missing or unknown.

    Example:
        >>> from pathlib import Path
        >>> from snap_tf.reports import read_plan
        >>> text = '''title = "Words"
        ... about = "A small corpus."
        ... [[section]]
        ... title = "Corpus"
        ... text = "Four speakers."
        ... '''
        >>> _ = Path("plan.toml").write_text(text)
        >>> [section.title for section in read_plan("plan.toml").sections]
        ['Corpus']
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError(f"plan (={path}) must be an existing TOML file; check the path")
    try:
        found = read_toml(path, "plan")
    except DataError as error:
        raise ConfigError(f"{error}; correct it") from error
    where = f"plan (={path})"
    _check_keys(found, {"title", "about", "section"}, where)
    title, about = _word(found, "title", where), _word(found, "about", where)
    return Plan(title, about, tuple(_section(given, f"section {number} of {where}")
                                    for number, given in enumerate(_tables(found, "section", where), 1)))


def _section(given: dict[str, Any], where: str) -> Section:
    _check_keys(given, {"title", "text"}, where, {"steps", "show", "unfolded"})
    exhibits = tuple(_exhibit(show, f"exhibit in {where}") for show in _tables(given, "show", where))
    return Section(_word(given, "title", where), _word(given, "text", where), _words(given, "steps", where), exhibits,
                   _words(given, "unfolded", where))


def _exhibit(given: dict[str, Any], where: str) -> Exhibit:
    _check_keys(given, {"file", "caption"}, where, {"columns", "rows", "sort"})
    file, rows = _word(given, "file", where), given.get("rows", 12)
    kind = _KINDS.get(PurePath(file).suffix)
    if kind is None:
        raise ConfigError(f"file (={file}) in {where} must end in one of {', '.join(_KINDS)}; name another")
    if not file or PurePath(file).is_absolute() or ".." in PurePath(file).parts or "\0" in file:
        raise ConfigError(f"file (={file}) in {where} must lie in the folder of results; name another")
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise ConfigError(f"`rows` (={rows}) in {where} must be a whole number from 1; correct it")
    return Exhibit(file, _word(given, "caption", where), kind, _words(given, "columns", where), rows,
                   _word({"sort": "", **given}, "sort", where))


def _word(given: dict[str, Any], name: str, where: str) -> str:
    if not isinstance(given[name], str):
        raise ConfigError(f"`{name}` (={given[name]}) in {where} must be text in quotes; correct it")
    return given[name]


def _words(given: dict[str, Any], name: str, where: str) -> tuple[str, ...]:
    found = given.get(name, [])
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise ConfigError(f"`{name}` (={found}) in {where} must be a list of texts; correct it")
    return tuple(found)


def _tables(given: dict[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    found = given.get(name, [])
    if not isinstance(found, list) or not all(isinstance(part, dict) for part in found):
        raise ConfigError(f"`{name}` in {where} must be tables, each below a line [[{name}]]; correct it")
    return found


def _check_keys(given: dict[str, Any], needed: set[str], where: str, allowed: set[str] | None = None) -> None:
    missing, unknown = sorted(needed - given.keys()), sorted(given.keys() - needed - (allowed or set()))
    if missing or unknown:
        wrong = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has unknown {', '.join(unknown)}"] * bool(unknown)
        raise ConfigError(f"{where} must have the keys {', '.join(sorted(needed | (allowed or set())))}; it "
                          f"{' and '.join(wrong)}; correct it")
