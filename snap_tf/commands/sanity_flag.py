"""The flag that puts sanity checks beside a result."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snap_tf.snap.profile_file import ProfileFile
    from snap_tf.snap.sanity import SanityResults

__all__ = ["add_sanity", "read_checks", "show_checks", "write_checks"]


def add_sanity(parser: Any) -> None:
    """Add `--sanity DIR [DIR ...]`."""
    parser.add_argument("--sanity", nargs="+", default=[], metavar="DIR",
                        help="what snap-tf sanity wrote for the same models: print it below, and keep its tables and "
                             "picture beside the results")


def read_checks(args: argparse.Namespace, files: Mapping[str, ProfileFile]) -> dict[str, SanityResults]:
    """Read the checks that were asked for, by name of the model."""
    if not args.sanity:
        return {}
    from snap_tf.snap.sanity_folder import sanity_of

    return sanity_of(files, args.sanity)


def write_checks(checks: Mapping[str, SanityResults], folder: str | Path) -> list[Path]:
    """Write every model's picture, FOLDER/sanity_MODEL.png and .pdf, and its tables into FOLDER/sanity_MODEL."""
    if not checks:
        return []
    from snap_tf.plots.sanity import write_sanity_figure
    from snap_tf.plots.snap_figures import file_name
    from snap_tf.snap.sanity_folder import write_sanity

    files: list[Path] = []
    for name, results in checks.items():
        own = Path(folder) / file_name("sanity", name)
        files += [*write_sanity(results, own), *write_sanity_figure(results, own)]
    return files


def show_checks(checks: Mapping[str, SanityResults], files: Mapping[str, ProfileFile]) -> None:
    """Print every model's checks."""
    from snap_tf.snap.models_compared import without_sums
    from snap_tf.snap.sanity_folder import differences_of

    for name, results in checks.items():
        print(f"\nsanity checks of {name}: {results}")
        if changed := differences_of(results, without_sums(files)[name]):
            print(f"note: these checks were made with other options than the profiles: {'; '.join(changed)}")
