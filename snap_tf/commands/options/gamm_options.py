"""Flags that `gamm` and `contrasts` share; reading the table, errors and notes, settings."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snap_tf.commands.options.pictures import add_tensorboard
from wavegan_tf import __version__
from wavegan_tf.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CORRECTIONS", "add_columns", "add_model", "add_output", "model_options", "read_long_table",
           "statistics_errors", "write_settings"]

CORRECTIONS = ("holm", "fdr_bh", "fdr_by", "bonferroni", "none")
FAMILIES = ("gaussian", "binomial", "poisson", "scat")


def add_columns(parser: argparse.ArgumentParser, group: str) -> None:
    """Add the flags that name columns."""
    columns = parser.add_argument_group("columns")
    columns.add_argument("--value", default="value", metavar="COLUMN", help="response (default: %(default)s)")
    columns.add_argument("--time", default="time_s", metavar="COLUMN", help="time (default: %(default)s)")
    columns.add_argument("--group", metavar="COLUMN",
                         help=f"{group} (default: label, if the table has it; none: one curve for all rows)")
    columns.add_argument("--token", metavar="COLUMN", help="tokens (default: token, if the table has it)")
    columns.add_argument("--start", metavar="COLUMN",
                         help="1 in the first row of every token: checked against --token, or used instead of it")
    columns.add_argument("--speaker", metavar="COLUMN",
                         help="speakers, who get random smooths of their own where there are five or more (default: "
                              "speaker or Speaker, if the table has it; none: tokens are independent, as published)")
    columns.add_argument("--item", metavar="COLUMN", help="items, such as sentences, each with a smooth of its own")
    columns.add_argument("--weights", metavar="COLUMN",
                         help="prior weights; for binomial the number of trials, the response being the proportion")


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the flags that shape the model."""
    model = parser.add_argument_group("model")
    model.add_argument("--family", choices=FAMILIES, default=FAMILIES[0],
                       help="distribution of the response; scat is a scaled t, for heavy tails (default: %(default)s)")
    model.add_argument("--select", action="store_true", help="let smooths be estimated as zero, by a second penalty")
    model.add_argument("--random", choices=("fs", "intercept", "none"), default="fs",
                       help="what every token gets of its own: a smooth, a level, nothing (default: %(default)s)")
    model.add_argument("--k", type=int, default=10, metavar="N",
                       help="basis functions of a smooth (default: %(default)s)")
    model.add_argument("--m", type=int, default=2, metavar="N", help="order of its penalty, 1 or 2 (default: 2)")
    model.add_argument("--k-random", type=int, default=9, metavar="N",
                       help="columns of a token's smooth (default: %(default)s)")
    model.add_argument("--m-random", type=int, default=1, metavar="N", help="order of its penalty, 1 or 2 (default: 1)")
    model.add_argument("--knots", type=int, metavar="N",
                       help="equally spaced knots (default: every different time; 200 beyond 2000 times)")
    model.add_argument("--rho", default="0", metavar="R",
                       help="AR(1) coefficient within a token, 0 up to 1, or auto (default: %(default)s)")
    model.add_argument("--method", choices=("REML", "ML"), default="REML", help="likelihood (default: %(default)s)")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the results."""
    output = parser.add_argument_group("output")
    output.add_argument("--out", required=True, metavar="DIR", help="new folder for the results")
    output.add_argument("--overwrite", action="store_true", help="exchange DIR if it exists")
    add_tensorboard(output)
    output.add_argument("--time-label", metavar="TEXT", help="label of the time axis, with its unit")
    output.add_argument("--value-label", metavar="TEXT", help="label of the response's axis, with its unit")


def read_long_table(args: argparse.Namespace) -> pd.DataFrame:
    """Read the table; fill in the columns that were not named, words and tokens as text."""
    from snap_tf.gamm import parse_formula, read_table

    formula = getattr(args, "formula", None)
    own = parse_formula(formula).labels if formula else ()  # 1.1 and 1.10 are two tokens
    # a formula says by itself what is a number
    usual = () if getattr(args, "formula", None) else ("speaker", "Speaker")
    speakers = usual if args.speaker is None else (args.speaker,)
    labels = (args.group or "label", args.token or "token", args.at, args.item, *speakers, *own)
    table = read_table(args.table, labels=labels)
    if args.group is None and "label" in table.columns:
        args.group = "label"
    elif args.group == "none" and "none" not in table.columns:
        args.group = None
    if args.token is None and "token" in table.columns:
        args.token = "token"
    return table


def model_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the flags that `gamm_words` takes."""
    speaker = "auto" if args.speaker is None else None if args.speaker == "none" else args.speaker
    names = ("value", "time", "group", "token", "start", "random", "k", "m", "k_random", "m_random", "knots", "rho",
             "method", "item", "family", "select", "weights")
    return {name: getattr(args, name) for name in names} | {"speaker": speaker}


@contextmanager
def statistics_errors() -> Iterator[None]:
    """Turn the statistics' errors into those that the command line shows, and print their notes."""
    from snap_tf.gamm import GammError, GammWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", GammWarning)
        warnings.showwarning = _show
        try:
            yield
        except GammError as error:
            raise DataError(str(error)) from error


def write_settings(args: argparse.Namespace, path: Path, speakers: Sequence[str] = ()) -> None:
    """Write the flags of a command, what was done about speakers, and the versions that it ran on."""
    from snap_tf.gamm import versions

    flags = {name: value for name, value in vars(args).items() if name not in ("run", "writes", "out", "overwrite")}
    about = {"settings": flags, "speakers": list(speakers), "versions": {"snap_tf": __version__, **versions()}}
    path.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def _show(message: Warning | str, *_: object, **__: object) -> None:
    print(f"note: {message}", file=sys.stderr)
