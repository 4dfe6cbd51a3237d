"""``cctrack demo``: the sample cohort, end to end."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.measure import positive_int
from cctrack.cli.terminal import add_output_options, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from cctrack.study.demo import DemoResult

HEADER = ("patient", "modality", "months", "change %", "95 %", "objective", "", "patient says")


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "demo",
        help="run the sample cohort end to end",
        description="Measure the simulated sample cohort from its images alone, compare its "
        "visits, hold the results against the exact truth and write the report.",
        epilog="example: cctrack demo --out demo-results",
    )
    parser.add_argument("--out", type=Path, default=Path("demo-results"), metavar="DIR")
    parser.add_argument("--jobs", type=positive_int, metavar="N", help="processes (all cores)")
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; 1 when its results do not match the truth."""
    from cctrack.study.demo import run_demo

    result = run_demo(
        arguments.out,
        jobs=arguments.jobs or os.cpu_count() or 1,
        progress=progress_bar(quiet=arguments.quiet or arguments.json),
    )
    if arguments.json:
        print_json(result.study.patients)
    elif not arguments.quiet:
        _print(result)
    return 0 if result.matches else 1


def _print(result: "DemoResult") -> None:
    print_table(HEADER, [_cells(row) for row in result.study.patients])
    print()
    for name, radiology in (("photos", False), ("radiology", True)):
        counts = result.counts(radiology=radiology)
        words = ", ".join(f"{count} {outcome!s}" for outcome, count in counts.most_common())
        print(f"{name:10} {words.replace('_', ' ')}")
    better = {row["patient"] for row in result.study.patients if row["subjective"] == "better"}
    asked = {row["patient"] for row in result.study.patients if row["subjective"]}
    print(f"patients   {len(better)} of {len(asked)} asked feel better")
    errors = ", ".join(
        f"{modality} {result.median_error_percent(modality):.1f} %"
        for modality in dict.fromkeys(check.modality for check in result.checks)
    )
    print(f"truth      {result.covered} of {len(result.checks)} intervals hold the true total;")
    print(f"           median error {errors}")
    for line in result.wrong:
        print(f"           WRONG VERDICT: {line}")
    print(f"report     {result.study.report}")


def _cells(row: Mapping[str, object]) -> list[str]:
    percent, lower, upper = (row[key] for key in ("change_percent", "lower95", "upper95"))
    interval = f"{lower:+.0f} to {upper:+.0f}" if isinstance(lower, float) else ""
    return [
        str(row["patient"]),
        str(row["modality"]),
        f"{row['months']}",
        f"{percent:+.0f}" if isinstance(percent, float) else "",
        interval,
        str(row["outcome"]).replace("_", " "),
        str(row["confidence"]),
        str(row["subjective"]) or "not asked",
    ]
