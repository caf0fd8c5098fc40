"""The flags of commands about profile files: other models beside the first, and sanity checks beside the results."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snap_tf.snap.profiles.profile_file import ProfileFile
    from snap_tf.snap.sanity.checks import SanityResults

__all__ = ["add_models", "read_checks", "show_checks", "write_checks"]


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add `--compare FILE [FILE ...]` and `--sanity DIR [DIR ...]`; each may be given several times."""
    parser.add_argument("--compare", nargs="+", action="extend", default=[], metavar="FILE",
                        help="profile files of other models")
    parser.add_argument("--sanity", nargs="+", action="extend", default=[], metavar="DIR",
                        help="what snap-tf sanity wrote for the same models: print it below, and keep it beside the "
                             "results")


def read_checks(args: argparse.Namespace, files: Mapping[str, ProfileFile]) -> dict[str, SanityResults]:
    """Read the sanity checks that were asked for, by name of the model."""
    if not args.sanity:
        return {}
    from snap_tf.snap.sanity.sanity_folder import sanity_of

    return sanity_of(files, args.sanity)


def write_checks(checks: Mapping[str, SanityResults], folder: Path) -> None:
    """Write every model's checks, as `snap-tf sanity` does, into FOLDER/sanity_MODEL."""
    if not checks:
        return
    from snap_tf.plots.snap.sanity import write_sanity_figure
    from snap_tf.snap.sanity.sanity_folder import write_sanity
    from wavegan_tf.label_names import FolderNames

    names = FolderNames()
    for name, results in checks.items():
        write_sanity(results, folder / names.name("sanity", name), write_sanity_figure)


def show_checks(checks: Mapping[str, SanityResults], files: Mapping[str, ProfileFile], grouping: str | None = None,
                kind: str = "snap") -> None:
    """Print every model's sanity checks, and how their settings differ from those of the results above.

    Args:
        checks: by name of the model.
        files: the profile files.
        grouping: of the results; None where they have none.
        kind: of the results' profiles.
    """
    from snap_tf.snap.results.models_compared import without_sums
    from snap_tf.snap.sanity.sanity_folder import differences_of

    for name, results in checks.items():
        print(f"\nsanity checks of {name}: {results}")
        changed = differences_of(results, without_sums(files)[name], grouping, kind)
        if changed:
            print(f"note: what was checked differs from what stands above: {'; '.join(changed)}")
