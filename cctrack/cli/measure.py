"""``cctrack measure``: measure every photo, radiograph and CT series found."""

import argparse
from pathlib import Path
from typing import Any

from cctrack.cli.terminal import (
    add_output_options,
    print_json,
    print_refused,
    print_table,
    progress_bar,
)
from cctrack.wording import several

EXAMPLE = "example: cctrack measure export.zip photos/ --marker 20 --masks --out results"


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "measure",
        help="measure every photo, radiograph and CT series found",
        description="Measure every photo, radiograph and CT series under PATH.",
        epilog=EXAMPLE,
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="result folder")
    add_image_options(parser)
    parser.add_argument(
        "--masks", action="store_true", help="write label images; of CT also all candidates"
    )
    parser.add_argument("--overlays", action="store_true", help="write pictures with outlines")
    parser.add_argument(
        "--seg", action="store_true", help="write DICOM: outlines as SEG, numbers as SR"
    )
    parser.add_argument(
        "--keep-identity",
        action="store_true",
        help="put the patient's identity into the DICOM instead of a pseudonym",
    )
    parser.add_argument(
        "--pseudonymous",
        action="store_true",
        help="keep the names of files in sources.csv alone, readable by you only",
    )
    add_worker_options(parser)
    add_output_options(parser)
    parser.set_defaults(run=run, usage=parser.error)


def add_worker_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say who does the work."""
    parser.add_argument("--jobs", type=positive_int, metavar="N", help="processes (all cores)")
    parser.add_argument(
        "--scheduler",
        default="",
        metavar="ADDRESS",
        help="of a Dask cluster that does the work, such as tcp://10.0.0.5:8786",
    )


def add_image_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a single image is read and measured."""
    parser.add_argument(
        "--modality",
        choices=("photo", "xray"),
        help="what images are that could be either (grey PNG, TIFF)",
    )
    parser.add_argument(
        "--mask",
        type=Path,
        metavar="FILE",
        help="a reader's mask (PNG, NIfTI, DICOM SEG, RTSTRUCT), or a folder of them",
    )
    _add_sizes(parser)
    parser.add_argument(
        "--strokes",
        type=Path,
        metavar="FILE",
        help="a reader's strokes, clicks, boxes on photos, films: JSON or a folder of such files",
    )
    parser.add_argument(
        "--finger",
        metavar="auto|FILE",
        help="measure on the round surface of fingers: found by their edges, or given as JSON",
    )
    parser.add_argument(
        "--review",
        type=Path,
        metavar="FILE",
        help="candidates on CT that a reader moved to another class, as JSON",
    )
    parser.add_argument(
        "--hand", type=Path, metavar="FILE", help="a reader's lines along fingers on films, as JSON"
    )
    parser.add_argument("--roi", type=Path, metavar="FILE", help="polygon_px as JSON")


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    """Add what says how large something is."""
    parser.add_argument("--scale", type=positive, metavar="MM_PER_PX", help="mm per pixel")
    parser.add_argument("--marker", type=positive, metavar="MM", help="side of the scale tag")
    parser.add_argument("--ruler", type=positive, metavar="MM_PER_TICK", help="ruler tick distance")
    parser.add_argument("--square", type=positive, metavar="MM", help="side of a plain square")
    parser.add_argument(
        "--sticker", type=positive, metavar="MM", help="diameter of a round sticker"
    )
    parser.add_argument("--clicks", type=Path, metavar="FILE", help="two points and mm as JSON")
    parser.add_argument(
        "--ruler-line", type=Path, metavar="FILE", help="line_px along the ruler's ticks as JSON"
    )
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help="hydroxyapatite calibration (TOML), for mg"
    )
    parser.add_argument(
        "--hand-weights", type=Path, metavar="FILE", help="weights of the hand's sites (TOML)"
    )


def positive(text: str) -> float:
    """Parse a positive number of mm."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def positive_int(text: str) -> int:
    """Parse a positive whole number."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive whole number")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Measure, write the tables, say what was refused; 1 when something was."""
    from cctrack.cli.options import batch_options
    from cctrack.study.batch import measure_paths

    if arguments.keep_identity and not arguments.seg:
        arguments.usage("--keep-identity is about the DICOM that --seg writes")

    result = measure_paths(
        arguments.paths,
        arguments.out,
        batch_options(arguments),
        progress_bar(quiet=arguments.quiet or arguments.json),
    )
    if arguments.json:
        print_json(result.rows)
    elif not arguments.quiet:
        totals = [row for row in result.rows if row["lesion"] == "total"]
        name = "image_id" if arguments.pseudonymous else "source"
        shown = (name, "quantity", "value", "lower95", "upper95", "unit", "method", "flags")
        print_table(shown, [[row[column] for column in shown] for row in totals if _is_size(row)])
    if not arguments.json:
        print_refused((*result.refused, *result.unwritten))
    if not (arguments.quiet or arguments.json):
        refused = several(_files(result.refused), "file")
        print(f"{result.images} measured, {refused} refused: {arguments.out}")
    return 1 if result.refused or result.unwritten else 0


def _is_size(row: Any) -> bool:
    return row["quantity"] in ("area", "volume")


def _files(refused: Any) -> int:
    return sum(max(1, len(item.members)) for item in refused)
