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
    rows = _thin_parts(np.asarray(parts, np.int32), np.asarray(stats, np.int32))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    centres = (table[:, :2] + 0.5) / factor - 0.5
    return Strokes(centres, table[:, 2], table[:, 3] / factor)


def _thin_parts(parts: NDArray[np.int32], stats: NDArray[np.int32]) -> list[tuple[float, ...]]:
    """(row, column, angle, length) of the components that are straight strokes."""
    strokes: list[tuple[float, ...]] = []
    longest = 0.1 * max(parts.shape)
    for part in range(1, len(stats)):
        left, top, width, height, area = (int(value) for value in stats[part])
        if area < 6 or max(width, height) > longest or max(width, height) < 5:
            continue
        if min(left, top) == 0 or left + width == parts.shape[1] or top + height == parts.shape[0]:
            # The frame cuts it: nobody knows where its middle is.
            continue
        places = np.argwhere(parts[top : top + height, left : left + width] == part)
        centre = places.mean(axis=0)
        spread, axes = np.linalg.eigh(np.cov((places - centre).T) + np.eye(2) / 12)
        thick, length = np.sqrt(12 * spread)
        if length < 5 or thick > 0.5 * length:
            continue
        angle = float(np.arctan2(axes[1, 1], axes[0, 1])) % np.pi
        strokes.append((centre[0] + top, centre[1] + left, angle, float(length)))
    return strokes
