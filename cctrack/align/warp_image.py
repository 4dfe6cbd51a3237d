"""Carry the baseline's picture onto the follow-up's grid, so that both can be shown as one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.align.landmarks import apply_matrix
from cctrack.model import Alignment, FloatArray

STEP_PX = 16
"""Distance of the places whose origin is computed; between them it is interpolated. A bend of skin
and a tilt of the camera are straight over 16 px to far less than a pixel."""

ROUNDS = 3
"""Steps that find the origin of a place where skin bends; each leaves a tenth of the error."""


def warp_picture(
    pixels: NDArray[Any], alignment: Alignment, shape: tuple[int, ...]
) -> NDArray[Any]:
    """Resample the baseline's pixels on the follow-up's grid, linear; for display only.

    Parameters
    ----------
    pixels : array (rows, columns), (rows, columns, 3) or (slices, rows, columns)
        Of the baseline; a volume where the alignment has three axes.
    alignment : Alignment
        From baseline to follow-up.
    shape : tuple of int
        Of the follow-up, without colours.

    Returns
    -------
    array of the same type and ``shape``, with colours if there were any
        The smallest value of the baseline (black) where it shows nothing.
    """
    if len(shape) == 3:
        inverse = np.asarray(np.linalg.inv(alignment.matrix), dtype=np.float64)
        return _warp_volume(pixels, inverse, shape)
    rows, columns = (_places(length) for length in shape)
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).astype(np.float64)
    origins = _origins(grid.reshape(-1, 2), alignment).reshape(grid.shape)
    full = cv2.resize(
        origins.astype(np.float32),
        _covered(len(rows), len(columns)),
        interpolation=cv2.INTER_LINEAR,
    )
    # Resizing places the nodes at the middle of their cells; half a cell is cut off again.
    start = STEP_PX // 2
    full = full[start : start + shape[0], start : start + shape[1]]
    black = float(pixels.min())
    return np.asarray(
        cv2.remap(
            pixels,
            np.ascontiguousarray(full[..., 1]),
            np.ascontiguousarray(full[..., 0]),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(black,) * 4,
        ),
        pixels.dtype,
    )


def _places(length: int) -> FloatArray:
    """Nodes every `STEP_PX` that reach beyond the last pixel; OpenCV looks at cells' middles."""
    return np.arange(0, length + 2 * STEP_PX, STEP_PX, dtype=np.float64) - 0.5


def _covered(rows: int, columns: int) -> tuple[int, int]:
    return columns * STEP_PX, rows * STEP_PX


def _origins(points: FloatArray, alignment: Alignment) -> FloatArray:
    """Where in the baseline places of the follow-up come from."""
    inverse = np.asarray(np.linalg.inv(alignment.matrix), dtype=np.float64)
    found = apply_matrix(inverse, points)
    if alignment.bend is None:
        return found
    for _ in range(ROUNDS):
        found = apply_matrix(inverse, points - alignment.bend.at(found))
    return found


def _warp_volume(volume: NDArray[Any], inverse: FloatArray, shape: tuple[int, ...]) -> NDArray[Any]:
    resampled: NDArray[Any] = ndimage.affine_transform(
        volume,
        inverse[:3, :3],
        offset=inverse[:3, 3],
        output_shape=shape,
        order=1,
        mode="constant",
        cval=float(volume.min()),
    )
    return resampled
