"""Sanity checks as a folder of tables, written and read again, to stand beside the results that they are of."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from snap_tf.snap.evaluation import AlignmentSummary
from snap_tf.snap.models_compared import without_sums
from snap_tf.snap.profile_file import ProfileFile
from snap_tf.snap.sanity import SanityResults
from snap_tf.snap.sanity_settings import SanitySettings
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.atomic import atomic_file
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["differences_of", "read_sanity", "sanity_of", "write_sanity"]

TABLES = ("weights", "labels", "inputs", "alignment")
_NEEDED: dict[str, tuple[str, ...]] = {
    "weights": ("n_randomised", "down_to", "layer", "rank_correlation", "ssim", "mantel"),
    "labels": ("layer", *(f"{prefix}null_{end}" for prefix in ("", "distance_") for end in ("mean", "low", "high")),
               "silhouette", "p", "distance", "distance_p"),
    "inputs": ("layer", "silhouette", "distance"),
    "alignment": ("condition", *(field.name for field in dataclasses.fields(AlignmentSummary)))}
_WORDS = ("layer", "down_to", "condition")
"""Columns in which an empty field is an empty word, not a missing number."""
_COMPARED = ("score", "pooling", "pooling_sign", "sign", "alignment", "mask", "mask_scale", "mask_output",
             "global_mean")
"""Options that decide the profiles of both; the rest is the sample's own."""


def write_sanity(results: SanityResults, out: str | Path) -> list[Path]:
    """Write sanity_weights.csv, sanity_labels.csv, sanity_inputs.csv and sanity.json into a folder.

    Where phones are annotated, sanity_alignment.csv too. `read_sanity` takes the folder.

    Raises:
        OSError: a file cannot be written.
    """
    out, files = Path(out), []
    for name in TABLES:
        table = getattr(results, name)
        if table.empty:
            continue
        files.append(out / f"sanity_{name}.csv")
        with atomic_file(files[-1]) as path:
            table.to_csv(path, index=False, float_format="%.9g", encoding="utf-8", lineterminator="\n")
    about = {"group": results.group, "groups": results.groups, "source": results.source, "model": results.model,
             "settings": dataclasses.asdict(results.settings), "options": dataclasses.asdict(results.options)}
    files.append(out / "sanity.json")
    with atomic_file(files[-1]) as path:
        path.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return files


def read_sanity(folder: str | Path) -> SanityResults:
    """Read what `write_sanity` wrote.

    Raises:
        DataError: the folder has no sanity checks, or not all of them.
    """
    folder = Path(folder)
    try:
        about = json.loads((folder / "sanity.json").read_text(encoding="utf-8"))
        tables = {name: _read(folder / f"sanity_{name}.csv") for name in TABLES if name != "alignment"}
        path = folder / "sanity_alignment.csv"
        tables["alignment"] = _read(path) if path.is_file() else pd.DataFrame()
        for name, table in tables.items():
            missing = [column for column in _NEEDED[name] if column not in table.columns and not table.empty]
            if missing:
                raise ValueError(f"table {name} has no {missing[0]}; another version made it")
        return SanityResults(**tables, groups=about["groups"], settings=SanitySettings(**about["settings"]),
                             options=ProfileOptions(**about["options"]), group=about["group"], model=about["model"],
                             source=about["source"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"sanity checks (={folder}) must be a folder that snap-tf sanity wrote: {error}; run it again"
                        ) from error


def sanity_of(files: Mapping[str, ProfileFile], folders: Sequence[str | Path]) -> dict[str, SanityResults]:
    """Read the checks that go with the models of profile files: by name of the model.

    Raises:
        DataError: a folder has no checks.
        ConfigError: its checks are of a model that is not among the files, or two are of the same.
    """
    found: dict[str, SanityResults] = {}
    for folder in folders:
        results = read_sanity(folder)
        own = [name for name, file in without_sums(files).items() if file.model["hash"] == results.model["hash"]]
        if not own or own[0] in found:
            why = f"{own[0]} has some already" if own else f"they are of {results.model['name']} with other weights"
            raise ConfigError(f"sanity checks (={folder}) must be of one of the models {', '.join(files)}, once; "
                              f"{why}; run snap-tf sanity with the model of the profile file")
        found.update(dict.fromkeys(own, results))
    return found


def differences_of(results: SanityResults, file: ProfileFile) -> list[str]:
    """List the options that decide profiles and that the checks have otherwise, as `option: profiles -> checks`."""
    pairs = [(name, getattr(file.options, name), getattr(results.options, name)) for name in _COMPARED]
    return [f"{name}: {theirs} -> {ours}" for name, theirs, ours in pairs if theirs != ours]


def _read(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, converters=dict.fromkeys(_WORDS, str))
    for name in set(_WORDS) & set(table.columns):
        table[name] = table[name].fillna("")  # pandas 3 takes empty words for missing ones all the same
    whole = [name for name in table.columns if name not in _WORDS and not name.startswith("n_")]
    return table.astype(dict.fromkeys(whole, float))  # a column of ones reads as whole numbers
