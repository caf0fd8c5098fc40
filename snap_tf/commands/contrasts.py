"""`snap-tf contrasts`: the layer at which every contrast of phones stops being encoded."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from snap_tf.commands.options.gamm_options import (
    CORRECTIONS,
    add_columns,
    add_model,
    add_output,
    model_options,
    read_long_table,
    statistics_errors,
    write_settings,
)
from snap_tf.commands.options.pictures import show_folder_in_tensorboard
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.commands.label_lists import comma_list, pair_list
from wavegan_tf.errors import ConfigError
from wavegan_tf.files.outputs import new_folder
from wavegan_tf.label_names import FolderNames

if TYPE_CHECKING:
    from snap_tf.gamm import ContrastLayers

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `contrasts`."""
    parser = subparsers.add_parser(
        "contrasts", help="find the layer at which every contrast of phones stops being encoded",
        description="Fits each pair of phones in each layer by itself, time normalised within the token. Writes "
                    "OUT/contrasts.csv (where each contrast ends), tests.csv (every pair in every layer), the figure "
                    "contrasts, and for the first pairs a figure of their curves in every layer.")
    parser.add_argument("table", metavar="TABLE.csv", help="long table: a row per token, layer and time (also .tsv)")
    add_columns(parser, group="phones")
    parser.add_argument("--at", metavar="COLUMN", default="layer", help="column of layers (default: %(default)s)")
    parser.add_argument("--layers", type=comma_list, metavar="L,L",
                        help="these layers, the first one first (default: all, in the table's order)")
    parser.add_argument("--pairs", type=pair_list, metavar="A:B,A:B",
                        help="these pairs, such as s:sh, A being the reference; a label with a colon or comma in "
                             'double quotes: \'"i:":i\' (default: all)')
    parser.add_argument("--no-normalise", action="store_true", help="keep time as it is in the table")
    parser.add_argument("--correction", choices=CORRECTIONS, default="fdr_bh",
                        help="correction for testing several pairs and layers (default: %(default)s)")
    parser.add_argument("--alpha", type=float, default=0.05,
                        help="level of the corrected tests (default: %(default)s)")
    parser.add_argument("--figures", type=int, default=6, metavar="N",
                        help="pairs whose curves are drawn (default: %(default)s)")
    add_model(parser)
    add_output(parser)
    parser.set_defaults(run=_run, writes=lambda args: [new_folder(args.out, replace=args.overwrite)])


def _run(args: argparse.Namespace) -> None:
    from snap_tf.gamm import contrast_sentences, lost_contrasts, speaker_sentences
    from wavegan_tf.formats.tables import write_table

    if not 0 < args.alpha < 1:
        raise ConfigError(f"`--alpha` (={args.alpha}) must be between 0 and 1")
    with statistics_errors():
        table = read_long_table(args)
        options = model_options(args)
        if options["group"] is None or options["token"] is None:
            raise ConfigError("`--group` and `--token` must name columns; the table has "
                              f"{', '.join(map(str, table.columns))}")
        result = lost_contrasts(table, pairs=args.pairs, layer=args.at, layers=args.layers,
                                normalise=not args.no_normalise, correction=args.correction, alpha=args.alpha,
                                **options)
        with atomic_folder(args.out, replace=args.overwrite) as folder:
            write_table(result.contrasts, folder / "contrasts.csv")
            write_table(result.tests, folder / "tests.csv")
            _draw(result, folder, args)
            speakers = speaker_sentences(result.fits.values())
            write_settings(args, folder / "settings.json", speakers)
    print("\n".join([*contrast_sentences(result), *speakers]))
    for row in result.tests[result.tests["curve_p"].isna()].itertuples():
        print(f"not tested: {row.a} and {row.b} in {row.layer}: {row.note}")
    show_folder_in_tensorboard(args, Path(args.out), "contrasts")
    print(f"written to {args.out}")


def _draw(result: ContrastLayers, folder: Path, args: argparse.Namespace) -> None:
    from snap_tf.plots import gamm as plots
    from snap_tf.plots.style import write_figure

    write_figure(plots.lost_figure(result, alpha=args.alpha), folder / "contrasts")
    names = FolderNames(("contrasts", "tests", "settings"))
    fitted = [pair for pair in result.contrasts[["a", "b"]].itertuples(index=False, name=None)
              if any(key[:2] == pair for key in result.fits)]
    for a, b in fitted[:max(args.figures, 0)]:
        fits = {name: fit for (one, two, name), fit in result.fits.items() if (one, two) == (a, b)}
        label = args.time_label or (None if args.no_normalise else "normalised time")
        figure = plots.layers_figure(fits, time_label=label, value_label=args.value_label)
        write_figure(figure, folder / names.name("curves", str(a), str(b)))
