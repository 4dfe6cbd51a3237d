"""Guess from one click how far the thing under it reaches."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.segment.photo_border import filled
from cctrack.segment.photo_candidates import rim_of, slope_of
from cctrack.segment.photo_judge import judge_at, paint
from cctrack.segment.photo_skin import BoolArray, SkinView

LEVELS = (0.2, 0.27, 0.35, 0.43, 0.5, 0.57, 0.65, 0.75)
"""Shares of the way from the skin's colour to that under the click at which a region is cut out;
the sharpest border among them stands. No level is right for all: a click may hit a pale spot."""

SMOOTHING_PX = 1.0

HALF_PX = 2
"""Half side of the square at working size whose median is the colour under a click."""

LARGEST_SHARE = 0.2
"""A lesion covers no more of the skin in view."""

SMALLEST_PX = 12

LEAST_ODDS, SURE_ODDS = 0.0, 4.0
"""Log-odds of a deposit above which an open sore under the click, and any blob that the sharpest
region contradicts, is taken instead: by colour alone a sore falls apart into chalk and crust."""

AGREE = 0.6
"""Dice of two regions below which they contradict each other."""


def region_at(view: SkinView, place: tuple[int, int]) -> tuple[BoolArray, bool] | None:
    """Find what lies at a (row, column) of the working image.

    Returns
    -------
    (bool array, bool) or None
        The region at working size and whether it is an open sore; None where nothing differs
        from skin.
    """
    region = _sharpest_at(view, place)
    judged = judge_at(view, place)
    if judged is None:
        return None if region is None else (region, False)
    likely = paint(judged.candidate, view.skin.shape)
    if judged.odds > LEAST_ODDS and judged.sore:
        return likely, True
    if region is None or (judged.odds > SURE_ODDS and _dice(region, likely) < AGREE):
        return likely, judged.sore
    return region, False


def _sharpest_at(view: SkinView, place: tuple[int, int]) -> BoolArray | None:
    flat = np.asarray(cv2.GaussianBlur(view.flat, (0, 0), SMOOTHING_PX), np.float32)
    row, column = place
    near = flat[max(row - HALF_PX, 0) : row + HALF_PX + 1, max(column - HALF_PX, 0) :][
        :, : 2 * HALF_PX + 1
    ]
    clicked = np.median(near.reshape(-1, 3), axis=0)
    towards = np.asarray(flat @ clicked / (clicked @ clicked + 1e-6), np.float32)
    slope = slope_of(towards)
    best, sharpest = None, 0.0
    for level in LEVELS:
        region = _connected((towards > level) & view.field, place)
        area = int(region.sum())
        if not SMALLEST_PX <= area <= LARGEST_SHARE * float(view.skin.sum()):
            continue
        edge = float(slope[rim_of(region)].mean())
        if edge > sharpest:
            best, sharpest = region, edge
    return best


def _connected(mask: BoolArray, place: tuple[int, int]) -> BoolArray:
    """Fill the part of a mask that holds a place."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    whole = np.asarray(opened, np.uint8)
    whole[place] = 1
    _, parts = cv2.connectedComponents(whole, connectivity=4)
    return filled(np.asarray(parts) == parts[place])


def _dice(one: BoolArray, other: BoolArray) -> float:
    return float(2 * (one & other).sum() / max(1, one.sum() + other.sum()))
