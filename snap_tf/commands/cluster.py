"""`snap-tf cluster`: hierarchical clustering of the groups' profiles in every layer."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from snap_tf.commands.options.model_flags import add_models, read_checks, show_checks, write_checks
from snap_tf.commands.options.pictures import add_tensorboard, show_folder_in_tensorboard
from wavegan_tf.commands.label_lists import comma_list
from wavegan_tf.errors import ConfigError
from wavegan_tf.files.outputs import new_folder

if TYPE_CHECKING:
    from snap_tf.snap.results.cluster_folder import ClusterResults, ClusterSettings

__all__ = ["add_cluster_flags", "add_parser", "cluster_settings"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `cluster`."""
    parser = subparsers.add_parser(
        "cluster", help="find the groups that every layer treats alike",
        description="Complete linkage on Euclidean distances between profiles, cut at percentiles of all distances "
                    "(Krug et al. 2021, section 5.3). Writes OUT/silhouettes.csv, clusters.csv, changes.csv (share of "
                    "pairs of groups that change co-membership between two layers), clusters.json, with --halves "
                    "stability.csv and stability_of_clusters.csv, and the figures silhouettes and stability.")
    parser.add_argument("file", metavar="FILE", help="profile file that snap-tf profile wrote")
    parser.add_argument("out", metavar="OUT", help="new folder for the results")
    add_models(parser)
    add_cluster_flags(parser, grouping="the file's first",
                      layers="names such as input, L5 (default: all that have profiles of the kind)")
    parser.add_argument("--halves", type=int, default=0, metavar="N",
                        help="cluster N random halves of the folds, too, for stability; the profile file must have "
                             "some (snap-tf profile --folds; whole utterances by default); fewer where the folds "
                             "have no more different ones, which is said (default: none)")
    parser.add_argument("--seed", type=int, default=0, help="of the halves (default: 0)")
    add_tensorboard(parser)
    parser.set_defaults(run=_run, writes=lambda args: [new_folder(args.out)])


def add_cluster_flags(parser: argparse.ArgumentParser, *, grouping: str, layers: str) -> None:
    """Add the flags of clustering: profiles, groups, layers, cuts.

    Args:
        parser: gets the flags.
        grouping: default of --grouping, in words.
        layers: help of --layers.
    """
    parser.add_argument("--grouping", metavar="NAME", help=f"of the frames, such as phone (default: {grouping})")
    parser.add_argument("--kind", default="snap", metavar="KIND",
                        help="of profiles: snap, navai, nap, normalised, mask (default: snap)")
    parser.add_argument("--percentiles", type=comma_list, default=("87", "90", "93", "96"), metavar="P,P",
                        help="of the distances, at which trees are cut (default: 87,90,93,96)")
    parser.add_argument("--min-frames", type=int, default=20, metavar="N",
                        help="leave out groups with fewer frames (default: %(default)s)")
    parser.add_argument("--layers", type=comma_list, default=(), metavar="L,L", help=layers)
    parser.add_argument("--boundary", metavar="LAYER",
                        help="last layer that was transferred: a dashed line stands behind it (default: L5 where a "
                             "model's name has _TL_ in it)")


def cluster_settings(args: argparse.Namespace) -> ClusterSettings:
    """Return the settings that flags ask for."""
    from snap_tf.snap.results.cluster_folder import ClusterSettings

    try:
        percentiles = tuple(float(p) for p in args.percentiles)
    except ValueError as error:
        raise ConfigError(f"`--percentiles` (={','.join(args.percentiles)}) must be numbers from 0 to 100, with commas "
                          "between them") from error
    if args.min_frames < 1:
        raise ConfigError(f"`--min-frames` (={args.min_frames}) must be at least 1")
    halves = getattr(args, "halves", 0)
    if halves < 0:
        raise ConfigError(f"`--halves` (={halves}) must be 0 or more")
    return ClusterSettings(args.kind, args.grouping, percentiles, args.min_frames, args.layers, halves,
                           getattr(args, "seed", 0))


def _run(args: argparse.Namespace) -> None:
    from snap_tf.snap.results.cluster_folder import cluster_models, write_clusters
    from snap_tf.snap.results.models_compared import notes_on, read_models

    settings = cluster_settings(args)
    files = read_models([args.file, *args.compare])
    for note in notes_on(files):
        print(note)
    checks = read_checks(args, files)
    results = cluster_models(files, settings, progress=True)
    from snap_tf.plots.snap.snap_figures import write_cluster_figures

    def draw(folder: Path) -> None:
        write_cluster_figures(results, folder, args.boundary)
        write_checks(checks, folder)

    write_clusters(results, files, args.out, draw)
    show_folder_in_tensorboard(args, Path(args.out), "clusters")
    _report(results)
    show_checks(checks, files, results.models[next(iter(files))].grouping, settings.kind)
    print(f"written to {args.out}")


def _report(results: ClusterResults) -> None:
    for name, model in results.models.items():
        print(f"{name}: {len(model.frames)} groups by {model.grouping}")
        if model.left_out:
            few = ", ".join(f"{group} ({n})" for group, n in model.left_out.items() if n)
            print(f"  left out with too few frames: {few or 'those with none'}")
        if model.stability is not None:
            print(f"  stability: {model.stability.said}")
        rows = results.silhouettes[results.silhouettes["model"] == name]
        table = rows.pivot(index="layer", columns="percentile", values="silhouette").reindex(list(model.layers))
        table["mean"] = [layer.mean_silhouette for layer in model.layers.values()]
        table.columns = [column if column == "mean" else f"{column:g}" for column in table.columns]
        print(table.to_string(float_format="%.2f", na_rep="-"))
