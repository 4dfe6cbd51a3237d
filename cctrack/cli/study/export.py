"""``cctrack study export``: a study's tables for R, Python or a spreadsheet."""

import argparse
from pathlib import Path
from typing import Any

from cctrack.cli.terminal import add_output_options, print_json, print_table


def add_parser(actions: "argparse._SubParsersAction[Any]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "export",
        help="write all tables for R, Python or a spreadsheet",
        description="Write measurements, changes, patients, the cohort's tables, readings "
        "(unblinded) and agreement of readers, with types, units and meanings.",
        epilog="example: cctrack study export cohort --out tables --format parquet",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="study folder")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder, or .xlsx")
    parser.add_argument("--format", choices=("csv", "parquet", "xlsx"), default="csv")
    parser.add_argument(
        "--results", type=Path, metavar="DIR", help="results of the last run (DIR/results)"
    )
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Export and say how many rows each table has."""
    from cctrack.study.export import Format, export_study

    exported = export_study(
        arguments.folder, arguments.out, Format(arguments.format), results=arguments.results
    )
    if arguments.json:
        print_json({"table": name, "rows": count} for name, count in exported.rows.items())
    elif not arguments.quiet:
        print_table(("table", "rows"), list(exported.rows.items()))
        print(f"written: {exported.path}")
    return 0
