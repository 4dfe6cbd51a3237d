"""``cctrack study add``: add the images of an export to a study."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.measure import positive_int
from cctrack.cli.terminal import (
    add_output_options,
    print_json,
    print_refused,
    print_table,
    progress_bar,
)
from cctrack.wording import several

if TYPE_CHECKING:
    from cctrack.study.add import Added

SHOWN = (
    "patient",
    "site",
    "laterality",
    "view",
    "acquired",
    "modality",
    "guessed",
    "note",
    "source",
)


def add_parser(actions: "argparse._SubParsersAction[Any]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "add",
        help="add the images of an export to a study",
        description="Add a line to DIR/visits.csv for every image under PATH that the study does "
        "not have yet, by its content. Images stay where they are; what somebody wrote stays.",
        epilog="example: cctrack study add cohort second-export.zip",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="study folder")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="exports")
    add_patient_options(parser)
    add_output_options(parser)
    parser.set_defaults(run=add_and_tell)


def add_patient_options(parser: argparse.ArgumentParser) -> None:
    """Add what says how patients are named."""
    parser.add_argument(
        "--pseudonyms",
        type=Path,
        metavar="FILE",
        help="CSV of patient_id and pseudonym: names that the study has already; not kept",
    )
    parser.add_argument(
        "--patient-folders",
        action="store_true",
        help="every folder directly below a PATH holds one patient",
    )
    parser.add_argument(
        "--patient", type=_pseudonym, metavar="P", help="of images that do not tell"
    )
    parser.add_argument(
        "--site", default="", metavar="NAME", help="of images that do not tell, such as forearm"
    )
    parser.add_argument("--jobs", type=positive_int, metavar="N", help="processes (all cores)")


def _pseudonym(text: str) -> str:
    from cctrack.study.given import PSEUDONYM

    if not PSEUDONYM.fullmatch(text):
        raise argparse.ArgumentTypeError("a pseudonym is letters, digits, spaces, dots and dashes")
    return text


def add_and_tell(arguments: argparse.Namespace) -> int:
    """Add the images and show their lines; 1 when something was refused or is left to fill in."""
    from cctrack.study.add import AddOptions, add_images
    from cctrack.study.given import read_pseudonyms

    options = AddOptions(
        pseudonyms=read_pseudonyms(arguments.pseudonyms) if arguments.pseudonyms else {},
        patient_folders=arguments.patient_folders,
        patient=arguments.patient or "",
        site=arguments.site.strip(),
        jobs=arguments.jobs or os.cpu_count() or 1,
        progress=progress_bar(quiet=arguments.quiet or arguments.json),
    )
    added = add_images(arguments.folder, arguments.paths, options)
    _tell(added, arguments)
    return 1 if added.refused or added.unfinished else 0


def _tell(added: "Added", arguments: argparse.Namespace) -> None:
    from cctrack.study.refusals import refused_rows

    rows = [
        {**row, "source": source} for row, source in zip(added.rows, added.sources, strict=True)
    ]
    if arguments.json:
        print_json([*rows, *refused_rows(added.refused)])
    elif not arguments.quiet:
        print_table(SHOWN, [[row[name] for name in SHOWN] for row in rows])
        print(f"{len(added.rows)} added, {added.known} known already")
    if not arguments.json:
        print_refused(added.refused)
    if added.unfinished:
        lines = several(added.unfinished, "line")
        print(f"visits.csv: {lines} to complete, see the column note", file=sys.stderr)
