"""Borders of lesions as paths that lie over a picture, so that they can be shown or taken away."""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from cctrack.model import FloatArray, LabelArray, lesion_name
from cctrack.report.placing import Box, place_names
from cctrack.report.site_content import Border

SMOOTHING_PX = 0.7
"""Blur, in px of the label image, that hides the staircase of pixels and keeps the size."""

LETTER_PX = (12, 18)
"""Width and height of a letter of a lesion's name in px of the picture."""

TOLERANCE_PX = 0.3
"""A border may be simplified by this much: it cannot be seen, and the report stays small."""


def trace_borders(labels: LabelArray, enlargement: float) -> tuple[Border, ...]:
    """Trace every lesion of a label image that has the size of the picture.

    Parameters
    ----------
    labels : array (rows, columns)
    enlargement : float
        Px of the picture for one px of the image that was outlined.
    """
    traced = {
        lesion: _lines(labels, lesion, box, SMOOTHING_PX * max(1.0, enlargement))
        for lesion, box in enumerate(ndimage.find_objects(labels), start=1)
        if box is not None
    }
    boxes = {lesion: _extent(lines) for lesion, lines in traced.items()}
    sizes = {lesion: (LETTER_PX[0] * len(lesion_name(lesion)), LETTER_PX[1]) for lesion in traced}
    rows, columns = labels.shape
    places = place_names(boxes, sizes, (rows, columns))
    return tuple(
        Border(lesion, " ".join(map(_path, lines)), _base_line(places.get(lesion)))
        for lesion, lines in traced.items()
    )


def _lines(
    labels: LabelArray, lesion: int, box: tuple[slice, ...], smoothing_px: float
) -> list[FloatArray]:
    """Trace the closed lines of one lesion, each (n, 2) as (x, y)."""
    from skimage.measure import approximate_polygon, find_contours

    trace: Callable[..., list[FloatArray]] = find_contours
    margin = 2 + int(3 * smoothing_px)
    mask = np.pad((labels[box] == lesion).astype(np.float32), margin)
    lines = trace(ndimage.gaussian_filter(mask, smoothing_px), 0.5) or trace(mask, 0.5)
    origin = np.array([side.start - margin + 0.5 for side in box])
    return [(approximate_polygon(line, TOLERANCE_PX) + origin)[:, ::-1] for line in lines]


def _extent(lines: list[FloatArray]) -> Box:
    points = np.concatenate(lines)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return int(left), int(top), int(right), int(bottom)


def _path(line: FloatArray) -> str:
    """Write a closed line as steps of tenths of a px: a third of the letters of absolute places."""
    tenths = np.rint(line[:-1] * 10).astype(int)
    start, steps = tenths[0] / 10, np.diff(tenths, axis=0) / 10
    moves = "".join(f"{x:+g}{y:+g}" for x, y in steps)
    return f"M{start[0]:g} {start[1]:g}l{moves}z"


def _base_line(place: Box | None) -> tuple[float, float] | None:
    return None if place is None else (float(place[0]), float(place[3] - 4))
