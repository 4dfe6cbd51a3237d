"""Two volumes on the baseline's grid: projected from the front, and one slice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import Alignment, Ct, LabelArray, Mr
from cctrack.report.crops import other_visits_points
from cctrack.report.pen import RgbArray
from cctrack.report.volume_view import Box3, best_slice, box_around, through
from cctrack.report.windows import CT_WINDOW_HU, PROJECTION_WINDOW_HU, film_window, grey

AIR_HU = -1024.0
"""Shown where the later scan does not reach."""

FRONT = "Projection from the front"


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A picture and its outlines before either is encoded.

    Attributes
    ----------
    title : str
        What the view is.
    note : str
        What only this picture shows, such as the number of its slice.
    pixels : uint8 array (rows, columns, 3)
    labels : uint16 array (rows, columns)
    enlargement : float
        Px of the picture for one px of the image.
    mm_per_px : float or None
        Of the picture.
    """

    title: str
    note: str
    pixels: RgbArray
    labels: LabelArray
    enlargement: float
    mm_per_px: float | None


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """A box of a volume.

    ``spacing_mm`` is (slice, row, column), ``head_up`` says that slices run towards the head,
    ``slices`` counts those of the whole volume and is 0 where it was resampled.
    """

    values: NDArray[np.float32]
    labels: LabelArray
    spacing_mm: tuple[float, ...]
    head_up: bool
    first: int
    slices: int


def draw_panels(
    images: tuple[Ct | Mr, Ct | Mr],
    labels: tuple[LabelArray, LabelArray],
    trusted: Alignment | None,
    size_px: int,
) -> tuple[tuple[Panel, Panel], tuple[Panel, Panel]]:
    """Draw the projections of both visits, and a slice of both.

    Parameters
    ----------
    images : pair of Ct or Mr
    labels : pair of arrays (slices, rows, columns)
    trusted : Alignment or None
        Earlier to later; with it the later volume is resampled on the earlier one's grid.
    size_px : int
        Longer side of a picture.
    """
    if trusted is None:
        cuts = _own_cut(images[0], labels[0]), _own_cut(images[1], labels[1])
        at = best_slice(cuts[0].labels, None, 0), best_slice(cuts[1].labels, None, 0)
    else:
        cuts = _common_cuts(images, labels, trusted)
        both = np.where(cuts[0].labels > 0, cuts[0].labels, cuts[1].labels)
        at = (best_slice(both, None, 0),) * 2
    windows = [_windows(image, cut) for image, cut in zip(images, cuts, strict=True)]
    fronts = [_front(cut, w[0], size_px) for cut, w in zip(cuts, windows, strict=True)]
    slices = [
        _slice(cut, number, w[1], size_px) for cut, number, w in zip(cuts, at, windows, strict=True)
    ]
    return (fronts[0], fronts[1]), (slices[0], slices[1])


def _own_cut(image: Ct | Mr, labels: LabelArray) -> _Cut:
    spacing = image.scale.mean_mm
    return _cut(image, labels, box_around(labels, spacing, None))


def _common_cuts(
    images: tuple[Ct | Mr, Ct | Mr], labels: tuple[LabelArray, LabelArray], alignment: Alignment
) -> tuple[_Cut, _Cut]:
    focus, _ = other_visits_points(labels, alignment)
    box = box_around(labels[0], images[0].scale.mean_mm, focus)
    first = _cut(images[0], labels[0], box)
    start = np.array([side.start for side in box], float)
    linear = alignment.matrix[:3, :3]
    offset = linear @ start + alignment.matrix[:3, 3]
    values = _values(images[1])
    outside = AIR_HU if isinstance(images[1], Ct) else float(values.min())
    shape = first.values.shape
    moved = ndimage.affine_transform(
        np.asarray(values, np.float32), linear, offset, shape, order=1, cval=outside
    )
    drawn = ndimage.affine_transform(labels[1], linear, offset, shape, order=0, cval=0)
    return first, _Cut(moved, drawn, first.spacing_mm, first.head_up, first.first, 0)


def _cut(image: Ct | Mr, labels: LabelArray, box: Box3) -> _Cut:
    values = _values(image)
    return _Cut(
        np.asarray(values[box], np.float32),
        np.ascontiguousarray(labels[box]),
        image.scale.mean_mm,
        float(image.affine[2, 0]) > 0,
        box[0].start,
        len(values),
    )


def _values(image: Ct | Mr) -> NDArray[np.generic]:
    return image.hu if isinstance(image, Ct) else image.values


def _windows(image: Ct | Mr, cut: _Cut) -> tuple[tuple[float, float], tuple[float, float]]:
    if isinstance(image, Ct):
        return PROJECTION_WINDOW_HU, CT_WINDOW_HU
    window = film_window(cut.values)
    return window, window


def _front(cut: _Cut, window: tuple[float, float], size_px: int) -> Panel:
    values, labels = cut.values.max(axis=1), cut.labels.max(axis=1)
    if cut.head_up:
        values, labels = values[::-1], labels[::-1]
    spacing = cut.spacing_mm[0], cut.spacing_mm[2]
    return _drawn((FRONT, ""), grey(values, *window), labels, spacing, size_px)


def _slice(cut: _Cut, at: int, window: tuple[float, float], size_px: int) -> Panel:
    spacing = cut.spacing_mm[1], cut.spacing_mm[2]
    note = f"slice {cut.first + at + 1} of {cut.slices}{through(cut.labels[at])}"
    if not cut.slices:
        note = "the same place"
    return _drawn(("Slice", note), grey(cut.values[at], *window), cut.labels[at], spacing, size_px)


def _drawn(
    words: tuple[str, str],
    pixels: RgbArray,
    labels: LabelArray,
    spacing_mm: tuple[float, float],
    size_px: int,
) -> Panel:
    """Enlarge a slice or projection to square pixels."""
    extent_mm = np.multiply(labels.shape, spacing_mm)
    mm_per_px = float(extent_mm.max()) / size_px
    rows, columns = (max(1, round(float(side) / mm_per_px)) for side in extent_mm)
    size = columns, rows
    shown = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_LINEAR)
    drawn = cv2.resize(np.ascontiguousarray(labels), size, interpolation=cv2.INTER_NEAREST)
    return Panel(
        *words,
        np.asarray(shown, np.uint8),
        np.asarray(drawn, np.uint16),
        float(np.sqrt(np.prod(spacing_mm))) / mm_per_px,
        mm_per_px,
    )
