"""What the user says about things of known size in a photo."""

from dataclasses import dataclass

import numpy as np

PointPx = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Clicks:
    """Two points of the photo and their distance.

    Attributes
    ----------
    first_px, second_px : (row, column)
    mm : float
        Distance between them, in the plane of the skin.
    """

    first_px: PointPx
    second_px: PointPx
    mm: float

    def __post_init__(self) -> None:
        _require_positive((self.mm, float(np.hypot(*np.subtract(self.first_px, self.second_px)))))


@dataclass(frozen=True, slots=True)
class PhotoScaleOptions:
    """What the user says about things of known size in the photo.

    Attributes
    ----------
    marker_mm : float or None
        Side of the tags' black square. The sheets of cctrack are known without it.
    ruler_mm_per_tick : float or None
        Distance between neighbouring ticks, the finest ones, of the ruler in the frame: 1 for
        millimetres, 25.4 / 16 for sixteenths of an inch.
    mm_per_px : float or None
        The scale itself.
    square_mm : float or None
        Side of a square of one colour.
    sticker_mm : float or None
        Diameter of a round sticker of one colour.
    clicks : Clicks or None
        Two points of known distance.
    ruler_line_px : tuple of two (row, column) or None
        A line drawn along the ruler's ticks: they are then sought there only.
    """

    marker_mm: float | None = None
    ruler_mm_per_tick: float | None = None
    mm_per_px: float | None = None
    square_mm: float | None = None
    sticker_mm: float | None = None
    clicks: Clicks | None = None
    ruler_line_px: tuple[PointPx, PointPx] | None = None

    def __post_init__(self) -> None:
        sizes = (self.marker_mm, self.ruler_mm_per_tick, self.mm_per_px)
        _require_positive((*sizes, self.square_mm, self.sticker_mm))


def _require_positive(sizes: tuple[float | None, ...]) -> None:
    if any(size is not None and not (np.isfinite(size) and size > 0) for size in sizes):
        raise ValueError(f"sizes must be positive and finite, got {sizes}")


NOTHING_GIVEN = PhotoScaleOptions()
