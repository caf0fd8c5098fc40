"""What the fuzz tests need to know of a kind of input: how to make, damage, use and read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzz.damage_bytes import Edit
from fuzz.oracle import Values

__all__ = ["Argv", "Kind"]

Argv = tuple[str, ...]
"""A command line: the program (`wavegan-tf` or `snap-tf`), then its arguments; IN and OUT stand for the folders."""


def _no_readings(folder: Path, file: Path) -> list[Values]:
    return []


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Attributes:
        name: shown in the table.
        n_cases: how many mangled inputs of the kind are tried.
        make: writes the good input into a new folder.
        edits: by pattern of the files' names below that folder, the damage to do to them.
        commands: run one after the other; the first one's OUT holds the values.
        values: reads the values out of OUT and of what was printed.
        readings: what the damaged file says when it is read by slow, independent rules; looked at only where the values
            are not the good ones. Given the damaged folder and file.
        touched: whether damage to a file (its path below the folder) may change what belongs to an owner.
        unknowable: patterns of `file: damage` where damaged values are as good as others, for example in a format
            without checksums; only the other owners' values are compared.
        falls_back: whether the readings are what is used in the place of what is damaged, which has to be told, and not
            what the damaged file says.
        places: what a message may name in the place of the file, where the command has one table only: its columns.
    """

    name: str
    n_cases: int
    make: Callable[[Path], None]
    edits: dict[str, dict[str, Edit]]
    commands: Sequence[Argv]
    values: Callable[[Path, str], Values]
    readings: Callable[[Path, Path], list[Values]] = _no_readings
    touched: Callable[[str, str], bool] = lambda file, owner: True
    unknowable: tuple[str, ...] = ()
    places: str = ""
    falls_back: bool = False

    def plan(self, folder: Path) -> list[tuple[str, str, Edit]]:
        """List every (file, damage, edit) of a good input."""
        return [(file.relative_to(folder).as_posix(), name, edit) for pattern, edits in self.edits.items()
                for file in sorted(folder.glob(pattern)) if file.is_file() for name, edit in edits.items()]
