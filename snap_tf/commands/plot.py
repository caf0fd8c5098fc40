"""`snap-tf plot`: figures of layers that have been written."""

from __future__ import annotations

import argparse

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `plot stack`."""
    plot = subparsers.add_parser("plot", help="draw layers: the stack of stimulus, layers and logits",
                                 description="Figures as PNG and PDF, with their numbers as CSV.")
    commands = plot.add_subparsers(title="figures", metavar="FIGURE", required=True)
    stack = commands.add_parser("stack", help="a column per word: stimulus, averaged layers, logits")
    stack.add_argument("layers", metavar="LAYERS", help="folder that snap-tf layers wrote")
    stack.add_argument("figure", metavar="FIGURE", help="name of the files, without suffix")
    stack.add_argument("--labels", type=_comma_list, default=(), metavar="W,W",
                       help="one token of each of these (default: of the first eight labels)")
    stack.add_argument("--tokens", type=_comma_list, default=(), metavar="T,T", help="these tokens instead")
    stack.add_argument("--seconds", type=float, metavar="S",
                       help="how much of the audio (default: to the end of the longest clip)")
    stack.set_defaults(run=_stack)


def _stack(args: argparse.Namespace) -> None:
    from snap_tf.plots.stack import write_stack
    from snap_tf.series.store import open_layers

    files = write_stack(open_layers(args.layers), args.figure, args.labels, args.tokens, args.seconds)
    print(f"written: {', '.join(map(str, files))}")


def _comma_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
