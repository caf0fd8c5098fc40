"""Sanity checks as a folder of tables: written, read again, and matched with profile files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from snap_tf.snap.alignment.evaluation import AlignmentSummary
from snap_tf.snap.profiles.profile_file import ProfileFile
from snap_tf.snap.results.models_compared import without_sums
from snap_tf.snap.sanity.checks import SanityResults
from snap_tf.snap.sanity.sanity_settings import SanitySettings
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.config import changed_fields
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.formats.damage import told_as_damage
from wavegan_tf.formats.json_files import json_text, read_json
from wavegan_tf.formats.plain_files import is_there
from wavegan_tf.formats.tables import read_table, write_table

__all__ = ["differences_of", "read_sanity", "sanity_of", "write_sanity"]

TABLES = ("weights", "labels", "inputs", "alignment")
_NEEDED: dict[str, tuple[str, ...]] = {
    "weights": ("n_randomised", "down_to", "layer", "rank_correlation", "ssim", "mantel"),
    "labels": ("layer", *(f"{prefix}null_{end}" for prefix in ("", "distance_") for end in ("mean", "low", "high")),
               "silhouette", "p", "distance", "distance_p"),
    "inputs": ("layer", "silhouette", "distance"),
    "alignment": ("n_randomised", "condition", *(field.name for field in dataclasses.fields(AlignmentSummary)))}
_WORDS = ("layer", "down_to", "condition")
"""Columns in which an empty field is an empty word, not a missing number."""
_OWN = ("mode", "kinds", "hop_steps", "folds", "fold_by", "seed")
"""Options that do not decide what a profile is: which frames there are, and how sums are kept."""


def write_sanity(results: SanityResults, out: str | Path,
                 draw: Callable[[SanityResults, Path], object] | None = None) -> None:
    """Write sanity checks: sanity_weights.csv, sanity_labels.csv, sanity_inputs.csv and sanity.json.

    Where phones are annotated, sanity_alignment.csv too. `read_sanity` takes the folder.

    Args:
        results: of the checks.
        out: new folder.
        draw: draws results under the name that it is given, before the folder gets its own, see `plots.sanity`.

    Raises:
        ExportError: the folder is there and not empty.
        OSError: it cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from snap_tf.snap import SanitySettings, sanity_checks, small_clips, write_sanity
        >>> network, clips = small_clips()
        >>> settings = SanitySettings(permutations=1)
        >>> results = sanity_checks(network, clips, group="label:word", settings=settings, progress=False)
        >>> write_sanity(results, "sanity")
        >>> sorted(path.name for path in Path("sanity").iterdir())
        ['sanity.json', 'sanity_inputs.csv', 'sanity_labels.csv', 'sanity_weights.csv']
    """
    about = {"group": results.group, "groups": results.groups, "source": results.source, "model": results.model,
             "settings": dataclasses.asdict(results.settings), "options": dataclasses.asdict(results.options)}
    with atomic_folder(out) as folder:
        for name in TABLES:
            table = getattr(results, name)
            if not table.empty:
                write_table(table, _place(folder, name), float_format="%.9g")
        (folder / "sanity.json").write_text(json_text(about), encoding="utf-8")
        if draw is not None:
            draw(results, folder / "sanity")


def read_sanity(folder: str | Path) -> SanityResults:
    """Read a folder of sanity checks that `write_sanity` wrote.

    Raises:
        DataError: the folder has no sanity checks, or not all of them.

    Example:
        >>> from snap_tf.snap import SanitySettings, read_sanity, sanity_checks, small_clips, write_sanity
        >>> network, clips = small_clips()
        >>> settings = SanitySettings(permutations=1)
        >>> results = sanity_checks(network, clips, group="label:word", settings=settings, progress=False)
        >>> write_sanity(results, "sanity")
        >>> read_sanity("sanity").settings.permutations
        1
    """
    folder = Path(folder)
    needed = (folder / "sanity.json", *(_place(folder, name) for name in TABLES if name != "alignment"))
    if missing := [path.name for path in needed if not path.is_file()]:
        raise DataError(f"sanity checks (={folder}) must be a folder that snap-tf sanity wrote: {missing[0]} is "
                        "missing; run it again")
    with told_as_damage(folder, "sanity checks", rule="be a folder that snap-tf sanity wrote"):
        about = read_json(folder / "sanity.json", "settings of sanity checks")
        there = [name for name in TABLES if name != "alignment" or is_there(_place(folder, name))]
        tables = {name: _read(_place(folder, name)) for name in there}
        for name, table in tables.items():
            _check_whole(name, table)
        if not {"name", "hash"} <= set(about["model"]):
            raise ValueError("its model has no name or hash")
        return SanityResults(**{"alignment": pd.DataFrame(), **tables}, groups=about["groups"],
                             settings=SanitySettings(**about["settings"]), options=ProfileOptions(**about["options"]),
                             group=about["group"], model=about["model"], source=about["source"])


def sanity_of(files: Mapping[str, ProfileFile], folders: Sequence[str | Path]) -> dict[str, SanityResults]:
    """Read the checks that go with the models of profile files: by name of the model.

    Raises:
        DataError: a folder has no checks.
        ConfigError: its checks are of a model that is not among the files, or two are of the same.
    """
    found: dict[str, SanityResults] = {}
    for folder in folders:
        results = read_sanity(folder)
        name, its_hash = results.model["name"], results.model["hash"]
        own = [model for model, file in without_sums(files).items() if file.model["hash"] == its_hash]
        if not own:
            alike = any(file.model["name"] == name for file in without_sums(files).values())
            raise ConfigError(f"sanity checks (={folder}) must be of one of the models {', '.join(files)}; they are of "
                              f"{name}{' with other weights' * alike}; run snap-tf sanity with the model of the "
                              "profile file")
        if own[0] in found:
            raise ConfigError(f"sanity checks (={folder}) must be the only ones of {own[0]}; name one folder per model")
        found.update(dict.fromkeys(own, results))
    return found


def differences_of(results: SanityResults, file: ProfileFile, grouping: str | None = None, kind: str = "snap"
                   ) -> list[str]:
    """List in what checks are not of the same profiles, as `option: profiles -> checks`.

    Args:
        results: of the checks, which are always of SNAPs.
        file: the profiles.
        grouping: of the profiles; None where the result has none.
        kind: of the profiles.
    """
    found = [change for change in changed_fields(file.options, results.options)
             if change.partition(":")[0] not in _OWN]
    if grouping is not None and grouping != results.group:
        found.append(f"grouping: {grouping!r} -> {results.group!r}")
    return found + ([f"kind: {kind!r} -> 'snap'"] if kind != "snap" else [])


def _place(folder: Path, name: str) -> Path:
    return folder / f"sanity_{name}.csv"


def _check_whole(name: str, table: pd.DataFrame) -> None:
    missing = [column for column in _NEEDED[name] if column not in table.columns]
    if missing:
        raise ValueError(f"table {name} has no {missing[0]}; another version made it")
    if table.empty:
        raise ValueError(f"table {name} has no rows")


def _read(path: Path) -> pd.DataFrame:
    table = read_table(path, "table of sanity checks", text=_WORDS, missing=True)
    for column in set(_WORDS) & set(table.columns):
        table[column] = table[column].fillna("")
    whole = [column for column in table.columns if column not in _WORDS and not column.startswith("n_")]
    return table.astype(dict.fromkeys(whole, float))  # a column of ones reads as whole numbers
