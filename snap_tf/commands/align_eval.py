"""`snap-tf align-eval`: alignment accuracy, how often the step of highest relevance lies in the annotated phone."""

from __future__ import annotations

import argparse
from pathlib import Path

from snap_tf.commands.options.model_flags import add_models, read_checks, show_checks, write_checks
from snap_tf.commands.options.pictures import add_tensorboard, show_folder_in_tensorboard
from wavegan_tf.files.outputs import new_folder

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `align-eval`."""
    parser = subparsers.add_parser(
        "align-eval", help="compare the places of highest relevance with the annotation of phones",
        description="Prints the share of frames in which the predicted phone is annotated at the centre, at the step "
                    "of highest relevance, near it, and anywhere in the frame; what chance and the best place that is "
                    "the same in all frames would give; and for the paper's own networks, W2P_shallow and W2P, the "
                    "published numbers (Krug et al. 2021, section 5.1). "
                    "With OUT, writes alignment.csv, phones.csv, contingency_centre.csv, "
                    "contingency_aligned.csv, offsets.csv, alignment.json and the figures offsets, offsets_of_phones, "
                    "contingency (PNG and PDF).")
    parser.add_argument("file", metavar="FILE", help="profile file that snap-tf profile wrote from annotated data")
    parser.add_argument("out", metavar="OUT", nargs="?", help="new folder for tables and figures")
    add_models(parser)
    parser.add_argument("--annotation", metavar="NAME", help="which annotation, where there are several (default: the "
                                                             "one that the classes are among)")
    parser.add_argument("--phones", action="store_true", help="also print a row per predicted phone")
    add_tensorboard(parser)
    parser.set_defaults(run=_run, writes=lambda args: [new_folder(args.out)] if args.out else [])


def _run(args: argparse.Namespace) -> None:
    from snap_tf.snap.alignment.evaluation import alignment_table
    from snap_tf.snap.results.evaluation_folder import evaluate_alignment, phones_of, write_evaluation
    from snap_tf.snap.results.models_compared import notes_on, read_models
    from wavegan_tf.errors import ConfigError

    if args.tensorboard and not args.out:
        raise ConfigError("`--tensorboard` must come with OUT, the folder for the figures")
    files = read_models([args.file, *args.compare])
    for note in notes_on(files):
        print(note)
    checks = read_checks(args, files)
    evaluation = evaluate_alignment(files, args.annotation)
    print(alignment_table(evaluation.summaries, evaluation.published).to_string(index=False))
    for model in files:
        if model not in evaluation.summaries:
            print(f"{model}: its classes are not annotated; contingencies with {evaluation.annotation}s only")
        if args.phones:
            print(f"\n{model}\n{phones_of(evaluation, model).to_string(index=False, na_rep='-')}")
    show_checks(checks, files)
    if not args.out:
        return
    from snap_tf.plots.snap.snap_figures import write_alignment_figures

    def draw(folder: Path) -> None:
        write_alignment_figures(evaluation, folder)
        write_checks(checks, folder)

    write_evaluation(evaluation, args.out, draw)
    show_folder_in_tensorboard(args, Path(args.out), "alignment")
    print(f"written to {args.out}")
