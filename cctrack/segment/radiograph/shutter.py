"""Find the closed shutters of the collimator: bright, straight margins of a film."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2

Float32Array = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

SHRINK = 4
"""Shutters are looked for on a grid this much coarser."""

BRIGHTER_THAN = 90.0
"""A margin is closed when it is brighter than this percentile of the film's middle."""

LEAST_STEP = 0.2
"""And brighter than its median by this share of the film's range: bone alone fills no margin."""

CUT = 0.4
"""The shutter ends where the grey has fallen this far towards the middle's median."""

WIDEST = 0.35
"""No shutter reaches further into the film than this share of it."""

STRAIGHT_PX = 2.0
"""Coarse px by which a shutter's edge may leave its straight line."""


def find_shutters(pixels: Float32Array) -> BoolArray:
    """Mark what the collimator covers.

    Parameters
    ----------
    pixels : float32 array (rows, columns)
        Bone bright.

    Returns
    -------
    covered : bool array (rows, columns)
    """
    share = 1.0 / SHRINK
    coarse = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    image = cv2.GaussianBlur(np.asarray(coarse, np.float32), (0, 0), 1.0)
    covered = np.zeros(image.shape, bool)
    for turns in range(4):
        covered |= np.rot90(_covered_left(np.rot90(np.asarray(image), turns)), -turns)
    full = cv2.resize(covered.astype(np.uint8), pixels.shape[::-1], interpolation=0)
    mask: BoolArray = np.asarray(full) > 0
    return mask


def _covered_left(image: Float32Array) -> BoolArray:
    rows, columns = image.shape
    middle = image[rows // 5 : rows - rows // 5, columns // 5 : columns - columns // 5]
    nothing = np.zeros(image.shape, bool)
    if not middle.size:
        return nothing
    margin = float(np.median(image[:, :2]))
    usual, bright = np.percentile(middle, (50, BRIGHTER_THAN))
    if margin <= bright or margin - usual < LEAST_STEP * float(np.ptp(image)):
        return nothing
    dark = image < margin - CUT * (margin - usual)
    ends = np.where(dark.any(axis=1), dark.argmax(axis=1), columns)
    line = _straight(np.flatnonzero((ends > 0) & (ends < WIDEST * columns)), ends)
    if line is None:
        return nothing
    covered: BoolArray = np.arange(columns)[None, :] < np.polyval(line, np.arange(rows))[:, None]
    return covered


def _straight(places: NDArray[np.int_], ends: NDArray[np.int_]) -> NDArray[np.float64] | None:
    # Fit a line to where the margin ends, leaving out rows in which bone runs into it.
    line = None
    for _ in range(6):
        if len(places) < 0.25 * len(ends):
            return None
        line = np.polyfit(places, ends[places], 1)
        gap = np.abs(np.polyval(line, places) - ends[places])
        places = places[gap <= max(STRAIGHT_PX, float(np.median(gap)))]
    return line
