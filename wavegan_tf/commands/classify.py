"""`wavegan-tf classify`: codes of recordings, estimated by the Q-network."""

from __future__ import annotations

import argparse
from pathlib import Path

from wavegan_tf.commands.flags import add_trust_flag
from wavegan_tf.files.outputs import files_in

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `classify`."""
    parser = subparsers.add_parser(
        "classify", help="run the Q-network on recordings and compare its codes with what they are",
        description="Writes OUT.csv, a row per file with logits, probabilities and code, and OUT.summary.json. Where "
                    "labels are known it prints table, purity, adjusted Rand index, best one-to-one matching and "
                    "p-values. Recordings are prepared as in training; the first slice counts, zeros fill it up.")
    parser.add_argument("model", metavar="MODEL", help="run folder or exported model, with a code")
    parser.add_argument("folder", metavar="DIR", help="folder of recordings, read with its subfolders")
    parser.add_argument("out", metavar="OUT.csv", help="new table")
    parser.add_argument("--step", type=int, help="of a run: which checkpoint (default: the last)")
    add_trust_flag(parser)
    labels = parser.add_argument_group("labels")
    labels.add_argument("--label-from", default="auto", metavar="WHERE",
                        help="manifest: column label (or code) of DIR/manifest.csv; folder: name of the folder that a "
                             "file is in; name:REGEX: first group of a regular expression in the file's name; none; "
                             "auto: the manifest where there is one (default: auto)")
    labels.add_argument("--labels", metavar="CSV", help="labels from a table with the columns file and label")
    labels.add_argument("--split", metavar="NAME", help="only this split of DIR/manifest.csv, such as test")
    test = parser.add_argument_group("permutation test")
    test.add_argument("--permutations", type=int, default=10_000, metavar="N",
                      help="permutations of the labels; 0 leaves the test out (default: 10000)")
    test.add_argument("--seed", type=int, default=0, help="of the permutations (default: 0)")
    parser.set_defaults(run=_run, writes=lambda args: [files_in(Path(args.out).parent, Path(args.out).stem)])


def _run(args: argparse.Namespace) -> None:
    from wavegan_tf.export.opening import open_model
    from wavegan_tf.use.classify import classify_folder, output_paths, write_classified

    output_paths(args.out)  # before the work, not after it
    model = open_model(args.model, args.step, trust=args.trust)
    result = classify_folder(model, args.folder, label_from=args.label_from, label_table=args.labels, split=args.split,
                             n_permutations=args.permutations, seed=args.seed, progress=True)
    table, summary = write_classified(result, args.out, model)
    print(result)
    print(f"written to {table} and {summary}")
