"""``cctrack study dicom``: write every visit of a study as DICOM SEG and SR."""

import argparse
import os
from pathlib import Path
from typing import Any

from cctrack.cli.measure import positive_int
from cctrack.cli.terminal import add_output_options, print_json, print_refused, progress_bar
from cctrack.wording import several


def add_parser(actions: "argparse._SubParsersAction[Any]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "dicom",
        help="write outlines as DICOM SEG, numbers and verdicts as SR",
        description="Write a segmentation and a structured report of every visit, and photos as "
        "VL images. A lesion has one tracking UID at all visits. What is new is measured first.",
        epilog="example: cctrack study dicom cohort --out for-the-pacs",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="study folder")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="result folder")
    parser.add_argument(
        "--keep-identity",
        action="store_true",
        help="put the patient's identity into the files instead of the study's pseudonym",
    )
    parser.add_argument("--jobs", type=positive_int, metavar="N", help="processes (all cores)")
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the files, say what was not written; 1 when something was not."""
    from cctrack.study.dicom_export import export_dicom
    from cctrack.study.run import RunOptions

    exported = export_dicom(
        arguments.folder,
        arguments.out,
        RunOptions(
            jobs=arguments.jobs or os.cpu_count() or 1,
            progress=progress_bar(quiet=arguments.quiet or arguments.json),
        ),
        keep_identity=arguments.keep_identity,
    )
    if arguments.json:
        print_json({"image_id": image} for image in exported.images)
    elif not arguments.quiet:
        print(f"{several(len(exported.images), 'visit')} written: {arguments.out}")
    if not arguments.json:
        print_refused(exported.refused)
    return 1 if exported.refused else 0
