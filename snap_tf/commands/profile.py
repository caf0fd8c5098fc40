"""`snap-tf profile` and `snap-tf merge`: sums over frames from which SNAPs, NAPs and NAvAIs are made."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from snap_tf.commands.options.left_out import tell_left_out
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.commands.corpus_options import (
    add_corpus_flags,
    given_corpus_flags,
    open_named_corpus,
)
from wavegan_tf.commands.flags import add_setting_flags, add_trust_flag, given_settings
from wavegan_tf.commands.label_lists import comma_list
from wavegan_tf.errors import ConfigError
from wavegan_tf.files.outputs import one_file

if TYPE_CHECKING:
    from snap_tf.snap.frames.clip_folder import ClipFolder
    from snap_tf.snap.frames.clip_frames import ClipFrames
    from snap_tf.snap.network.networks import Network
    from snap_tf.snap.profiles.profile_file import ProfileFile

__all__ = ["add_parser", "check_frames", "clips_of", "tell_silent"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `profile` and `merge`."""
    _add_profile(subparsers)
    merge = subparsers.add_parser(
        "merge", help="add up the shards of a profile",
        description="Adds up what snap-tf profile --shard wrote: the same numbers as one run over everything.")
    merge.add_argument("files", nargs="+", metavar="FILE", help="profile files of all shards")
    merge.add_argument("--out", required=True, metavar="FILE", help="profile file to write (.npz)")
    merge.set_defaults(run=_merge, writes=lambda args: [one_file(args.out)])


def _add_profile(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser(
        "profile", help="saliency-adjusted neuron activation profiles of a network",
        description="One pass over all frames: activations and saliency of every layer, aligned, summed for each group "
                    "in constant memory. Nothing is written before the end. Long work is divided into shards (--shard "
                    "1/8, 2/8, ...), each of which can be run again, and put together with snap-tf merge.")
    parser.add_argument("model", metavar="MODEL", help="run or export of snap-tf asr or wavegan-tf, or a Keras file")
    data = parser.add_argument_group("frames")
    data.add_argument("--corpus", metavar="DIR",
                      help="frames of the spectrograms of TIMIT, LibriSpeech, audio with TextGrids")
    data.add_argument("--clips", metavar="DIR",
                      help="each recording below the folder is one frame; for networks that take audio, such as the "
                           "discriminator and the Q-network; columns of its manifest.csv are labels")
    data.add_argument("--inputs", metavar="NPY", help="array [clips, ...] of whatever the network takes")
    data.add_argument("--split", default="all", help="split of the corpus or manifest (default: %(default)s)")
    data.add_argument("--shard", type=_shard, default=(1, 1), metavar="I/N", help="only the I-th of N parts")
    parser.add_argument("--group", action="append", metavar="HOW", dest="groups",
                        help="phone (annotated at the frame's middle), letter or predicted, label:COLUMN (of a "
                             "manifest; of a corpus speaker, sex, dialect, split, sentence), a CSV with utterance, "
                             "group, and for intervals start_s, end_s; permuted:HOW permutes the groups at random. "
                             "May be given several times (default: predicted)")
    parser.add_argument("--out", required=True, metavar="FILE", help="profile file to write (.npz)")
    parser.add_argument("--min-frames", type=int, default=20, metavar="N",
                        help="list the groups with fewer frames (default: %(default)s); all stay in the file")
    network = parser.add_argument_group("network")
    network.add_argument("--layers", type=comma_list, metavar="L,L",
                         help="names, such as L5 of a recogniser (default: all convolutions and dense layers); input "
                              "and output are always among them")
    network.add_argument("--part", choices=("q_network", "discriminator", "generator"),
                         help="of wavegan-tf's models (default: the Q-network, or discriminator without one)")
    network.add_argument("--step", type=int, help="checkpoint of a run of wavegan-tf (default: the last)")
    network.add_argument("--rate-hz", type=float, help="Keras files: steps per second of the input")
    network.add_argument("--batch-size", type=int, metavar="N", help="frames at a time (default: by size)")
    add_trust_flag(parser)
    add_setting_flags(parser, ProfileOptions, defaults=True)
    add_corpus_flags(parser)
    parser.set_defaults(run=_profile, writes=lambda args: [one_file(args.out)])


def _shard(text: str) -> tuple[int, int]:
    if not re.fullmatch(r"\d+/\d+", text):
        raise argparse.ArgumentTypeError(f"(={text}) must be I/N, such as 1/4")
    i, n = map(int, text.split("/"))
    return i, n


def _profile(args: argparse.Namespace) -> None:
    check_frames(args)
    if not args.out.endswith(".npz"):
        raise ConfigError(f"`--out` (={args.out}) must end in .npz")
    given = given_settings(args, ProfileOptions)
    options = ProfileOptions(**given)
    if "fold_by" in given and options.folds == 1:
        raise ConfigError(f"`--fold-by` (={options.fold_by}) must go with --folds, the number of parts; give both")
    corpus = open_named_corpus(args) if args.corpus else None  # a wrong folder is reported before TensorFlow is loaded
    from snap_tf.snap.network.networks import open_network
    from snap_tf.snap.profiles.profile_file import write_profiles
    from snap_tf.snap.profiles.profiling import profile

    network = open_network(args.model, layers=args.layers, part=args.part, step=args.step, rate_hz=args.rate_hz,
                           trust=args.trust)
    data = corpus if corpus is not None else clips_of(args, network)
    found = profile(network, data, options, groups=args.groups or ("predicted",), shard=args.shard, split=args.split,
                    batch_size=args.batch_size)
    write_profiles(found, args.out)
    _report(found, args.min_frames)
    tell_left_out(network.probe)
    tell_silent(data)
    print(f"written to {args.out}")


def tell_silent(data: Any) -> None:
    """Print how many clips were silent or left out, where the frames know it."""
    if left_out := getattr(data, "left_out", ()):
        print(f"note: {len(left_out)} files of the folder were left out (first: {': '.join(left_out[0])})")
    if silent := sorted(getattr(data, "silent", ())):
        more = f" and {len(silent) - 5} others" if len(silent) > 5 else ""
        print(f"note: {len(silent)} clips are silent, below two steps of 16 bits, and went in as zeros: "
              f"{', '.join(silent[:5])}{more}")


def check_frames(args: argparse.Namespace) -> None:
    """Refuse no or several sources of frames, and options without effect for the source."""
    given = [name for name in ("corpus", "clips", "inputs") if getattr(args, name)]
    if len(given) != 1:
        raise ConfigError(f"frames (={', '.join('--' + name for name in given) or 'none'}) must come from one of "
                          "--corpus, --clips and --inputs")
    if args.inputs and args.split != "all":
        raise ConfigError(f"`--split` (={args.split}) goes with --corpus and --clips; an array has no splits")
    of_corpus = [f"--{name.replace('_', '-')}" for name in ("hop_steps", "ends") if name in vars(args)]
    of_corpus += given_corpus_flags(args)
    if of_corpus and not args.corpus:
        raise ConfigError(f"`{of_corpus[0]}` must go with --corpus, whose utterances are read and cut into frames; "
                          "each clip is one frame as it is; leave it out")


def clips_of(args: argparse.Namespace, network: Network) -> ClipFolder | ClipFrames:
    """Open the clips of --clips or the array of --inputs as frames for a network; `--split` chooses among clips."""
    if args.inputs:
        return _array(args.inputs, network)
    from snap_tf.snap.frames.clip_folder import ClipFolder
    from wavegan_tf.config import DataConfig

    config = network.probe.config
    if config is not None:
        return ClipFolder(args.clips, config.data, split=args.split)
    shape = network.probe.input_shape
    if len(shape) != 2 or shape[0] is None or shape[1] is None:
        raise ConfigError(f"`--clips` (={args.clips}) must go with a network that takes clips of one length; "
                          f"{network.probe.name} takes {list(shape)}; use --inputs")
    return ClipFolder(args.clips, DataConfig(sample_rate_hz=round(network.probe.rate_hz), slice_len=shape[0],
                                             channels=shape[1]), split=args.split)


def _array(path: str, network: Network) -> ClipFrames:
    from snap_tf.snap.frames.clip_frames import ClipFrames
    from wavegan_tf.errors import DataError
    from wavegan_tf.formats.arrays import read_npy

    inputs = read_npy(path, "inputs", mapped=True)
    if inputs.dtype.kind not in "fiu":
        raise DataError(f"inputs (={path}) must be numbers; they are {inputs.dtype}")
    return ClipFrames(inputs, name=f"array {path}", rate_hz=network.probe.rate_hz)


def _merge(args: argparse.Namespace) -> None:
    from snap_tf.snap.profiles.profile_file import merge_profiles, read_profiles, write_profiles

    if not args.out.endswith(".npz"):
        raise ConfigError(f"`--out` (={args.out}) must end in .npz")
    merged = merge_profiles(read_profiles(path) for path in args.files)
    write_profiles(merged, args.out)
    if merged.missing_shards:
        print(f"shards still missing: {', '.join(map(str, merged.missing_shards))}")
    _report(merged, 0)
    print(f"written to {args.out}")


def _report(file: ProfileFile, min_frames: int) -> None:
    """Print how many frames were used, and which groups have few."""
    source = file.source
    print(f"{source['n_frames']} frames of {source['name']}; {source['n_blank']} of them blank and left out; "
          f"{source['n_skipped']} utterances too short for a frame of {file.options.frame_steps} steps")
    print(f"model {file.model['name']} ({file.model['hash']}), {len(file.layers)} layers, mode {file.options.mode}")
    if source["notice"]:
        print(f"note: {source['notice']}")
    for name, sums in file.sums.items():
        counts = sums.counts.sum(axis=0)
        there = int((counts[:-1] > 0).sum())
        print(f"groups by {name}: {there} of {len(sums.groups)} with frames; {counts[-1]} frames in no group")
        rare = {group: n for group, n in file.rare_groups(name, min_frames).items() if n}
        if rare:
            print(f"  fewer than {min_frames} frames: {', '.join(f'{group} ({n})' for group, n in rare.items())}; "
                  "their profiles are uncertain")
