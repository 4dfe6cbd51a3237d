"""``cctrack inspect``: say what is in files, folders and archives, without measuring."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.terminal import add_output_options, print_json, print_refused, print_table

if TYPE_CHECKING:
    from cctrack.io import Found

COLUMNS = ("source", "modality", "size", "spacing", "spacing_source", "acquired", "files")


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "inspect",
        help="list what is in files, folders, zips and DICOMDIRs",
        description="List the images under PATH and what would be refused, reading headers only.",
        epilog="example: cctrack inspect export.zip",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line for every image; 1 when something would be refused."""
    from cctrack.io import Found, scan
    from cctrack.study.refusals import refused_rows

    outcomes = list(scan(arguments.paths))
    found = [item for item in outcomes if isinstance(item, Found)]
    refused = [item for item in outcomes if not isinstance(item, Found)]
    if arguments.json:
        print_json([*map(_row, found), *refused_rows(refused)])
    elif not arguments.quiet:
        print_table(COLUMNS, [[_row(item)[name] for name in COLUMNS] for item in found])
        print_refused(refused)
    return 1 if refused else 0


def _row(found: "Found") -> Mapping[str, object]:
    size = f"{found.rows} x {found.columns}" + (f" x {found.frames}" if found.frames > 1 else "")
    return {
        "source": found.source,
        "modality": found.modality or "ambiguous",
        "size": size,
        "spacing": found.spacing,
        "spacing_source": found.spacing_source,
        "acquired": found.acquired.isoformat() if found.acquired else "",
        "files": len(found.members),
        "series": found.series_uid,
        "description": found.description,
    }
