"""CSV tables: checked line by line before pandas reads them, and written so that they read back the same."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
import pandas as pd

from wavegan_tf.errors import DataError
from wavegan_tf.formats.damage import told_as_damage
from wavegan_tf.formats.plain_files import open_plain, read_text
from wavegan_tf.formats.table_cells import is_foreign, marked, unmarked

__all__ = ["numbers", "read_columns", "read_log", "read_rows", "read_table", "whole_numbers", "write_rows",
           "write_table"]

_FIELD_LIMIT = 2**24
_WHOLE_LIMIT = 2**53


def read_table(path: str | Path, what: str = "table", *, needs: Collection[str] = (),
               text: Collection[str] | None = None, missing: bool = False, separator: str = ",") -> pd.DataFrame:
    """Read a CSV table with a header line as a DataFrame.

    Args:
        path: the file: UTF-8, with or without a byte order mark.
        what: what it is called in messages.
        needs: columns that must be there.
        text: columns that stay text, so that token 007 stays 007; the others become numbers where all their cells are.
            All columns stay text by default.
        missing: whether empty cells are missing values, or empty words. Words such as NA and null are always words.
        separator: what stands between cells.

    Returns:
        A row per line, in order.

    Raises:
        DataError: it cannot be read, is empty, is not UTF-8, has bytes that are no text, an open quote, a line with
            more or fewer cells than the header, or a column that is missing or there twice.
    """
    with open_plain(path, what) as file:
        columns, n_rows = _checked_columns(file, path, what, separator)
        if lacking := [name for name in needs if name not in columns]:
            raise DataError(f"{what} (={path}) must have the columns {_listed(needs)}; it lacks {_listed(lacking)}")
        file.seek(0)
        with told_as_damage(path, what):
            table = pd.read_csv(
                file, sep=separator, encoding="utf-8-sig", index_col=False, low_memory=False, keep_default_na=False,
                na_values=[""] if missing else [],
                dtype=str if text is None else {name: str for name in text if name in columns})
    if len(table) != n_rows:
        raise DataError(f"{what} (={path}) must have a cell that is not blank in every line; lines of blanks are in it")
    return _unmarked_table(table)


def read_columns(path: str | Path, what: str = "table", *, separator: str = ",") -> tuple[str, ...]:
    """Read the names of a table's columns, after checking all of it as `read_table` does.

    Raises:
        DataError: see `read_table`.
    """
    with open_plain(path, what) as file:
        return tuple(_checked_columns(file, path, what, separator)[0])


def read_rows(path: str | Path, what: str = "table", *, separator: str = ",") -> list[list[str]]:
    """Read a table that may have no header: every line as its cells, blank lines left out.

    Raises:
        DataError: see `read_table`.
    """
    with open_plain(path, what) as file, closing(_lines(file, path, what, separator)) as lines:
        return [row for _, row in lines]


def read_log(path: str | Path, what: str = "log") -> list[list[str]]:
    """Read the complete lines of a table to which a program adds lines (it may have been killed in a line).

    Raises:
        DataError: it cannot be read.
    """
    text = read_text(path, what, lenient=True)
    rows = []
    for line in text[: text.rfind("\n") + 1].split("\n"):
        with suppress(csv.Error):
            rows += [row for row in csv.reader([line], strict=True) if row and "\0" not in line]
    return rows


def numbers(table: pd.DataFrame, name: str, title: str, *, low: float = -np.inf, high: float = np.inf) -> pd.Series:
    """Give a column of text or numbers as finite float64.

    Args:
        table: what `read_table` gave.
        name: the column.
        title: what the table is called, and its file, for messages.
        low, high: the least and the largest value allowed.

    Raises:
        DataError: a cell is no finite number between the two; the message names the row, the first below the header
            being 1.
    """
    values = pd.to_numeric(table[name], errors="coerce").astype("float64")
    wrong = ~(np.isfinite(values) & (values >= low) & (values <= high))
    if wrong.any():
        bounds = "".join(f", {word} {bound:g}" for word, bound in (("at least", low), ("at most", high))
                         if np.isfinite(bound))
        raise _wrong_cell(table[name], wrong, f"a finite number{bounds}", title)
    return values


def whole_numbers(table: pd.DataFrame, name: str, title: str, *, low: int = 0, high: int = _WHOLE_LIMIT) -> pd.Series:
    """Give a column of text or numbers as int64.

    Raises:
        DataError: a cell is no whole number between `low` and `high`; see `numbers`.
    """
    values = pd.to_numeric(table[name], errors="coerce").astype("float64")
    wrong = ~np.isfinite(values) | (values != np.floor(values))
    if wrong.any():
        raise _wrong_cell(table[name], wrong, "a whole number", title)
    return numbers(table, name, title, low=low, high=high).astype("int64")


def write_table(table: pd.DataFrame, file: str | Path | IO[str], *, header: bool = True,
                float_format: str | None = None) -> None:
    """Write a DataFrame as CSV that `read_table` reads back: UTF-8, newlines, no index, cells marked against commands.

    Args:
        table: words and numbers.
        file: its name, or a text file open with `newline=""`.
        header: whether the names of the columns come first; not where lines are added to a table.
        float_format: of numbers that are not whole; all their digits by default.
    """
    safe = table.set_axis([marked(str(name)) for name in table.columns], axis=1)
    for i, name in enumerate(safe.columns):
        if not pd.api.types.is_numeric_dtype(safe.dtypes.iloc[i]):
            safe[name] = _mapped(safe[name], marked)
    how: dict[str, Any] = {"index": False, "header": header, "float_format": float_format, "lineterminator": "\n"}
    safe.to_csv(file, **how) if hasattr(file, "write") else safe.to_csv(file, encoding="utf-8", **how)


def write_rows(file: str | Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table row by row, as `write_table` does."""
    with Path(file).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([marked(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)


def _mapped(column: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """Apply a function to the words of a column, once for each different word, since long tables repeat them."""
    changes = {word: changed for word in _words(column) if (changed := change(word)) != word}
    if not changes:
        return column
    cells = [changes.get(cell, cell) if isinstance(cell, str) else cell for cell in column]
    return pd.Series(cells, index=column.index, dtype=column.dtype)


def _words(column: pd.Series) -> set[str]:
    """Give the different words of a column; `unique` of pandas takes those with a zero or a stray byte for the same."""
    return {cell for cell in column.tolist() if isinstance(cell, str)}


def _unmarked_table(table: pd.DataFrame) -> pd.DataFrame:
    names = [str(name) for name in table.columns]
    words = [i for i, kind in enumerate(table.dtypes) if not pd.api.types.is_numeric_dtype(kind)]
    cells = set[str]().union(*(_words(table.iloc[:, i]) for i in words))
    if is_foreign(names) or is_foreign(cells):
        return table
    table = table.set_axis([unmarked(name) for name in names], axis=1)
    if any(cell.startswith("'") for cell in cells):
        for i in words:
            table[table.columns[i]] = _mapped(table.iloc[:, i], unmarked)
    return table


def _wrong_cell(column: pd.Series, wrong: pd.Series, rule: str, title: str) -> DataError:
    """Name the first cell that breaks a rule; the first row below the header is 1."""
    row = int(np.flatnonzero(wrong)[0])
    return DataError(f"`{column.name}` (={str(column.iloc[row])[:60]}) must be {rule}; see row {row + 1} of {title}")


def _listed(names: Collection[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _checked_columns(file: BinaryIO, path: str | Path, what: str, separator: str) -> tuple[list[str], int]:
    """Check all lines of a table; return the names of the columns and the number of rows."""
    n_rows = 0
    with closing(_lines(file, path, what, separator)) as lines:
        columns = next(lines, (0, list[str]()))[1]
        if not columns:
            raise DataError(f"{what} (={path}) must be a CSV in UTF-8 with a header line; it is empty")
        if twice := [name for name, n in Counter(columns).items() if n > 1]:
            raise DataError(f"{what} (={path}) must name every column once; it has `{twice[0]}` several times")
        for line, row in lines:
            n_rows += 1
            if len(row) != len(columns):
                raise DataError(f"{what} (={path}) must have {len(columns)} cells in every line, as its header has; "
                                f"line {line} has {len(row)}")
    return columns, n_rows


def _lines(file: BinaryIO, path: str | Path, what: str, separator: str) -> Generator[tuple[int, list[str]]]:
    """Give number and cells of every line that is not blank, or say in which line the table is damaged."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    reader = csv.reader(text, delimiter=separator, strict=True)
    csv.field_size_limit(max(csv.field_size_limit(), _FIELD_LIMIT))  # one limit for everybody; phones of an hour
    try:
        for row in reader:
            if any("\0" in cell for cell in row):
                raise DataError(f"{what} (={path}) must be a CSV in UTF-8 with a header line; line "
                                f"{reader.line_num} has bytes that are none")
            if row:
                yield reader.line_num, row
    except UnicodeError as error:
        raise DataError(f"{what} (={path}) must be a CSV in UTF-8 with a header line; after line "
                        f"{reader.line_num} there are bytes that are none; save it as UTF-8") from error
    except csv.Error as error:
        why = "a quote is open at its end" if "unexpected end" in str(error) else str(error)
        raise DataError(f"{what} (={path}) must be a CSV in UTF-8 with a header line; line "
                        f"{reader.line_num}: {why}") from error
    finally:
        text.detach()  # the file stays open for whoever opened it
