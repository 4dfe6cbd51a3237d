"""Whether one photo shows bare skin where another one shows a deposit.

What was missed on a photo, as faint as it may be, still steps from the skin at its border and has
the same pattern. What was not there, or is gone, has neither.
"""

import math

import numpy as np

from cctrack._cv2 import cv2
from cctrack.align.photo.alike import compare_places
from cctrack.align.photo.flat import BoolArray
from cctrack.align.photo.step import bands_of, differences, sectors_of
from cctrack.model import Alignment, FloatArray, Photo

LEAST_STEP = 0.15
"""Step at the border, as a logarithm of colour, below which a deposit hardly stands out where it is
outlined: its absence elsewhere proves nothing."""

MOST_STEP, MOST_STRENGTH, MOST_CORRELATION = 0.3, 0.25, 0.5
"""Share of the step, strength and correlation of the pattern up to which skin is bare. Of seven
deposits that had come or gone (simulated pairs, seeds 8200-8251) six had steps of -0.22 to 0.13 and
strengths up to 0.17; of 300 that were there at both visits one in a hundred had a step below 0.4,
and of four that were missed at one the least strength was 0.53."""


def shows_bare_skin(
    photos: tuple[Photo, Photo], alignment: Alignment, place: BoolArray, skin: BoolArray
) -> bool:
    """Whether the second photo shows plain skin at a place that stands out on the first.

    Parameters
    ----------
    photos : pair of Photo
    alignment : Alignment
        From the first to the second photo.
    place : bool array (rows, columns)
        On the first photo, not empty.
    skin : bool array (rows, columns)
        Where the second photo shows skin: not where a scale, cloth or glare lies on it.
    """
    likeness = compare_places(photos, alignment, place)
    if likeness.strength > MOST_STRENGTH or likeness.correlation > MOST_CORRELATION:
        return False
    steps = _steps(photos, alignment, place, skin)
    if steps is None:
        return False
    here, there = steps
    strength = float((here**2).sum())
    if math.sqrt(strength / len(here)) < LEAST_STEP:
        return False
    return abs(float((here * there).sum())) <= MOST_STEP * strength


def _steps(
    photos: tuple[Photo, Photo], alignment: Alignment, place: BoolArray, skin: BoolArray
) -> tuple[FloatArray, FloatArray] | None:
    """Step of colour (sectors, 3) at a border on both photos; None where not all of it is seen."""
    box, inner, outer = bands_of(place)
    grid = np.stack(np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij"), -1)
    there = alignment.transform(grid.reshape(-1, 2).astype(np.float64)).reshape(grid.shape)
    if not _shows(skin, there[inner | outer]):
        return None
    down, across = np.moveaxis(there.astype(np.float32), -1, 0)
    other = np.asarray(cv2.remap(photos[1].pixels, across, down, cv2.INTER_LINEAR), np.uint8)
    parts = sectors_of(place[box], inner, outer)
    if not parts:
        return None
    return differences(photos[0].pixels[box], parts), differences(other, parts)


def _shows(skin: BoolArray, points: FloatArray) -> bool:
    """Whether points (n, 2) lie on skin, all of them."""
    near = np.rint(points).astype(int)
    if not ((near >= 0) & (near < skin.shape)).all():
        return False
    return bool(skin[near[:, 0], near[:, 1]].all())
