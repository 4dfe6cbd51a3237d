"""Guess from one click how far the thing under it reaches."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cctrack._cv2 import cv2
from cctrack.segment.photo.border import filled
from cctrack.segment.photo.candidates import rim_of, slope_of
from cctrack.segment.photo.judge import Judged, odds_of
from cctrack.segment.photo.skin import BoolArray, SkinView
from cctrack.segment.photo.trials import Trial, blob_trial, shared, shown_trial

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


def region_at(view: SkinView, judged: Sequence[Judged], place: tuple[int, int]) -> Trial | None:
    """Find what lies at a (row, column) of the working image; None where nothing differs from skin.

    Parameters
    ----------
    view : SkinView
    judged : sequence of Judged
        All blobs of the photo.
    place : (int, int)
    """
    region = _sharpest_at(view, place)
    own = None if region is None else shown_trial(region, view.skin.shape)
    likely = max((item for item in judged if item.holds(place)), key=odds_of, default=None)
    if likely is None:
        return own
    blob = blob_trial(likely, view.skin.shape)
    if likely.odds > LEAST_ODDS and likely.sore:
        return blob
    if own is None or (likely.odds > SURE_ODDS and shared(own, blob) < AGREE):
        return blob
    return replace(own, odds=likely.odds)


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
