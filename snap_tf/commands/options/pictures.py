"""The flag that also writes a command's figures for TensorBoard."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wavegan_tf.files.outputs import Output, files_in

__all__ = ["add_tensorboard", "figure_files", "first_pictures", "show_folder_in_tensorboard", "show_in_tensorboard"]


def add_tensorboard(parser: argparse._ActionsContainer) -> None:
    """Add `--tensorboard DIR`, also under TensorBoard's own name for it, `--logdir`."""
    parser.add_argument("--tensorboard", "--logdir", dest="tensorboard", metavar="DIR",
                        help="also write the pictures as images for TensorBoard")


def figure_files(figure: str | Path) -> Output:
    """Return the files that `plots.style.write_figure` writes for the name of a figure."""
    path = Path(figure)
    return files_in(path.parent, path.stem if path.suffix.lower() in (".png", ".pdf") else path.name)


def show_in_tensorboard(args: argparse.Namespace, pictures: Mapping[str, Any]) -> None:
    """Write figures or PNG files as images, by tag, if the flag was given."""
    if args.tensorboard:
        from snap_tf.plots.tensorboard import write_images

        write_images(args.tensorboard, pictures)


def first_pictures(files: list[Path], prefix: str) -> dict[str, Path]:
    """Return the PNG files among those written, by tag."""
    return {f"{prefix}/{file.stem}": file for file in files if file.suffix == ".png"}


def show_folder_in_tensorboard(args: argparse.Namespace, folder: Path, prefix: str) -> None:
    """Write all PNG files and printed tables of a folder, at any depth, if the flag was given."""
    if args.tensorboard:
        from snap_tf.plots.tensorboard import write_texts
        from wavegan_tf.formats.plain_files import read_text

        files = {path.relative_to(folder): path for path in sorted(folder.rglob("*"))}
        show_in_tensorboard(args, {f"{prefix}/{name.with_suffix('').as_posix()}": path
                                   for name, path in files.items() if name.suffix == ".png"})
        write_texts(args.tensorboard, {f"{prefix}/{name.as_posix()}": read_text(path, "printed table")
                                       for name, path in files.items() if name.suffix == ".txt"})
