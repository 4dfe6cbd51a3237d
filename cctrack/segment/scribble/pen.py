"""Lay strokes on the part of an image that they are about; and pick what they touch."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import LabelArray
from cctrack.segment.scribble.strokes import Stroke, Strokes

Box = tuple[slice, slice]
BoolArray = NDArray[np.bool_]


def box_around(strokes: Strokes, shape: tuple[int, ...], share: float, least_px: float) -> Box:
    """Choose the part of an image that is looked at.

    Parameters
    ----------
    strokes : Strokes
    shape : (rows, columns)
        Of the image.
    share, least_px : float
        What is looked at beyond the strokes: a share of their extent and so many px.
    """
    ends = [
        np.asarray(item.points_px) + side * item.width_px / 2
        for item in strokes.strokes
        for side in (-1, 1)
    ]
    if strokes.box_px is not None:
        ends.append(np.reshape(strokes.box_px, (2, 2)))
    places = np.concatenate(ends)
    low, high = places.min(axis=0), places.max(axis=0)
    margin = share * float((high - low).max()) + least_px
    first = np.clip(np.floor(low - margin), 0, np.array(shape) - 1).astype(int)
    last = np.clip(np.ceil(high + margin) + 1, first + 1, shape).astype(int)
    return slice(int(first[0]), int(last[0])), slice(int(first[1]), int(last[1]))


def drawn(strokes: tuple[Stroke, ...], box: Box) -> BoolArray:
    """Pixels of a part of the image that lie under the pen."""
    mask = np.zeros(_shape(box), np.uint8)
    for item in strokes:
        places = np.asarray(item.points_px) - (box[0].start, box[1].start)
        # Sixteenths of a px. OpenCV draws no line of one point: a dot begins and ends there.
        points = np.rint(places[:, ::-1] * 16).astype(np.int32)
        line = np.repeat(points, 2, axis=0) if len(points) == 1 else points
        cv2.polylines(mask, [line], False, 1, max(1, round(item.width_px)), cv2.LINE_8, 4)
    return mask > 0


def outside(strokes: Strokes, box: Box) -> BoolArray:
    """Pixels outside the box that a reader drew; none where there is no such box."""
    if strokes.box_px is None:
        return np.zeros(_shape(box), dtype=bool)
    mask = np.ones(_shape(box), dtype=bool)
    top, left, bottom, right = (round(edge) for edge in strokes.box_px)
    rows = slice(max(top - box[0].start, 0), max(bottom - box[0].start + 1, 0))
    mask[rows, max(left - box[1].start, 0) : max(right - box[1].start + 1, 0)] = False
    return mask


def middle(strokes: Strokes, box: Box) -> BoolArray:
    """Take the middle half of a reader's box, when nothing was drawn inside it."""
    inside = ~outside(strokes, box)
    half = np.asarray(cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5))
    core: BoolArray = half > 0.5 * half.max()
    return core


def touched(region: BoolArray, strokes: BoolArray) -> BoolArray:
    """Keep the connected parts that a stroke touches."""
    _, parts = cv2.connectedComponents(region.astype(np.uint8))
    wanted = np.unique(np.asarray(parts)[strokes & region])
    kept: BoolArray = np.isin(parts, wanted[wanted > 0])
    return kept


def numbered(region: BoolArray) -> LabelArray:
    """Label the connected parts of a region from the largest."""
    _, parts = cv2.connectedComponents(region.astype(np.uint8))
    return numbered_from(np.asarray(parts, np.int32))


def numbered_from(parts: NDArray[np.int32]) -> LabelArray:
    """Label parts, of which 0 is none, from the largest."""
    sizes = np.bincount(parts.ravel())
    sizes[0] = np.iinfo(np.int64).max
    ranks = np.empty(len(sizes), dtype=np.uint16)
    ranks[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    labels: LabelArray = ranks[parts]
    return labels


def _shape(box: Box) -> tuple[int, int]:
    return box[0].stop - box[0].start, box[1].stop - box[1].start
