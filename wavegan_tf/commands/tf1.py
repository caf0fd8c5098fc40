"""`wavegan-tf import-tf1` and `export-tf1`: checkpoints of the original TensorFlow 1 code, both ways."""

from __future__ import annotations

import argparse
from pathlib import Path

from wavegan_tf.commands.flags import add_setting_flags, given_settings
from wavegan_tf.config import DataConfig, NetworkConfig, TrainConfig
from wavegan_tf.files.outputs import files_in, new_folder

__all__ = ["add_parser"]

SECTIONS = (DataConfig, NetworkConfig, TrainConfig)
UNTOLD = ("slice_len", "phaseshuffle", "sample_rate_hz", "overlap_ratio", "first_slice", "pad_end", "loss",
            "batch_size", "disc_nupdates", "seed")
"""What weights do not tell, or only sometimes: a flag each."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `import-tf1` and `export-tf1`."""
    _add_import(subparsers)
    _add_export(subparsers)


def _add_import(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser(
        "import-tf1", help="read a checkpoint of the original WaveGAN, ciwGAN or fiwGAN",
        description="Writes the same folder as export. Sizes, batch normalisation and the like are read off the "
                    "variables; what they do not tell comes from the options, then from args.txt beside the "
                    "checkpoint, then from the original's defaults.")
    parser.add_argument("checkpoint", metavar="CKPT", help="prefix such as train/model.ckpt-1000, or a folder")
    parser.add_argument("out", metavar="OUT", help="new folder for the model")
    parser.add_argument("--code", choices=("none", "ciw", "fiw"), dest="kind",
                        help="kind of code; needed when there is a Q-network")
    parser.add_argument("--run", metavar="RUN", dest="run_folder",
                        help="also a new run folder with optimisers and step, for training to go on in")
    add_setting_flags(parser, *SECTIONS, only=UNTOLD)
    parser.set_defaults(run=_import, writes=lambda args: [
        new_folder(path) for path in (args.out, args.run_folder) if path])


def _add_export(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser(
        "export-tf1", help="write a checkpoint for the original code",
        description="Writes PREFIX.index and PREFIX.data-00000-of-00001 with the original's names and shapes and, "
                    "where they do not exist, the files checkpoint and args.txt beside them. From a run the "
                    "optimisers' slots are written too, so that the original can train on.")
    parser.add_argument("model", metavar="MODEL", help="run folder or exported model")
    parser.add_argument("prefix", metavar="PREFIX", help="such as tf1/model.ckpt-1000")
    parser.add_argument("--step", type=int, help="of a run: which checkpoint (default: the last)")
    parser.set_defaults(run=_export, writes=lambda args: [files_in(Path(args.prefix).parent, Path(args.prefix).name)])


def _import(args: argparse.Namespace) -> None:
    from wavegan_tf.export.tf1.tf1_import import import_tf1

    found = import_tf1(args.checkpoint, args.out, args.kind, args.run_folder, given_settings(args, *SECTIONS))
    for note in found.notes:
        print(note)
    print(f"{found.prefix}, step {found.step}: model written to {args.out}")
    if args.run_folder:
        print(f"train on with: wavegan-tf train --run {args.run_folder} --data DIR")


def _export(args: argparse.Namespace) -> None:
    from wavegan_tf.export.tf1.tf1_export import export_tf1

    result = export_tf1(args.model, args.prefix, args.step)
    slots = "with optimisers" if result.with_slots else "weights only: an exported model holds no optimisers"
    print(f"checkpoint written to {args.prefix}, {result.n_variables} variables, {slots}")
