"""Draw on a picture: outlines with a dark halo, ids and a scale bar, all antialiased."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import FloatArray, LabelArray, lesion_name
from cctrack.model.notice import RESEARCH_ONLY
from cctrack.report.colours import Colour, lesion_colour
from cctrack.report.placing import Box, place_names

RgbArray = NDArray[np.uint8]

HALO: Colour = (16, 20, 24)
"""Nearly black: sets every colour off against skin, bone and background."""

LINE_PX, HALO_PX = 2, 5
"""Width of an outline and of the halo below it, in px of the finished picture."""

TEXT_PX = 20
"""Height of the letters in px of the finished picture."""

SMALL_PX, LINE_HEIGHT_PX = 15, 27
"""Height of the letters, and of the strip, of a line below or above a picture."""

SUBPIXEL_BITS = 4
"""Fractional bits of OpenCV's drawing coordinates."""

SMOOTHING_PX = 0.7
"""Blur of a mask before its border is traced: hides the staircase of pixels, keeps the size."""

BAR_SHARE = 0.25
"""Longest scale bar as a share of the picture's width."""


def draw_outlines(
    picture: RgbArray,
    labels: LabelArray,
    factor: tuple[float, float],
    *,
    ids: bool = True,
    title: str = "",
) -> None:
    """Draw the border of each lesion into ``picture``.

    Parameters
    ----------
    picture : uint8 array (rows, columns, 3)
        Changed in place.
    labels : array
        On the grid before enlargement.
    factor : (row, column)
        Picture px per label px.
    ids : bool
        Write ``L3`` beside lesion 3.
    title : str
        What `caption` will write over the picture: no id is put there.
    """
    traced = [
        (value, _borders(labels, value, box, factor))
        for value, box in enumerate(ndimage.find_objects(labels), start=1)
        if box is not None
    ]
    for width, halo in ((HALO_PX, True), (LINE_PX, False)):
        for value, borders in traced:
            colour = HALO if halo else lesion_colour(value)
            cv2.polylines(picture, borders, True, colour, width, cv2.LINE_AA, shift=SUBPIXEL_BITS)
    if ids:
        _write_ids(picture, traced, _reserved(picture, title))


def draw_scale_bar(picture: RgbArray, mm_per_px: float) -> None:
    """Draw a bar of a round length with its length in mm at the lower right."""
    rows, columns = picture.shape[:2]
    length_px, text = bar_of(columns, mm_per_px)
    width = max(2, round(length_px))
    right, bottom = columns - 14, rows - 14
    text_width = _text_size(text)[0]
    left = right - max(width, text_width) - 10
    _shade(picture, (left - 4, bottom - TEXT_PX - 24, right + 6, bottom + 6))
    middle = (left + right) // 2
    cv2.rectangle(
        picture,
        (middle - width // 2, bottom - 7),
        (middle - width // 2 + width, bottom - 2),
        (255, 255, 255),
        -1,
    )
    write(picture, text, (middle - text_width // 2, bottom - 14))


def bar_of(width_px: int, mm_per_px: float) -> tuple[float, str]:
    """Length in px and text of the scale bar of a picture."""
    length_mm = round_length_mm(width_px * BAR_SHARE * mm_per_px)
    return length_mm / mm_per_px, f"{length_mm:g} mm"


def round_length_mm(at_most_mm: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is not above ``at_most_mm``."""
    power = 10.0 ** np.floor(np.log10(at_most_mm))
    return float(max(step * power for step in (1.0, 2.0, 5.0) if step * power <= at_most_mm))


def write(
    picture: RgbArray, text: str, at: tuple[int, int], colour: Colour = (255, 255, 255)
) -> None:
    """Write text with a halo; ``at`` is (column, row) of the left end of the base line."""
    font = _font()
    for step in ((-1, -1), (1, -1), (-1, 1), (1, 1), (0, 2), (0, -2), (2, 0), (-2, 0)):
        place = (at[0] + step[0], at[1] + step[1])
        cv2.putText(picture, text, place, HALO, font, TEXT_PX, weight=700)
    cv2.putText(picture, text, at, colour, font, TEXT_PX, weight=700)


def with_line(picture: RgbArray, text: str, *, above: bool = False) -> RgbArray:
    """Return the picture with a line of text below or above it, on a strip of its own."""
    strip: RgbArray = np.full((LINE_HEIGHT_PX, picture.shape[1], 3), HALO, np.uint8)
    place = (8, LINE_HEIGHT_PX - 9)
    cv2.putText(strip, text, place, (255, 255, 255), _font(), SMALL_PX, weight=400)
    parts = [strip, picture] if above else [picture, strip]
    return np.concatenate(parts, axis=0)


def with_notice(picture: RgbArray) -> RgbArray:
    """Return a picture as it may be written to a file: with what it may be used for."""
    return with_line(picture, RESEARCH_ONLY)


def caption(picture: RgbArray, text: str) -> None:
    """Write a line into the upper left corner, on a shade."""
    width = _text_size(text)[0]
    _shade(picture, (0, 0, width + 20, TEXT_PX + 14))
    write(picture, text, (10, TEXT_PX + 4))


def _borders(
    labels: LabelArray, value: int, box: tuple[slice, ...], factor: tuple[float, float]
) -> list[NDArray[np.int32]]:
    """Trace one lesion: closed borders as (column, row) in fixed-point px of the picture."""
    from skimage.measure import find_contours

    mask = np.pad((labels[box] == value).astype(np.float32), 3)
    smooth = ndimage.gaussian_filter(mask, SMOOTHING_PX)
    trace: Callable[..., list[FloatArray]] = find_contours
    traced = trace(smooth, 0.5) or trace(mask, 0.5)
    origin = np.array([side.start - 3 for side in box], float)
    return [_fixed_point(points + origin, factor) for points in traced]


def _fixed_point(points: FloatArray, factor: tuple[float, float]) -> NDArray[np.int32]:
    # Pixel centres: the middle of pixel 0 lies half an enlarged pixel into the picture.
    enlarged = (points + 0.5) * np.asarray(factor) - 0.5
    fixed: NDArray[np.int32] = np.rint(enlarged[:, ::-1] * 2**SUBPIXEL_BITS).astype(np.int32)
    return fixed


def _write_ids(
    picture: RgbArray,
    traced: Sequence[tuple[int, list[NDArray[np.int32]]]],
    reserved: Sequence[Box],
) -> None:
    boxes = {value: _extent(borders) for value, borders in traced if borders}
    sizes = {value: _text_size(lesion_name(value)) for value in boxes}
    rows, columns = picture.shape[:2]
    for value, place in place_names(boxes, sizes, (rows, columns), reserved).items():
        write(picture, lesion_name(value), (place[0], place[3] - 3), lesion_colour(value))


def _reserved(picture: RgbArray, title: str) -> list[Box]:
    """Places of the scale bar and the caption."""
    rows, columns = picture.shape[:2]
    bar = (round(columns * (1 - BAR_SHARE)) - 30, rows - TEXT_PX - 44, columns, rows)
    return [bar, (0, 0, _text_size(title)[0] + 20, TEXT_PX + 14)] if title else [bar]


def _extent(borders: Sequence[NDArray[np.int32]]) -> Box:
    points = np.concatenate(borders) >> SUBPIXEL_BITS
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return int(left), int(top), int(right), int(bottom)


def _shade(picture: RgbArray, box: Box) -> None:
    left, top, right, bottom = (max(0, value) for value in box)
    part = picture[top:bottom, left:right]
    part[:] = (part * 0.35).astype(np.uint8)


def _text_size(text: str) -> tuple[int, int]:
    left, top, right, bottom = _measured(text)
    return right - left, bottom - top


def _measured(text: str) -> tuple[int, int, int, int]:
    x, y, width, height = cv2.getTextSize((4096, 256), text, (0, 0), _font(), TEXT_PX, weight=700)
    return int(x), int(y), int(x + width), int(y + height)


def _font() -> Any:
    return cv2.FontFace("sans")
