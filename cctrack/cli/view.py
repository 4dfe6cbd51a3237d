"""``cctrack view``: open napari with the plugin on images or a study."""

import argparse
from pathlib import Path
from typing import Any

from cctrack.errors import CctrackError


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "view",
        help="look at images or a study in napari, correct and decide",
        description="Open napari with the cctrack plugin: on a study folder, on the images of one "
        "or more visits, or empty. What is corrected and decided is kept in the study's record; "
        "for loose images in a study under your data folder.",
        epilog="example: cctrack view 2021/arm.jpg 2023/arm.jpg",
    )
    parser.add_argument("paths", type=Path, nargs="*", metavar="PATH", help="images or a study")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Open the window; returns when it is closed."""
    missing = [path for path in arguments.paths if not path.exists()]
    if missing:
        raise CctrackError(f"{len(missing)} of the paths given are not there")
    try:
        import napari
    except ImportError:
        raise CctrackError("viewing needs napari; install the extra gui") from None
    viewer = napari.Viewer()
    _, dock = viewer.window.add_plugin_dock_widget("cctrack-imaging", "cctrack")
    dock.begin()
    dock.open_paths(arguments.paths)
    napari.run()
    return 0
