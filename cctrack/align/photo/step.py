"""How the colour steps at the border of a place: what tells a deposit from the skin around it.

Steps are those of logarithms, so that light and exposure, which multiply, leave them as they are.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.align.photo.alike import DARKEST
from cctrack.align.photo.flat import BoolArray
from cctrack.model import FloatArray, Photo

BAND, GAP = 0.35, 0.12
"""Width of the bands within and around a border that are held against each other, and of what is
left out between them, as shares of the place's radius: borders are soft, alignments half a mm
off."""

SECTORS = 8
"""Pieces of a border that are looked at each for itself: light falls off to one side."""

LEAST_SECTORS = 3
"""Of which the mean step says something of all."""

LEAST_PX = 3
"""Pixels of a band in one sector below which it says nothing."""

Box = tuple[slice, slice]
Band = tuple[BoolArray, BoolArray]
"""What lies within and around one sector of a border."""

LEAST_COSINE, LEAST_STRENGTH = 0.95, 0.55
"""Cosine of two steps, and ratio of their lengths either way, from which they are of the same
deposit. Of 302 deposits outlined at both visits of simulated pairs (seeds 9100-9233) one in a
hundred had a cosine below 0.62 or a ratio below 0.53; of 17 missed at one visit the least were
0.96 and 0.53."""

MOST_FADED = 0.45
"""Ratio of the later to the earlier step below which only a mark is left: the least of these 302
was 0.48, of three scars that were outlined like deposits one had 0.34."""


def has_faded(was: FloatArray, now: FloatArray) -> bool:
    """Whether a place steps so much less from its skin than it did that only a mark is left.

    Parameters
    ----------
    was, now : array (3,)
        From `step_of`, of the earlier and the later photo.
    """
    return float(np.linalg.norm(now)) < MOST_FADED * float(np.linalg.norm(was))


def same_step(one: FloatArray, other: FloatArray) -> bool:
    """Whether two places step from their skin alike: one of the same colour, as strongly.

    Parameters
    ----------
    one, other : array (3,)
        From `step_of`.
    """
    lengths = float(np.linalg.norm(one)), float(np.linalg.norm(other))
    if min(lengths) <= LEAST_STRENGTH * max(lengths):
        return False
    return float(one @ other) >= LEAST_COSINE * lengths[0] * lengths[1]


def step_of(photo: Photo, place: BoolArray, skin: BoolArray) -> FloatArray | None:
    """Mean step of colour from the skin into a place, array (3,); None where too little shows it.

    Parameters
    ----------
    photo : Photo
    place : bool array (rows, columns)
        Not empty.
    skin : bool array (rows, columns)
    """
    box, inner, outer = bands_of(place)
    parts = sectors_of(place[box], inner, outer & skin[box])
    if len(parts) < LEAST_SECTORS:
        return None
    mean: FloatArray = differences(photo.pixels[box], parts).mean(axis=0)
    return mean


def bands_of(place: BoolArray) -> tuple[Box, BoolArray, BoolArray]:
    """Return the box around a place, and in it the bands within and around its border."""
    radius = math.sqrt(np.count_nonzero(place) / math.pi)
    band, gap = max(3.0, BAND * radius), max(1.0, GAP * radius)
    box = _box(place, math.ceil(band + gap) + 2)
    mask = np.pad(place[box], 1)
    within = ndimage.distance_transform_edt(mask)[1:-1, 1:-1]
    around = ndimage.distance_transform_edt(~mask)[1:-1, 1:-1]
    inner, outer = ((far > gap) & (far <= gap + band) for far in (within, around))
    return box, inner, outer


def sectors_of(place: BoolArray, inner: BoolArray, outer: BoolArray) -> list[Band]:
    """Cut the bands on both sides of a border into sectors around the middle of the place."""
    middle = np.argwhere(place).mean(axis=0)
    down, across = np.ogrid[: place.shape[0], : place.shape[1]]
    turn = np.arctan2(down - middle[0], across - middle[1]) / (2 * np.pi) + 0.5
    sector = (turn * SECTORS).astype(int) % SECTORS
    cut = [(inner & (sector == one), outer & (sector == one)) for one in range(SECTORS)]
    return [part for part in cut if min(map(np.count_nonzero, part)) >= LEAST_PX]


def differences(pixels: NDArray[np.uint8], parts: list[Band]) -> FloatArray:
    """Median colour within less that around the border, in each sector: array (sectors, 3)."""
    colours = np.log(pixels.astype(np.float64) + DARKEST)
    found: FloatArray = np.array(
        [np.median(colours[inner], 0) - np.median(colours[outer], 0) for inner, outer in parts]
    )
    return found


def _box(place: BoolArray, room: int) -> Box:
    rows, columns = (np.flatnonzero(place.any(axis=1 - axis)) for axis in (0, 1))
    return (
        slice(max(int(rows[0]) - room, 0), min(int(rows[-1]) + room + 1, place.shape[0])),
        slice(max(int(columns[0]) - room, 0), min(int(columns[-1]) + room + 1, place.shape[1])),
    )
