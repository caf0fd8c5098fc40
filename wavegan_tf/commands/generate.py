"""`wavegan-tf generate`: sounds from a trained model."""

from __future__ import annotations

import argparse

from wavegan_tf.commands.flags import add_trust_flag
from wavegan_tf.files.outputs import new_folder

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `generate`."""
    parser = subparsers.add_parser(
        "generate", help="make sounds with a trained model, with chosen codes and latent values",
        description="Writes a WAV per latent vector, z.npy (the vectors), manifest.csv (a row per WAV), "
                    "spectrograms.png (the first 32) and generate.json into OUT. The same command gives the same "
                    "sounds.")
    parser.add_argument("model", metavar="MODEL", help="run folder or exported model")
    parser.add_argument("out", metavar="OUT", help="new folder for the sounds")
    parser.add_argument("--step", type=int, help="of a run: which checkpoint (default: the last)")
    parser.add_argument("--float", action="store_true", dest="as_float",
                        help="32-bit float WAVs (default: 16 bit, 32767 being full scale)")
    add_trust_flag(parser)
    base = parser.add_argument_group("latent vectors")
    base.add_argument("-n", type=int, metavar="N",
                      help="base vectors; each gets every code and every value of a sweep (default: 10)")
    base.add_argument("--seed", type=int, default=0, help="of the base vectors (default: 0)")
    base.add_argument("--z", metavar="FILE", help="exact base vectors instead: .npy, .npz or .csv, the code first")
    code = parser.add_argument_group("code", "Without these options codes are drawn as in training.")
    code.add_argument("--code", action="append", default=[], metavar="CODE",
                      help="class number (3), bits (011) or any values (0,2.5,0; --code=-1,0,0 before a minus "
                           "sign); may be given several times")
    code.add_argument("--all-codes", action="store_true", help="every code of training")
    code.add_argument("--code-scale", type=float, default=1.0, metavar="X",
                      help="multiply the code's values; beyond 1 brings out what the code does (default: 1)")
    ways = parser.add_argument_group("sweeps and interpolation")
    ways.add_argument("--sweep", action="append", default=[], metavar="DIM:FROM:TO:STEP",
                      help="one latent variable from FROM to TO, all else kept; DIM counts from 0, the code first; may "
                           "be given several times, each by itself")
    ways.add_argument("--interpolate", nargs=3, type=int, metavar=("A", "B", "STEPS"),
                      help="a straight way from A to B in STEPS points: rows of the --z file, or seeds without one")
    parser.set_defaults(run=_run, writes=lambda args: [new_folder(args.out)])


def _run(args: argparse.Namespace) -> None:
    from wavegan_tf.export.opening import open_model
    from wavegan_tf.use.generation import Request, generate
    from wavegan_tf.use.vectors import Interpolation, Sweep

    request = Request(n=args.n, seed=args.seed, codes=tuple(args.code), all_codes=args.all_codes,
                      code_scale=args.code_scale, z_file=args.z, sweeps=tuple(map(Sweep.parse, args.sweep)),
                      interpolation=Interpolation(*args.interpolate) if args.interpolate else None)
    model = open_model(args.model, args.step, trust=args.trust)
    table = generate(model, args.out, request, as_float=args.as_float, progress=True)
    print(f"{len(table)} sounds written to {args.out}, with manifest.csv, spectrograms.png and their latent vectors in "
          "z.npy")
