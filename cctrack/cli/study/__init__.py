"""``cctrack study``: a whole cohort; one module an action."""

import argparse
from typing import Any

from cctrack.cli.study import add, dicom, export, new, read, report, run, status

ACTIONS = (new, add, run, status, read, report, export, dicom)
"""Modules with ``add_parser``; each sets the ``run`` that returns the exit status."""


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its own subcommands."""
    parser = subparsers.add_parser(
        "study",
        help="measure and compare a whole cohort",
        description="Measure and compare every visit of a study folder.",
        epilog="example: cctrack study run sample_images",
    )
    actions = parser.add_subparsers(title="actions", dest="action", required=True)
    for action in ACTIONS:
        action.add_parser(actions)
