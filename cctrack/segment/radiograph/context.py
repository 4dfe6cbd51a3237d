"""What the first stage saw around a place, for regions to be judged by.

One px of a faint plate looks like skin; that its neighbours all look a little like calcium tells
more than the px itself (auto-context: Tu and Bai, IEEE TPAMI 32:1744, 2010).
"""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.classify import chance_of, level_of
from cctrack.segment.radiograph.features import Planes, blur
from cctrack.segment.radiograph.grid import Float32Array, disc

AVERAGES_MM = (0.5, 1.0, 2.0, 4.0, 8.0)
"""From the px beside it to the whole of a large deposit."""

MOST_WITHIN_MM = (1.5, 4.0)
"""How sure the first stage was of the surest place around."""

FREE_MM = (2.0, 5.0)
"""Width of the flesh without calcium and bone that a px is compared with."""

SURE_MM = 2.5
"""Width of the calcium around that a px is compared with."""

LEAST_CONTRAST = 0.05
"""Ratios are not stretched by a contrast below 5 % of bone's."""


def context_planes(first: Float32Array, planes: Planes, mm: float) -> Planes:
    """Describe what the first stage saw at and around each px.

    Parameters
    ----------
    first : float32 array (rows, columns)
        Log-odds of a deposit.
    planes : mapping of str to float32 array (rows, columns)
        With ``grey`` and ``bone``.
    mm : float
        Side of a px.
    """
    context: Planes = {"first": first}
    for radius_mm in AVERAGES_MM:
        context[f"first_{radius_mm}"] = blur(first, radius_mm / mm)
    for reach_mm in MOST_WITHIN_MM:
        context[f"first_most_{reach_mm}"] = _most(context["first_0.5"], reach_mm / mm)
    return context | _contrasts(first, planes, mm)


def _most(odds: Float32Array, reach_px: float) -> Float32Array:
    small = cv2.resize(odds, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    most = cv2.dilate(small, disc(0.5 * reach_px))
    full = cv2.resize(most, odds.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, np.float32)


def _contrasts(first: Float32Array, planes: Planes, mm: float) -> Planes:
    # Grey against the flesh around, and as a share of the way from it to the calcium around.
    grey, calcium = planes["grey"], chance_of(first)
    free = (1 - calcium) * chance_of(-planes["bone"])
    found = {f"over_free_{r}": grey - level_of(grey, free, r / mm) for r in FREE_MM}
    above = level_of(grey, calcium * calcium, SURE_MM / mm) - grey
    over = found[f"over_free_{FREE_MM[-1]}"]
    found["under_sure"] = above
    found["share"] = over / np.maximum(np.abs(over + above), np.float32(LEAST_CONTRAST))
    return found
