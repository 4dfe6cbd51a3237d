"""``cctrack study run``: measure, compare and report a whole cohort."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.measure import add_worker_options
from cctrack.cli.terminal import (
    add_output_options,
    print_json,
    print_refused,
    print_table,
    progress_bar,
)
from cctrack.wording import several

if TYPE_CHECKING:
    from cctrack.study.run import StudyResult

SHOWN = ("patient", "modality", "months", "change_percent", "outcome", "confidence", "subjective")


def add_parser(actions: "argparse._SubParsersAction[Any]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "run",
        help="measure, compare and report",
        description="Measure every visit, compare the visits of each site, write results/.",
        epilog="example: cctrack study run sample_images --out results",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="study folder")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: DIR/results")
    add_worker_options(parser)
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the study and print each patient's outcome; 1 when something could not be judged."""
    from cctrack.study.run import RunOptions, run_study

    silent = arguments.quiet or arguments.json
    options = RunOptions(
        jobs=arguments.jobs or os.cpu_count() or 1,
        progress=progress_bar(quiet=silent),
        waiting=(lambda _holder: None) if silent else _say_waiting,
        scheduler=arguments.scheduler,
    )
    out = arguments.out or arguments.folder / "results"
    result = run_study(arguments.folder, out, options)
    if arguments.json:
        print_json(result.patients)
    elif not arguments.quiet:
        print_table(SHOWN, [[_cell(row[name]) for name in SHOWN] for row in result.patients])
        print_refused(result.refused)
        _print_summary(result)
    return 0 if result.complete else 1


def _say_waiting(holder: str) -> None:
    print(f"waiting: {holder} works on this study", file=sys.stderr)


def _print_summary(result: "StudyResult") -> None:
    reasons = ", ".join(f"{count} {because}" for because, count in result.reasons.most_common())
    print(
        f"{several(result.measured, 'visit')} measured, {result.taken} taken from the record, "
        f"{several(result.compared, 'site')} compared, {len(result.refused)} refused"
        + (f" ({reasons})" if reasons else "")
    )
    print(f"report: {result.report}")


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if isinstance(value, float) else str(value)
