"""``cctrack pull``: fetch studies from a DICOMweb server."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.measure import positive
from cctrack.cli.terminal import add_output_options, print_json, print_table, progress_bar
from cctrack.errors import TransferFailed

if TYPE_CHECKING:
    from cctrack.io.pacs.address import Server
    from cctrack.io.pacs.pull import Pulled, PulledSeries

USUAL_TIMEOUT_S = 30.0
"""A server that fetches from tape or another archive first may be silent for some seconds."""

EXAMPLE = "example: cctrack pull https://pacs.example.org/dicom-web --study-uid 1.2.3 --out images"


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "pull",
        help="fetch studies from a DICOMweb server",
        description="Fetch studies from the DICOMweb server at URL. Called again, it fetches what "
        "is missing. A series is in a folder that ends in .incomplete until all of it has come. "
        "Credentials come from the environment (CCTRACK_PACS_USER and CCTRACK_PACS_PASSWORD, or "
        "CCTRACK_PACS_TOKEN), the keyring, or a file that only its owner can read.",
        epilog=EXAMPLE,
    )
    add_server_options(parser)
    parser.add_argument(
        "--study-uid", action="append", required=True, type=_uid, metavar="UID", help="repeatable"
    )
    parser.add_argument(
        "--series-uid", action="append", default=[], type=_uid, metavar="UID", help="only these"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="image folder")
    add_output_options(parser)
    parser.set_defaults(run=run)


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which server to talk to, and how."""
    parser.add_argument("url", type=_server, metavar="URL", help="root of the service")
    parser.add_argument(
        "--timeout",
        type=positive,
        default=USUAL_TIMEOUT_S,
        metavar="S",
        help="give up after so many seconds without data (30)",
    )
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="certificates of the hospital's own authority (PEM)"
    )
    parser.add_argument(
        "--credentials", type=Path, metavar="FILE", help="TOML with user and password, or token"
    )


def _server(text: str) -> "Server":
    from cctrack.io.pacs.address import server_at

    try:
        return server_at(text)
    except TransferFailed as error:
        # argparse would repeat the text of a ValueError's argument, and with it a password.
        raise argparse.ArgumentTypeError(str(error)) from None


def _uid(text: str) -> str:
    from cctrack.io.pacs.instance import is_uid

    if not is_uid(text):
        raise argparse.ArgumentTypeError("a UID is numbers joined by dots, at most 64 characters")
    return text


def run(arguments: argparse.Namespace) -> int:
    """Fetch, say what came and what did not; 1 when something did not."""
    from cctrack.io.pacs.credentials import find_credential
    from cctrack.io.pacs.pull import Wanted, pull
    from cctrack.io.pacs.web import Web

    wanted = Wanted(tuple(arguments.study_uid), tuple(arguments.series_uid), arguments.out)
    credential = find_credential(arguments.url, arguments.credentials, os.environ)
    with Web(arguments.url, credential, arguments.timeout, arguments.ca) as web:
        pulled = pull(web, wanted, progress_bar(quiet=arguments.quiet or arguments.json))
    if arguments.json:
        print_json(map(_row, pulled.series))
    elif not arguments.quiet:
        _print_series(pulled)
    _print_faults(pulled)
    return 0 if pulled.complete else 1


def _print_series(pulled: "Pulled") -> None:
    complete = [series for series in pulled.series if series.complete]
    if complete:
        rows = [(item.modality, item.announced, item.fetched, item.folder) for item in complete]
        print_table(("modality", "instances", "fetched", "folder"), rows)


def _print_faults(pulled: "Pulled") -> None:
    for series in pulled.series:
        if not series.complete:
            reasons = "; ".join(series.faults) or "the server lists no instance"
            print(f"incomplete  {series.folder}: {reasons}", file=sys.stderr)
    for fault in pulled.faults:
        print(f"cctrack: {fault}", file=sys.stderr)


def _row(series: "PulledSeries") -> dict[str, object]:
    return {
        "study": series.study_uid,
        "series": series.series_uid,
        "modality": series.modality,
        "announced": series.announced,
        "fetched": series.fetched,
        "kept": series.kept,
        "complete": series.complete,
        "folder": series.folder.as_posix(),
        "faults": list(series.faults),
    }
