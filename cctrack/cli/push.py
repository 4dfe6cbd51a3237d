"""``cctrack push``: send SEG, SR and other DICOM files to a DICOMweb server."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.pull import add_server_options
from cctrack.cli.terminal import add_output_options, print_json, progress_bar

if TYPE_CHECKING:
    from cctrack.io.pacs.push import Pushed, PushedInstance

EXAMPLE = "example: cctrack push https://pacs.example.org/dicom-web results/seg results/sr"


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "push",
        help="send SEG, SR and photos as DICOM to a PACS",
        description="Send every DICOM file under PATH to the DICOMweb server at URL (STOW-RS). "
        "Files that may name a patient are kept back. Sending again does no harm. Credentials are "
        "found as by pull.",
        epilog=EXAMPLE,
    )
    add_server_options(parser)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files and folders")
    parser.add_argument(
        "--keep-identity",
        action="store_true",
        help="send files also that do not say that the patient's identity was removed",
    )
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send, say what arrived and what did not; 1 when something did not."""
    from cctrack.io.pacs.credentials import find_credential
    from cctrack.io.pacs.push import push
    from cctrack.io.pacs.web import Web

    credential = find_credential(arguments.url, arguments.credentials, os.environ)
    with Web(arguments.url, credential, arguments.timeout, arguments.ca) as web:
        pushed = push(
            web,
            arguments.paths,
            progress_bar(quiet=arguments.quiet or arguments.json),
            keep_identity=arguments.keep_identity,
        )
    if arguments.json:
        print_json(map(_row, pushed.instances))
    elif pushed.instances and not arguments.quiet:
        stored = sum(not item.fault for item in pushed.instances)
        print(f"{stored} stored, {len(pushed.instances) - stored} not")
    _print_faults(pushed)
    return 0 if pushed.complete and pushed.instances else 1


def _print_faults(pushed: "Pushed") -> None:
    for item in pushed.instances:
        if item.fault:
            print(f"not sent  {item.name}: {item.fault}", file=sys.stderr)
    if pushed.fault:
        print(f"cctrack: {pushed.fault}", file=sys.stderr)
    if not pushed.instances and not pushed.fault:
        print("cctrack: there is no DICOM file", file=sys.stderr)


def _row(item: "PushedInstance") -> dict[str, object]:
    uids = item.uids
    return {
        "file": item.name,
        "study": uids.study if uids else "",
        "series": uids.series if uids else "",
        "instance": uids.instance if uids else "",
        "stored": not item.fault,
        "fault": item.fault,
    }
