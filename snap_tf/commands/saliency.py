"""`snap-tf saliency`: saliency maps of one recording."""

from __future__ import annotations

import argparse

from snap_tf.commands.options.left_out import tell_left_out
from snap_tf.commands.options.pictures import figure_files
from snap_tf.snap.saliency.saliency_options import METHODS, SaliencyOptions
from wavegan_tf.atomic import check_output_file
from wavegan_tf.commands.flags import add_setting_flags, add_trust_flag, given_settings

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `saliency`."""
    parser = subparsers.add_parser(
        "saliency", help="which part of a recording an answer depends on: gradients, class activation maps, optimised "
                         "inputs",
        description="Writes OUT.npz (values, inputs, axes in seconds and hertz, what was done) and OUT.png. Works on "
                    "recognisers, on discriminators and Q-networks, and on Keras files that hear audio or log-mel "
                    f"spectrograms. Methods: {', '.join(METHODS)}.")
    parser.add_argument("model", metavar="MODEL", help="recogniser, run folder, exported model, or Keras file")
    parser.add_argument("audio", metavar="AUDIO", help="recording; or the word neutral, for an optimised input that "
                                                       "starts from nothing said")
    parser.add_argument("out", metavar="OUT", help="name of the files, without suffix")
    parser.add_argument("--class", dest="class_name", default="", metavar="NAME",
                        help="phone, letter, space, or number of the class or bit (default: the best one)")
    parser.add_argument("--time", dest="time_s", type=float, metavar="S",
                        help="recognisers: when (default: where the class scores highest, or the spike nearest to the "
                             "middle)")
    parser.add_argument("--part", choices=("q_network", "discriminator"), help="of a GAN (default: the Q-network)")
    parser.add_argument("--step", type=int, help="of a GAN's run: which checkpoint (default: the last)")
    add_trust_flag(parser)
    add_setting_flags(parser, SaliencyOptions, defaults=True)
    parser.set_defaults(run=_run, writes=lambda args: [figure_files(_name(args))])


def _run(args: argparse.Namespace) -> None:
    from pathlib import Path

    options = SaliencyOptions(**given_settings(args, SaliencyOptions))
    out = _name(args)
    check_output_file(f"{out}.npz")
    from snap_tf.plots.snap.saliency import write_saliency
    from snap_tf.snap.saliency.heard import open_listener
    from snap_tf.snap.saliency.saliency_maps import saliency_map

    network = open_listener(args.model, part=args.part, step=args.step, trust=args.trust)
    recording = None if args.audio == "neutral" and not Path("neutral").exists() else args.audio
    found = saliency_map(network, recording, class_name=args.class_name, time_s=args.time_s, options=options)
    target = found.target
    tell_left_out(network.opened)
    when = "" if target.time_s is None else f" at {target.time_s:.3f} s"
    print(f"explained: `{target.name}`{when}, logit {target.logit:.3f}"
          + ("" if target.probability != target.probability else f", probability {target.probability:.3f}"))
    if options.method == "optimised":
        print(f"optimised: logit {found.optimised_logit:.3f}")
    print(f"written: {', '.join(map(str, sorted(write_saliency(found, out))))}")


def _name(args: argparse.Namespace) -> str:
    """Return the name of the files without suffix."""
    return str(args.out).removesuffix(".npz").removesuffix(".png")
