"""The same place of the body at two visits, drawn on one grid where the visits were aligned."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import (
    Alignment,
    Ct,
    FloatArray,
    LabelArray,
    Mr,
    Outline,
    Photo,
    Quality,
    Radiograph,
)
from cctrack.report.borders import trace_borders
from cctrack.report.crops import Crop, crop_around, local_mm, other_visits_points, plane_mm
from cctrack.report.figures import MAX_ENLARGEMENT, encode
from cctrack.report.pen import RgbArray
from cctrack.report.site_content import Picture, View
from cctrack.report.volume_views import Panel, draw_panels
from cctrack.report.windows import film_window, grey

SIZE_PX = 640
"""Longer side of a picture: twice the width that it has on paper at 150 dpi."""

JPEG_QUALITY = 82
"""Deposits and their borders look the same as in the original; a picture takes about 50 kB."""

NOTHING = (44, 48, 54)
"""Colour where the later image does not reach: no skin, no bone and no air looks like it."""

Pixel = TypeVar("Pixel", np.uint8, np.uint16)
Flat = Photo | Radiograph
Captions = tuple[str, str]
"""What is written below the earlier and the later picture, such as their dates."""


def draw_views(
    images: tuple[Flat | Ct | Mr, Flat | Ct | Mr],
    outlines: tuple[Outline, Outline],
    alignment: Alignment | None,
    captions: Captions,
) -> tuple[View, ...]:
    """Draw two visits of one site for a reader who wants to see the change.

    Parameters
    ----------
    images : pair of Image
        Of one kind, the earlier first.
    outlines : pair of Outline
        Under the ids that lesions keep, so that a lesion keeps its colour.
    alignment : Alignment or None
        Earlier to later. Where it is missing or failed each picture shows the surroundings of its
        own lesions, and neither is laid over the other.
    captions : pair of str

    Returns
    -------
    tuple of View
        One of a photo or film; of a volume its projection from the front and one slice.

    Raises
    ------
    TypeError
        If one image is a volume and the other is not.
    """
    trusted = trusted_only(alignment)
    panels = pair_panels(images, outlines, trusted)
    return tuple(_view(pair, captions, trusted) for pair in panels)


def trusted_only(alignment: Alignment | None) -> Alignment | None:
    """Return an alignment that did not fail; None where there is none."""
    return None if alignment is None or alignment.quality is Quality.FAILED else alignment


def pair_panels(
    images: tuple[Flat | Ct | Mr, Flat | Ct | Mr],
    outlines: tuple[Outline, Outline],
    trusted: Alignment | None,
) -> tuple[tuple[Panel, Panel], ...]:
    """Draw two visits as `draw_views` does, outlines apart.

    Raises
    ------
    TypeError
        If one image is a volume and the other is not.
    """
    labels = outlines[0].labels, outlines[1].labels
    before, after = images
    if isinstance(before, Ct | Mr) and isinstance(after, Ct | Mr):
        return draw_panels((before, after), labels, trusted, SIZE_PX)
    if isinstance(before, Ct | Mr) or isinstance(after, Ct | Mr):
        raise TypeError("a volume cannot be shown beside a flat image")
    return (_flat_panels((before, after), labels, trusted),)


def draw_thumbnail(image: Flat | Ct | Mr, outline: Outline, size_px: int, text: str) -> Picture:
    """Draw one visit's image small, around its lesions; of a volume the slice of the largest."""
    if isinstance(image, Ct | Mr):
        (_, (panel, _)) = draw_panels((image, image), (outline.labels,) * 2, None, size_px)
    else:
        panel = _own_panel(image, outline.labels, size_px)
    return _picture(panel, "", text)


def _view(pair: tuple[Panel, Panel], captions: Captions, trusted: Alignment | None) -> View:
    title = pair[0].title
    what = title or "Picture"
    first, second = (
        _picture(panel, caption, f"{what}, {caption}, deposits outlined")
        for panel, caption in zip(pair, captions, strict=True)
    )
    return View(title, first, second, laid_over=trusted is not None)


def _picture(panel: Panel, caption: str, description: str) -> Picture:
    rows, columns = panel.pixels.shape[:2]
    return Picture(
        jpeg=encode(panel.pixels, quality=JPEG_QUALITY),
        width=columns,
        height=rows,
        caption=f"{caption}: {panel.note}" if panel.note else caption,
        description=description,
        borders=trace_borders(panel.labels, panel.enlargement),
        mm_per_px=panel.mm_per_px,
    )


def _flat_panels(
    images: tuple[Flat, Flat], labels: tuple[LabelArray, LabelArray], trusted: Alignment | None
) -> tuple[Panel, Panel]:
    if trusted is None:
        return _own_panel(images[0], labels[0], SIZE_PX), _own_panel(images[1], labels[1], SIZE_PX)
    back, _ = other_visits_points(labels, trusted)
    crop = crop_around(labels[0], plane_mm(images[0].scale), also=back)
    grid = _grid(crop, SIZE_PX)
    there = trusted.transform(grid.reshape(-1, 2)).reshape(grid.shape)
    mm_per_px = _mm_of_picture(images[0], crop)
    return (
        _sampled(images[0], labels[0], grid, mm_per_px),
        _sampled(images[1], labels[1], there, mm_per_px),
    )


def _own_panel(image: Flat, labels: LabelArray, size_px: int) -> Panel:
    crop = crop_around(labels, plane_mm(image.scale))
    return _sampled(image, labels, _grid(crop, size_px), _mm_of_picture(image, crop))


def _factor(crop: Crop, size_px: int) -> float:
    return min(MAX_ENLARGEMENT, size_px / max(crop.shape))


def _mm_of_picture(image: Flat, crop: Crop) -> float | None:
    mm_per_px = local_mm(image.scale, crop)
    return None if mm_per_px is None else mm_per_px / _factor(crop, SIZE_PX)


def _grid(crop: Crop, size_px: int) -> FloatArray:
    """Place (row, column) in px of the image of every pixel of the picture."""
    factor = _factor(crop, size_px)
    rows, columns = (max(1, round(side * factor)) for side in crop.shape)
    down = crop.top + (np.arange(rows) + 0.5) * crop.shape[0] / rows - 0.5
    across = crop.left + (np.arange(columns) + 0.5) * crop.shape[1] / columns - 0.5
    return np.stack(np.meshgrid(down, across, indexing="ij"), axis=-1)


def _sampled(image: Flat, labels: LabelArray, grid: FloatArray, mm_per_px: float | None) -> Panel:
    """Draw an image where a grid of places says."""
    box = _box_of(grid, labels.shape)
    step_px = _step_px(grid)
    pixels = _colours(image, box)
    shown = _remap(_blurred(pixels, step_px), grid, box, NOTHING, cv2.INTER_LINEAR)
    drawn = _remap(np.ascontiguousarray(labels[box.slices]), grid, box, (0,) * 3, cv2.INTER_NEAREST)
    return Panel("", "", shown, drawn, 1.0 / step_px, mm_per_px)


def _colours(image: Flat, box: Crop) -> RgbArray:
    if isinstance(image, Photo):
        return image.shown(box.slices)
    pixels: NDArray[np.float32] = image.pixels[box.slices]
    return grey(pixels, *film_window(pixels))


def _box_of(grid: FloatArray, shape: tuple[int, ...]) -> Crop:
    """Rows and columns of the image that a grid reaches."""
    low, high = grid.reshape(-1, 2).min(axis=0) - 2, grid.reshape(-1, 2).max(axis=0) + 3
    top, left = (int(np.clip(low[axis], 0, shape[axis] - 1)) for axis in (0, 1))
    bottom, right = (
        int(np.clip(high[axis], start + 1, shape[axis])) for axis, start in ((0, top), (1, left))
    )
    return Crop(top, bottom, left, right)


def _step_px(grid: FloatArray) -> float:
    """Px of the image for one px of the picture."""
    if min(grid.shape[:2]) < 2:
        return 1.0
    return max(1e-3, float(np.median(np.linalg.norm(np.diff(grid, axis=1), axis=-1))))


def _blurred(pixels: RgbArray, step_px: float) -> RgbArray:
    """Blur by as much as the picture is smaller than the image, so that no hair turns to dots."""
    if step_px <= 1.0:
        return pixels
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 0.45 * step_px), np.uint8)


def _remap(
    pixels: NDArray[Pixel],
    grid: FloatArray,
    box: Crop,
    outside: tuple[int, int, int],
    method: int,
) -> NDArray[Pixel]:
    return np.asarray(
        cv2.remap(
            pixels,
            np.ascontiguousarray(grid[..., 1] - box.left, dtype=np.float32),
            np.ascontiguousarray(grid[..., 0] - box.top, dtype=np.float32),
            method,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=outside,
        ),
        pixels.dtype,
    )
