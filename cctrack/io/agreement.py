"""Where the headers of one series contradict each other or themselves, nothing is measured."""

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_header import Place
from cctrack.io.dicom_values import Vector
from cctrack.model import Because, FloatArray

ALIKE_WITHIN = 2e-3
"""Direction cosines and spacings (mm) of one series; twice what `cctrack.io.series` lets pass."""

TILT_COSTS = 0.005
"""A tilt that the positions do not show matters once it would move the volume by 0.5 % (6°)."""

STEEPEST_TILT_DEG = 45.0
"""No gantry tilts further than 30°; a larger value says nothing."""

THICKEST_MM = 20.0
"""CT slices are 0.2-10 mm thick; a thicker one is a broken header and serves for no comparison."""

MOST_OVERLAP = 0.11
"""Slices nearer to each other than this share of their thickness have positions in centimetres.

Scanners overlap slices by up to four fifths.
"""


def require_one_kind(headers: Sequence[Place]) -> None:
    """Refuse slices that should be one image but differ in size, spacing or orientation.

    Raises
    ------
    UnreadableImage
        Naming what differs.
    """
    differs = {
        "sizes": len({(header.rows, header.columns) for header in headers}) > 1,
        "pixel spacings": _differ([header.pixel_spacing for header in headers]),
        "orientations": _differ([header.orientation for header in headers]),
        "kernels": len({header.kernel for header in headers}) > 1,
        "tube voltages": len({header.kvp for header in headers}) > 1,
    }
    found = [name for name, differ in differs.items() if differ]
    if found:
        raise UnreadableImage(
            Because.INCONSISTENT_SERIES,
            f"slices of one series have different {' and '.join(found)}",
        )


def _differ(values: Sequence[Vector | None]) -> bool:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return bool(known)
    return bool((np.ptp(np.array(known), axis=0) > ALIKE_WITHIN).any())


def require_all_parts(headers: Sequence[Place]) -> None:
    """Refuse a concatenation (one image in several files) of which a file is missing.

    Raises
    ------
    UnreadableImage
        If not all parts that the files speak of are there.
    """
    parts: dict[str, set[int]] = defaultdict(set)
    announced: dict[str, int] = defaultdict(int)
    for header in headers:
        if header.part is not None:
            whole, which, count = header.part
            parts[whole].add(which)
            announced[whole] = max(announced[whole], count, which)
    for whole, present in parts.items():
        if len(present) < announced[whole]:
            raise UnreadableImage(
                Because.MISSING_SLICES,
                f"{len(present)} of {announced[whole]} files of one image are there",
            )


def require_tilt_agrees(headers: Sequence[Place], sheared_deg: float, normal: FloatArray) -> None:
    """Refuse slices made with a tilted gantry whose positions know nothing of the tilt.

    Images that were computed from others (tilt taken out by resampling) lie where they say.

    Parameters
    ----------
    headers : sequence of Place
    sheared_deg : float
        Angle between the line of slices and their normal.
    normal : array (3,)
        Of the slices.

    Raises
    ------
    UnreadableImage
        If the tilt would move the volume.
    """
    if all(header.resampled for header in headers):
        return
    stated_deg = max(abs(header.tilt_deg or 0.0) for header in headers)
    if stated_deg > STEEPEST_TILT_DEG:
        return
    # A slice that leans against the long axis knows of the tilt, whatever its neighbours do.
    leaning_deg = math.degrees(math.acos(min(1.0, float(np.abs(normal).max()))))
    shown_deg = max(sheared_deg, leaning_deg)
    lost = math.cos(math.radians(shown_deg)) / math.cos(math.radians(stated_deg)) - 1.0
    if lost > TILT_COSTS:
        raise UnreadableImage(
            Because.INCONSISTENT_SERIES,
            f"the gantry is said to be tilted by {stated_deg:.0f} degrees, "
            f"the positions show {shown_deg:.0f}",
        )


def require_millimetres(headers: Sequence[Place], usual_gap_mm: float) -> None:
    """Refuse positions that are far too close together: given in centimetres or metres.

    Raises
    ------
    UnreadableImage
        If neighbouring slices would overlap by nine tenths.
    """
    thickness_mm = [header.thickness_mm or 0.0 for header in headers]
    expected = [value for value in thickness_mm if 0.0 < value <= THICKEST_MM] or [
        max(header.pixel_spacing) for header in headers if header.pixel_spacing
    ]
    if expected and usual_gap_mm < MOST_OVERLAP * float(np.median(expected)):
        raise UnreadableImage(
            Because.INCONSISTENT_SERIES,
            f"{float(np.median(expected)):.2f} mm slices lie only {usual_gap_mm:.3f} mm apart",
        )


def is_partial(headers: Sequence[Place]) -> bool:
    """Whether the files speak of more slices than there are.

    A number that fits several images of one position each (echoes, kernels) says nothing.
    """
    announced = max(header.announced for header in headers)
    return announced > len(headers) and announced % len(headers) != 0
