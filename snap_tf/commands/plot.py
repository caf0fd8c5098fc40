"""`snap-tf plot`: figures of layers, interpolations and profiles that other commands wrote."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from snap_tf.commands.options.acoustic_options import acoustic_settings, add_acoustic_settings
from snap_tf.commands.options.pictures import add_tensorboard, figure_files, first_pictures, show_in_tensorboard
from snap_tf.commands.plot_profiles import add_profiles
from wavegan_tf.commands.label_lists import comma_list
from wavegan_tf.errors import ConfigError
from wavegan_tf.files.outputs import new_folder

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `plot stack`, `spectrograms`, `overlay`, `interpolation` and `profiles`."""
    plot = subparsers.add_parser("plot", help="draw layers: stacks, spectrograms, overlays, interpolations, profiles",
                                 description="Figures as PNG and PDF, with their numbers as CSV.")
    commands = plot.add_subparsers(title="figures", metavar="FIGURE", required=True)
    stack = _figure(commands, "stack", "a column per word: stimulus, averaged layers, logits", _stack)
    _choice(stack, "of the first eight labels")
    stack.add_argument("--seconds", type=float, metavar="S",
                       help="how much of the audio (default: to the end of the longest clip)")

    spectrograms = _figure(commands, "spectrograms", "stimulus, layers and output up to their Nyquist frequencies, "
                           "with F0 and formants", _spectrograms)
    _choice(spectrograms, "of the first four labels")
    spectrograms.add_argument("--phones", type=comma_list, default=(), metavar="P,P",
                              help="one token with each of these phones")
    spectrograms.add_argument("--layers", type=comma_list, default=(), metavar="L,L",
                              help="names such as Conv4, or stimulus (default: all)")
    add_acoustic_settings(spectrograms, "f0_", "formant_", "silence_", "analysis_")

    overlay = _figure(commands, "overlay", "every layer's mean series, a line per word, digit or phone", _overlay)
    overlay.add_argument("--labels", type=comma_list, default=(), metavar="W,W",
                         help="tokens with these labels (default: the first eight labels; with --phones all)")
    overlay.add_argument("--phones", type=comma_list, default=(), metavar="P,P",
                         help="the intervals of these phones, time normalised, instead of whole clips")
    overlay.add_argument("--min-points", type=int, default=5, metavar="N",
                         help="leave out layers with fewer points in the median interval (default: 5)")

    drawn = commands.add_parser("interpolation", help="what snap-tf interpolate found: overlay, stack, slopes, changes",
                                description="Draws overlay, stack, slopes and change again, and outcomes and "
                                            "reduplication where they were measured.")
    drawn.add_argument("folder", metavar="FOLDER", help="folder that snap-tf interpolate wrote")
    drawn.add_argument("out", metavar="OUT", help="new folder for the figures")
    drawn.add_argument("--base", type=int, default=0, metavar="K", help="base vector of the stack, from 0 (default: 0)")
    add_tensorboard(drawn)
    drawn.set_defaults(run=_interpolation, writes=lambda args: [new_folder(args.out)])
    add_profiles(commands)


def _figure(commands: argparse._SubParsersAction, name: str, what: str, run: Callable[[argparse.Namespace], None]
            ) -> argparse.ArgumentParser:
    """Add a figure of a folder of layers."""
    parser = commands.add_parser(name, help=what)
    parser.add_argument("layers_folder", metavar="LAYERS", help="folder that snap-tf layers wrote")
    parser.add_argument("figure", metavar="FIGURE", help="name of the files, without suffix")
    add_tensorboard(parser)

    def checked(args: argparse.Namespace) -> None:
        _check_name(args)
        run(args)

    parser.set_defaults(run=checked, writes=lambda args: [figure_files(args.figure)])
    return parser


def _choice(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("--labels", type=comma_list, default=(), metavar="W,W",
                        help=f"one token of each of these (default: {default})")
    parser.add_argument("--tokens", type=comma_list, default=(), metavar="T,T", help="these tokens instead")


def _stack(args: argparse.Namespace) -> None:
    from snap_tf.plots.stack import write_stack
    from snap_tf.series.extraction.store import open_layers

    _say(args, write_stack(open_layers(args.layers_folder), args.figure, args.labels, args.tokens, args.seconds))


def _spectrograms(args: argparse.Namespace) -> None:
    from snap_tf.plots.spectrograms import choose_columns, write_spectrograms
    from snap_tf.series.extraction.store import open_layers

    settings = acoustic_settings(args)
    store = open_layers(args.layers_folder)
    rows = choose_columns(store, args.labels, args.tokens, args.phones)
    _say(args, write_spectrograms(store, args.figure, rows, args.layers, settings))


def _overlay(args: argparse.Namespace) -> None:
    from snap_tf.plots.overlay import write_label_overlay
    from snap_tf.series.extraction.store import open_layers

    files, left_out = write_label_overlay(open_layers(args.layers_folder), args.figure, args.labels, args.phones,
                                          args.min_points)
    for reason in left_out:
        print(f"left out: {reason}")
    _say(args, files)


def _interpolation(args: argparse.Namespace) -> None:
    from snap_tf.plots.interpolation import write_interpolation
    from snap_tf.series.latents.interpolation_folder import open_interpolation
    from wavegan_tf.atomic import atomic_folder

    found = open_interpolation(args.folder)
    with atomic_folder(args.out) as folder:
        files = write_interpolation(found, folder, args.tensorboard, args.base)
    print(f"figures: {', '.join(file.name for file in files if file.suffix == '.png')}")
    print(f"written to {args.out}")


def _check_name(args: argparse.Namespace) -> None:
    """Refuse a folder in place of the files' name: they would be written beside it."""
    if args.figure.endswith(("/", "\\")) or Path(args.figure).name in ("", ".."):
        raise ConfigError(f"FIGURE (={args.figure}) must be the name of the files without suffix; it is a folder; say "
                          f"{args.figure.rstrip('/')}/NAME")


def _say(args: argparse.Namespace, files: list[Path]) -> None:
    show_in_tensorboard(args, first_pictures(files, args.layers_folder.rstrip("/").rsplit("/", 1)[-1]))
    print(f"written: {', '.join(map(str, files))}")
