"""`snap-tf latents`: regression of a property of the output on latent variables."""

from __future__ import annotations

import argparse

from snap_tf.commands.options.pictures import add_tensorboard, show_in_tensorboard
from wavegan_tf.commands.flags import add_trust_flag
from wavegan_tf.files.outputs import new_folder
from wavegan_tf.permutation_p import say_resolution

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `latents`."""
    parser = subparsers.add_parser(
        "latents", help="find the latent variables behind a property of a generator's outputs",
        description="Generates outputs, labels each, and regresses the label on the latent variables with an L1 "
                    "penalty chosen by cross-validation. Writes OUT/latents.csv (variables, strongest first), "
                    "path.csv, permutations.csv, labels.csv, z.npy, latents.json and the figure latents.png/.pdf.")
    parser.add_argument("model", metavar="MODEL", help="run folder, exported model, or Keras file of a generator")
    parser.add_argument("out", metavar="OUT", help="new folder for the results")
    parser.add_argument("--label", default="frication", metavar="LABEL",
                        help="frication (energy above 3.5 kHz before the voice, yes or no); a measure: "
                             "frication_ratio, f0, f1, f2, intensity, frication_share, duration, rms_db; or a .csv of "
                             "hand labels with the columns file and label (default: frication)")
    parser.add_argument("--threshold", metavar="X", help="make a measure a yes or no: a number, or median (default: "
                                                         "none; .5 for frication)")
    parser.add_argument("--positive", metavar="NAME", help="hand labels: which one is a yes (default: the second of "
                                                           "two in the alphabet)")
    parser.add_argument("-n", type=int, default=2000, metavar="N", help="outputs to draw (default: 2000)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw, folds and permutations (default: 0)")
    parser.add_argument("--z", metavar="PATH", help="instead of drawing: folder that wavegan-tf generate wrote, or a "
                                                    "file of vectors")
    parser.add_argument("--step", type=int, help="of a run: which checkpoint (default: the last)")
    parser.add_argument("--folds", type=int, default=10, metavar="N", help="of the cross-validation (default: 10)")
    parser.add_argument("--permutations", type=int, default=200, metavar="N",
                        help="of the labels, for the baseline (default: 200; 0: none)")
    add_trust_flag(parser)
    add_tensorboard(parser)
    parser.set_defaults(run=_run, writes=lambda args: [new_folder(args.out)])


def _run(args: argparse.Namespace) -> None:
    from snap_tf.series.latents.generators import open_generator
    from snap_tf.series.latents.latent_regression import RegressionSettings
    from snap_tf.series.latents.search import find_latents, label_outputs

    settings = RegressionSettings(folds=args.folds, permutations=args.permutations, seed=args.seed)
    generator = open_generator(args.model, -1, step=args.step, trust=args.trust)
    outputs = label_outputs(generator, args.label, args.n, args.seed, z=args.z, threshold=args.threshold,
                            positive=args.positive, progress=True)
    fitted = find_latents(generator, outputs, args.out, settings, progress=True)
    from snap_tf.plots.latents import latents_figure
    from snap_tf.plots.style import write_figure

    figure = latents_figure(fitted, outputs.labels.name)
    write_figure(figure, f"{args.out}/latents")
    show_in_tensorboard(args, {"latents": figure})
    shown = fitted.table[["rank", "name", "b", "fold_share", "sign_share", "p", "ridge_rank"]].head(7)
    print(shown.to_string(index=False, float_format="%.3g"))
    if args.permutations:
        print(say_resolution(args.permutations))
    if not fitted.table["selected"].any():
        print("no variable is selected: with none the loss in folds is as low, within one standard error; the order is "
              "that of the ridge")
    n_positive = f", {fitted.n_positive} of them {outputs.labels.positive}" if outputs.labels.binary else ""
    print(f"{fitted.n} outputs{n_positive}; {int(fitted.table['selected'].sum())} variables selected; held-out "
          f"{fitted.score_name} {fitted.score:.3f}"
          + (f" (p = {fitted.p_value:.3g}, {fitted.null_scores.mean():.3f} by chance)" if args.permutations else ""))
    missing = len(outputs.labels.values) - fitted.n
    if missing:
        print(f"{missing} outputs have no label and were left out")
    print(f"written to {args.out}")
