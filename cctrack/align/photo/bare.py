"""Whether one photo shows bare skin where another one shows a deposit.

What was missed on a photo, as faint as it may be, still steps from the skin at its border and has
the same pattern. What was not there, or is gone, has neither.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.align.photo.alike import DARKEST, compare_places
from cctrack.align.photo.flat import BoolArray
from cctrack.model import Alignment, FloatArray, Photo

BAND, GAP = 0.35, 0.12
"""Width of the bands within and around a border that are held against each other, and of what is
left out between them, as shares of the place's radius: borders are soft, alignments half a mm
off."""

SECTORS = 8
"""Pieces of a border that are looked at each for itself: light falls off to one side."""

Band = tuple[BoolArray, BoolArray]
"""What lies within and around one sector of a border."""

LEAST_PX = 3
"""Pixels of a band in one sector below which it says nothing."""

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
    radius = math.sqrt(np.count_nonzero(place) / math.pi)
    band, gap = max(3.0, BAND * radius), max(1.0, GAP * radius)
    box = _box(place, math.ceil(band + gap) + 2)
    mask = np.pad(place[box], 1)
    within = ndimage.distance_transform_edt(mask)[1:-1, 1:-1]
    around = ndimage.distance_transform_edt(~mask)[1:-1, 1:-1]
    inner, outer = ((far > gap) & (far <= gap + band) for far in (within, around))
    grid = np.stack(np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij"), -1)
    there = alignment.transform(grid.reshape(-1, 2).astype(np.float64)).reshape(grid.shape)
    if not _shows(skin, there[inner | outer]):
        return None
    down, across = np.moveaxis(there.astype(np.float32), -1, 0)
    other = np.asarray(cv2.remap(photos[1].pixels, across, down, cv2.INTER_LINEAR), np.uint8)
    parts = _sectors(grid - grid[place[box]].mean(axis=0), inner, outer)
    if not parts:
        return None
    return _differences(photos[0].pixels[box], parts), _differences(other, parts)


def _shows(skin: BoolArray, points: FloatArray) -> bool:
    """Whether points (n, 2) lie on skin, all of them."""
    near = np.rint(points).astype(int)
    if not ((near >= 0) & (near < skin.shape)).all():
        return False
    return bool(skin[near[:, 0], near[:, 1]].all())


def _sectors(off: FloatArray, inner: BoolArray, outer: BoolArray) -> list[Band]:
    """Cut the bands on both sides of a border into sectors around its middle."""
    turn = np.arctan2(off[..., 0], off[..., 1]) / (2 * np.pi) + 0.5
    sector = (turn * SECTORS).astype(int) % SECTORS
    cut = [(inner & (sector == one), outer & (sector == one)) for one in range(SECTORS)]
    return [part for part in cut if min(map(np.count_nonzero, part)) >= LEAST_PX]


def _differences(pixels: NDArray[np.uint8], parts: list[Band]) -> FloatArray:
    """Median colour within less that around the border, in each sector."""
    colours = np.log(pixels.astype(np.float64) + DARKEST)
    found: FloatArray = np.array(
        [np.median(colours[inner], 0) - np.median(colours[outer], 0) for inner, outer in parts]
    )
    return found


def _box(place: BoolArray, room: int) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(place.any(axis=1 - axis)) for axis in (0, 1))
    return (
        slice(max(int(rows[0]) - room, 0), min(int(rows[-1]) + room + 1, place.shape[0])),
        slice(max(int(columns[0]) - room, 0), min(int(columns[-1]) + room + 1, place.shape[1])),
    )
