"""Find compact patches of one colour in a photo: candidates for squares and round stickers."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.calibrate.corners import linear_rgb
from cctrack.calibrate.reduced import Reduced
from cctrack.model import FloatArray

WORKING_PX = 1200
"""Longest side at which patches are sought: one of 40 px in a photo of 4000 is 12 px there."""

LEVEL_STEP = 10
"""Step of the thresholds in 8-bit Lab: a patch must differ from what surrounds it by two."""

SMALLEST_PX = 10.0
"""Side of the smallest patch in the reduced photo."""

LARGEST_SHARE = 0.1
"""Patches above this share of the photo are its background."""

LEAST_CONVEX = 0.92
"""Share of its hull that a patch fills; where something hides a corner it is less."""

LEAST_CONTRAST = 0.03
"""Distance in linear RGB (0–1) between a patch and what surrounds it."""

EVEN_SHARE = 0.75
"""Share of a blob that must be of its colour: the rest may be glare or dirt."""

SAME_PLACE = 0.06
"""Patches whose centres and sizes differ by less than this share of their size are one."""


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """A compact patch.

    Attributes
    ----------
    outline_px : array (n, 2)
        (row, column) at full size, clockwise on the photo.
    centre_px : (float, float)
        Middle of the outline.
    size_px : float
        Root of its area.
    levels : int
        Thresholds at which it was seen: the more, the better it stands out.
    """

    outline_px: FloatArray
    centre_px: tuple[float, float]
    size_px: float
    levels: int


def find_blobs(photo: Reduced) -> list[Blob]:
    """Find compact, convex patches, those that stand out most first.

    Parameters
    ----------
    photo : Reduced
    """
    factor = min(1.0, WORKING_PX / max(photo.pixels.shape[:2]))
    small = cv2.resize(photo.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(cv2.medianBlur(small, 3), cv2.COLOR_RGB2LAB), np.uint8)
    outlines = [line for channel in cv2.split(lab) for line in _outlines(np.asarray(channel))]
    return _grouped([photo.to_whole((line + 0.5) / factor - 0.5) for line in outlines])


def _outlines(channel: NDArray[np.uint8]) -> list[FloatArray]:
    """Convex outlines (n, 2) of whatever lies above or below any level."""
    low, high = (int(level) for level in np.quantile(channel[::4, ::4], (0.001, 0.999)))
    found = []
    for level in range(low + LEVEL_STEP // 2, high, LEVEL_STEP):
        mask = (channel > level).astype(np.uint8)
        lines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        found += [np.asarray(line) for line in lines if _is_compact(np.asarray(line), mask.shape)]
    return [_clockwise(line.reshape(-1, 2)[:, ::-1].astype(np.float64)) for line in found]


def _is_compact(line: NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    if len(line) < 3 * SMALLEST_PX:
        return False
    area = cv2.contourArea(line)
    if not SMALLEST_PX**2 < area < LARGEST_SHARE * shape[0] * shape[1]:
        return False
    left, top, width, height = cv2.boundingRect(line)
    if min(left, top) < 1 or left + width > shape[1] - 1 or top + height > shape[0] - 1:
        return False
    return bool(area > LEAST_CONVEX * cv2.contourArea(cv2.convexHull(line)))


def _clockwise(line: FloatArray) -> FloatArray:
    return line if signed_area(line) > 0 else line[::-1].copy()


def signed_area(points: FloatArray) -> float:
    """Area of a polygon (n, 2) of (row, column), above 0 when it runs clockwise on the photo."""
    row, column = points.T
    return 0.5 * float(column @ np.roll(row, -1) - row @ np.roll(column, -1))


def _grouped(outlines: list[FloatArray]) -> list[Blob]:
    """Join what was seen at several levels; the outline of the middle level stands for it."""
    groups: list[list[Blob]] = []
    for area, line in sorted(((signed_area(line), line) for line in outlines), key=_first):
        row, column = line.mean(axis=0).tolist()
        blob = Blob(line, (row, column), float(np.sqrt(area)), 1)
        home = next((group for group in groups if _is_same(group[-1], blob)), None)
        if home is None:
            groups.append([blob])
        else:
            home.append(blob)
    blobs = [replace(group[len(group) // 2], levels=len(group)) for group in groups]
    return sorted(blobs, key=lambda blob: -blob.levels)


def _first(pair: tuple[float, FloatArray]) -> float:
    return pair[0]


def _is_same(one: Blob, other: Blob) -> bool:
    apart = math.dist(one.centre_px, other.centre_px)
    return max(apart, abs(one.size_px - other.size_px)) < SAME_PLACE * one.size_px


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The surroundings of a blob, as light from its own colour (0) to the ground's (1).

    Attributes
    ----------
    light : float32 array (rows, columns)
    corner_px : array (2,)
        Where its first pixel lies in the photo.
    contrast : float
        Distance of the two colours in linear RGB.
    unevenness : float
        Difference from its rim's colour that most of the blob stays within, as a share of the
        contrast.
    """

    light: NDArray[np.float32]
    corner_px: FloatArray
    contrast: float
    unevenness: float


def patch_of(pixels: NDArray[np.uint8], outline_px: FloatArray) -> Patch | None:
    """Cut a blob out of the photo; None when it hardly differs from what surrounds it."""
    size = float(np.sqrt(abs(signed_area(outline_px))))
    low = np.maximum(np.floor(outline_px.min(axis=0) - 0.3 * size), 0).astype(int)
    high = np.ceil(outline_px.max(axis=0) + 0.3 * size).astype(int) + 1
    colour = linear_rgb(pixels[low[0] : high[0], low[1] : high[1]])
    own, ground, whole = _colours(colour, outline_px - low, size)
    contrast = float(np.linalg.norm(ground - own))
    if not np.isfinite(contrast) or contrast < LEAST_CONTRAST:
        return None
    light = ((colour - own) @ ((ground - own) / contrast**2)).astype(np.float32)
    # Against the colour at its rim: a print on paper is not taken for the paper's own colour.
    unevenness = float(np.quantile(np.abs(light[whole]), EVEN_SHARE))
    return Patch(light, low.astype(np.float64), contrast, unevenness)


def _colours(
    colour: NDArray[np.float32], outline: FloatArray, size: float
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Colours of the blob near its rim and of the ground just outside, and the blob's inside."""
    near, far = max(0.03 * size, 1.5), max(0.07 * size, 4.0)
    grown = [_inside(colour, outline, 1 + 2 * by / size) for by in (-far, -near, near, far)]
    own, ground = grown[1] & ~grown[0], grown[3] & ~grown[2]
    if not own.any() or not ground.any():
        nothing = np.full(3, np.nan)
        return nothing, nothing, own
    return np.median(colour[own], axis=0), np.median(colour[ground], axis=0), grown[1]


def _inside(colour: NDArray[np.float32], outline: FloatArray, factor: float) -> NDArray[np.bool_]:
    middle = outline.mean(axis=0)
    grown = np.rint(middle + factor * (outline - middle)).astype(np.int32)[:, ::-1]
    mask = np.zeros(colour.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.ascontiguousarray(grown)], 1)
    return mask > 0
