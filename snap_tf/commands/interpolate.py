"""`snap-tf interpolate`: sweeps of latent variables, and their effect on every layer of a generator."""

from __future__ import annotations

import argparse

from snap_tf.commands.options.left_out import tell_left_out
from snap_tf.commands.options.pictures import add_tensorboard
from wavegan_tf.commands.flags import add_trust_flag
from wavegan_tf.files.outputs import new_folder

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `interpolate`."""
    parser = subparsers.add_parser(
        "interpolate", help="sweep latent variables or a value of the code, and see what every layer makes of it",
        description="The same base vectors at every value. Writes OUT/layers (every layer's series, as snap-tf layers "
                    "does), summary.csv (slope, monotonicity, where in time), values.csv (levels, spikes and effects "
                    "against 0), effects.npz, bases.npy, interpolation.json, and figures as PNG and PDF.")
    parser.add_argument("model", metavar="MODEL", help="run folder, exported model, or Keras file of a generator")
    parser.add_argument("out", metavar="OUT", help="new folder for the results")
    what = parser.add_argument_group("what is swept")
    what.add_argument("--variable", type=int, metavar="K", help="latent variable, from 0, the code first")
    what.add_argument("--code", type=int, metavar="K",
                      help="a value of the code instead, from 0; the others of the code are 0")
    what.add_argument("--from", type=float, default=-5.0, dest="start", metavar="X", help="(default: -5)")
    what.add_argument("--to", type=float, default=5.0, dest="stop", metavar="X", help="(default: 5)")
    what.add_argument("--step", "--step-size", type=float, default=0.5, dest="step_size", metavar="X",
                      help="(default: .5); 0 is always among the values")
    what.add_argument("--variable2", type=int, metavar="K", help="a second variable, crossed with the first")
    what.add_argument("--from2", type=float, metavar="X", help="(default: as the first)")
    what.add_argument("--to2", type=float, metavar="X", help="(default: as the first)")
    what.add_argument("--step2", type=float, metavar="X", help="(default: as the first)")
    base = parser.add_argument_group("base vectors")
    base.add_argument("--bases", type=int, default=25, metavar="N", help="of each seed (default: 25)")
    base.add_argument("--seed", type=int, nargs="+", default=[0], metavar="S", help="one or more (default: 0)")
    base.add_argument("--base-code", metavar="CODE", help="code of all base vectors, as in wavegan-tf generate "
                                                          "(default: drawn as in training)")
    base.add_argument("--z", metavar="PATH", help="base vectors from a file, or a folder of wavegan-tf generate")
    also = parser.add_argument_group("network and results")
    also.add_argument("--checkpoint", type=int, metavar="STEP", help="of a run: which one (default: the last)")
    also.add_argument("--layers", metavar="L,L", help="names such as Conv3 (default: all)")
    also.add_argument("--reduce", default="mean", metavar="HOW", help="mean, max, rms, abs or map:K (default: mean)")
    also.add_argument("--measure", action="append", default=[], metavar="NAME",
                      help="measure every output: frication_ratio, f0, f1, f2, intensity, frication_share, duration, "
                           "rms_db; may be given several times")
    also.add_argument("--reduplication", action="store_true", help="compare two syllables in every layer")
    also.add_argument("--syllables", metavar="S,S,S,S",
                      help="their starts and ends in seconds (default: split at the intensity minimum)")
    also.add_argument("--wavs", action="store_true", help="also write every output as a WAV")
    also.add_argument("--no-figures", action="store_true", help="write numbers only")
    add_trust_flag(parser)
    add_tensorboard(also)
    parser.set_defaults(run=_run, writes=lambda args: [new_folder(args.out)])


def _run(args: argparse.Namespace) -> None:
    from snap_tf.series.latents.generators import network_config, open_generator
    from snap_tf.series.latents.interpolation import InterpolationRequest, interpolate
    from snap_tf.series.latents.reduplication import Syllables
    from snap_tf.series.latents.sweep import SweepPlan, VariableRange
    from wavegan_tf.errors import ConfigError

    if (args.variable is None) == (args.code is None):
        raise ConfigError(f"`--variable` (={args.variable}) or `--code` (={args.code}) must be given, one of the two")
    if args.code is not None and args.base_code is not None:
        raise ConfigError(f"`--base-code` (={args.base_code}) must be left out with --code, which sets the code")
    syllables = None
    if args.reduplication or args.syllables:
        syllables = Syllables(_times(args.syllables) if args.syllables else None)
    request = InterpolationRequest(tuple(args.measure), syllables, args.wavs, args.reduce)
    layers = None if args.layers is None else [name.strip() for name in args.layers.split(",") if name.strip()]
    generator = open_generator(args.model, layers, step=args.checkpoint, with_output=request.needs_output,
                               trust=args.trust)
    if args.code is not None:
        config = network_config(generator)
        if config.code == "none":
            raise ConfigError(f"`--code` (={args.code}) must be left out for this model; it was trained without a "
                              "code; use --variable")
        if not 0 <= args.code < config.code_dim:
            raise ConfigError(f"`--code` (={args.code}) must be one of the {config.code_dim} values of the code, 0 to "
                              f"{config.code_dim - 1}")
    first = VariableRange(args.variable if args.code is None else args.code, args.start, args.stop, args.step_size)
    ranges = [first]
    if args.variable2 is not None:
        ranges.append(VariableRange(args.variable2, *(own if own is not None else other for own, other in (
            (args.from2, args.start), (args.to2, args.stop), (args.step2, args.step_size)))))
    elif any(value is not None for value in (args.from2, args.to2, args.step2)):
        raise ConfigError("`--from2`, `--to2` and `--step2` must come with --variable2")
    plan = SweepPlan(tuple(ranges), args.bases, tuple(args.seed), args.base_code, args.z)
    found = interpolate(generator, plan, args.out, request, progress=True)
    every = found.summary[found.summary["seed"] == "all"].drop(columns=["seed", "rate_hz", "n_bases"])
    print(every.to_string(index=False, float_format="%.3g"))
    print(f"{len(found.store.tokens)} outputs; written to {args.out}")
    tell_left_out(generator)
    if not args.no_figures:
        from snap_tf.plots.interpolation import write_interpolation

        files = write_interpolation(found, args.out, args.tensorboard)
        print(f"figures: {', '.join(file.name for file in files if file.suffix == '.png')}")


def _times(text: str) -> tuple[float, float, float, float]:
    from wavegan_tf.errors import ConfigError

    try:
        a, b, c, d = (float(part) for part in text.split(","))
    except ValueError:
        raise ConfigError(f"`--syllables` (={text}) must be four times in seconds, such as 0.05,0.3,0.3,0.6") from None
    return a, b, c, d
