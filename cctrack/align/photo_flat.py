"""Lay a photo flat in mm by its own scale, and keep what skin keeps over months."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.errors import AlignmentFailed
from cctrack.model import FloatArray, Photo, PlaneHomography

FINE_MM, COARSE_MM = 0.9, 6.0
"""Structure smaller or larger than this is left out: hair and pores, and the light."""

LARGEST_FIELD_MM = 400.0
"""A photo whose plane reaches further is not laid flat: its far edge is all perspective."""

BoolArray = NDArray[np.bool_]
Channel = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """A photo laid flat.

    Attributes
    ----------
    structure : float32 array (channels, rows, columns)
        Band-passed lightness and redness, 0 where nothing is known.
    weight : float32 array (rows, columns)
        1 where the photo shows something to be aligned.
    to_px : array (3, 3)
        Maps homogeneous (row, column, 1) of this grid to the photo's px.
    """

    structure: Channel
    weight: Channel
    to_px: FloatArray


def flatten(photo: Photo, ignore: BoolArray, pixel_mm: float) -> Flat:
    """Lay a photo flat.

    Parameters
    ----------
    photo : Photo
        With a scale.
    ignore : bool array (rows, columns)
        What must not attract an alignment.
    pixel_mm : float
        Of the flat grid.

    Raises
    ------
    AlignmentFailed
        If the photo has no scale or its plane is too large.
    """
    to_mm = _plane_matrix(photo)
    rows, columns = photo.shape
    corners = np.array([[0, 0], [0, columns - 1], [rows - 1, columns - 1], [rows - 1, 0]], float)
    mapped = np.column_stack([corners, np.ones(4)]) @ to_mm.T
    low, high = _bounds(mapped[:, :2] / mapped[:, 2:])
    to_grid = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, pixel_mm]]) @ to_mm
    size = np.ceil((high - low) / pixel_mm).astype(int) + 1
    shape = (int(size[1]), int(size[0]))
    warp = swap(to_grid)
    small = cv2.GaussianBlur(photo.pixels, (0, 0), _antialias_px(to_mm, photo.shape, pixel_mm))
    flat = np.asarray(cv2.warpPerspective(small, warp, shape), dtype=np.uint8)
    known = (~ignore).astype(np.uint8)
    weight = cv2.warpPerspective(known, warp, shape, flags=cv2.INTER_NEAREST).astype(np.float32)
    to_px = np.asarray(np.linalg.inv(to_grid), dtype=np.float64)
    return Flat(_structure(flat, weight, pixel_mm), weight, to_px)


def _plane_matrix(photo: Photo) -> FloatArray:
    if photo.scale is None:
        raise AlignmentFailed("a photo without a scale cannot be laid flat")
    if isinstance(photo.scale, PlaneHomography):
        return photo.scale.matrix
    return np.diag([*photo.scale.mean_mm, 1.0])


def _bounds(points_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
    low, high = points_mm.min(axis=0), points_mm.max(axis=0)
    if np.any(high - low > LARGEST_FIELD_MM) or not np.isfinite(points_mm).all():
        raise AlignmentFailed(f"the photo's plane is larger than {LARGEST_FIELD_MM:.0f} mm")
    return low, high


def _antialias_px(to_mm: FloatArray, shape: tuple[int, ...], pixel_mm: float) -> float:
    row, column = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    weight = to_mm[2] @ (row, column, 1.0)
    mm_per_px = float(np.sqrt(abs(np.linalg.det(to_mm) / weight**3)))
    return max(0.4, 0.5 * pixel_mm / mm_per_px)


def _structure(flat: NDArray[np.uint8], weight: Channel, pixel_mm: float) -> Channel:
    light = np.asarray(flat, dtype=np.float32) / np.float32(255.0)
    lab = np.asarray(cv2.cvtColor(light, cv2.COLOR_RGB2Lab), dtype=np.float32)
    return np.stack([_band(lab[..., channel], weight, pixel_mm) for channel in (0, 1)])


def _band(channel: Channel, weight: Channel, pixel_mm: float) -> Channel:
    """Keep structure between two sizes, ignore what is masked, even out its strength."""
    fine = _smooth(channel, weight, FINE_MM / 2 / pixel_mm)
    detail = (fine - _smooth(channel, weight, COARSE_MM / 2 / pixel_mm)) * weight
    strength = np.sqrt(_smooth(detail * detail, weight, 2 * COARSE_MM / pixel_mm)) + 0.3
    # Naevi and deposits stand out tenfold; clipped, they help without deciding alone.
    even: Channel = np.clip(detail / strength, -2.5, 2.5).astype(np.float32) * weight
    return even


def _smooth(values: Channel, weight: Channel, sigma_px: float) -> Channel:
    total = cv2.GaussianBlur(values * weight, (0, 0), sigma_px)
    known = cv2.GaussianBlur(weight, (0, 0), sigma_px)
    return np.asarray(total / np.maximum(known, 1e-3), dtype=np.float32)


def swap(matrix: FloatArray) -> FloatArray:
    """Turn a matrix between (row, column) into OpenCV's (x, y), or back."""
    order = [1, 0, 2]
    swapped: FloatArray = np.asarray(matrix, dtype=np.float64)[np.ix_(order, order)]
    return swapped
