"""`snap-tf`: from a trained network to time series, statistics and figures."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from wavegan_tf import __version__
from wavegan_tf.command_line import run_command

__all__ = ["build_parser", "main"]

FAMILIES = ("layers", "acoustics", "latents", "interpolate", "plot", "gamm", "contrasts", "asr", "profile",
            "align_eval", "cluster", "sanity", "saliency", "report")


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands, in the order in which a newcomer needs them."""
    parser = argparse.ArgumentParser(prog="snap-tf", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for family in FAMILIES:
        importlib.import_module(f"snap_tf.commands.{family}").add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return run_command(build_parser(), argv)


if __name__ == "__main__":
    sys.exit(main())
