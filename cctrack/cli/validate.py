"""``cctrack validate``: measure cctrack itself."""

import argparse
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.measure import positive_int
from cctrack.cli.terminal import add_output_options, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from cctrack.study.validate import Checked

HEADER = ("image", "figure", "found", "wanted", "cases", "verdict")


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "validate",
        help="measure cctrack itself on simulated images with exact truth",
        description="Draw simulated photos, radiographs and CT from fixed seeds that nothing was "
        "set on, measure and compare them as any others, hold everything against the exact truth "
        "and against stated limits, and write tables and a report.",
        epilog="example: cctrack validate --quick --out validation",
    )
    parser.add_argument("--out", type=Path, default=Path("validation"), metavar="DIR")
    parser.add_argument(
        "--quick", action="store_true", help="a few cases of each: does the installation work?"
    )
    parser.add_argument("--jobs", type=positive_int, metavar="N", help="processes (all cores)")
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Validate; 1 when a limit was broken."""
    from cctrack.study.validate import FULL, QUICK, validate

    result = validate(
        arguments.out,
        QUICK if arguments.quick else FULL,
        jobs=arguments.jobs or os.cpu_count() or 1,
        progress=progress_bar(quiet=arguments.quiet or arguments.json),
        today=date.today(),
    )
    if arguments.json:
        print_json(_row(item) for item in result.checked)
    elif not arguments.quiet:
        print_table(HEADER, [list(_row(item).values()) for item in result.checked])
        for line in result.lost:
            print(f"lost: {line}")
        print(f"report: {result.report}")
    return 0 if result.kept else 1


def _row(item: "Checked") -> dict[str, object]:
    figure, unit = item.figure, "" if item.figure.unit == "1" else f" {item.figure.unit}"
    return {
        "image": str(figure.modality),
        "figure": f"{figure.group}: {figure.name}",
        "found": f"{figure.value:.3g}{unit}",
        "wanted": item.limit.words,
        "cases": figure.count,
        "verdict": str(item.standing),
    }
