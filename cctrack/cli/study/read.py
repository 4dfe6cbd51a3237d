"""``cctrack study read``: blinded readings, second readings, adjudication."""

import argparse
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.terminal import add_output_options, print_json
from cctrack.wording import several

if TYPE_CHECKING:
    from cctrack.study.folder import StudyFolder
    from cctrack.study.reading_session import ReadingPlan
    from cctrack.study.record import Record

SEEDS = 1 << 32


def add_parser(actions: "argparse._SubParsersAction[Any]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "read",
        help="plan a reading session, or take its results",
        description="Plan a session for a reader: with --blinded, images in shuffled order under "
        "neutral names, some of them twice. The session's file says nothing else; what is read of "
        "what stands in the record, and study export tells it.",
        epilog="example: cctrack study read cohort --reader R1 --blinded --task verdict",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="study folder")
    parser.add_argument("--reader", metavar="NAME", help="who will read: starts a session")
    parser.add_argument("--task", choices=("outline", "verdict"), default="outline")
    parser.add_argument("--modality", choices=("photo", "xray", "ct", "mr"))
    parser.add_argument("--blinded", action="store_true", help="shuffle, and show no identity")
    parser.add_argument("--seed", type=int, metavar="N", help="of the shuffle (by chance)")
    parser.add_argument(
        "--repeats", type=float, default=0.2, metavar="SHARE", help="seen twice, 0 to 1 (0.2)"
    )
    parser.add_argument(
        "--settle", action="store_true", help="only what two readers differ on: this one decides"
    )
    parser.add_argument(
        "--tolerance", type=float, default=0.25, metavar="SHARE", help="of sizes (0.25)"
    )
    parser.add_argument("--session", metavar="ID", help="take the results of this session")
    parser.add_argument(
        "--results", type=Path, metavar="FILE", help="CSV: item, verdict or value and unit, note"
    )
    add_output_options(parser)
    parser.set_defaults(run=run, usage=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Start a session, or take up one; wrong usage when it is neither."""
    from cctrack.study.folder import open_study
    from cctrack.study.record import open_record

    if bool(arguments.reader) == bool(arguments.session):
        arguments.usage("either --reader NAME or --session ID is needed")
    if bool(arguments.results) > bool(arguments.session):
        arguments.usage("--results belongs to a --session")
    study = open_study(arguments.folder)
    with open_record(arguments.folder, study.settings.record) as record:
        if arguments.session:
            return _take_up(record, arguments)
        return _start(record, study, arguments)


def _start(record: "Record", study: "StudyFolder", arguments: argparse.Namespace) -> int:
    from cctrack.io import write_json
    from cctrack.study.reading_session import plan_reading, start_reading

    now = datetime.now(UTC)
    seed = arguments.seed if arguments.seed is not None else secrets.randbelow(SEEDS)
    plan = plan_reading(study, _options(record, study, arguments), seed=seed, now=now)
    start_reading(record, plan, now)
    path = arguments.folder / "readings" / f"{plan.session}.json"
    write_json(path, plan.shown())
    _tell(plan, arguments, f"session {plan.session}: {several(len(plan.items), 'item')}, {path}")
    return 0


def _options(record: "Record", study: "StudyFolder", arguments: argparse.Namespace) -> Any:
    from cctrack.model import Modality
    from cctrack.study.reading_session import (
        ReadingOptions,
        Task,
        disagreements,
        readings_of,
        things_to_settle,
    )

    settle = None
    if arguments.settle:
        found = disagreements(readings_of(record, study), tolerance=arguments.tolerance)
        settle = things_to_settle(found, arguments.reader)
    return ReadingOptions(
        reader=arguments.reader,
        task=Task(arguments.task),
        blinded=arguments.blinded,
        repeats=arguments.repeats,
        modality=Modality(arguments.modality) if arguments.modality else None,
        settle=settle,
    )


def _take_up(record: "Record", arguments: argparse.Namespace) -> int:
    from cctrack.study.reading_session import items_read, open_reading
    from cctrack.study.reading_session.results import record_results

    plan = open_reading(record, arguments.session)
    if arguments.results:
        record_results(record, plan, arguments.results, datetime.now(UTC))
    left = len(plan.items) - len(items_read(record, plan))
    _tell(plan, arguments, f"session {plan.session}: {left} of {len(plan.items)} items to read")
    return 0


def _tell(plan: "ReadingPlan", arguments: argparse.Namespace, line: str) -> None:
    if arguments.json:
        print_json([plan.shown()])
    elif not arguments.quiet:
        print(line)
