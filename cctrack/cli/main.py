"""Parse the command line, call one command, turn what it raises into an exit status."""

import argparse
import os
import sys
from collections.abc import Sequence

from cctrack import __version__
from cctrack.cli import (
    compare,
    demo,
    inspect,
    marker,
    measure,
    pull,
    push,
    receive,
    reproduce,
    study,
    validate,
    view,
)
from cctrack.errors import CctrackError

EXIT_USAGE = 2
"""Exit status for wrong usage, argparse's own."""

EXIT_BUG = 70
"""Exit status for an error cctrack did not foresee (EX_SOFTWARE of sysexits.h)."""

COMMANDS = (
    demo,
    inspect,
    measure,
    compare,
    study,
    reproduce,
    pull,
    push,
    receive,
    marker,
    validate,
    view,
)
"""Modules with ``add_parser`` and a ``run`` that returns the exit status."""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="cctrack",
        description="Measure calcinosis cutis in photos, radiographs and CT and judge its change.",
        epilog="exit status: 0 done, 1 something was refused or not evaluable, 2 wrong usage, "
        "70 a bug in cctrack",
    )
    parser.add_argument("--version", action="version", version=f"cctrack {__version__}")
    subparsers = parser.add_subparsers(title="commands", dest="command", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; never raises for bad input."""
    arguments = build_parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except CctrackError as error:
        print(f"cctrack: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output went away (| head); there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # A full disk, a folder that may not be written to: nothing a bug report would mend.
        print(f"cctrack: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cctrack: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        _report_bug(error)
        return EXIT_BUG
    return status


def _report_bug(error: Exception) -> None:
    # Messages of foreign exceptions can hold header values or paths, so only the place is shown.
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place else "unknown"
    print(
        f"cctrack: a bug in cctrack {__version__}: {type(error).__name__} in {where}. "
        "Please report it with the command that caused it.",
        file=sys.stderr,
    )
