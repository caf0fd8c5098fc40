"""`snap-tf sanity`: sanity checks of profiles, with random weights, labels and inputs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from snap_tf.commands.options.left_out import tell_left_out
from snap_tf.commands.options.pictures import add_tensorboard, show_folder_in_tensorboard
from snap_tf.commands.profile import check_frames, clips_of, tell_silent
from snap_tf.snap.sanity.sanity_settings import SanitySettings
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.commands.corpus_options import add_corpus_flags, open_named_corpus
from wavegan_tf.commands.flags import add_setting_flags, add_trust_flag, given_settings
from wavegan_tf.commands.label_lists import comma_list
from wavegan_tf.files.outputs import new_folder
from wavegan_tf.permutation_p import say_resolution, smallest_p

__all__ = ["add_parser"]

# the rest decides which sums a whole pass keeps
PROFILE_FLAGS = ("frame_steps", "hop_steps", "ends", "target", "target_step", "blank", "score", "pooling",
                 "pooling_sign", "sign", "alignment", "mask", "mask_scale", "mask_output", "global_mean")


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `sanity`."""
    parser = subparsers.add_parser(
        "sanity", help="sanity checks of profiles: random weights, labels and inputs",
        description="On a sample of frames: (1) weights are randomised from the output down, and relevance and "
                    "distances between profiles are compared with those of the network as it is; (2) labels are dealt "
                    "out at random, which gives the silhouettes that chance gives; (3) inputs are replaced by noise. "
                    "Where phones are annotated, alignment is checked in the same way. Writes tables (CSV), "
                    "sanity.json and a picture into OUT. snap-tf align-eval, cluster and plot profiles put them beside "
                    "their own results: --sanity OUT.")
    parser.add_argument("model", metavar="MODEL", help="run or export of snap-tf asr or wavegan-tf, or a Keras file")
    parser.add_argument("out", metavar="OUT", help="new folder for tables and picture")
    parser.add_argument("--corpus", metavar="DIR", help="TIMIT, LibriSpeech, audio with TextGrids")
    parser.add_argument("--clips", metavar="DIR", help="recordings, each a frame, for networks that take audio")
    parser.add_argument("--inputs", metavar="NPY", help="array [clips, ...] of whatever the network takes")
    parser.add_argument("--split", default="all", help="split of the corpus or manifest (default: %(default)s)")
    parser.add_argument("--group", metavar="HOW",
                        help="as in snap-tf profile (default: phone for a corpus, else predicted)")
    parser.add_argument("--layers", type=comma_list, metavar="L,L", help="names, such as L5 (default: all)")
    parser.add_argument("--part", choices=("q_network", "discriminator"), help="of wavegan-tf's models")
    parser.add_argument("--step", type=int, help="checkpoint of a run of wavegan-tf (default: the last)")
    parser.add_argument("--rate-hz", type=float, help="Keras files: steps per second of the input")
    add_trust_flag(parser)
    add_setting_flags(parser, SanitySettings, defaults=True)
    add_setting_flags(parser, ProfileOptions, defaults=True, only=PROFILE_FLAGS)
    add_corpus_flags(parser)
    add_tensorboard(parser)
    parser.set_defaults(run=_run, writes=lambda args: [new_folder(args.out)])


def _run(args: argparse.Namespace) -> None:
    check_frames(args)
    settings = SanitySettings(**given_settings(args, SanitySettings))
    options = ProfileOptions(**{name: value for name, value in given_settings(args, ProfileOptions).items()
                                if name in PROFILE_FLAGS})
    if smallest_p(settings.permutations) >= 0.05:  # before the work, which takes long
        print(f"note: {say_resolution(settings.permutations)}", file=sys.stderr)
    corpus = open_named_corpus(args) if args.corpus else None  # a wrong folder is reported before TensorFlow is loaded
    from snap_tf.plots.snap.sanity import write_sanity_figure
    from snap_tf.snap.network.networks import open_network
    from snap_tf.snap.sanity.checks import sanity_checks
    from snap_tf.snap.sanity.sanity_folder import write_sanity

    network = open_network(args.model, layers=args.layers, part=args.part, step=args.step, rate_hz=args.rate_hz,
                           trust=args.trust)
    data = corpus if corpus is not None else clips_of(args, network)
    group = args.group or ("phone" if corpus is not None else "predicted")
    results = sanity_checks(network, data, group=group, options=options, settings=settings, split=args.split)
    print(results)
    tell_left_out(network.probe)
    tell_silent(data)
    write_sanity(results, args.out, write_sanity_figure)
    show_folder_in_tensorboard(args, Path(args.out), "sanity")
    print(f"written to {args.out}")
