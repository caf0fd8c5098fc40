"""`wavegan-tf export`: a trained run as a folder that works without this package."""

from __future__ import annotations

import argparse

from wavegan_tf.errors import ConfigError
from wavegan_tf.files.outputs import new_folder

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `export`."""
    parser = subparsers.add_parser(
        "export", help="write a trained model as SavedModel and weights, with card and checksums",
        description="Writes OUT/saved_model.pb and variables/ (read with tf.saved_model.load alone), weights/*.h5, "
                    "config.json, model.json (layers), CARD.md and SHA256SUMS. A model that an older version exported "
                    "is written anew, with the same weights and card.")
    parser.add_argument("run_folder", metavar="RUN", help="folder of the run, or an exported model")
    parser.add_argument("out", metavar="OUT", help="new folder for the model")
    parser.add_argument("--step", type=int, help="which checkpoint (default: the last)")
    parser.add_argument("--score", metavar="FOLDER",
                        help="labelled recordings, such as the test part of words that wavegan-tf slice wrote: the "
                             "agreement of the Q-network's codes with them goes into the card")
    parser.add_argument("--label-from", metavar="WHERE",
                        help="with --score: where the labels are, as in wavegan-tf classify (default: auto)")
    parser.add_argument("--note", action="append", default=[], metavar="TEXT",
                        help="a sentence for the card's limits; may be given several times")
    parser.set_defaults(run=_run, writes=lambda args: [new_folder(args.out)])


def _run(args: argparse.Namespace) -> None:
    if args.score:
        from wavegan_tf.use.scored_export import export_scored

        export_scored(args.run_folder, args.out, args.score, args.step, label_from=args.label_from or "auto",
                      limits=args.note, progress=True)
    else:
        if args.label_from:
            raise ConfigError(f"`--label-from` (={args.label_from}) must go with --score; give both or neither")
        from wavegan_tf.export.folder import export_again, export_run
        from wavegan_tf.export.layout import is_export

        if is_export(args.run_folder) and args.step is None and not args.note:
            export_again(args.run_folder, args.out)
        else:
            export_run(args.run_folder, args.out, args.step, limits=args.note)
    print(f"model written to {args.out}; what it is: {args.out}/CARD.md; listen with: wavegan-tf generate {args.out} "
          "SOUNDS")
