"""Outlines of lesions as polygons of exactly known area."""

import numpy as np
from numpy.typing import NDArray
from skimage import draw as raster
from skimage import measure

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo.subject import LesionKind, SkinLesion

VERTICES = 360
"""Vertices of an outline: on a 15 mm lesion one every 0.13 mm, finer than a pixel."""

UNION_STEPS = 160
"""Grid points across a lesion of several lobes while they are joined."""

HARMONICS = 9
"""Lobes a border may have; finer ones would be lost in the softness of the border."""


ROUGHNESS = {
    LesionKind.PAPULE: 0.08,
    LesionKind.NODULE: 0.09,
    LesionKind.PLAQUE: 0.12,
    LesionKind.ULCERATION: 0.20,
}
"""Size of a border's first lobes as a share of the radius: ulcers are the most jagged."""


def outline_mm(lesion: SkinLesion) -> FloatArray:
    """Outline on the skin plane, array (n, 2) of (row, column) in mm, of area ``area_mm2``.

    The area is that of the polygon itself, to rounding error.
    """
    rng = np.random.default_rng((lesion.shape_seed, 1))
    roughness = ROUGHNESS[lesion.kind]
    polygon = _joined(lesion, rng) if lesion.parts else _blob(rng, roughness=roughness)
    polygon = polygon * np.sqrt(lesion.area_mm2 / polygon_area(polygon))
    placed: FloatArray = polygon + np.asarray(lesion.centre_mm)
    return placed


def polygon_area(polygon: FloatArray) -> float:
    """Area of a simple polygon (n, 2), in the square of its unit (shoelace formula)."""
    row, column = polygon[:, 0], polygon[:, 1]
    return 0.5 * abs(float(row @ np.roll(column, -1) - column @ np.roll(row, -1)))


def signed_distance(polygon_px: FloatArray, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Distance to a polygon's border in px at each pixel centre: positive inside.

    The polygon is in (row, column) px of the grid asked for; good to about 0.3 px.
    """
    mask = np.zeros(shape, np.uint8)
    mask[raster.polygon(polygon_px[:, 0], polygon_px[:, 1], shape)] = 1
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # The transform measures to the next pixel centre across the border: half a px too far.
    distance: NDArray[np.float32] = np.where(mask > 0, inside - 0.5, 0.5 - outside)
    return distance.astype(np.float32)


def _blob(rng: np.random.Generator, *, roughness: float) -> FloatArray:
    angle = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    order = np.arange(2, HARMONICS + 1)
    size = (
        roughness * rng.uniform(0.3, 1.2) * rng.standard_normal(len(order)) / (order - 1.0) ** 1.1
    )
    phase = rng.uniform(0, 2 * np.pi, len(order))
    radius = 1 + (size[:, None] * np.cos(np.outer(order, angle) + phase[:, None])).sum(axis=0)
    stretch, turn = np.sqrt(rng.uniform(0.65, 1.0)), rng.uniform(0, np.pi)
    points = np.column_stack([radius * np.sin(angle) * stretch, radius * np.cos(angle) / stretch])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned: FloatArray = np.clip(points, -1.9, 1.9) @ rotation.T
    return turned


def _joined(lesion: SkinLesion, rng: np.random.Generator) -> FloatArray:
    """Lobes run into each other, in units of the square root of the area."""
    step = 3.2 / UNION_STEPS
    shape = (UNION_STEPS, UNION_STEPS)
    fields = []
    for offset, share in lesion.parts:
        lobe = _blob(rng, roughness=ROUGHNESS[lesion.kind]) * np.sqrt(share / np.pi) + np.asarray(
            offset
        )
        fields.append(signed_distance(lobe / step + UNION_STEPS / 2, shape) * step)
    joined = _smooth_maximum(np.stack(fields), width=0.06)
    contour = max(measure.find_contours(joined, 0.0), key=polygon_area)[:-1]
    points: FloatArray = (_smoothed(contour) - UNION_STEPS / 2) * step
    return points


def _smooth_maximum(fields: NDArray[np.float32], *, width: float) -> NDArray[np.float32]:
    joined: NDArray[np.float32] = width * np.log(np.exp(fields / width).sum(axis=0))
    return joined


def _smoothed(contour: FloatArray) -> FloatArray:
    """Even spacing and no trace of the grid."""
    steps = np.hypot(*np.diff(np.vstack([contour, contour[:1]]), axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0, along[-1], VERTICES, endpoint=False)
    closed = np.vstack([contour, contour[:1]])
    even = [np.interp(at, along, closed[:, axis]) for axis in (0, 1)]
    spectrum = np.fft.fft(even[0] + 1j * even[1])
    spectrum[24:-24] = 0
    smooth = np.fft.ifft(spectrum)
    points: FloatArray = np.column_stack([smooth.real, smooth.imag])
    return points
