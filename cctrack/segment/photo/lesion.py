"""Outline one lesion of a photo, closed or open: at working size first, then at full size."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.photo.border import refine_border
from cctrack.segment.photo.full import Box, enlarge, widened
from cctrack.segment.photo.skin import BoolArray, SkinView
from cctrack.segment.photo.sore import outline_sore, sore_around
from cctrack.segment.photo.trials import Trial, moved

SAME_LESION = 0.9
"""Dice of the outlines at working and at full size below which the finer one followed something
else: hair or pores, which the smaller image hides."""

SMALL_PX = 300
"""Smaller lesions have too few pixels at working size: their border is placed at full size only."""

STRAIGHT, STRAIGHT_PX = 0.88, 150
"""Share of its least rectangle that a ring or a strip of plaster fills, and how large at working
size one must be for that to show. Of 240 simulated deposits the straightest fills 0.86."""

STAMP_CHROMA, STAMP_HUE_DEG, STAMP_LIGHT = 50.0, (45.0, 115.0), 55.0
"""Chroma and hue (CIE ab) and lightness of the orange or yellow that cameras write dates in. On 12
simulated photos the most colourful twentieth of an outline had a chroma of 13 to 49, digits 77 to
79; red spots of real wounds reach 60 too, but are redder (hue 24 degrees)."""

STAMPED = 0.1
"""Share of an outline and its rim in that colour from which it is a digit."""

RIM_PX = 3
"""Rim at working size: of an outlined 0 the digit itself lies outside."""


def is_stamp(view: SkinView, trial: Trial) -> bool:
    """Whether an outline is a part of a date that the camera has written into the photo."""
    box = widened(trial.box, RIM_PX, view.skin.shape)
    size = 2 * RIM_PX + 1
    near = cv2.dilate(moved(trial, box).astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    light, green_red, blue_yellow = np.moveaxis(view.lab[box], -1, 0)
    hue_deg = np.rad2deg(np.arctan2(blue_yellow, green_red))
    written = (hue_deg > STAMP_HUE_DEG[0]) & (hue_deg < STAMP_HUE_DEG[1]) & (light > STAMP_LIGHT)
    written &= np.hypot(green_red, blue_yellow) > STAMP_CHROMA
    return bool(written[near].mean() > STAMPED)


def is_strip(trial: Trial) -> bool:
    """Whether an outline is a rectangle: a ring across a finger, a strip of plaster, no deposit."""
    if trial.mask.sum() < STRAIGHT_PX:
        return False
    places = np.argwhere(trial.mask).astype(np.float32)
    _, (width, height), _ = cv2.minAreaRect(places)
    return bool(trial.mask.sum() > STRAIGHT * (width + 1) * (height + 1))


def first_outline(view: SkinView, rough: Trial) -> Trial:
    """Outline a lesion at working size; chalk with crust beside it is outlined with its sore.

    Parameters
    ----------
    view : SkinView
    rough : Trial
        Where the lesion roughly is, and whether it looks like an open sore.
    """
    hidden = ~view.skin[rough.box] & ~rough.mask
    pixels = view.pixels[rough.box]
    if rough.sore:
        return Trial(rough.box, outline_sore(pixels, rough.mask, hidden), True, rough.odds)
    mask = rough.mask if _is_small(rough) else refine_border(pixels, rough.mask, hidden)
    closed = Trial(rough.box, mask, False, rough.odds)
    box = widened(rough.box, int(np.sqrt(closed.mask.sum() / np.pi)), view.skin.shape)
    whole = moved(closed, box)
    hidden = ~view.skin[box] & ~whole
    around = sore_around(view.pixels[box], whole, hidden)
    if around is None:
        return closed
    return Trial(box, outline_sore(view.pixels[box], around, hidden), True, rough.odds)


def outline_lesion(
    pixels: NDArray[np.uint8], view: SkinView, trial: Trial, ignore: BoolArray
) -> tuple[Box, BoolArray]:
    """Place the border of a lesion at full size, near where it is at working size.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
        The photo.
    view : SkinView
        Of the photo.
    trial : Trial
    ignore : bool array (rows, columns)
        Other lesions, scale objects, background: neither lesion nor skin.

    Returns
    -------
    (pair of slices, bool array)
        Part of the photo, and the lesion in it.
    """
    painted = np.zeros(view.skin.shape, dtype=bool)
    painted[trial.box] = trial.mask
    box, part = enlarge(painted, view.factor, ignore.shape)
    if trial.sore:
        fine = outline_sore(pixels[box], part, ignore[box])
    else:
        fine = refine_border(pixels[box], part, ignore[box])
    shared = 2 * (fine & part).sum() / max(1, fine.sum() + part.sum())
    stands = shared > SAME_LESION or _is_small(trial)
    return box, fine if stands else part & ~ignore[box]


def _is_small(trial: Trial) -> bool:
    return bool(trial.mask.sum() < SMALL_PX)
