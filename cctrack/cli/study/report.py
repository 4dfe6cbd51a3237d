"""``cctrack study report``: write the report of a study again, its figures, its PDF."""

import argparse
from pathlib import Path
from typing import Any

from cctrack.cli.terminal import add_output_options, print_json


def add_parser(actions: "argparse._SubParsersAction[Any]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "report",
        help="write the report again, figures for a paper, a PDF",
        description="Write report.html from the results of the last run, without opening an "
        "image. With --figures each plot is written as SVG, PNG (300 dpi) and PDF, with its data "
        "as CSV beside it; with --pdf the report is printed by the browser of the machine.",
        epilog="example: cctrack study report cohort --figures --pdf",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="study folder")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="results of the run; default: DIR/results"
    )
    parser.add_argument("--figures", action="store_true", help="write the plots for a paper")
    parser.add_argument("--pdf", action="store_true", help="print the report to PDF, A4")
    parser.add_argument(
        "--patient",
        action="append",
        default=[],
        metavar="NAME",
        help="only this patient (may be given again), in a file of its own",
    )
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write what was asked for and say where it is."""
    from cctrack.study.report_files import ReportOptions, write_report_files

    written = write_report_files(
        arguments.folder,
        arguments.out or arguments.folder / "results",
        ReportOptions(
            figures=arguments.figures, pdf=arguments.pdf, patients=tuple(arguments.patient)
        ),
    )
    if arguments.json:
        print_json({"written": str(path)} for path in written)
    elif not arguments.quiet:
        for path in written:
            print(path)
    return 0
