"""``cctrack compare``: align two visits of one site, match lesions, classify the change."""

import argparse
from pathlib import Path
from typing import Any

from cctrack.cli.measure import add_image_options
from cctrack.cli.terminal import add_output_options, print_json


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "compare",
        help="compare two visits of one site",
        description="Align two visits of one site, match their lesions and classify the change.",
        epilog="example: cctrack compare 2021/ct.zip 2023/ct.zip --out change",
    )
    parser.add_argument("baseline", type=Path, metavar="BASELINE", help="file, folder or zip")
    parser.add_argument("followup", type=Path, metavar="FOLLOWUP", help="file, folder or zip")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="result folder")
    parser.add_argument("--criteria", default="calcinosis-25", metavar="NAME|FILE")
    parser.add_argument("--baseline-mask", type=Path, metavar="FILE")
    parser.add_argument("--followup-mask", type=Path, metavar="FILE")
    parser.add_argument("--baseline-strokes", type=Path, metavar="FILE")
    parser.add_argument("--followup-strokes", type=Path, metavar="FILE")
    parser.add_argument("--landmarks", type=Path, metavar="FILE", help="pairs as JSON")
    parser.add_argument("--links", type=Path, metavar="FILE", help="a reader's links as JSON")
    add_image_options(parser)
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare, write the tables, print the verdict; 1 when it is not evaluable."""
    from cctrack.cli.options import compare_options
    from cctrack.model import Outcome
    from cctrack.study.compare import compare_paths

    result = compare_paths(
        arguments.baseline, arguments.followup, arguments.out, compare_options(arguments)
    )
    if arguments.json:
        print_json(result.rows)
    elif not arguments.quiet:
        total = result.pair.total
        print(f"{str(total.outcome).replace('_', ' ')} {total.confidence}".rstrip())
        print(total.reason)
        for warning in result.pair.comparability.warnings:
            print(f"note: {warning}")
        print(f"tables and pictures: {arguments.out}")
    return 1 if result.pair.total.outcome is Outcome.NOT_EVALUABLE else 0
