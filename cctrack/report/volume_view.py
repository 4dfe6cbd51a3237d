"""A CT or MR on paper: projected from the front, and the slice through its largest lesion."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import Ct, FloatArray, LabelArray, Mr, lesion_name
from cctrack.report.pen import RgbArray, caption, draw_outlines, draw_scale_bar
from cctrack.report.windows import CT_WINDOW_HU, PROJECTION_WINDOW_HU, film_window, grey

MARGIN_MM = 20.0
"""Tissue shown around the outermost lesions."""

GAP_PX = 10
"""Between the two panels."""

BACKGROUND = 16
"""Grey value around the panels."""

Box3 = tuple[slice, slice, slice]


def draw_volume(
    image: Ct | Mr, labels: LabelArray, *, size_px: int, focus: FloatArray | None = None
) -> RgbArray:
    """Draw the projection and the slice, one above the other or, where that is tall, in a row.

    Parameters
    ----------
    image : Ct or Mr
    labels : uint16 array (slices, rows, columns)
    size_px : int
        Longer side of each panel.
    focus : array (n, 3) or None
        Further points (slice, row, column) to show, such as another visit's lesions.

    Returns
    -------
    uint8 array (rows, columns, 3)
    """
    values = image.hu if isinstance(image, Ct) else image.values
    spacing = image.scale.mean_mm
    box = box_around(labels, spacing, focus)
    inside, cut = np.asarray(values[box], np.float32), np.ascontiguousarray(labels[box])
    window = CT_WINDOW_HU if isinstance(image, Ct) else film_window(inside)
    at = best_slice(cut, focus, box[0].start)
    wide = PROJECTION_WINDOW_HU if isinstance(image, Ct) else window
    projection = _panel(inside.max(axis=1), cut.max(axis=1), (spacing[0], spacing[2]), wide)
    slice_ = _panel(inside[at], cut[at], (spacing[1], spacing[2]), window)
    head_up = float(image.affine[2, 0]) > 0
    mm_per_px = max(_extent_mm(projection), _extent_mm(slice_)) / size_px
    front = _draw(projection, mm_per_px, "Projection from the front", flip=head_up)
    number = f"Slice {box[0].start + at + 1} of {len(values)}{through(cut[at])}"
    return _joined(front, _draw(slice_, mm_per_px, number, flip=False))


Panel = tuple[NDArray[np.float32], LabelArray, tuple[float, float], tuple[float, float]]
"""Values, labels, mm per (row, column) and the window."""


def _panel(
    values: NDArray[np.float32],
    labels: LabelArray,
    spacing_mm: tuple[float, float],
    window: tuple[float, float],
) -> Panel:
    return values, labels, spacing_mm, window


def _extent_mm(panel: Panel) -> float:
    values, _, spacing_mm, _ = panel
    return float(max(np.multiply(values.shape, spacing_mm)))


def _draw(panel: Panel, mm_per_px: float, title: str, *, flip: bool) -> RgbArray:
    values, labels, (row_mm, column_mm), window = panel
    if flip:
        values, labels = values[::-1], labels[::-1]
    rows, columns = values.shape
    size = max(1, round(columns * column_mm / mm_per_px)), max(1, round(rows * row_mm / mm_per_px))
    shown = cv2.resize(np.ascontiguousarray(grey(values, *window)), size)
    picture = np.asarray(shown, np.uint8)
    factor = size[1] / rows, size[0] / columns
    draw_outlines(picture, np.ascontiguousarray(labels), factor, title=title)
    draw_scale_bar(picture, mm_per_px)
    caption(picture, title)
    return picture


def box_around(labels: LabelArray, spacing: tuple[float, ...], focus: FloatArray | None) -> Box3:
    """Box the lesions with some tissue around them; everything when there are none."""
    points = np.argwhere(labels).astype(float)
    if focus is not None:
        points = np.concatenate([points, focus])
    if not len(points):
        first, second, third = (slice(0, size) for size in labels.shape)
        return first, second, third
    margin = MARGIN_MM / np.asarray(spacing)
    low = np.maximum(np.floor(points.min(axis=0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(points.max(axis=0) + margin) + 1, labels.shape).astype(int)
    low = np.minimum(low, np.asarray(labels.shape) - 1)
    first, second, third = (
        slice(int(a), max(int(b), int(a) + 1)) for a, b in zip(low, high, strict=True)
    )
    return first, second, third


def best_slice(labels: LabelArray, focus: FloatArray | None, start: int) -> int:
    """Find the slice where the largest lesion is largest; without one, that of the focus."""
    counts = np.bincount(labels.ravel())
    if len(counts) > 1:
        largest = int(np.argmax(counts[1:])) + 1
        areas: FloatArray = (labels == largest).sum(axis=(1, 2)).astype(float)
        return int(np.argmax(areas))
    if focus is not None and len(focus):
        return int(np.clip(np.median(focus[:, 0]) - start, 0, len(labels) - 1))
    return len(labels) // 2


def through(labels: LabelArray) -> str:
    """Name the largest lesion of a slice: ``, through L2``; empty where there is none."""
    counts = np.bincount(labels.ravel())
    return f", through {lesion_name(int(np.argmax(counts[1:])) + 1)}" if len(counts) > 1 else ""


def _joined(first: RgbArray, second: RgbArray) -> RgbArray:
    """Put two panels above each other, side by side where the first is taller than wide."""
    axis = 1 if len(first) > 1.1 * first.shape[1] else 0
    size = max(first.shape[1 - axis], second.shape[1 - axis])
    gap_shape = (size, GAP_PX, 3) if axis == 1 else (GAP_PX, size, 3)
    gap: RgbArray = np.full(gap_shape, 255, np.uint8)
    parts = [_padded(first, size, axis), gap, _padded(second, size, axis)]
    return np.concatenate(parts, axis=axis)


def _padded(picture: RgbArray, size: int, axis: int) -> RgbArray:
    shape = list(picture.shape)
    shape[1 - axis] = size
    canvas: RgbArray = np.full(shape, BACKGROUND, np.uint8)
    canvas[: len(picture), : picture.shape[1]] = picture
    return canvas
