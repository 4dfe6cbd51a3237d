"""``cctrack reproduce``: make rows of measurements.csv again from record and images."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.terminal import add_output_options, print_json

if TYPE_CHECKING:
    from cctrack.study.reproduce import Reproduced


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "reproduce",
        help="make rows of measurements.csv again",
        description="Measure the image of a row again, with the parameters and readers' words "
        "that the record holds, and compare every column.",
        epilog="example: cctrack reproduce my-study 1f0c2a9be377",
    )
    parser.add_argument("study", type=Path, metavar="STUDY", help="study folder")
    parser.add_argument("rows", nargs="+", metavar="ROW_ID", help="row_id of measurements.csv")
    parser.add_argument("--out", type=Path, metavar="DIR", help="results, default: STUDY/results")
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print rows and whether they are the same; 1 when one is not."""
    from cctrack.study.reproduce import reproduce_rows

    out = arguments.out or arguments.study / "results"
    found = reproduce_rows(arguments.study, out, arguments.rows)
    if arguments.json:
        print_json({**item.again, "identical": item.identical} for item in found)
    elif not arguments.quiet:
        for item in found:
            _print(item)
    return 0 if all(item.identical for item in found) else 1


def _print(found: "Reproduced") -> None:
    for name, value in found.again.items():
        print(f"{name:15}{'' if value is None else value}")
    if found.recorded_by != found.measured_by:
        print(f"recorded by cctrack {found.recorded_by}, measured again by {found.measured_by}")
    if found.identical:
        print("identical to the record, to the last bit")
        return
    for name in found.differing:
        then, now = found.recorded.get(name), found.again.get(name)
        print(f"DIFFERS  {name}: recorded {then!r}, now {now!r}")
