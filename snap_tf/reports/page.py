"""Write a folder of results as one HTML file; pictures and sounds are inside it."""

from __future__ import annotations

import base64
import html
import os
import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from string import Template

import pandas as pd

from snap_tf.reports.journal import Entry, read_journal
from snap_tf.reports.plan import Exhibit, Plan, Section, read_plan
from wavegan_tf import __version__
from wavegan_tf.atomic import atomic_file
from wavegan_tf.data.audio.audio_header import audio_header
from wavegan_tf.errors import DataError
from wavegan_tf.formats.json_files import read_json
from wavegan_tf.formats.pictures import read_png
from wavegan_tf.formats.plain_files import read_bytes, read_text
from wavegan_tf.formats.tables import read_table
from wavegan_tf.printing import printable

__all__ = ["build_page", "write_report"]

_PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "pandas", "statsmodels", "scikit-learn", "praat-parselmouth",
             "tf-keras-vis", "soundfile")
_PAGE = Path(__file__).with_name("page.html")


def write_report(folder: str | Path, plan: str | Path, out: str | Path) -> Path:
    """Write the report of a folder of results as one HTML file.

    Args:
        folder: where the results and `journal.jsonl` are.
        plan: see `plan.read_plan`.
        out: the HTML file.

    Returns:
        `out`.

    Raises:
        DataError: a step, figure or table of the plan is not there (all are named); an empty or unreadable file.
        ConfigError: the plan cannot be read.
        OSError: the file cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from snap_tf.reports import write_report
        >>> Path("journal.jsonl").touch()  # a journal without steps
        >>> text = '''title = "Words"
        ... about = "A small corpus."
        ... [[section]]
        ... title = "Corpus"
        ... text = "Four speakers."
        ... '''
        >>> _ = Path("plan.toml").write_text(text)
        >>> write_report(".", "plan.toml", "report.html").read_text().count("<h2>Corpus</h2>")
        1
    """
    page = build_page(read_plan(plan), Path(folder))
    with atomic_file(out) as path:
        path.write_text(printable(page), encoding="utf-8")
    return Path(out)


def build_page(plan: Plan, folder: Path) -> str:
    """Make the HTML of a report from its plan and a folder of results; see `write_report`.

    Example:
        >>> from pathlib import Path
        >>> from snap_tf.reports import Plan, Section, build_page
        >>> Path("journal.jsonl").touch()  # a journal without steps
        >>> plan = Plan("Words", "A small corpus.", (Section("Corpus", "Four speakers.", steps=(), exhibits=()),))
        >>> "<h2>Corpus</h2>" in build_page(plan, Path("."))
        True
    """
    journal = read_journal(folder)
    files = _find_files(plan, folder, journal)
    sections = [_section(number, section, folder, files, journal) for number, section in enumerate(plan.sections, 1)]
    contents = [f'<li><a href="#section-{number}">{html.escape(section.title)}</a></li>'
                for number, section in enumerate(plan.sections, 1)]
    page = Template(_PAGE.read_text(encoding="utf-8"))
    return page.substitute(title=html.escape(plan.title), about=_paragraphs(plan.about), contents="\n".join(contents),
                           sections="\n".join(sections), made=_made(journal))


def _find_files(plan: Plan, folder: Path, journal: dict[str, Entry]) -> dict[str, list[Path]]:
    """Find what every exhibit shows, and refuse the plan where something is missing."""
    found = {exhibit.file: _matching(folder, exhibit.file) for section in plan.sections for exhibit in section.exhibits}
    missing = [f"step {title!r}" for section in plan.sections for title in section.steps if title not in journal]
    missing += [f"file {name}" for name, paths in found.items() if not paths]
    missing += [f"file {path.relative_to(folder)} (empty)" for paths in found.values() for path in paths
                if path.is_file() and path.stat().st_size == 0]
    if missing:
        raise DataError(f"folder (={folder}) must hold everything that the plan names; missing: {', '.join(missing)}; "
                        "run the steps that make it")
    return found


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(pattern) if not path.is_dir())
    except (ValueError, NotImplementedError) as error:
        raise DataError(f"file (={pattern}) must be a pattern of names: {error}; correct the plan") from error


def _section(number: int, section: Section, folder: Path, files: dict[str, list[Path]],
             journal: dict[str, Entry]) -> str:
    steps = "\n".join(_step(journal[title], title in section.unfolded) for title in section.steps)
    shown = "\n".join(_SHOW[exhibit.kind](exhibit, path, folder) for exhibit in section.exhibits
                      for path in files[exhibit.file])
    return (f'<section id="section-{number}">\n<h2>{html.escape(section.title)}</h2>\n{_paragraphs(section.text)}\n'
            f"{steps}\n{shown}\n</section>")


def _step(entry: Entry, unfolded: bool) -> str:
    """Show a command and its output, which a click opens or closes."""
    printed = f"<pre>{html.escape(entry.output.strip())}</pre>" if entry.output.strip() else "<p>(nothing)</p>"
    return (f'<div class="step"><code>{html.escape(entry.command)}</code>\n<details{" open" * unfolded}>'
            f"<summary>{html.escape(entry.title)}: {entry.seconds:.0f} s; what it printed</summary>"
            f"{printed}</details></div>")


def _figure(exhibit: Exhibit, path: Path, folder: Path) -> str:
    caption, name = html.escape(exhibit.caption), html.escape(str(path.relative_to(folder)))
    return _captioned(f'<img alt="{caption}" title="{name}" src="data:image/png;base64,{_base64(read_png(path))}">',
                      exhibit, path, folder)


def _sound(exhibit: Exhibit, path: Path, folder: Path) -> str:
    audio_header(path)  # refuses what is no sound, or cut off
    sound = read_bytes(path, "sound")
    return _captioned(f'<audio controls preload="none" src="data:audio/wav;base64,{_base64(sound)}"></audio>', exhibit,
                      path, folder, kind=' class="sound"')


def _table(exhibit: Exhibit, path: Path, folder: Path) -> str:
    table = read_table(path, text=(), missing=True)
    unknown = [name for name in (*exhibit.columns, *([exhibit.sort] if exhibit.sort else []))
               if name not in table.columns]
    if unknown:
        raise DataError(f"columns (={', '.join(unknown)}) must be in table {path}; it has {', '.join(table.columns)}; "
                        "correct the plan")
    if exhibit.sort:
        table = table.sort_values(exhibit.sort, ascending=False, kind="stable")
    if exhibit.columns:
        table = table[list(exhibit.columns)]
    return _as_table(table.head(exhibit.rows), exhibit, path, folder, len(table))


def _values(exhibit: Exhibit, path: Path, folder: Path) -> str:
    values = read_json(path, "values", finite=False)
    unknown = [name for name in exhibit.columns if name not in values]
    if unknown:
        raise DataError(f"values (={', '.join(unknown)}) must be in {path}; it has {', '.join(values)}; correct the "
                        "plan")
    names = exhibit.columns or tuple(name for name, value in values.items() if isinstance(value, str | int | float))
    table = pd.DataFrame({"value": [values[name] for name in names]}, index=list(names)).reset_index(names="what")
    return _as_table(table, exhibit, path, folder, len(table))


def _as_table(table: pd.DataFrame, exhibit: Exhibit, path: Path, folder: Path, n_rows: int) -> str:
    shown = table.map(_number).to_html(index=False, border=0, escape=True, na_rep="")
    more = f" ({len(table)} of {n_rows} rows)" if len(table) < n_rows else ""
    return _captioned(shown, exhibit, path, folder, more)


def _number(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) and value == value else value


def _text(exhibit: Exhibit, path: Path, folder: Path) -> str:
    return _captioned(f"<pre>{html.escape(read_text(path, 'text').strip())}</pre>", exhibit, path, folder)


def _captioned(shown: str, exhibit: Exhibit, path: Path, folder: Path, more: str = "", kind: str = "") -> str:
    """Put a caption with the name of the file below an exhibit."""
    return (f"<figure{kind}>{shown}<figcaption>{html.escape(exhibit.caption)}{more} "
            f"<code>{html.escape(str(path.relative_to(folder)))}</code></figcaption></figure>")


_SHOW: dict[str, Callable[[Exhibit, Path, Path], str]] = {
    "figure": _figure, "table": _table, "text": _text, "values": _values, "sound": _sound}


def _made(journal: dict[str, Entry]) -> str:
    """Say with which versions, on what and in what time the results were made."""
    packages = [f"wavegan-tf {__version__}"]
    for name in _PACKAGES:
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            packages.append(f"{name} not installed")
    total = sum(entry.seconds for entry in journal.values())
    rows = [("steps", f"{len(journal)}, {total:.0f} s in all"),
            ("last step ended", max((entry.ended for entry in journal.values()), default="")),
            ("Python", platform.python_version()),
            ("machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"),
            ("packages", ", ".join(packages))]
    return "\n".join(f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in rows)


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{html.escape(part.strip())}</p>" for part in text.split("\n\n") if part.strip())


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
