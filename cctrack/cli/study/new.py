"""``cctrack study new``: make a study folder, perhaps from an export."""

import argparse
from pathlib import Path
from typing import Any

from cctrack.cli.study.add import add_and_tell, add_patient_options
from cctrack.cli.terminal import add_output_options


def add_parser(actions: "argparse._SubParsersAction[Any]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "new",
        help="make a study folder, perhaps from an export",
        description="Make DIR with study.toml, the study's tables and its key. With --from, "
        "visits.csv lists every image found, under pseudonyms; guesses are marked, and what "
        "nobody can know is left empty with a note.",
        epilog="example: cctrack study new cohort --from export.zip photos/ --title Pamidronate",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="study folder")
    parser.add_argument(
        "--from", dest="paths", nargs="+", type=Path, default=[], metavar="PATH", help="exports"
    )
    parser.add_argument("--title", default="", help="for the report")
    parser.add_argument("--criteria", default="", metavar="NAME|FILE", help="rule for verdicts")
    add_patient_options(parser)
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make the study and say what it holds; 1 when something was refused or is left to fill in."""
    from cctrack.study.new import new_study

    new_study(arguments.folder, title=arguments.title, criteria=arguments.criteria)
    return add_and_tell(arguments) if arguments.paths else 0
