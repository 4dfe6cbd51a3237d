"""Outline anew what has no edge: nets, plates and stones that fade out.

What was found of them is their surest part. It shows the rest, as a reader's stroke along it would.
"""

import numpy as np
from scipy import ndimage
from skimage.morphology import skeletonize

from cctrack._cv2 import cv2
from cctrack.model import LabelArray
from cctrack.segment.radiograph.border import Redrawn
from cctrack.segment.radiograph.grid import BoolArray, Float32Array, disc
from cctrack.segment.radiograph.shown import chance_on_film, joined_with, stroked_of
from cctrack.segment.radiograph.shown_error import border_sd_px
from cctrack.segment.radiograph.snap import widened

FAR_MM = 8.0
"""Film looked at around what was found."""

SURE_BONE_MM = 1.0
"""Sure bone this far from what was found is none of it."""

FOUND_LOG_SD = 0.3
"""Error of ln(area) beside that of an outline from a reader's stroke: what was found may be one end
of a plate. With it the intervals of nine in ten plates and nets of 36 simulated hands (seeds
6340-6375) hold the true area. See decision 0032."""

LEAST_DICE = 0.3
"""Below this Dice of both outlines the new one is something else."""


def grow_faint(
    pixels: Float32Array, labels: LabelArray, bone: BoolArray, mm: float, leave: frozenset[int]
) -> Redrawn:
    """Outline lesions without an edge by what they show of themselves.

    Parameters
    ----------
    pixels : float32 array (rows, columns)
        The film, bone bright.
    labels : uint16 array (rows, columns)
    bone : bool array (rows, columns)
        Surely bone.
    mm : float
        Side of a px.
    leave : frozenset of int
        Lesions that are left as they are.
    """
    drawn, known = labels.copy(), {}
    for lesion, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None or lesion in leave:
            continue
        window = widened(box, int(FAR_MM / mm), labels.shape)
        here = drawn[window]
        found = _grown(
            pixels[window], (here == lesion, (here > 0) & (here != lesion)), bone[window], mm
        )
        if found is None:
            continue
        here[here == lesion] = 0
        here[found[0]] = lesion
        known[lesion] = found[1]
    return Redrawn(drawn, known)


def _grown(
    pixels: Float32Array, lesions: tuple[BoolArray, BoolArray], bone: BoolArray, mm: float
) -> tuple[BoolArray, float] | None:
    # The lesion and the SD of its border in px, or None where nothing like it was shown.
    own, others = lesions
    line = cv2.dilate(skeletonize(own).astype(np.uint8), disc(1)) > 0
    near = cv2.dilate(own.astype(np.uint8), disc(SURE_BONE_MM / mm)) > 0
    chance = chance_on_film(stroked_of(pixels, line, bone & ~near, mm), own.shape)
    chance[others] = 0
    region = joined_with(chance, line, mm) > 0
    both = np.count_nonzero(region & own)
    if 2 * both < LEAST_DICE * (np.count_nonzero(region) + np.count_nonzero(own)):
        return None
    return region, border_sd_px(chance, region, FOUND_LOG_SD)
