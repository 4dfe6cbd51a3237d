"""Correct a tag's corners for light that spreads over its edges.

Over-exposed paper, a camera's tone curve and ink that runs move every edge between black and
white to one side, so a tag measures up to 2 % too small or too large. Its own pattern shows by how
much: it then has more white, or less, than its code says.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import FloatArray

SAMPLES = 8
"""Per module and direction: more do not change the share of white by 0.1 %."""

RIM = 0.5
"""Half of the black border is looked at with the pattern, so that the pattern's outer edges are."""

BESIDE = 0.6
"""Distance of the paper whose light is called white, in modules outside the tag."""

MOST_SHIFT = 0.15
"""Edges moved by more modules than this are no bleeding: the tag is shaded or partly covered."""


def undo_bleeding(
    light: NDArray[np.float32], corners_px: FloatArray, cells: NDArray[np.uint8]
) -> FloatArray:
    """Move the corners of a tag to where its print ends.

    Parameters
    ----------
    light : float32 array (rows, columns)
        Linear light around the tag.
    corners_px : array (4, 2)
        (row, column), clockwise from the tag's own upper left.
    cells : uint8 array (modules, modules)
        The tag's pattern with its border, 0 and 255.

    Returns
    -------
    array (4, 2)
        The corners as they were when no shift can be told.
    """
    modules = len(cells)
    to_px = _homography(corners_px, modules)
    inside = np.arange(RIM, modules - RIM, 1 / SAMPLES) + 0.5 / SAMPLES
    pattern = _sampled(light, to_px, inside, inside)
    black, white = _black(light, to_px, modules), _white(light, to_px, modules)
    if white - black <= 0:
        return corners_px
    share = float(np.mean(np.clip((pattern - black) / (white - black), -0.2, 1.2)))
    shift = (share * (modules - 2 * RIM) ** 2 - _white_cells(cells)) / _edges(cells)
    if abs(shift) > MOST_SHIFT:
        return corners_px
    moved: FloatArray = np.array([[-shift, -shift], [-shift, modules + shift]])
    far = np.array([[modules + shift, modules + shift], [modules + shift, -shift]])
    return _mapped(to_px, np.vstack([moved, far]))


def _white_cells(cells: NDArray[np.uint8]) -> int:
    return int(np.count_nonzero(cells))


def _edges(cells: NDArray[np.uint8]) -> int:
    """Count module sides between black and white."""
    white = cells > 0
    across = np.count_nonzero(white[1:] != white[:-1])
    return max(1, int(across + np.count_nonzero(white[:, 1:] != white[:, :-1])))


def _homography(corners_px: FloatArray, modules: int) -> FloatArray:
    own = np.array([[0, 0], [0, modules], [modules, modules], [modules, 0]], np.float32)
    to_px = cv2.getPerspectiveTransform(own, corners_px.astype(np.float32))
    return np.asarray(to_px, dtype=np.float64)


def _sampled(
    light: NDArray[np.float32], to_px: FloatArray, rows: FloatArray, columns: FloatArray
) -> FloatArray:
    """Light (n, m) at places of the tag in modules."""
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    places = _mapped(to_px, grid).T
    values = ndimage.map_coordinates(light, places, order=1, mode="nearest")
    return np.asarray(values, dtype=np.float64).reshape(len(rows), len(columns))


def _black(light: NDArray[np.float32], to_px: FloatArray, modules: int) -> float:
    """Light of the border, in its middle."""
    along = np.linspace(0.5, modules - 0.5, 4 * modules)
    return float(np.median(_around(light, to_px, along, (0.5, modules - 0.5))))


def _white(light: NDArray[np.float32], to_px: FloatArray, modules: int) -> float:
    """Light of the paper beside the tag."""
    along = np.linspace(0.0, modules, 4 * modules)
    return float(np.median(_around(light, to_px, along, (-BESIDE, modules + BESIDE))))


def _around(
    light: NDArray[np.float32], to_px: FloatArray, along: FloatArray, at: tuple[float, float]
) -> FloatArray:
    sides = np.array(at)
    rows = _sampled(light, to_px, sides, along).ravel()
    return np.concatenate([rows, _sampled(light, to_px, along, sides).ravel()])


def _mapped(matrix: FloatArray, points: FloatArray) -> FloatArray:
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    places: FloatArray = homogeneous[:, :2] / homogeneous[:, 2:]
    return places
