"""Exact Euclidean distances in a volume of voxels, one axis after the other.

A whole distance transform looks for the nearest place along three axes at once, in 64 bits. Here
OpenCV's goes slice by slice, and what lies in other slices comes in by an addition and a minimum.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import FloatArray

ROWS_AT_A_TIME = 8
"""Rows of all slices that are looked at together: few enough to stay in the processor's cache."""

Bool = NDArray[np.bool_]
Float32 = NDArray[np.float32]


def inner_mm(mask: Bool, spacing_mm: FloatArray, reach_mm: float = math.inf) -> Float32:
    """Distance of every voxel of a mask to the nearest one outside it.

    Parameters
    ----------
    mask : bool array (slices, rows, columns)
        Its border is no outside: what is cut there goes on.
    spacing_mm : array (3,)
    reach_mm : float
        Farther than this is not looked.

    Returns
    -------
    float32 array
        mm; 0 outside the mask, infinite where nothing is within reach.
    """
    squared = np.stack([_in_plane_mm2(plane, spacing_mm) for plane in mask])
    for start in range(0, squared.shape[1], ROWS_AT_A_TIME):
        rows = squared[:, start : start + ROWS_AT_A_TIME]
        rows[...] = _across_slices_mm2(rows, float(spacing_mm[0]), reach_mm)
    distance: Float32 = np.sqrt(squared, out=squared)
    if reach_mm < math.inf:
        distance[distance > reach_mm] = np.inf
    return distance


def _in_plane_mm2(plane: Bool, spacing_mm: FloatArray) -> Float32:
    """Squared distance to the outside within one slice."""
    if plane.all():
        return np.full(plane.shape, np.inf, np.float32)
    row_mm, column_mm = float(spacing_mm[1]), float(spacing_mm[2])
    if not math.isclose(row_mm, column_mm, rel_tol=1e-6):
        oblong_mm = ndimage.distance_transform_edt(plane, sampling=(row_mm, column_mm))
        uneven: Float32 = np.square(oblong_mm).astype(np.float32)
        return uneven
    away: Float32 = cv2.distanceTransform(
        plane.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    ).astype(np.float32, copy=False)
    # In pixels its square is a whole number, but for the rounding of the root.
    squared: Float32 = np.rint(away * away) * np.float32(row_mm**2)
    return squared


def _across_slices_mm2(in_plane_mm2: Float32, slice_mm: float, reach_mm: float) -> Float32:
    """Squared distance with the other slices, from that within each slice (slices, ...)."""
    least = in_plane_mm2.copy()
    farthest_mm2 = min(float(in_plane_mm2.max()), reach_mm**2)
    for apart in range(1, len(least)):
        height_mm2 = np.float32((apart * slice_mm) ** 2)
        if height_mm2 > farthest_mm2:
            break
        np.minimum(least[apart:], in_plane_mm2[:-apart] + height_mm2, out=least[apart:])
        np.minimum(least[:-apart], in_plane_mm2[apart:] + height_mm2, out=least[:-apart])
    return least


def within_mm(mask: Bool, spacing_mm: FloatArray, reach_mm: float) -> Bool:
    """Everything at most so far from a mask: the mask, dilated by a ball.

    Parameters
    ----------
    mask : bool array (slices, rows, columns)
    spacing_mm : array (3,)
    reach_mm : float
    """
    near = np.zeros(mask.shape, dtype=bool)
    for apart in range(min(math.floor(reach_mm / spacing_mm[0]) + 1, len(mask))):
        disc = _disc(spacing_mm, apart, reach_mm)
        for index in np.flatnonzero(mask.any(axis=(1, 2))):
            grown = cv2.dilate(mask[index].view(np.uint8), disc).view(np.bool_)
            for other in {index - apart, index + apart} & set(range(len(mask))):
                near[other] |= grown
    return near


def _disc(spacing_mm: FloatArray, apart: int, reach_mm: float) -> NDArray[np.uint8]:
    """Section of a ball, so many slices beside its middle."""
    sides = [math.floor(reach_mm / mm) for mm in spacing_mm[1:]]
    row_mm, column_mm = (
        np.arange(-side, side + 1) * mm for side, mm in zip(sides, spacing_mm[1:], strict=True)
    )
    squared = (apart * spacing_mm[0]) ** 2 + row_mm[:, None] ** 2 + column_mm**2
    disc: NDArray[np.uint8] = (np.sqrt(squared) <= reach_mm).astype(np.uint8)
    return disc
