"""A CT or MR on paper: projected from the front, and the slice through its largest lesion."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import Ct, FloatArray, LabelArray, Mr, lesion_name
from cctrack.report.pen import RgbArray, caption, draw_outlines, draw_scale_bar
from cctrack.report.windows import CT_WINDOW_HU, film_window, grey

MARGIN_MM = 20.0
"""Tissue shown around the outermost lesions."""

GAP_PX = 10
"""Between the two panels."""

BACKGROUND = 16
"""Grey value around the panels."""

Box3 = tuple[slice, slice, slice]


def draw_volume(image: Ct | Mr, labels: LabelArray, *, size_px: int) -> RgbArray:
    """Draw the projection and the slice side by side.

    Parameters
    ----------
    image : Ct or Mr
    labels : uint16 array (slices, rows, columns)
    size_px : int
        Longer side of each panel.

    Returns
    -------
    uint8 array (rows, columns, 3)
    """
    values = image.hu if isinstance(image, Ct) else image.values
    spacing = image.scale.mean_mm
    box = _box(labels, spacing)
    inside, cut = np.asarray(values[box], np.float32), np.ascontiguousarray(labels[box])
    window = CT_WINDOW_HU if isinstance(image, Ct) else film_window(inside)
    projection = _panel(inside.max(axis=1), cut.max(axis=1), (spacing[0], spacing[2]), window)
    at = _largest_slice(cut)
    slice_ = _panel(inside[at], cut[at], (spacing[1], spacing[2]), window)
    head_up = float(image.affine[2, 0]) > 0
    front = _draw(projection, size_px, "Projection from the front", flip=head_up)
    number = f"Slice {box[0].start + at + 1} of {len(values)}{_through(cut[at])}"
    return _side_by_side(front, _draw(slice_, size_px, number, flip=False))


Panel = tuple[NDArray[np.float32], LabelArray, tuple[float, float], tuple[float, float]]
"""Values, labels, mm per (row, column) and the window."""


def _panel(
    values: NDArray[np.float32],
    labels: LabelArray,
    spacing_mm: tuple[float, float],
    window: tuple[float, float],
) -> Panel:
    return values, labels, spacing_mm, window


def _draw(panel: Panel, size_px: int, title: str, *, flip: bool) -> RgbArray:
    values, labels, (row_mm, column_mm), window = panel
    if flip:
        values, labels = values[::-1], labels[::-1]
    rows, columns = values.shape
    mm_per_px = max(rows * row_mm, columns * column_mm) / size_px
    size = max(1, round(columns * column_mm / mm_per_px)), max(1, round(rows * row_mm / mm_per_px))
    shown = cv2.resize(np.ascontiguousarray(grey(values, *window)), size)
    picture = np.asarray(shown, np.uint8)
    factor = size[1] / rows, size[0] / columns
    draw_outlines(picture, np.ascontiguousarray(labels), factor)
    draw_scale_bar(picture, mm_per_px)
    caption(picture, title)
    return picture


def _box(labels: LabelArray, spacing: tuple[float, ...]) -> Box3:
    """Box the lesions with some tissue around them; everything when there are none."""
    if not labels.any():
        first, second, third = (slice(0, size) for size in labels.shape)
        return first, second, third
    sides = []
    for axis, mm in enumerate(spacing):
        others = tuple(other for other in range(3) if other != axis)
        present = np.flatnonzero(labels.any(axis=others))
        margin = int(np.ceil(MARGIN_MM / mm))
        low, high = int(present[0]) - margin, int(present[-1]) + margin + 1
        sides.append(slice(max(0, low), min(labels.shape[axis], high)))
    return sides[0], sides[1], sides[2]


def _largest_slice(labels: LabelArray) -> int:
    """Find the slice where the largest lesion is largest; the middle when there is none."""
    counts = np.bincount(labels.ravel())
    if len(counts) < 2:
        return len(labels) // 2
    largest = int(np.argmax(counts[1:])) + 1
    areas: FloatArray = (labels == largest).sum(axis=(1, 2)).astype(float)
    return int(np.argmax(areas))


def _through(labels: LabelArray) -> str:
    counts = np.bincount(labels.ravel())
    return f", through {lesion_name(int(np.argmax(counts[1:])) + 1)}" if len(counts) > 1 else ""


def _side_by_side(left: RgbArray, right: RgbArray) -> RgbArray:
    rows = max(len(left), len(right))
    gap: RgbArray = np.full((rows, GAP_PX, 3), 255, np.uint8)
    return np.hstack([_padded(left, rows), gap, _padded(right, rows)])


def _padded(picture: RgbArray, rows: int) -> RgbArray:
    canvas: RgbArray = np.full((rows, picture.shape[1], 3), BACKGROUND, np.uint8)
    canvas[: len(picture)] = picture
    return canvas
