"""``cctrack marker``: a page of scale markers to print, true to size."""

import argparse
from pathlib import Path
from typing import Any

from cctrack.cli.terminal import add_output_options, print_json

PAPERS = ("a4", "letter")


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "marker",
        help="write a page of scale markers for photos, true to size",
        description="Write a PDF of frames and a card with scale tags. Print it at 100 %, measure "
        "its 50 mm bar and cut along the lines. Photos that show a frame or the card have a scale "
        "without any option.",
        epilog="example: cctrack marker --out marker.pdf --paper letter",
    )
    parser.add_argument("--out", type=Path, default=Path("marker.pdf"), metavar="FILE")
    parser.add_argument("--paper", choices=PAPERS, default="a4", help="default: a4")
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the page."""
    from cctrack.calibrate.sheet import draw_page

    draw_page(arguments.out, paper=arguments.paper)
    if arguments.json:
        print_json([{"marker": str(arguments.out), "paper": arguments.paper}])
    elif not arguments.quiet:
        print(f"{arguments.out}: print at 100 %, then measure the bar: it must be 50.0 mm long")
    return 0
