"""Find squares of one colour, such as a printed square centimetre, in a photo."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.calibrate.blobs import Blob, patch_of, signed_area
from cctrack.calibrate.corners import FROM_CORNER, cross, principal, refine_corners
from cctrack.calibrate.marker import Tag
from cctrack.model import FloatArray

PROFILE_SHARES = (8.0, 20.0)
"""Half a profile across a side is a little shorter than this part of the side: the paper round a
square is often only a millimetre wide, but below `PROFILE_PX` there is no plateau."""

PROFILE_PX = 3.0

LEAST_FILL = 0.9
"""Share of the four-sided figure that a patch fills, and the other way round."""

SIDE_REACH = 0.1
"""Points of an outline further from a side than this share of it belong to another side."""

LEAST_POINTS = 4
"""Fewer points of an outline give no better line than its two ends."""

LEAST_SIDES = 0.45
"""Shortest side over longest: a square seen at 60 degrees has 0.5."""

CORNER_DEG = (50.0, 130.0)
"""Angles at the corners: at 60 degrees of tilt those of a square are 53 to 127."""

MOST_UNEVEN = 0.15
"""Unevenness inside, as a share of the contrast: print has one colour, skin and wounds have not."""

STRAIGHT = 0.02
"""Scatter about straight sides, as a share of their length: a ruler's or scissors' edge."""

MOST_OVERSHOOT = 0.45
"""By how much of the contrast a profile may leave the two colours: cameras sharpen by up
to 0.3; more is a third colour, and it is not known which edge this is."""

RIVAL = 0.6
"""A second square with this share of the best one's contrast makes it unclear which is meant."""

SAME_SIZE = 0.1
"""Rivals whose sides differ by less mean the same."""


def find_squares(pixels: NDArray[np.uint8], blobs: Sequence[Blob]) -> tuple[Tag, ...]:
    """Find the square among compact patches; none when it is unclear which one is meant.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    blobs : sequence of Blob

    Returns
    -------
    tuple of Tag
        One or none, corners clockwise, its number meaningless.
    """
    found = [item for blob in blobs for item in _square(pixels, blob)]
    if not found:
        return ()
    contrast, best = max(found, key=lambda item: item[0])
    rivals = [tag for other, tag in found if other > RIVAL * contrast or _nested(tag, best)]
    # A piece of paper round a square of colour is a square too: the inner one is meant.
    inner = min(rivals, key=lambda tag: tag.side_px)
    others = [tag for tag in rivals if not _nested(inner, tag)]
    unlike = (abs(np.log(tag.side_px / inner.side_px)) > SAME_SIZE for tag in others)
    return () if any(unlike) else (inner,)


def _nested(inner: Tag, outer: Tag) -> bool:
    """Whether one square lies in the middle of another, little larger one."""
    apart = float(np.linalg.norm(inner.corners_px.mean(axis=0) - outer.corners_px.mean(axis=0)))
    return inner.side_px <= outer.side_px < 2 * inner.side_px and apart < 0.2 * outer.side_px


def _square(pixels: NDArray[np.uint8], blob: Blob) -> list[tuple[float, Tag]]:
    """Contrast and corners, when a patch is a square."""
    rough = _four_corners(blob.outline_px)
    if rough is None or not _is_squarish(rough):
        return []
    patch = patch_of(pixels, rough)
    if patch is None or patch.unevenness > MOST_UNEVEN:
        return []
    parts = int(np.clip(blob.size_px / PROFILE_PX, *PROFILE_SHARES))
    fine = refine_corners(patch.light, rough - patch.corner_px, modules=parts)
    if fine is None or fine.overshoot > MOST_OVERSHOOT or fine.scatter_px > STRAIGHT * blob.size_px:
        return []
    points = fine.points_px + patch.corner_px
    return [(patch.contrast, Tag("", 0, points, fine.sd_px, fine.blur_px, fine.spoiled))]


def _four_corners(outline: FloatArray) -> FloatArray | None:
    """Corners (4, 2) of a patch that fills a four-sided figure."""
    hull = cv2.convexHull(outline.astype(np.float32))
    length = cv2.arcLength(hull, closed=True)
    for share in (0.02, 0.03, 0.045, 0.06, 0.08):
        corners = np.asarray(cv2.approxPolyDP(hull, share * length, closed=True), np.float64)
        if len(corners) == 4:
            points = corners.reshape(4, 2)
            points = points if signed_area(points) > 0 else points[::-1].copy()
            fill = signed_area(outline) / signed_area(points)
            return _straightened(outline, points) if LEAST_FILL < fill < 1 / LEAST_FILL else None
    return None


def _straightened(outline: FloatArray, corners: FloatArray) -> FloatArray:
    """Where lines through the middles of the sides cross: corners of an outline are rounded."""
    lines = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = (end - start) / float(np.linalg.norm(end - start))
        place = (outline - start) @ along / float(np.linalg.norm(end - start))
        away = np.abs((outline - start) @ np.array([-along[1], along[0]]))
        own = (place > FROM_CORNER) & (place < 1 - FROM_CORNER)
        own &= away < SIDE_REACH * float(np.linalg.norm(end - start))
        if own.sum() < LEAST_POINTS:
            return corners
        lines.append(principal(outline[own])[:2])
    crossings = [cross(lines[k - 1], lines[k]) for k in range(4)]
    return np.array(crossings, dtype=np.float64)


def _is_squarish(corners: FloatArray) -> bool:
    ahead = np.roll(corners, -1, axis=0) - corners
    sides = np.linalg.norm(ahead, axis=1)
    back = -np.roll(ahead, 1, axis=0)
    cosines = np.sum(ahead * back, axis=1) / (sides * np.roll(sides, 1))
    angles = np.rad2deg(np.arccos(np.clip(cosines, -1, 1)))
    within = (angles > CORNER_DEG[0]) & (angles < CORNER_DEG[1])
    return bool(sides.min() > LEAST_SIDES * sides.max() and within.all())
