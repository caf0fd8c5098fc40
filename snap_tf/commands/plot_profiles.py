"""`snap-tf plot profiles`: the figures of SNAPs."""

from __future__ import annotations

import argparse
from pathlib import Path

from snap_tf.commands.cluster import add_cluster_flags, cluster_settings
from snap_tf.commands.options.model_flags import add_models, read_checks, show_checks
from snap_tf.commands.options.pictures import add_tensorboard, first_pictures, show_in_tensorboard
from wavegan_tf.commands.label_lists import comma_list
from wavegan_tf.files.outputs import files_in

__all__ = ["add_profiles"]


def add_profiles(commands: argparse._SubParsersAction) -> None:
    """Add `plot profiles`."""
    parser = commands.add_parser(
        "profiles", help="SNAPs: scheme, alignment, profiles of all groups, silhouettes, trees",
        description="Draws what a profile file has: scheme, offsets and contingency (annotated data), comparison of "
                    "NAvAI and SNAP, profiles of all groups (axes in ms and Hz), silhouettes over layers (of models, "
                    "and of groupings), clustermaps and dendrograms. With --tensorboard, figures become images and "
                    "the profiles of all layers points in the projector.")
    parser.add_argument("file", metavar="FILE", help="profile file that snap-tf profile wrote")
    parser.add_argument("out", metavar="OUT", help="folder for the figures")
    add_models(parser)
    parser.add_argument("--figures", type=comma_list, default=(), metavar="F,F",
                        help="of scheme, offsets, contingency, comparison, profiles, silhouettes, clustermaps, "
                             "dendrograms (default: all that the file has something for)")
    parser.add_argument("--groups", type=comma_list, default=(), metavar="G,G",
                        help="in the comparison; the first one also in the scheme (default: those with most frames)")
    add_cluster_flags(parser, grouping="a figure for each in the file",
                      layers="names such as input, L5, of the profiles and trees (default: profiles of the input; "
                             "trees of the boundary or L5, the layer before it, and the last layer)")
    parser.add_argument("--percentile", type=float, metavar="P",
                        help="cut of the trees (default: the best one of each layer)")
    parser.add_argument("--seconds", type=float, metavar="S",
                        help="of the profiles' time axis on either side (default: as far as there is something)")
    add_tensorboard(parser)
    parser.set_defaults(run=_run, writes=lambda args: [files_in(args.out)])


def _run(args: argparse.Namespace) -> None:
    from dataclasses import replace

    from snap_tf.plots.snap.sanity import write_sanity_figure
    from snap_tf.plots.snap.snap_figures import ProfileFigures
    from snap_tf.snap.results.models_compared import notes_on, read_models
    from wavegan_tf.errors import ConfigError
    from wavegan_tf.label_names import FolderNames

    if args.seconds is not None and not args.seconds > 0:
        raise ConfigError(f"`--seconds` (={args.seconds:g}) must be positive")
    # --layers chooses what is drawn here; silhouettes show all layers
    settings = replace(cluster_settings(args), layers=())
    if args.percentile is not None and args.percentile not in settings.percentiles:
        raise ConfigError(f"`--percentile` (={args.percentile:g}) must be one of --percentiles, "
                          f"{', '.join(f'{p:g}' for p in settings.percentiles)}")
    files = read_models([args.file, *args.compare])
    for note in notes_on(files):
        print(note)
    checks = read_checks(args, files)
    figures = ProfileFigures(files, settings, groups=args.groups, layers=args.layers, percentile=args.percentile,
                             seconds=args.seconds, boundary=args.boundary)
    written = figures.write(args.out, args.figures)
    names = FolderNames()
    for name, results in checks.items():
        written += write_sanity_figure(results, Path(args.out) / names.name("sanity", name))
    show_in_tensorboard(args, first_pictures(written, "profiles"))
    if args.tensorboard:
        from snap_tf.snap.results.projector import write_projector

        for name, file in files.items():
            for grouping in [args.grouping] if args.grouping else file.groupings:
                profiles = file.profiles(args.kind, grouping, min_frames=args.min_frames)
                write_projector(profiles, args.tensorboard, name, settings.percentiles)
    for path in written:
        if path.suffix == ".png":
            print(f"written: {path} and .pdf")
    show_checks(checks, files, args.grouping or files[next(iter(files))].groupings[0], args.kind)
