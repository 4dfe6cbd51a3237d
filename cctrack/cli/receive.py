"""``cctrack receive``: take images that a PACS or a scanner sends."""

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.terminal import add_output_options, print_json

if TYPE_CHECKING:
    from cctrack.io.pacs.inbox import ReceivedSeries

LONGEST_TITLE = 16
"""An AE title has at most 16 characters (PS3.5 6.2, AE)."""

EXAMPLE = "example: cctrack receive --port 11112 --out images"


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "receive",
        help="take images that a PACS or a scanner sends",
        description="Listen for a DICOM push (C-STORE) of images until Ctrl-C. A series is in a "
        "folder that ends in .incomplete until its sender has ended in order. DICOM asks for no "
        "password: only this machine can send unless --host is given.",
        epilog=EXAMPLE,
    )
    parser.add_argument("--port", type=_port, required=True, metavar="N", help="1 to 65535")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="image folder")
    parser.add_argument(
        "--aet", type=_title, default="CCTRACK", metavar="TITLE", help="our AE title (CCTRACK)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen at (127.0.0.1: this machine only; 0.0.0.0: the whole network)",
    )
    parser.add_argument(
        "--allow", action="append", default=[], type=_title, metavar="AET", help="only from these"
    )
    parser.add_argument(
        "--once", action="store_true", help="end after the first sender that stored something"
    )
    add_output_options(parser)
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return int(text)


def _title(text: str) -> str:
    fits = text.isascii() and text.isprintable() and "\\" not in text
    if not fits or not 1 <= len(text.strip()) <= LONGEST_TITLE:
        raise argparse.ArgumentTypeError(f"an AE title has 1 to {LONGEST_TITLE} ASCII characters")
    return text.strip()


def run(arguments: argparse.Namespace) -> int:
    """Listen until told to end; 1 when something was refused or stayed incomplete."""
    from cctrack.io.pacs.inbox import Inbox
    from cctrack.io.pacs.listen import Address, Listener

    arguments.out.mkdir(parents=True, exist_ok=True)
    desk = _Desk(arguments)
    address = Address(arguments.host, arguments.port, arguments.aet, tuple(arguments.allow))
    inbox = Inbox(arguments.out, desk.tell)
    with _signals_set(desk.stop), Listener(address, inbox, desk.tell, desk.ended):
        if not arguments.quiet:
            who = f"listening at {arguments.host}:{arguments.port} as {arguments.aet}"
            print(f"{who}; Ctrl-C ends it", file=sys.stderr, flush=True)
        # A wait without an end cannot be interrupted on Windows.
        while not desk.stop.wait(0.5):
            pass
    return 1 if desk.trouble else 0


@contextmanager
def _signals_set(stop: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the listening in order, while inside."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda _number, _frame: stop.set()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class _Desk:
    """Says what comes in, and knows when to stop."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._quiet, self._json, self._once = arguments.quiet, arguments.json, arguments.once
        self.stop = threading.Event()
        self.trouble = False

    def tell(self, line: str) -> None:
        self.trouble = True
        print(f"refused  {line}", file=sys.stderr, flush=True)

    def ended(self, series: "tuple[ReceivedSeries, ...]") -> None:
        for item in series:
            self.trouble |= not item.complete
            self._show(item)
        if self._once:
            self.stop.set()

    def _show(self, item: "ReceivedSeries") -> None:
        if self._json:
            print_json([_row(item)])
        elif not item.complete:
            line = f"incomplete  {item.folder}: the sender broke off or something was refused"
            print(line, file=sys.stderr)
        elif not self._quiet:
            print(f"received  {item.modality}, {item.instances} instances: {item.folder}")
        sys.stdout.flush()


def _row(item: "ReceivedSeries") -> dict[str, object]:
    return {
        "modality": item.modality,
        "instances": item.instances,
        "complete": item.complete,
        "folder": item.folder.as_posix(),
    }
