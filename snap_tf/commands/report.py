"""`snap-tf report`: a folder of results as one HTML file."""

from __future__ import annotations

import argparse

from wavegan_tf.files.outputs import one_file

__all__ = ["add_parser"]


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `report`."""
    parser = subparsers.add_parser(
        "report", help="figures, tables and commands of a folder of results as one HTML file",
        description="Writes one file that opens in any browser, with every figure and table of the plan, the command "
                    "that made it, and what it printed.")
    parser.add_argument("folder", metavar="FOLDER", help="results with their journal.jsonl, as scripts/demo.sh leaves "
                                                         "them")
    parser.add_argument("out", metavar="OUT.html", help="the file")
    parser.add_argument("--plan", required=True, metavar="PLAN.toml",
                        help="what is shown in which order, such as scripts/demo-report.toml")
    parser.set_defaults(run=_run, writes=lambda args: [one_file(args.out)])


def _run(args: argparse.Namespace) -> None:
    from snap_tf.reports.page import write_report

    print(f"written to {write_report(args.folder, args.plan, args.out)}; open it in a browser")
