"""Where in a photo the things lie that were put there for scale: no skin, no lesions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.calibrate.marker import Tag
from cctrack.model import FloatArray

BoolArray = NDArray[np.bool_]

WORKING_PX = 1000
"""Longest side at which paper is followed: its edge is then smoothed by the dilation anyway."""

MARGIN_MODULES = 2.0
"""A tag's white margin is covered at least so far, in eighths of its side."""

PAPER_REACH = 3.0
"""Paper is followed from a tag no further than so many of its sides: beyond it lies cloth."""

PAPER_LIGHT = 0.80
"""Share of the margin's own brightness that paper keeps in uneven light."""

PAPER_COLOUR = 14.0
"""Furthest CIE ab distance of paper from the margin's colour; skin of any type lies beyond."""

DILATION = 0.012
"""Growth of the mask at the end, as a share of the longer side: hides the shadow of the edge."""


def cover_tags(pixels: NDArray[np.uint8], tags: Sequence[Tag]) -> BoolArray:
    """Mask of tags and of the paper they are printed on.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    tags : sequence of Tag

    Returns
    -------
    bool array (rows, columns)
    """
    covered = np.zeros(pixels.shape[:2], dtype=bool)
    if not tags:
        return covered
    factor = min(1.0, WORKING_PX / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    mask: NDArray[np.uint8] = np.zeros(small.shape[:2], dtype=np.uint8)
    for tag in tags:
        mask = np.maximum(mask, _paper_of(lab, tag.corners_px * factor))
    if len(tags) >= 3:
        hull = cv2.convexHull(
            np.vstack([_grown(tag.corners_px * factor, 1.25) for tag in tags]).astype(np.float32)
        )
        cv2.fillConvexPoly(mask, np.rint(hull[:, 0, ::-1]).astype(np.int32), 1)
    return enlarge(mask > 0, pixels.shape[:2])


def enlarge(small: BoolArray, shape: tuple[int, ...]) -> BoolArray:
    """Bring a mask of a reduced image to full size, closed and dilated."""
    reach = max(1, round(DILATION * max(small.shape)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    grown = cv2.dilate(small.astype(np.uint8), disc)
    large: BoolArray = cv2.resize(grown, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST) > 0
    return large


def _paper_of(lab: NDArray[np.float32], corners: FloatArray) -> NDArray[np.uint8]:
    """Follow the paper around one tag; its black square is included."""
    shape = lab.shape[:2]
    square = _filled(_grown(corners, 1.0 + MARGIN_MODULES / 4), shape)
    margin = (_filled(_grown(corners, 1.16), shape) > 0) & (
        _filled(_grown(corners, 1.04), shape) == 0
    )
    if not margin.any():
        return square
    white = np.median(lab[margin], axis=0)
    colour = np.hypot(lab[..., 1] - white[1], lab[..., 2] - white[2])
    paper = (lab[..., 0] > PAPER_LIGHT * white[0]) & (colour < PAPER_COLOUR)
    reach = _filled(_grown(corners, 1.0 + 2 * PAPER_REACH), shape) > 0
    allowed = ((paper & reach) | (square > 0)).astype(np.uint8)
    _, parts = cv2.connectedComponents(allowed)
    inside = parts[square > 0]
    joined: NDArray[np.uint8] = np.isin(parts, inside[inside > 0]).astype(np.uint8)
    side = float(np.linalg.norm(corners[0] - corners[1]))
    size = max(1, round(side / 8))
    disc = np.ones((2 * size + 1, 2 * size + 1), np.uint8)
    opened = np.asarray(cv2.morphologyEx(joined, cv2.MORPH_OPEN, disc), np.uint8)
    return np.maximum(opened, square)


def _grown(corners: FloatArray, factor: float) -> FloatArray:
    centre = corners.mean(axis=0)
    grown: FloatArray = centre + factor * (corners - centre)
    return grown


def _filled(corners: FloatArray, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    mask = np.zeros(shape[:2], dtype=np.uint8)
    cv2.fillConvexPoly(mask, np.rint(corners[:, ::-1]).astype(np.int32), 1)
    return mask
