#!/usr/bin/env python3
"""The published numbers of a paper beside those of a folder of results, as a table to read and as comparison.csv.

    python scripts/reproduce/compare.py PAPER RESULTS

PAPER is a key of published.json, which says for every number where in RESULTS its counterpart is.
"""

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

__all__ = ["COLUMNS", "compare", "to_text"]

PUBLISHED = Path(__file__).with_name("published.json")
COLUMNS = ("table", "row", "column", "published", "here", "source")
NOTE = ("One network each, trained from random weights: the form of the tables and the way to them are to be\n"
        "reproduced, not their digits. A dash: not published, or not in these results.")

Row = dict[str, Any]


def compare(paper: dict[str, Any], results: Path) -> list[Row]:
    """Find the counterpart of every published number: a row each, with None where there is none.

    Args:
        paper: an entry of published.json. Its tables are lists of `numbers`, each with its own place (`file` and `at`,
            `count` or `different`), or grids whose rows (by the columns named in `key`) and columns are found by name
            in one CSV or JSON `list`.
        results: folder that a script of this folder wrote.
    """
    rows: list[Row] = []
    for table in paper["tables"]:
        about = {"table": table["title"], "source": table["source"]}
        for item in table.get("numbers", ()):
            rows.append(about | {"row": item["what"], "column": "", "published": item["published"],
                                 "here": _number(item, results)})
        if "rows" in table:
            keys = table["key"].split()
            records = {" ".join(str(record.get(key)) for key in keys): record for record in _records(table, results)}
            for key, values in table["rows"].items():
                for (title, name), value in zip(table["columns"].items(), values, strict=True):
                    rows.append(about | {"row": key, "column": title, "published": value,
                                         "here": _as_number(records.get(key, {}).get(name))})
    return rows


def _number(item: Row, results: Path) -> float | int | None:
    path = results / item["file"]
    if not path.is_file():
        return None
    if "at" in item:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        for key in item["at"]:
            found = None if found is None else found.get(key)
        return found
    records = _read_csv(path)
    if "different" in item:
        return len({record[item["different"]] for record in records})
    return sum(all(record[name] == value for name, value in item["count"].items()) for record in records)


def _records(table: Row, results: Path) -> list[Row]:
    """Read a grid's counterpart, a dictionary per row; only rows that are as `where` says."""
    path = results / table["file"]
    if not path.is_file():
        return []
    records = _read_csv(path) if "list" not in table else json.loads(path.read_text(encoding="utf-8"))[table["list"]]
    return [record for record in records
            if all(record[name] == value for name, value in table.get("where", {}).items())]


def _read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _as_number(value: Any) -> float | int | None:
    try:
        return int(value) if str(value).isdecimal() else float(value)
    except (TypeError, ValueError):
        return None


def to_text(paper: dict[str, Any], rows: list[Row]) -> str:
    """Lay the comparison out for reading: a block per table."""
    blocks = [paper["paper"]]
    for table in paper["tables"]:
        lines = [f"{table['title']}  ({table['source']})", f"{'':46} {'':10} {'published':>12} {'here':>12}"]
        lines += [f"{row['row']:46} {row['column']:10} {_shown(row['published']):>12} {_shown(row['here']):>12}"
                  for row in rows if row["table"] == table["title"]]
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, NOTE])


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, str):
        return value
    if float(value).is_integer() and (isinstance(value, int) or abs(value) >= 10):
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) >= 0.0001 or value == 0 else f"{value:.1e}"


def main() -> None:
    """Compare, print, and write comparison.csv and comparison.txt into the results."""
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("paper", choices=list(published))
    parser.add_argument("results", type=Path, help="folder of results")
    args = parser.parse_args()
    if not args.results.is_dir():
        sys.exit(f"error: folder of results (={args.results}) must exist")
    paper = published[args.paper]
    rows = compare(paper, args.results)
    with (args.results / "comparison.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    text = to_text(paper, rows)
    (args.results / "comparison.txt").write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\nwritten to {args.results / 'comparison.csv'} and {args.results / 'comparison.txt'}")


if __name__ == "__main__":
    main()
