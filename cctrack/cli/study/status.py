"""``cctrack study status``: what is measured, what is due, and whether the record is whole."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.terminal import add_output_options, print_json

if TYPE_CHECKING:
    from cctrack.study.status import StudyStatus


def add_parser(actions: "argparse._SubParsersAction[Any]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "status",
        help="say what is measured, what is due, and whether the record is whole",
        description="Look at a study and its record; nothing is measured.",
        epilog="example: cctrack study status my-study",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="study folder")
    parser.add_argument("--out", type=Path, metavar="DIR", help="results, default: DIR/results")
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print where the study stands; 1 when its record is not as it was written."""
    from cctrack.study.status import study_status

    status = study_status(arguments.folder, arguments.out or arguments.folder / "results")
    if arguments.json:
        print_json([asdict(status)])
    elif not arguments.quiet:
        _print(status)
    return 0 if status.record.ok else 1


def _print(status: "StudyStatus") -> None:
    if status.record.ok:
        _print_counts(status)
    words = "verified" if status.record.ok else f"NOT AS IT WAS WRITTEN: {status.record.problem}"
    print(f"record   {status.record.entries} entries, {words}")
    print(f"cctrack  {status.program}")


def _print_counts(status: "StudyStatus") -> None:
    print(
        f"visits   {status.visits}: {status.measured} measured, {status.refused} refused, "
        f"{status.due} to do"
    )
    if status.incomplete:
        print(f"lines    {status.incomplete} of visits.csv have to be completed before they count")
    print(f"sites    {status.sites}: {status.sites_due} to compare")
    for reader, kinds in status.statements.items():
        said = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        print(f"reader   {reader}: {said}")
    if status.without_image:
        print(f"         {status.without_image} images that readers spoke of are at no visit")
