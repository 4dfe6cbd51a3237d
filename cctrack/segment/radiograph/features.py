"""What a pixel of a film looks like: planes of numbers for the trees.

Every plane is a difference or a ratio of grey on the normalised `Grid`, sized in mm. Air is filled
with the grey of the nearest skin first: otherwise every fingertip would look like a deposit beside
the dark.
"""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.grid import Float32Array, Grid, disc

MEAN_RADII_MM = (0.6, 1.2, 2.4, 5.0, 10.0)
"""From a grain of calcium to half a palm."""

RIDGE_RADII_MM = (0.4, 0.8, 1.6, 3.2)
"""From a cortex to a metacarpal: bones are ridges, stones are peaks."""

EDGE_RADII_MM = (0.3, 0.8, 1.6)
"""Sharp borders of stones, soft ones of skin folds."""

OPENING_RADII_MM = (1.0, 2.5, 5.0, 9.0)
"""What an opening of this radius removes is smaller than it."""

ENVELOPE_MM = 4.0
"""Neighbourhood whose darkest and brightest place a pixel is compared with."""

COARSE_FROM_PX = 8.0
"""Averages wider than this are taken on a grid four times coarser: the same numbers, faster."""

WEAVE_RADII_MM = (1.5, 4.0)
"""A net is told by how many fine strands lie together; a single one may be a trabecula."""

FILL_MM = 3.0
"""Width of the Gaussian that carries skin grey into the air beside it."""

FARTHEST_SKIN_MM = 40.0
"""Beyond this the distance to the skin says nothing more."""

DEVIATION_FLOOR = 0.01
"""Local contrast below 1 % of bone's is noise; ratios do not stretch it further."""

Planes = dict[str, Float32Array]


def pixel_features(grid: Grid) -> Planes:
    """Compute all planes of a grid, each a float32 array (rows, columns)."""
    filled = fill_air(grid)
    planes: Planes = {"grey": blur(filled, 0.25 / grid.mm)}
    planes |= _levels(filled, planes["grey"], grid.mm)
    planes |= _ridges(filled, grid.mm)
    planes |= _weave(planes, grid.mm)
    planes |= _edges(filled, grid.mm)
    planes |= _openings(planes["grey"], grid.mm)
    planes["skin"] = _skin_distance(grid)
    return planes


def fill_air(grid: Grid) -> Float32Array:
    """Replace what is not tissue by the grey of the nearest tissue."""
    known = grid.tissue.astype(np.float32)
    sigma_px = FILL_MM / grid.mm
    near = blur(known, sigma_px)
    carried = blur(grid.grey * known, sigma_px) / np.maximum(near, 1e-4)
    return np.where(grid.tissue, grid.grey, carried).astype(np.float32)


def blur(plane: Float32Array, sigma_px: float) -> Float32Array:
    """Smooth a plane by a Gaussian; wide ones on a coarser grid."""
    if sigma_px < COARSE_FROM_PX:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), max(sigma_px, 0.3)), np.float32)
    small = cv2.resize(plane, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(small, (0, 0), sigma_px / 4)
    full = cv2.resize(wide, plane.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, np.float32)


def _levels(filled: Float32Array, grey: Float32Array, mm: float) -> Planes:
    planes: Planes = {}
    square = filled * filled
    for radius_mm in MEAN_RADII_MM:
        mean = blur(filled, radius_mm / mm)
        variance = blur(square, radius_mm / mm) - mean * mean
        spread: Float32Array = np.sqrt(np.maximum(variance, np.float32(0)))
        planes[f"above_{radius_mm}"] = grey - mean
        planes[f"spread_{radius_mm}"] = spread
        planes[f"ratio_{radius_mm}"] = (grey - mean) / (spread + DEVIATION_FLOOR)
    fine = filled - grey
    planes["noise"] = np.sqrt(blur(fine * fine, 1.0 / mm))
    return planes


def _ridges(filled: Float32Array, mm: float) -> Planes:
    # Eigenvalues of the Hessian, made free of scale by sigma².
    planes: Planes = {}
    for radius_mm in RIDGE_RADII_MM:
        sigma = radius_mm / mm
        shrink = 2 if sigma > 4.0 else 1
        smooth = blur(_shrunk(filled, shrink), sigma / shrink)
        down, across, mixed = (
            cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3, scale=scale * (sigma / shrink) ** 2)
            for order, scale in (((0, 2), 0.25), ((2, 0), 0.25), ((1, 1), 0.25))
        )
        middle = 0.5 * (down + across)
        half = np.sqrt(0.25 * (down - across) ** 2 + mixed * mixed)
        planes[f"peak_{radius_mm}"] = _grown(middle + half, filled.shape)
        planes[f"ridge_{radius_mm}"] = _grown(middle - half, filled.shape)
    return planes


def _weave(planes: Planes, mm: float) -> Planes:
    # Mean strength of fine bright ridges around a place.
    strands = np.maximum(-planes[f"ridge_{RIDGE_RADII_MM[0]}"], np.float32(0))
    return {f"weave_{radius_mm}": blur(strands, radius_mm / mm) for radius_mm in WEAVE_RADII_MM}


def _edges(filled: Float32Array, mm: float) -> Planes:
    planes: Planes = {}
    for radius_mm in EDGE_RADII_MM:
        smooth = blur(filled, radius_mm / mm)
        down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=0.125 / mm)
        across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=0.125 / mm)
        planes[f"edge_{radius_mm}"] = np.sqrt(down * down + across * across)
    return planes


def _openings(grey: Float32Array, mm: float) -> Planes:
    planes: Planes = {}
    for radius_mm in OPENING_RADII_MM:
        shrink = 4 if radius_mm / mm > 32 else 2 if radius_mm / mm > 8 else 1
        small = _shrunk(grey, shrink)
        opened = cv2.morphologyEx(small, cv2.MORPH_OPEN, disc(radius_mm / mm / shrink))
        planes[f"opened_{radius_mm}"] = grey - _grown(_plane(opened), grey.shape)
    small = _shrunk(grey, 4)
    darkest = cv2.erode(small, disc(ENVELOPE_MM / mm / 4))
    brightest = cv2.dilate(small, disc(ENVELOPE_MM / mm / 4))
    planes["over_darkest"] = grey - _grown(_plane(darkest), grey.shape)
    planes["under_brightest"] = _grown(_plane(brightest), grey.shape) - grey
    return planes


def _skin_distance(grid: Grid) -> Float32Array:
    distance = cv2.distanceTransform(grid.tissue.astype(np.uint8), cv2.DIST_L2, 5)
    near: Float32Array = np.minimum(_plane(distance) * np.float32(grid.mm), FARTHEST_SKIN_MM)
    return near


def _plane(image: NDArray[np.generic] | cv2.UMat) -> Float32Array:
    # OpenCV's stubs know no element types.
    return np.asarray(image, np.float32)


def _shrunk(plane: Float32Array, factor: int) -> Float32Array:
    if factor == 1:
        return plane
    share = 1.0 / factor
    small = cv2.resize(plane, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _grown(plane: Float32Array, shape: tuple[int, ...]) -> Float32Array:
    if plane.shape == shape:
        return plane
    return np.asarray(cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
