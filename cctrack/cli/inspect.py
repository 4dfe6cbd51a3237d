"""``cctrack inspect``: say what is in files, folders and archives, without measuring."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cctrack.cli.terminal import add_output_options, print_json

if TYPE_CHECKING:
    from cctrack.model import Refused
    from cctrack.study.listing import Group, Listed

COLUMNS = ("kind", "part", "px", "mm", "scale from", "made with", "files", "source", "note")
"""Columns of the table; a column that is empty for all images is left out."""

_KINDS = {"photo": "photo", "xray": "X-ray", "ct": "CT", "mr": "MR"}

_SHOWN_ELSEWHERE = frozenset({"no_scale", "presentation", "lossy", "unknown_calibration"})
"""Flags that a column of its own says already."""

_SHORTER = {"detector magnification corrected": "detector, corrected"}

PATIENT_DIGITS = 8
"""Of the patient's hash; enough to tell apart the patients of one export."""


def add_parser(subparsers: "argparse._SubParsersAction[Any]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser(
        "inspect",
        help="list what is in files, folders, zips and DICOMDIRs",
        description="List the images under PATH by patient and visit, and what would be refused, "
        "reading headers only.",
        epilog="example: cctrack inspect export.zip",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    add_output_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one line for every image; 1 when something would be refused."""
    from cctrack.io import Found, scan
    from cctrack.study.listing import group_images, image_row, totals
    from cctrack.study.refusals import refused_rows
    from cctrack.study.workers import Workers

    with Workers(os.cpu_count() or 1) as workers:
        outcomes = list(scan(arguments.paths, workers.run))
    groups = group_images(item for item in outcomes if isinstance(item, Found))
    refused = [item for item in outcomes if not isinstance(item, Found)]
    if arguments.json:
        print_json(image_row(image) for group in groups for image in group.images)
        print_json(refused_rows(refused))
    elif not arguments.quiet:
        for line in table_lines(groups):
            print(line)
        _print_refused(refused)
        print(totals(groups, refused))
    return 1 if refused else 0


def table_lines(groups: "Sequence[Group]") -> Iterator[str]:
    """Yield the table: a line for each patient, for each visit, and for each image."""
    images = [image for group in groups for image in group.images]
    cells = {id(image): _cells(image) for image in images}
    used = [at for at in range(len(COLUMNS)) if any(row[at] for row in cells.values())]
    rows = [COLUMNS, *cells.values()]
    widths = [max(len(row[at]) for row in rows) for at in used]
    if images:
        yield _line([COLUMNS[at] for at in used], widths)
    for group in groups:
        yield _patient(group)
        before: object = None
        for image in group.images:
            heading = _visit(image)
            if heading != before:
                yield f"  {heading}"
            before = heading
            yield _line([cells[id(image)][at] for at in used], widths)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return ("    " + "  ".join(padded)).rstrip()


def _patient(group: "Group") -> str:
    if group.patient:
        return f"patient {group.patient[:PATIENT_DIGITS]}"
    return "no patient id, one study" if group.study else "no patient in the file"


def _visit(image: "Listed") -> str:
    acquired = image.found.acquired
    if acquired is None:
        return "no date"
    if image.visit is None:
        return acquired.isoformat()
    since = f", {image.days} days after the first" if image.days else ""
    return f"{acquired.isoformat()}  visit {image.visit}{since}"


def _cells(image: "Listed") -> tuple[str, ...]:
    from cctrack.study.listing import size_text

    found, made = image.found, image.found.technique
    return (
        _KINDS.get(found.modality or "", "grey"),
        " ".join(filter(None, (made.body_part, made.laterality, made.view))),
        size_text(found, "x"),
        _mm(image),
        _scale_source(image),
        _technique(image),
        str(len(found.members)),
        found.source,
        _note(image),
    )


def _mm(image: "Listed") -> str:
    if image.scale is None:
        return ""
    in_plane, slices = image.scale.mean_mm[-2:], image.scale.mean_mm[:-2]
    return "x".join(f"{value:.3g}" for value in (*in_plane, *slices))


def _scale_source(image: "Listed") -> str:
    if image.scale is not None:
        words = str(image.scale.source).replace("_", " ")
        return _SHORTER.get(words, words)
    return "needs a marker" if image.found.modality == "photo" else "none (px only)"


def _technique(image: "Listed") -> str:
    made = image.found.technique
    intent = f"for {made.presentation_intent}" if made.presentation_intent else ""
    parts = (
        f"{made.kvp:g} kV" if made.kvp else "",
        made.kernel,
        f"{made.thickness_mm:.3g} mm" if made.thickness_mm and image.found.frames > 1 else "",
        intent,
        str(made.compression or "").replace("none", ""),
    )
    return " ".join(filter(None, parts))


def _note(image: "Listed") -> str:
    flags = sorted(flag.replace("_", " ") for flag in image.flags - _SHOWN_ELSEWHERE)
    unclear = [] if image.found.modality else ["photo or film? needs --modality"]
    return ", ".join([*unclear, *flags])


def _print_refused(refused: "Iterable[Refused]") -> None:
    """Print what was refused on stderr, one line for many files of one folder and reason."""
    from cctrack.study.listing import group_refused

    sys.stdout.flush()
    for item in group_refused(refused):
        count = f" ({item.files} files)" if item.files > 1 else ""
        print(f"refused  {item.source}{count}: {item.because}: {item.detail}", file=sys.stderr)
