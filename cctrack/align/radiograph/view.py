"""Prepare a film for alignment: one working grid, local contrast instead of exposure.

Inside this package's image code points are (x, y) because OpenCV wants them so; `as_axes` turns a
transform into the (row, column) order of `cctrack.model.Alignment` once, at the end.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import FloatArray, Radiograph

WORKING_MM = 0.25
"""Grid the films are matched on: bone trabeculae and corners survive, quantum noise does not."""

WORKING_LONG_SIDE_PX = 1000
"""Grid for a film without a scale: what `WORKING_MM` gives on a hand film 250 mm long."""

CONTRAST_RADIUS_PX = 24
"""Neighbourhood of the local normalisation, 6 mm: a phalanx with its two borders."""

CONTRAST_FLOOR = 0.02
"""Local contrast below 2 % of the film's range is noise and is not stretched further."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A film on its working grid.

    Attributes
    ----------
    contrast : float32 array (rows, columns)
        Locally normalised, about -3 to 3; the same for any exposure or smooth grey curve.
    tissue : bool array (rows, columns)
        Where there is something to match: neither bare air nor saturated.
    step : float
        Working px per film px.
    mm : float or None
        mm per working px.
    """

    contrast: NDArray[np.float32]
    tissue: NDArray[np.bool_]
    step: float
    mm: float | None

    @property
    def to_film(self) -> FloatArray:
        """Matrix (3, 3) from working (x, y) to film (x, y); pixel centres are integers."""
        shift = 0.5 / self.step - 0.5
        return np.array([[1 / self.step, 0, shift], [0, 1 / self.step, shift], [0, 0, 1.0]])


def view_of(radiograph: Radiograph) -> View:
    """Bring a film onto the working grid and normalise its contrast locally."""
    mm = _film_mm(radiograph)
    long_side = max(radiograph.shape)
    # Coarse films are enlarged, so that one px is the same length in both views.
    step = min(1.0, WORKING_LONG_SIDE_PX / long_side) if mm is None else mm / WORKING_MM
    shape = (round(radiograph.shape[0] * step), round(radiograph.shape[1] * step))
    small = _resample(radiograph.pixels, step, shape)
    contrast, spread = _normalise(small)
    tissue = _tissue(small, spread)
    return View(contrast, tissue, step, None if mm is None else mm / step)


def as_axes(matrix_xy: FloatArray) -> FloatArray:
    """Turn a homogeneous (x, y) transform into the (row, column) order, or back."""
    swapped: FloatArray = matrix_xy[np.ix_([1, 0, 2], [1, 0, 2])]
    return swapped


def to_grid(points_px: FloatArray, view: View) -> FloatArray:
    """Film points (n, 2) as (row, column) to working (x, y)."""
    mapped: FloatArray = (points_px[:, ::-1] + 0.5) * view.step - 0.5
    return mapped


def _film_mm(radiograph: Radiograph) -> float | None:
    return None if radiograph.scale is None else float(np.mean(radiograph.scale.mean_mm))


def _resample(
    pixels: NDArray[np.float32], step: float, shape: tuple[int, int]
) -> NDArray[np.float32]:
    if step == 1.0:
        return np.ascontiguousarray(pixels, np.float32)
    shift = 0.5 * step - 0.5
    matrix = np.array([[step, 0, shift], [0, step, shift]])
    # A plain warp aliases when it shrinks: blur to the coarse grid's own resolution first.
    smooth = cv2.GaussianBlur(pixels, (0, 0), 0.4 / step) if step < 1 else pixels
    warped = cv2.warpAffine(
        smooth, matrix, shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.float32)


def _normalise(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    low, high = np.percentile(pixels[::4, ::4], (1, 99))
    spread = max(float(high - low), 1e-6)
    scaled = np.clip((pixels - low) / spread, -0.2, 1.2)
    blurred = cv2.GaussianBlur(scaled, (0, 0), 1.0)
    mean = cv2.GaussianBlur(blurred, (0, 0), CONTRAST_RADIUS_PX / 2)
    square = cv2.GaussianBlur(blurred * blurred, (0, 0), CONTRAST_RADIUS_PX / 2)
    deviation = np.sqrt(np.maximum(square - mean * mean, 0)) + CONTRAST_FLOOR
    contrast: NDArray[np.float32] = ((blurred - mean) / deviation).astype(np.float32)
    return contrast, spread


def _tissue(pixels: NDArray[np.float32], spread: float) -> NDArray[np.bool_]:
    smooth = cv2.GaussianBlur(pixels, (0, 0), 2.0)
    slope = cv2.GaussianBlur(np.abs(cv2.Laplacian(smooth, cv2.CV_32F, ksize=3)), (0, 0), 8.0)
    low, high = np.percentile(smooth[::4, ::4], (0.5, 99.5))
    bare = (smooth <= low) | (smooth >= high)
    textured: NDArray[np.bool_] = (slope > 0.001 * spread) & ~bare
    return textured
