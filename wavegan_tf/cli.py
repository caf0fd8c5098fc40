"""`wavegan-tf`: from a corpus to trained, exported, checked networks."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from wavegan_tf import __version__
from wavegan_tf.command_line import run_command

__all__ = ["build_parser", "main"]

FAMILIES = ("corpus", "slice", "train", "generate", "classify", "export", "tf1")


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands, in the order in which a newcomer needs them."""
    parser = argparse.ArgumentParser(prog="wavegan-tf", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for family in FAMILIES:
        importlib.import_module(f"wavegan_tf.commands.{family}").add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return run_command(build_parser(), argv)


if __name__ == "__main__":
    sys.exit(main())
