"""Find a photo's scale: from tags, a ruler, or what the user gives, never from a guess."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.calibrate.marker import Tag, card_tags, find_tags, is_card
from cctrack.calibrate.objects import cover_objects
from cctrack.calibrate.plane import PlaneFit, SeenTag, fit_plane
from cctrack.calibrate.ruler import read_ruler
from cctrack.errors import NotCalibrated
from cctrack.model import (
    CCTRACK_CARD,
    AxisScale,
    Flag,
    FloatArray,
    Photo,
    PlaneHomography,
    Scale,
    ScaleSource,
)

GIVEN_SD = 0.02
"""A spacing typed in was measured with something: two marks on a ruler 50 px apart, each read
to within a pixel."""

MOST_CONFLICT = 0.05
"""Two sources that differ by more in length (10 % of area) cannot both be right; which one is
wrong nobody knows, so neither is used."""

STEEP_DEG = 40.0
"""Above it the near and far half of a lesion differ in focus: flagged even with a homography."""

STEEPEST_DEG = 60.0
"""Above it a pixel is more than two times as long one way as the other: refused."""

LARGEST_SD = 0.10
"""A length known worse than this (20 % of area) is no scale."""


@dataclass(frozen=True, slots=True)
class PhotoScaleOptions:
    """What the user says about things of known size in the photo.

    Attributes
    ----------
    marker_mm : float or None
        Side of the tags' black square. The card of cctrack is known without it.
    ruler_mm_per_tick : float or None
        Distance between neighbouring ticks of the ruler in the frame.
    mm_per_px : float or None
        The scale itself.
    """

    marker_mm: float | None = None
    ruler_mm_per_tick: float | None = None
    mm_per_px: float | None = None

    def __post_init__(self) -> None:
        given = (self.marker_mm, self.ruler_mm_per_tick, self.mm_per_px)
        if any(value is not None and not (np.isfinite(value) and value > 0) for value in given):
            raise ValueError(f"sizes must be positive and finite, got {given}")


NOTHING_GIVEN = PhotoScaleOptions()

Result = tuple[Scale | None, frozenset[Flag]]


def calibrate_photo(photo: Photo, options: PhotoScaleOptions = NOTHING_GIVEN) -> Result:
    """Find how large a pixel of a photo is, or say why that is not known.

    Parameters
    ----------
    photo : Photo
    options : PhotoScaleOptions

    Returns
    -------
    scale : Scale or None
        `PlaneHomography` from tags, `AxisScale` from a ruler or a given spacing.
    flags : frozenset of Flag
        ``no_scale`` whenever the scale is None; ``marker_size_unknown`` for a tag nobody gave
        the size of; ``scale_conflict`` where two sources differ by more than `MOST_CONFLICT`;
        ``tilt`` above `STEEP_DEG`.
    """
    tags = find_tags(photo.pixels)
    flags: set[Flag] = set()
    scales: list[Scale] = []
    for scale, cautions in (_from_card(photo, tags), _from_tags(photo, tags, options)):
        flags |= cautions
        if scale is not None:
            scales.append(scale)
    ruler = _from_ruler(photo, options)
    if ruler is not None:
        scales.append(ruler)
    if options.mm_per_px is not None:
        scales.append(AxisScale((options.mm_per_px,) * 2, ScaleSource.GIVEN, GIVEN_SD))
    return _only_one(scales, flags)


def find_objects(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mask of tags, cards and rulers, to be left out when lesions are sought.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)

    Returns
    -------
    bool array (rows, columns)
    """
    return cover_objects(pixels, find_tags(pixels))


def _only_one(scales: Sequence[Scale], flags: set[Flag]) -> Result:
    """Return the most precise source when all agree; refuse when two do not."""
    if not scales:
        return None, frozenset(flags | {Flag.NO_SCALE})
    lengths = [float(np.sqrt(np.prod(scale.mean_mm))) for scale in scales]
    if max(lengths) / min(lengths) - 1 > MOST_CONFLICT:
        return None, frozenset(flags | {Flag.NO_SCALE, Flag.SCALE_CONFLICT})
    return min(scales, key=lambda scale: scale.relative_sd), frozenset(flags)


def _from_card(photo: Photo, tags: Sequence[Tag]) -> Result:
    """Scale from the card of cctrack: all its numbers, in their places."""
    seen = card_tags(tags)
    if not is_card(tags) or len(seen) != len(CCTRACK_CARD.places_mm):
        return None, frozenset()
    parts = [_seen(tag, CCTRACK_CARD.corners_mm(tag.number)) for tag in seen]
    return _judged(fit_plane(parts, _shape(photo), one_sheet=True))


def _from_tags(photo: Photo, tags: Sequence[Tag], options: PhotoScaleOptions) -> Result:
    """Scale from tags whose side the user gives."""
    if _from_card(photo, tags)[0] is not None:
        of_card = set(card_tags(tags))
        # With the card alone a given side is about the card, and may contradict it.
        tags = tuple(tag for tag in tags if tag not in of_card) or tags
        if options.marker_mm is None:
            return None, frozenset()
    if not tags:
        return None, frozenset()
    if options.marker_mm is None:
        return None, frozenset({Flag.MARKER_SIZE_UNKNOWN})
    side = options.marker_mm
    square = ((0.0, 0.0), (0.0, side), (side, side), (side, 0.0))
    parts = [_seen(tag, square) for tag in tags]
    scale, flags = _judged(fit_plane(parts, _shape(photo), one_sheet=False))
    if Flag.MARKER_SIZE_UNKNOWN in flags:
        # Tags of one size on one plane cannot misfit: some are of another size or plane.
        return None, frozenset({Flag.SCALE_CONFLICT})
    return scale, flags


def _from_ruler(photo: Photo, options: PhotoScaleOptions) -> AxisScale | None:
    if options.ruler_mm_per_tick is None:
        return None
    try:
        return read_ruler(photo.pixels, mm_per_tick=options.ruler_mm_per_tick)
    except NotCalibrated:
        return None


def _judged(fit: PlaneFit) -> Result:
    scale: PlaneHomography = fit.scale
    if fit.bent:
        return None, frozenset({Flag.MARKER_SIZE_UNKNOWN})
    steep = frozenset({Flag.TILT}) if scale.tilt_deg > STEEP_DEG else frozenset[Flag]()
    if scale.tilt_deg > STEEPEST_DEG or scale.relative_sd > LARGEST_SD:
        return None, steep
    return scale, steep


def _seen(tag: Tag, corners_mm: Sequence[tuple[float, float]]) -> SeenTag:
    own: FloatArray = np.array(corners_mm, dtype=np.float64)
    return SeenTag(tag.corners_px, own, tag.corner_sd_px)


def _shape(photo: Photo) -> tuple[int, int]:
    return int(photo.pixels.shape[0]), int(photo.pixels.shape[1])
