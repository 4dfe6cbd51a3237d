"""Which part of an image is shown: the site with some skin around it, never the whole frame.

Faces, tattoos and burned-in names may sit in the pixels.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cctrack.model import Alignment, FloatArray, LabelArray, Quality, Scale
from cctrack.model.scale import PlaneHomography

MARGIN_MM = 15.0
"""Skin shown around the outermost lesions where the scale is known."""

MARGIN_SHARE = 0.35
"""The same as a share of the lesions' extent, where that is more or there is no scale."""

SMALLEST_SHARE = 0.12
"""A crop is never smaller than this share of the image: a few pixels orient nobody."""

EMPTY_SHARE = 0.5
"""Shown of an image without a lesion: its middle, where the site is and no border text."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A box of rows and columns, ends exclusive, inside the image."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """To index an image with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.bottom - self.top, self.right - self.left


def crop_around(
    labels: LabelArray, scale_mm: tuple[float, float] | None, *, also: FloatArray | None = None
) -> Crop:
    """Choose the part of an image to show.

    Parameters
    ----------
    labels : array (rows, columns)
    scale_mm : (row, column) or None
        mm per px.
    also : array (n, 2) or None
        Further points (row, column) that must be inside, such as another visit's lesions.
    """
    points = np.argwhere(labels).astype(float)
    if also is not None:
        points = np.concatenate([points, also])
    shape = np.array(labels.shape[:2])
    if not len(points):
        return _box((1 - EMPTY_SHARE) / 2 * shape, (1 + EMPTY_SHARE) / 2 * shape, shape)
    low, high = points.min(axis=0), points.max(axis=0) + 1
    margin = np.full(2, MARGIN_SHARE * float((high - low).max()))
    if scale_mm is not None:
        margin = np.maximum(margin, MARGIN_MM / np.asarray(scale_mm))
    lacking = np.maximum(0.0, SMALLEST_SHARE * float(shape.max()) - (high - low) - 2 * margin)
    margin = margin + lacking / 2
    return _box(low - margin, high + margin, shape)


def other_visits_points(
    labels: tuple[LabelArray, LabelArray], alignment: Alignment | None
) -> tuple[FloatArray | None, FloatArray | None]:
    """Lay each visit's lesions on the other's grid: what both pictures should show.

    Returns
    -------
    pair of array (n, axes) or None
        Follow-up lesions on the baseline's grid and baseline lesions on the follow-up's; None
        without an alignment that can be trusted.
    """
    if alignment is None or alignment.quality is Quality.FAILED:
        return None, None
    before, after = (np.argwhere(item).astype(float) for item in labels)
    inverse = np.asarray(np.linalg.inv(alignment.matrix), np.float64)
    back, there = _transform(inverse, after), _transform(alignment.matrix, before)
    return _within(back, labels[0].shape), _within(there, labels[1].shape)


def plane_mm(scale: Scale | None) -> tuple[float, float] | None:
    """Mean mm per row and column of an image or slice; None without a scale."""
    if scale is None:
        return None
    *_, row_mm, column_mm = scale.mean_mm
    return row_mm, column_mm


def local_mm(scale: Scale | None, crop: Crop) -> float | None:
    """Return mm per px along a row in the middle of what is shown; None without a scale."""
    if scale is None:
        return None
    if not isinstance(scale, PlaneHomography):
        return scale.mean_mm[-1]
    row, column = (crop.top + crop.bottom) / 2, (crop.left + crop.right) / 2
    here, right = scale.to_mm(np.array([[row, column - 0.5], [row, column + 0.5]]))
    return float(np.linalg.norm(right - here))


def _box(low: FloatArray, high: FloatArray, shape: Iterable[int]) -> Crop:
    rows, columns = shape
    top, left = (max(0, int(np.floor(value))) for value in low)
    bottom, right = (int(np.ceil(value)) for value in high)
    return Crop(top, max(top + 1, min(bottom, rows)), left, max(left + 1, min(right, columns)))


def _transform(matrix: FloatArray, points: FloatArray) -> FloatArray:
    if not len(points):
        return points
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    moved: FloatArray = mapped[:, :-1] / mapped[:, -1:]
    return moved


def _within(points: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    inside = np.all((points >= 0) & (points < np.asarray(shape)), axis=1)
    kept: FloatArray = points[inside]
    return kept
