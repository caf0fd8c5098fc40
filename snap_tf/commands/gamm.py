"""`snap-tf gamm`: generalised additive mixed models of word curves over time, as mgcv fits them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    import pandas as pd

    from snap_tf.gamm import GammFit

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `gamm`."""
    parser = subparsers.add_parser(
        "gamm", help="fit curves of words over time, as mgcv does: tables, curves, differences, figures",
        description="Fits value ~ word + s(time) + s(time, by=word) + a smooth for every token (and for every speaker, "
                    "where the table knows five or more), with AR(1) errors. "
                    "Writes OUT/table.txt, table.md, table.tex, fit.json, curves.csv, differences.csv, "
                    "stretches.csv, fitted.csv, model.R (the same model for R's mgcv), methods.txt (a sentence for a "
                    "paper), settings.json and the figures curves, differences and checks (PNG and PDF); with --at a "
                    "folder of these for each layer, tests.csv and the figure layers. Rows with an empty cell or NA "
                    "in a column of the model are left out, as R's na.omit does, and counted by column.")
    parser.add_argument("table", metavar="TABLE.csv", help="long table: a row per token and time (also .tsv)")
    add_columns(parser, group="words")
    parser.add_argument("--reference", metavar="WORD",
                        help="word that the others are compared with (default: that of the first row)")
    parser.add_argument("--by", choices=("ordered", "separate", "none"), default="ordered",
                        help="ordered: one smooth and a difference smooth for every other word; separate: a smooth "
                             "for every word; none: one smooth for all (default: %(default)s)")
    add_model(parser)
    parser.add_argument("--formula", metavar="TEXT",
                        help="the model in mgcv's words, instead of value, time, group, by, random, speaker, item, k "
                             'and m: \'Value ~ Word + s(Time) + s(Time, by=as.ordered(Word)) + s(Time, Speaker, '
                             'bs="fs", m=1)\'')
    parser.add_argument("--at", metavar="COLUMN", help="column of layers: one fit for every layer, tests corrected")
    parser.add_argument("--layers", type=comma_list, metavar="L,L", help="with --at: these layers (default: all)")
    parser.add_argument("--correction", choices=CORRECTIONS, default="holm",
                        help="with --at: correction for testing several layers and pairs (default: %(default)s)")
    parser.add_argument("--pairs", type=pair_list, metavar="A:B,A:B",
                        help="pairs of words in the figure of differences, drawn as B - A; a label with a colon or "
                             'comma in double quotes: \'"i:":i\' (default: all of up to four words, else each with the '
                             "reference)")
    add_output(parser)
    keywords = ("value", "time", "by", "random", "k", "m", "k_random", "m_random")
    parser.set_defaults(run=_run, writes=lambda args: [new_folder(args.out, replace=args.overwrite)],
                        only_keywords={name: parser.get_default(name) for name in keywords})


def _run(args: argparse.Namespace) -> None:
    from snap_tf.gamm import fit_layers, layer_tests, speaker_sentences, summary
    from wavegan_tf.formats.tables import write_table

    with statistics_errors():
        table = read_long_table(args)
        options = _options(args)
        if args.at:
            fits = fit_layers(table, layer=args.at, layers=args.layers, **options)
        else:
            _check_layers(table, args)
            fits = {"": _fit(table, **options)}
        with atomic_folder(args.out, replace=args.overwrite) as folder:
            names = FolderNames(("tests.csv", "settings.json", "layers.png", "layers.pdf"))
            for name, fit in fits.items():
                if args.at:
                    _write(fit, folder / names.name(str(name)), args, {args.at: name})
                else:
                    _write(fit, folder, args)
            if args.at:
                write_table(layer_tests(fits, correction=args.correction), folder / "tests.csv")
                _draw_layers(fits, folder, args)
            write_settings(args, folder / "settings.json", speaker_sentences(fits.values()))
    for name, fit in fits.items():
        print(f"{args.at} {name}\n\n{summary(fit)}" if args.at else summary(fit))
    show_folder_in_tensorboard(args, Path(args.out), "gamm")
    print(f"written to {args.out}")


def _check_layers(table: pd.DataFrame, args: argparse.Namespace) -> None:
    """Refuse a table of several layers where the model does not tell them apart: tokens would have several series."""
    n_layers = table["layer"].nunique() if "layer" in table.columns else 0
    if n_layers > 1 and "layer" not in (args.group, args.token) and "layer" not in (args.formula or ""):
        raise ConfigError(f"`--at` must be given for a table of {n_layers} layers; say --at layer for a fit of each, "
                          "or keep the rows of one")


def _options(args: argparse.Namespace) -> dict[str, Any]:
    if args.layers is not None and not args.at:
        raise ConfigError(f"`--layers` (={','.join(args.layers)}) must stand beside --at, which names the column of "
                          "layers; add it, or leave --layers out")
    if not args.formula:
        return model_options(args) | {"by": args.by, "reference": args.reference}
    if args.reference is not None:
        raise ConfigError(f"`--reference` (={args.reference}) does not go with --formula; leave --formula out, or put "
                          "a row of that word first")
    for name in ("speaker", "item"):
        if getattr(args, name) not in (None, "none"):
            raise ConfigError(f"`--{name}` (={getattr(args, name)}) does not go with --formula; write "
                              f's(Time, {getattr(args, name)}, bs="fs", m=1) into the formula')
    for name, usual in args.only_keywords.items():
        if getattr(args, name) != usual:
            raise ConfigError(f"`--{name.replace('_', '-')}` (={getattr(args, name)}) does not go with --formula, "
                              "which says it itself; leave one of the two out")
    return {name: getattr(args, name) for name in ("formula", "token", "start", "knots", "rho", "method", "family",
                                                   "select", "weights")}


def _fit(table: pd.DataFrame, formula: str | None = None, **options: Any) -> GammFit:
    from snap_tf.gamm import gamm, gamm_words

    return gamm(formula, table, **options) if formula else gamm_words(table, **options)


def _write(fit: GammFit, folder: Path, args: argparse.Namespace, rows: dict[str, object] | None = None) -> None:
    from snap_tf.gamm import check, write_fit
    from snap_tf.plots import gamm as plots
    from snap_tf.plots.style import write_figure

    folder.mkdir(exist_ok=True)
    write_fit(fit, folder, table=Path(args.table).resolve().as_posix(), rows=rows)
    checked = check(fit)
    (folder / "checks.txt").write_text(str(checked), encoding="utf-8")
    write_figure(plots.checks_figure(fit, checked), folder / "checks")
    if fit.model.time is None:
        return
    labels = {"time_label": args.time_label, "value_label": args.value_label}
    write_figure(plots.words_figure(fit, **labels), folder / "curves")
    if fit.group is not None:
        write_figure(plots.differences_figure(fit, args.pairs, **labels), folder / "differences")


def _draw_layers(fits: dict[object, GammFit], folder: Path, args: argparse.Namespace) -> None:
    from snap_tf.plots import gamm as plots
    from snap_tf.plots.style import write_figure

    figure = plots.layers_figure(fits, time_label=args.time_label, value_label=args.value_label)
    write_figure(figure, folder / "layers")
