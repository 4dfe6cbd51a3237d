"""Find short, thin, straight strokes in a photo: what ticks of a ruler look like."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import FloatArray

DETECTION_PX = 2000
"""Longest side at which strokes are sought."""

WIDTHS_PX = (7, 15)
"""Strokes are thinner than this; fine and coarse ones are sought apart."""

LEAST_DARK = 9.0
"""Grey levels by which a stroke is darker than what lies beside it."""

ABOVE_TEXTURE = 2.5
"""The same, relative to the mean of such differences around: skin has a texture of its own."""

CLEARLY_DARK = (14.0, 0.35)
"""Grey levels, and share of the difference that one pixel in a hundred exceeds."""

LEAST_AREA_PX, LEAST_LONG_PX = 6, 5
"""A smaller component has no direction."""

LONGEST_SHARE = 0.1
"""Of the photo's longer side: longer ones are hair and edges."""

MOST_THICK = 0.5
"""Thickness of a stroke as a share of its length."""

TEXTURE_PX = 61
"""Side of that surrounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
    """Short dark strokes of a photo, one row each.

    Attributes
    ----------
    centres_px : array (n, 2)
        (row, column) at full size.
    angles : array (n,)
        Direction in radians, modulo pi.
    lengths_px : array (n,)
    """

    centres_px: FloatArray
    angles: FloatArray
    lengths_px: FloatArray


class Look(Enum):
    """Which strokes are sought."""

    DARK = "darker than the texture around"
    CLEAR = "clearly dark, also where dense ticks are a texture of their own"
    BRIGHT = "brighter than the texture around"


def find_strokes(pixels: NDArray[np.uint8], look: Look = Look.DARK) -> list[Strokes]:
    """Find short, thin, straight strokes, fine and coarse ones apart.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    look : Look
    """
    factor = min(1.0, DETECTION_PX / max(pixels.shape[:2]))
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    if factor < 1:
        small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        grey = np.asarray(small, np.uint8)
    return [_strokes(grey, width, factor, look) for width in WIDTHS_PX]


def _strokes(grey: NDArray[np.uint8], width: int, factor: float, look: Look) -> Strokes:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    kind = cv2.MORPH_TOPHAT if look is Look.BRIGHT else cv2.MORPH_BLACKHAT
    dark = np.asarray(cv2.morphologyEx(grey, kind, disc), np.uint8)
    texture = np.asarray(cv2.blur(dark, (TEXTURE_PX, TEXTURE_PX)), np.float32)
    level: NDArray[np.float32] = np.maximum(LEAST_DARK, ABOVE_TEXTURE * texture)
    if look is Look.CLEAR:
        clear = max(CLEARLY_DARK[0], CLEARLY_DARK[1] * float(np.quantile(dark, 0.99)))
        level = np.full_like(texture, clear)
    mask = dark > level
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    centres, angles, lengths = _thin_parts(np.asarray(parts, np.int32), np.asarray(stats, np.int32))
    return Strokes((centres + 0.5) / factor - 0.5, angles, lengths / factor)


def _thin_parts(
    parts: NDArray[np.int32], stats: NDArray[np.int32]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Centres (n, 2), angles and lengths (n,) of the components that are straight strokes."""
    left, top, width, height, area = stats.T
    long_px = np.maximum(width, height)
    whole = (left > 0) & (top > 0)  # Of what the frame cuts nobody knows where its middle is.
    whole &= (left + width < parts.shape[1]) & (top + height < parts.shape[0])
    usable = whole & (area >= LEAST_AREA_PX) & (long_px >= LEAST_LONG_PX)
    usable &= long_px <= LONGEST_SHARE * max(parts.shape)
    usable[0] = False
    rows, columns = np.nonzero(usable[parts])
    own = (np.cumsum(usable) - 1)[parts[rows, columns]]
    places: FloatArray = np.column_stack([rows, columns]).astype(np.float64)
    centres = _means(own, places, int(usable.sum()))
    angles, thick, length = _axes(own, places - centres[own], len(centres))
    thin = (length >= LEAST_LONG_PX) & (thick <= MOST_THICK * length)
    return centres[thin], angles[thin], length[thin]


def _means(own: NDArray[np.int64], values: FloatArray, count: int) -> FloatArray:
    """Mean (count, k) of the values (n, k) of each component."""
    sizes = np.bincount(own, minlength=count)
    sums = [np.bincount(own, column, minlength=count) for column in values.T]
    means: FloatArray = np.column_stack(sums) / np.maximum(sizes, 1)[:, None]
    return means


def _axes(
    own: NDArray[np.int64], away: FloatArray, count: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Direction of the longer axis, thickness and length of components, as of even rectangles."""
    row, column = away.T
    products = _means(own, np.column_stack([row * row, row * column, column * column]), count)
    sizes = np.bincount(own, minlength=count)
    rr, rc, cc = (products * (sizes / np.maximum(sizes - 1, 1))[:, None]).T
    middle, half = (rr + cc) / 2, np.hypot((rr - cc) / 2, rc)
    angles = (np.arctan2(2 * rc, rr - cc) / 2) % np.pi
    # A pixel is not a point: it has a spread of its own of 1/12.
    thick, length = (np.sqrt(12 * np.maximum(middle + by, 0) + 1) for by in (-half, half))
    return angles, thick, length
